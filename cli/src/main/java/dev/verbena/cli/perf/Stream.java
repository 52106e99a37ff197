package dev.verbena.cli.perf;

import dev.verbena.QueueStatistics;
import java.util.List;

/// I/Os of one thread of the load, through one level of the API.
///
/// Threads: [#run] is called once, on a thread of its own; [#close] by the thread that opened it,
/// after that has ended.
interface Stream extends AutoCloseable {
    /// Moves the slots until none has anything to do. Does not throw: a failure goes to the
    /// [RunState].
    void run();

    /// Of the I/O queues that belong to this stream alone. Any thread.
    default List<QueueStatistics> statistics() {
        return List.of();
    }

    @Override
    void close();
}
