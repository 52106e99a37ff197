package dev.verbena.internal.control;

import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

/// Sends commands that were written by others: everything of the submission entry but the command
/// id and the data pointer.
///
/// Threads: any; the methods block.
public final class RawCommands {
    private RawCommands() {}

    /// What came back.
    ///
    /// @param status 0 for success
    /// @param result dwords 0 and 1 of the completion
    /// @param data what the controller wrote; empty when it was to write nothing or failed
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    public record Result(int status, long result, byte[] data) {}

    /// A command as others wrote it.
    ///
    /// @param name for messages
    /// @param entry 64 bytes
    /// @param toController data for the controller; empty for none
    /// @param fromControllerBytes data wanted from it; 0 when there is data for it
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    public record Command(
            String name,
            byte[] entry,
            byte[] toController,
            int fromControllerBytes,
            Duration timeout) {
        private AdminCommand prepared() {
            long deadline = Deadline.after(timeout).nanoTime();
            AdminCommand.Encoder encoder =
                    (capsule, offset, id) -> {
                        MemorySegment.copy(
                                entry,
                                0,
                                capsule,
                                ValueLayout.JAVA_BYTE,
                                offset,
                                SubmissionEntry.SIZE);
                        SubmissionEntry.commandId(capsule, offset, id);
                    };
            if (toController.length > 0) {
                return AdminCommand.writing(name, deadline, toController, encoder);
            }
            return fromControllerBytes > 0
                    ? AdminCommand.reading(name, deadline, fromControllerBytes, encoder)
                    : AdminCommand.withoutData(name, deadline, encoder);
        }
    }

    /// Sends an admin command.
    public static Result admin(Session session, Command command) throws IOException {
        return result(session.association().admin().answer(command.prepared()));
    }

    /// Sends an I/O command, on a queue that is connected for it alone.
    ///
    /// @throws IOException when no queue id is free
    public static Result io(Session session, Command command) throws IOException {
        CommandQueue queue = session.openQueue();
        int queueId = queue.queueId();
        try (QueueCommands channel = new QueueCommands(queue, session.association().memory())) {
            return result(channel.answer(command.prepared()));
        } finally {
            queue.close((token, slot, status, result) -> {});
            session.released(queueId);
        }
    }

    private static Result result(AdminCommand.Answer answer) {
        return new Result(
                answer.status(), answer.result(), answer.segment().toArray(ValueLayout.JAVA_BYTE));
    }
}
