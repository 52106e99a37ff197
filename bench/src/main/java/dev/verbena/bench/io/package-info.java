/// Whole I/Os through the library, level by level: over the null fabric, or any target.
@NullMarked
package dev.verbena.bench.io;

import org.jspecify.annotations.NullMarked;
