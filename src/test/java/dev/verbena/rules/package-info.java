/// Rules about the project itself: which module may know which, and that what the README shows is
/// true.
@NullMarked
package dev.verbena.rules;

import org.jspecify.annotations.NullMarked;
