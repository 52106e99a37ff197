/// The cost of verbs-ffm itself, beside C programs that do the same.
@NullMarked
package dev.verbena.bench.verbs;

import org.jspecify.annotations.NullMarked;
