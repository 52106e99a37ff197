package dev.verbena.nvme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Submission entries for tests: encoded into dirty memory, so that a byte not cleared shows. */
final class Entries {
    /** Offset at which commands are encoded: odd, so that alignment is never assumed. */
    static final long OFFSET = 5;

    private static final byte DIRT = (byte) 0xA5;

    private Entries() {}

    interface Encoder {
        void encode(MemorySegment segment, long offset);
    }

    /** The 64 bytes an encoder wrote; fails if it wrote outside of them. */
    static MemorySegment encoded(Encoder encoder) {
        byte[] bytes = encoded(SubmissionEntry.SIZE, encoder);
        return MemorySegment.ofArray(bytes);
    }

    static byte[] encoded(int size, Encoder encoder) {
        byte[] memory = new byte[size + 16];
        java.util.Arrays.fill(memory, DIRT);
        encoder.encode(MemorySegment.ofArray(memory), OFFSET);
        for (int i = 0; i < memory.length; i++) {
            boolean owned = i >= OFFSET && i < OFFSET + size;
            if (!owned && memory[i] != DIRT) {
                throw new AssertionError("byte " + (i - OFFSET) + " is not the encoder's");
            }
        }
        return java.util.Arrays.copyOfRange(memory, (int) OFFSET, (int) OFFSET + size);
    }

    /** Sixteen dwords in hexadecimal, as a wire trace shows them. */
    static String dwords(MemorySegment entry) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            text.append(i == 0 ? "" : " ")
                    .append(HexFormat.of().toHexDigits(SubmissionEntry.dword(entry, 0, i)));
        }
        return text.toString();
    }

    static MemorySegment segment(byte[] bytes) {
        return MemorySegment.ofArray(bytes);
    }

    static void put(byte[] target, int offset, byte[] source) {
        System.arraycopy(source, 0, target, offset, source.length);
    }

    static int u8(MemorySegment segment, long offset) {
        return segment.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
    }
}
