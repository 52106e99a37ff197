package dev.verbena.internal.engine;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.NvmeException;
import dev.verbena.internal.fabric.FabricFailure;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// What a caller is told when a request to a device fails.
final class RequestErrors {
    private RequestErrors() {}

    /// The exception for one failed command.
    ///
    /// @param status of the command, not 0
    /// @param failure of the queue; null while it works
    /// @param what the command, as the beginning of a sentence
    static IOException of(int status, @Nullable FabricFailure failure, String what) {
        if (failure != null && status == CommandQueue.STATUS_HOST_ABORTED) {
            return lost(what + " was not answered: ", failure);
        }
        return new NvmeException(status, what);
    }

    static IOException lost(String what, FabricFailure failure) {
        return failure.kind() == FabricFailure.Kind.TIMED_OUT
                ? new CommandTimeoutException(what + failure.message())
                : new ConnectionLostException(what + failure.message());
    }

    /// A command as the beginning of a sentence.
    ///
    /// @param offset of the command in the request, in bytes
    static String describe(
            DeviceRequest request, long offset, int bytes, int blockSize, int namespaceId) {
        String namespace = " of namespace " + Integer.toUnsignedString(namespaceId);
        return switch (request.kind) {
            case FLUSH -> "A flush" + namespace;
            case READ, WRITE ->
                    (request.kind == DeviceRequest.Kind.READ ? "A read of " : "A write of ")
                            + bytes / blockSize
                            + " blocks at LBA "
                            + (request.byteOffset + offset) / blockSize
                            + namespace;
        };
    }
}
