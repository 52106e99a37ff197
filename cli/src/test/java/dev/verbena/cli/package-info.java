@NullMarked
package dev.verbena.cli;

import org.jspecify.annotations.NullMarked;
