package dev.verbena.testkit.internal.wire;

import dev.verbena.testkit.internal.wire.SimulatedDevice.Use;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// A capsule that was posted and is the card's until its send completion.
final class PostedSend implements WorkRequest {
    /// A piece of in-capsule data.
    record Piece(long address, int bytes, int key) {}

    final int slot;
    final int tag;

    /// Whether the card takes the bytes with the post, and tells nobody of the end.
    final boolean inline;

    /// The card may gather the bytes at any moment until completion, more than once when it has to
    /// retransmit: they must not change.
    private final MemorySegment header;

    private final byte[] headerAsPosted;
    private final List<Piece> pieces;
    private byte @org.jspecify.annotations.Nullable [] dataAsPosted;

    /// Neither completed nor flushed.
    boolean pending = true;

    PostedSend(int slot, int tag, boolean inline, MemorySegment header, List<Piece> pieces) {
        this.slot = slot;
        this.tag = tag;
        this.inline = inline;
        this.header = header;
        this.headerAsPosted = header.toArray(ValueLayout.JAVA_BYTE);
        this.pieces = pieces;
    }

    /// Looks at the in-capsule data for the first time, when the send is posted.
    void posted(SimulatedDevice device) {
        try {
            dataAsPosted = data(device);
        } catch (AccessRefusedException e) {
            // The card finds out when it sends.
            dataAsPosted = null;
        }
    }

    /// What the card sends: header and data.
    ///
    /// @throws AccessRefusedException when a piece of the data is not what its local key covers
    byte[] gather(SimulatedDevice device) throws AccessRefusedException {
        if (inline) {
            return headerAsPosted.clone();
        }
        byte[] data = data(device);
        byte[] now = header.toArray(ValueLayout.JAVA_BYTE);
        if (!Arrays.equals(now, headerAsPosted)) {
            device.violation(
                    "the capsule of slot " + slot + " was changed while the card owned it");
        }
        if (dataAsPosted != null && !Arrays.equals(data, dataAsPosted)) {
            device.violation(
                    "in-capsule data of slot " + slot + " was changed while the card owned it");
        }
        byte[] all = Arrays.copyOf(headerAsPosted, headerAsPosted.length + data.length);
        System.arraycopy(data, 0, all, headerAsPosted.length, data.length);
        return all;
    }

    private byte[] data(SimulatedDevice device) throws AccessRefusedException {
        int bytes = 0;
        for (Piece piece : pieces) {
            bytes += piece.bytes();
        }
        byte[] all = new byte[bytes];
        int offset = 0;
        for (Piece piece : pieces) {
            byte[] part = device.read(piece.key(), Use.LOCAL, piece.address(), piece.bytes());
            System.arraycopy(part, 0, all, offset, part.length);
            offset += part.length;
        }
        return all;
    }

    /// Whether the card still sees what it was given.
    void checkUnchanged(SimulatedDevice device) {
        try {
            var _ = gather(device);
        } catch (AccessRefusedException e) {
            device.violation(
                    "in-capsule data of slot "
                            + slot
                            + " was deregistered before its send completed: "
                            + e.getMessage());
        }
    }

    @Override
    public String toString() {
        return "slot " + slot;
    }
}
