/// Tests of `verbena perf`.
@NullMarked
package dev.verbena.cli.perf;

import org.jspecify.annotations.NullMarked;
