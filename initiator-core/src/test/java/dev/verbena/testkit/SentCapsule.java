package dev.verbena.testkit;

import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A command capsule as it left the initiator: a copy.
public final class SentCapsule {
    private final int slot;
    private final int tag;
    private final MemorySegment header;
    private final long dataAddress;
    private final int dataBytes;
    private final int dataKey;

    SentCapsule(int slot, int tag, byte[] header, long dataAddress, int dataBytes, int dataKey) {
        this.slot = slot;
        this.tag = tag;
        this.header = MemorySegment.ofArray(header);
        this.dataAddress = dataAddress;
        this.dataBytes = dataBytes;
        this.dataKey = dataKey;
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

    /// In-capsule data; 0 bytes for none.
    public int dataBytes() {
        return dataBytes;
    }

    public long dataAddress() {
        return dataAddress;
    }

    public int dataKey() {
        return dataKey;
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
