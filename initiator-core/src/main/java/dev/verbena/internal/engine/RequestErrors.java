package dev.verbena.internal.engine;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.NvmeException;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// What a caller is told when a request to a device fails.
final class RequestErrors {
    /// Command Abort Requested.
    private static final int ABORT_REQUESTED = 0x007;

    private RequestErrors() {}

    /// The exception for one failed command.
    ///
    /// @param status of the command, not 0
    /// @param failure of the queue; null while it works
    /// @param timedOut whether this command's time was over
    static IOException of(
            DeviceRequest<?> request,
            long from,
            long to,
            int status,
            @Nullable FabricFailure failure,
            boolean timedOut) {
        String what = describe(request, from, to);
        if (timedOut && new NvmeStatus(status).typeAndCode() == ABORT_REQUESTED) {
            return new CommandTimeoutException(
                    what + " was not answered in time, and the controller was asked to abort it");
        }
        if (status != CommandQueue.STATUS_HOST_ABORTED || failure == null) {
            return new NvmeException(status, what);
        }
        return timedOut
                ? new CommandTimeoutException(what + " was not answered: " + failure.message())
                : new ConnectionLostException(what + " was not answered: " + failure.message());
    }

    static IOException pairWithoutRoom(DeviceRequest<?> request, long to) {
        return new IOException(
                describe(request, 0, to)
                        + " was not sent: it takes two commands at a time, and the queues of this"
                        + " connection have room for one; connect with a larger queueSize");
    }

    static IOException tooLong(DeviceRequest<?> request, long to, long byteCount, int most) {
        return new IOException(
                describe(request, 0, to)
                        + " was not sent: it has "
                        + byteCount
                        + " bytes of data, and one command to this controller can move "
                        + most);
    }

    static IOException memory(Throwable e) {
        return new IOException("The memory of the request cannot be used: " + e.getMessage(), e);
    }

    /// An error in Verbena itself met the request; at least nobody shall wait for it.
    static IOException internal(Throwable e) {
        return new IOException("The request failed because of an error in Verbena: " + e, e);
    }

    /// One exception per request, so that each can carry the trace of its caller.
    static IOException unusable(IOException why) {
        IOException own =
                new ConnectionLostException("The device is unusable: " + why.getMessage());
        own.initCause(why);
        return own;
    }

    static IOException full() {
        return new IOException(
                "The device did not take the request in time: "
                        + SharedQueue.INBOX_MAX
                        + " others are waiting");
    }

    static IOException closed() {
        return new IOException("The device is closed");
    }

    /// A command as the beginning of a sentence.
    static String describe(DeviceRequest<?> request, long from, long to) {
        NamespaceLimits limits = request.context.lastLimits();
        String namespace = " of namespace " + Integer.toUnsignedString(limits.namespaceId());
        int blockSize = limits.blockSize();
        long blocks = (to - from) / blockSize;
        long lba = (request.byteOffset + from) / blockSize;
        return request.kind.label
                + switch (request.kind) {
                    case FLUSH, RAW -> namespace;
                    case DEALLOCATE -> " of " + blocks + " blocks" + namespace;
                    case COPY -> " of " + blocks + " blocks to LBA " + lba + namespace;
                    case COMPARE_AND_WRITE -> " at LBA " + lba + namespace;
                    case READ, WRITE, COMPARE, WRITE_ZEROES, VERIFY, WRITE_UNCORRECTABLE ->
                            " of " + blocks + " blocks at LBA " + lba + namespace;
                };
    }
}
