package dev.verbena.internal.fabric;

import dev.verbena.internal.memory.MemoryDomain;
import java.io.IOException;

/// The way to one controller: connects its queues and owns the memory it may be given keys for.
///
/// Threads: any; [#connect] blocks its caller.
public interface Transport extends AutoCloseable {
    /// Connects one queue, up to and including the transport's own handshake. The NVMe-oF Connect
    /// command is the caller's next step.
    ///
    /// @throws dev.verbena.ConnectFailedException with the reason as its type
    /// @throws java.io.InterruptedIOException when the calling thread was interrupted
    FabricQueue connect(QueueParameters parameters, Deadline deadline) throws IOException;

    /// Where memory for this association is registered. Exists from the first connected queue on.
    MemoryDomain memory();

    /// Makes a group that queues of this transport can join, on the device of the queues that are
    /// connected. Its caller closes it, after its queues.
    ///
    /// @param entryCount completions that may be waiting at the same time; a queue needs
    ///   [#groupEntries] of them
    /// @throws IllegalStateException when no queue has been connected
    FabricGroup newGroup(int entryCount);

    /// What a queue takes of the size of a group.
    ///
    /// @param entryCount of the queue's parameters
    int groupEntries(int entryCount);

    /// Address and port, for messages.
    String address();

    /// Most segments one capsule may be gathered from, header included.
    int sendSegmentMax();

    /// Nothing will be connected any more, and all queues have been closed: what the association
    /// has of the device is given back. Its memory stays with its users, as plain memory.
    /// Idempotent.
    void retire();

    /// Releases the association's memory registrations. All queues have to be closed. Nothing can
    /// be connected afterwards.
    @Override
    void close();
}
