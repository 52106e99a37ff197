package dev.verbena.internal.control;

import dev.verbena.nvme.NvmeStatus;
import dev.verbena.NvmeException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One admin command on its way: what to send, and where the answer goes.
final class AdminCommand {
    /// Writes a command without its data pointer.
    interface Encoder {
        void encode(MemorySegment capsule, long offset, int commandId);
    }

    /// The answer of the controller.
    ///
    /// @param status 0 for success
    /// @param result dwords 0 and 1
    /// @param data what the controller wrote, in a private copy; empty when nothing was asked for or the command failed
    record Answer(String name, int status, long result, byte[] data) {
        /// @throws NvmeException when the status is an error
        Answer orThrow() throws NvmeException {
            if (status != 0) {
                throw new NvmeException(status, name);
            }
            return this;
        }

        MemorySegment segment() {
            return MemorySegment.ofArray(data);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Answer(var n, var s, var r, var d)
                    && n.equals(name)
                    && s == status
                    && r == result
                    && Arrays.equals(d, data);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(result) * 31 + status;
        }

        @Override
        public String toString() {
            return name + ": " + new NvmeStatus(status);
        }
    }

    final String name;
    final Encoder encoder;
    final byte @Nullable [] toController;
    final int fromControllerBytes;
    final long deadlineNanos;
    final CompletableFuture<Answer> answer = new CompletableFuture<>();

    private AdminCommand(
            String name,
            Encoder encoder,
            byte @Nullable [] toController,
            int fromControllerBytes,
            long deadlineNanos) {
        this.name = name;
        this.encoder = encoder;
        this.toController = toController;
        this.fromControllerBytes = fromControllerBytes;
        this.deadlineNanos = deadlineNanos;
        int bytes = toController == null ? fromControllerBytes : toController.length;
        if (bytes < 0 || bytes > AdminQueue.DATA_BYTES_MAX) {
            throw new IllegalArgumentException(
                    name
                            + " with "
                            + bytes
                            + " bytes of data; an admin command carries up to "
                            + AdminQueue.DATA_BYTES_MAX);
        }
    }

    static AdminCommand withoutData(String name, long deadlineNanos, Encoder encoder) {
        return new AdminCommand(name, encoder, null, 0, deadlineNanos);
    }

    static AdminCommand writing(
            String name, long deadlineNanos, byte[] toController, Encoder encoder) {
        return new AdminCommand(name, encoder, toController, 0, deadlineNanos);
    }

    static AdminCommand reading(
            String name, long deadlineNanos, int fromControllerBytes, Encoder encoder) {
        return new AdminCommand(name, encoder, null, fromControllerBytes, deadlineNanos);
    }
}
