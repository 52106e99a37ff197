/// `verbena perf`: load of a chosen kind through a chosen level of the API, measured.
///
/// A [dev.verbena.cli.perf.PerfRun] has streams, one per thread asked for, and each stream has
/// slots, one per I/O it keeps outstanding. A slot decides what its next I/O is, owns its buffer,
/// and checks what it read; a stream moves slots through one level of the API.
@NullMarked
package dev.verbena.cli.perf;

import org.jspecify.annotations.NullMarked;
