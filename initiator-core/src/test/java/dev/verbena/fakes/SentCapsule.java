package dev.verbena.fakes;

import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A command capsule as it left the initiator: a copy.
public final class SentCapsule {
    private final int slot;
    private final int tag;
    private final MemorySegment header;
    private final List<Piece> data;

    /// A piece of in-capsule data, as the device gathers it.
    public record Piece(long address, int bytes, int localKey) {}

    SentCapsule(int slot, int tag, byte[] header, List<Piece> data) {
        this.slot = slot;
        this.tag = tag;
        this.header = MemorySegment.ofArray(header);
        this.data = data;
    }

    public int slot() {
        return slot;
    }

    public int tag() {
        return tag;
    }

    /// Everything before in-capsule data.
    public MemorySegment header() {
        return header;
    }

    public int headerBytes() {
        return (int) header.byteSize();
    }

    /// In-capsule data in order; empty for none.
    public List<Piece> data() {
        return data;
    }

    /// Bytes of in-capsule data; 0 for none.
    public int dataBytes() {
        return data.stream().mapToInt(Piece::bytes).sum();
    }

    public int opcode() {
        return SubmissionEntry.opcode(header, 0);
    }

    public int commandId() {
        return SubmissionEntry.commandId(header, 0);
    }

    public int namespaceId() {
        return SubmissionEntry.namespaceId(header, 0);
    }

    public int sglType() {
        return Sgl.type(header, SubmissionEntry.SGL_OFFSET);
    }

    public long sglAddress() {
        return Sgl.address(header, SubmissionEntry.SGL_OFFSET);
    }

    public int sglLength() {
        return sglType() == Sgl.TYPE_KEYED
                ? Sgl.keyedLength(header, SubmissionEntry.SGL_OFFSET)
                : Sgl.length(header, SubmissionEntry.SGL_OFFSET);
    }

    public int sglKey() {
        return Sgl.key(header, SubmissionEntry.SGL_OFFSET);
    }

    public int u8(long offset) {
        return Byte.toUnsignedInt(header.get(ValueLayout.JAVA_BYTE, offset));
    }

    public int u32(long offset) {
        return header.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }

    public long u64(long offset) {
        return header.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }

    @Override
    public String toString() {
        return "capsule of slot " + slot + ", opcode " + Integer.toHexString(opcode()) + "h";
    }
}
