package dev.verbena.internal.control;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.NvmeException;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// One admin command on its way: what to send, and where the answer goes.
final class AdminCommand {
    /// Data for which every slot has room; more needs a registration for the command alone.
    static final int SMALL_BYTES_MAX = 4096;

    /// Data one command can carry: a keyed SGL descriptor has 24 bits for it.
    static final int DATA_BYTES_MAX = (1 << 24) - 1;

    /// Writes a command without its data pointer.
    interface Encoder {
        void encode(MemorySegment capsule, long offset, int commandId);
    }

    /// The answer of the controller.
    static final class Answer {
        private final String name;
        private final int status;
        private final long result;
        private final byte[] data;

        /// @param data what the controller wrote, owned by this object; empty when nothing was
        ///   asked for or the command failed
        Answer(String name, int status, long result, byte[] data) {
            this.name = name;
            this.status = status;
            this.result = result;
            this.data = data;
        }

        /// 0 for success.
        int status() {
            return status;
        }

        /// Dwords 0 and 1 of the completion.
        long result() {
            return result;
        }

        /// What the controller wrote.
        MemorySegment segment() {
            return MemorySegment.ofArray(data);
        }

        /// This answer, when it is a success.
        ///
        /// @throws NvmeException when the status is an error
        Answer orThrow() throws NvmeException {
            if (status != 0) {
                throw new NvmeException(status, name);
            }
            return this;
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

    /// Where the data goes; null for the buffer of the slot.
    AdminData.@Nullable Buffer buffer;

    /// Runs when the answer is there, whatever it is.
    Runnable release = () -> {};

    /// When it was handed to the queue; of the admin thread.
    long submittedNanos;

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
        int bytes = dataBytes();
        if (bytes < 0 || bytes > DATA_BYTES_MAX) {
            throw new IllegalArgumentException(
                    name
                            + " with "
                            + bytes
                            + " bytes of data; an admin command carries up to "
                            + DATA_BYTES_MAX);
        }
    }

    /// Bytes the command moves, in either direction.
    int dataBytes() {
        byte[] out = toController;
        return out == null ? fromControllerBytes : out.length;
    }

    /// Waits for an answer.
    ///
    /// @throws InterruptedIOException when the thread was interrupted; the command is still under
    ///   way then
    static Answer await(Future<Answer> answer, String name) throws IOException {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while waiting for " + name);
        } catch (ExecutionException e) {
            throw rethrown(e, name);
        }
    }

    private static IOException rethrown(ExecutionException e, String name) {
        Throwable cause = e.getCause();
        // A fresh exception, so that its trace shows the caller; the original, with the admin
        // thread's, is the cause.
        IOException own =
                switch (cause) {
                    case CommandTimeoutException t -> new CommandTimeoutException(message(t));
                    case ConnectionLostException t -> new ConnectionLostException(message(t));
                    case null, default -> new IOException(name + " failed", cause);
                };
        if (own.getCause() == null && cause != null) {
            own.initCause(cause);
        }
        return own;
    }

    private static String message(Throwable t) {
        return String.valueOf(t.getMessage());
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
