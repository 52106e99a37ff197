package dev.verbena.cli.base;

import dev.verbena.Controller;
import dev.verbena.NvmeException;
import dev.verbena.PassthroughCommand;
import dev.verbena.PassthroughResult;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/// Brings the library's encoders and its passthrough together; an error status is an exception.
public final class RawCommand {
    private static final int[] DWORDS = {2, 3, 10, 11, 12, 13, 14, 15};

    private RawCommand() {}

    /// The command an encoder writes, without its data.
    public static PassthroughCommand of(Consumer<MemorySegment> encoder) {
        MemorySegment entry = MemorySegment.ofArray(new byte[SubmissionEntry.SIZE]);
        encoder.accept(entry);
        PassthroughCommand command =
                PassthroughCommand.of(SubmissionEntry.opcode(entry, 0))
                        .withNamespaceId(SubmissionEntry.namespaceId(entry, 0));
        for (int index : DWORDS) {
            command = command.withDword(index, SubmissionEntry.dword(entry, 0, index));
        }
        return command;
    }

    /// Sends an admin command.
    ///
    /// @param name for the message
    /// @throws NvmeException when the command ended with an error
    public static PassthroughResult admin(
            Controller controller, PassthroughCommand command, String name) throws IOException {
        return checked(controller.passthrough().admin(command), name);
    }

    /// Sends an I/O command.
    ///
    /// @param name for the message
    /// @throws NvmeException when the command ended with an error
    public static PassthroughResult io(
            Controller controller, PassthroughCommand command, String name) throws IOException {
        return checked(controller.passthrough().io(command), name);
    }

    private static PassthroughResult checked(PassthroughResult result, String name)
            throws NvmeException {
        if (!result.status().isSuccess()) {
            throw new NvmeException(result.status().value(), name);
        }
        return result;
    }
}
