package dev.verbena.internal.fabric;

/// What several queues complete into, so that one thread can poll, and wait for, all of them at the
/// cost of one.
///
/// Queues join when they are connected ([QueueParameters#group]) and leave when they are closed;
/// they may belong to different controllers on the same device. Each delivers to the events its
/// last [FabricQueue#poll] was given.
///
/// Threads: one owner calls everything, and owns all queues of the group, also while they connect
/// and close; except [#wakeUp], which any thread may call.
public interface FabricGroup extends AutoCloseable {
    /// Reports what has completed on any queue, up to an internal batch.
    ///
    /// @return the number of events
    /// @throws IllegalStateException when called while events are being delivered
    int poll();

    /// See [FabricQueue#hasCompletions].
    boolean hasCompletions();

    /// See [FabricQueue#arm].
    void arm();

    /// See [FabricQueue#block].
    void block(long timeoutNanos);

    /// See [FabricQueue#wakeUp].
    void wakeUp();

    /// Queues that belong to the group.
    int queueCount();

    /// Releases the group. Idempotent.
    ///
    /// @throws IllegalStateException while queues belong to it
    @Override
    void close();
}
