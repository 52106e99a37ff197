package dev.verbena.bench.cost;

import java.io.IOException;

/// Random reads through one level of the API.
///
/// Threads: the one that made it.
interface Load extends AutoCloseable {
    /// Does reads until `count` more have completed; none is outstanding afterwards.
    ///
    /// @throws IOException when a read fails
    void run(long count) throws IOException;

    /// Whether the calling thread does all of the work, so that its CPU time is all there is.
    boolean ownThreadOnly();

    @Override
    void close();
}
