/// Verbena beside other initiators; `bench/compare` is the command.
@NullMarked
package dev.verbena.bench.compare;

import org.jspecify.annotations.NullMarked;
