package dev.verbena.testkit;

import java.time.Duration;
import java.util.HexFormat;

/// One thing that goes wrong, as an object: it prints itself, and a test that failed says which
/// ones there were. An [Occasion] says when.
public sealed interface Fault {
    // What a target does with its answer.

    /// The command is carried out and never answered.
    record DropAnswer() implements Fault {}

    /// The answer comes late.
    record DelayAnswer(Duration delay) implements Fault {}

    /// The answer comes twice.
    ///
    /// @param status of the second one; 0 for a repetition of the first
    record DuplicateAnswer(int status) implements Fault {
        @Override
        public String toString() {
            return "DuplicateAnswer[status=%xh]".formatted(status);
        }
    }

    /// The answer carries a command id nobody asked for: the right one with some bits flipped.
    ///
    /// @param flip the bits, 1..65535
    record WrongCommandId(int flip) implements Fault {}

    /// The answer is cut short.
    ///
    /// @param bytes 0..15
    record ShortAnswer(int bytes) implements Fault {}

    /// The command is not carried out; this is the answer.
    ///
    /// @param status 15-bit status, 0 for success
    /// @param result dwords 0 and 1
    record Answer(int status, long result) implements Fault {
        @Override
        public String toString() {
            return "Answer[status=%xh, result=%xh]".formatted(status, result);
        }
    }

    /// The target is asked to invalidate a key and does not.
    record KeepKey() implements Fault {}

    /// The answer invalidates a key of the target's choice.
    ///
    /// @param key 0 for that of another command that is outstanding
    record InvalidateForeignKey(int key) implements Fault {}

    /// The target goes on writing into the buffer of a read that it has answered.
    record WriteAfterAnswer(Duration delay) implements Fault {}

    // What a target does with data.

    /// Some bytes of what the controller returns are others: identify data, log pages, blocks.
    ///
    /// @param offset in the structure, not in the piece that was asked for
    /// @param hex the bytes, two digits each
    record Patch(int offset, String hex) implements Fault {
        /// Little-endian, as everything on this wire.
        public static Patch of(int offset, long value, int byteCount) {
            byte[] bytes = new byte[byteCount];
            for (int i = 0; i < byteCount; i++) {
                bytes[i] = (byte) (value >>> (8 * i));
            }
            return new Patch(offset, HexFormat.of().formatHex(bytes));
        }

        /// The bytes.
        public byte[] bytes() {
            return HexFormat.of().parseHex(hex);
        }
    }

    /// A 64-bit number in what the controller returns grows each time somebody looks.
    record Count(int offset) implements Fault {}

    /// Fewer bytes are written than were asked for; the answer claims success.
    record ShortData(int bytes) implements Fault {}

    /// A log page is returned from its beginning, whatever offset was asked for.
    record IgnoreOffset() implements Fault {}

    /// The controller raises asynchronous events when it sees the command.
    ///
    /// @param event dword 0 of their answers
    record RaiseEvents(int event, int count) implements Fault {
        @Override
        public String toString() {
            return "RaiseEvents[event=%xh, count=%d]".formatted(event, count);
        }
    }

    // What happens to the connection.

    /// The target disconnects when it sees the command.
    record Disconnect() implements Fault {}

    /// The connection breaks: work requests are flushed, and nobody says why.
    record BreakConnection() implements Fault {}

    /// The send of the capsule completes with an error.
    record SendError() implements Fault {}

    /// The send completion comes late, possibly after the answer.
    record DelaySendCompletion(Duration delay) implements Fault {}

    /// The host's RDMA device disappears when the command arrives.
    record RemoveDevice() implements Fault {}

    // What happens when a queue is connected.

    /// The connection is rejected.
    ///
    /// @param reason of the connection manager: 8 nobody listens, 10 stale, 28 the target refuses
    /// @param status in the private data of a reject with reason 28, -1 for no private data
    record Reject(int reason, int status) implements Fault {}

    /// The connection is accepted late.
    record SlowAccept(Duration delay) implements Fault {}

    /// The connection is accepted with this private data.
    ///
    /// @param recordFormat 0 is the one that exists
    /// @param receiveQueueSize CRQSIZE, 0..65535
    record AcceptWith(int recordFormat, int receiveQueueSize) implements Fault {}

    /// Nobody is there any more: the connection attempt is not answered.
    record Unreachable() implements Fault {}

    /// When this queue pair is stopped, the card never ends flushing.
    record HangFlush() implements Fault {}

    /// This queue pair cannot be destroyed.
    record RefuseDestroy() implements Fault {}
}
