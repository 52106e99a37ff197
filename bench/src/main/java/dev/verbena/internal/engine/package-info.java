/// Benchmarks of what only the engine's own package sees.
@NullMarked
package dev.verbena.internal.engine;

import org.jspecify.annotations.NullMarked;
