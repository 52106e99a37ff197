package dev.verbena.fakes;

import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.Sgl;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The blocks of a [FakeTarget], and the I/O commands on them.
final class FakeNamespace {
    private static final int LBA_OUT_OF_RANGE = 0x4080;
    private static final int COMPARE_FAILURE = 0x4285;
    private static final int UNRECOVERED_READ_ERROR = 0x4281;
    private static final int INVALID_OPCODE = 0x4001;
    private static final int FUSED_FAILED = 0x4009;
    private static final int ENTRY_BYTES = 64;

    private final FakeMemoryDomain memory;
    private final int blockSize;
    private final byte[] disk;
    private final boolean[] unreadable;
    private boolean fusedCompareFailed;

    FakeNamespace(FakeMemoryDomain memory, int blockSize, int blockCount) {
        this.memory = memory;
        this.blockSize = blockSize;
        this.disk = new byte[blockCount * blockSize];
        this.unreadable = new boolean[blockCount];
    }

    byte[] disk() {
        return disk;
    }

    /// Carries a command out.
    ///
    /// @return its status
    int execute(SentCapsule capsule) {
        long lba = capsule.u64(40);
        int blocks = (capsule.u32(48) & 0xFFFF) + 1;
        return switch (capsule.opcode()) {
            case NvmOpcode.FLUSH -> 0;
            case NvmOpcode.DATASET_MANAGEMENT -> deallocate(capsule);
            case NvmOpcode.COPY -> copy(capsule);
            case NvmOpcode.READ,
                    NvmOpcode.WRITE,
                    NvmOpcode.COMPARE,
                    NvmOpcode.WRITE_ZEROES,
                    NvmOpcode.VERIFY,
                    NvmOpcode.WRITE_UNCORRECTABLE ->
                    fits(lba, blocks) ? ranged(capsule, (int) lba, blocks) : LBA_OUT_OF_RANGE;
            default -> INVALID_OPCODE;
        };
    }

    private boolean fits(long lba, long blocks) {
        return lba >= 0 && blocks > 0 && lba + blocks <= unreadable.length;
    }

    private int ranged(SentCapsule capsule, int lba, int blocks) {
        int start = lba * blockSize;
        int bytes = blocks * blockSize;
        boolean fused = (capsule.u8(1) & 3) != 0;
        switch (capsule.opcode()) {
            case NvmOpcode.WRITE -> {
                if (fused && fusedCompareFailed) {
                    return FUSED_FAILED;
                }
                System.arraycopy(fetch(capsule, bytes), 0, disk, start, bytes);
                Arrays.fill(unreadable, lba, lba + blocks, false);
            }
            case NvmOpcode.COMPARE -> {
                byte[] there = Arrays.copyOfRange(disk, start, start + bytes);
                boolean equal = Arrays.equals(fetch(capsule, bytes), there);
                fusedCompareFailed = fused && !equal;
                return equal ? 0 : COMPARE_FAILURE;
            }
            case NvmOpcode.READ, NvmOpcode.VERIFY -> {
                for (int i = lba; i < lba + blocks; i++) {
                    if (unreadable[i]) {
                        return UNRECOVERED_READ_ERROR;
                    }
                }
                if (capsule.opcode() == NvmOpcode.READ) {
                    place(capsule, Arrays.copyOfRange(disk, start, start + bytes));
                }
            }
            case NvmOpcode.WRITE_ZEROES -> {
                Arrays.fill(disk, start, start + bytes, (byte) 0);
                Arrays.fill(unreadable, lba, lba + blocks, false);
            }
            default -> Arrays.fill(unreadable, lba, lba + blocks, true);
        }
        return 0;
    }

    private int deallocate(SentCapsule capsule) {
        int count = (capsule.u32(40) & 0xFF) + 1;
        MemorySegment ranges = MemorySegment.ofArray(fetch(capsule, capsule.sglLength()));
        for (int i = 0; i < count; i++) {
            long blocks =
                    Integer.toUnsignedLong(ranges.get(ValueLayout.JAVA_INT_UNALIGNED, i * 16L + 4));
            long lba = ranges.get(ValueLayout.JAVA_LONG_UNALIGNED, i * 16L + 8);
            if (!fits(lba, blocks)) {
                return LBA_OUT_OF_RANGE;
            }
            Arrays.fill(disk, (int) lba * blockSize, (int) (lba + blocks) * blockSize, (byte) 0);
        }
        return 0;
    }

    private int copy(SentCapsule capsule) {
        int count = (capsule.u32(48) & 0xFF) + 1;
        long target = capsule.u64(40);
        MemorySegment ranges = MemorySegment.ofArray(fetch(capsule, capsule.sglLength()));
        for (int i = 0; i < count; i++) {
            long lba = ranges.get(ValueLayout.JAVA_LONG_UNALIGNED, i * 32L + 8);
            int blocks =
                    Short.toUnsignedInt(ranges.get(ValueLayout.JAVA_SHORT_UNALIGNED, i * 32L + 16))
                            + 1;
            if (!fits(lba, blocks) || !fits(target, blocks)) {
                return LBA_OUT_OF_RANGE;
            }
            System.arraycopy(
                    disk,
                    (int) lba * blockSize,
                    disk,
                    (int) target * blockSize,
                    blocks * blockSize);
            target += blocks;
        }
        return 0;
    }

    /// Data for the controller, wherever the command says it is.
    private byte[] fetch(SentCapsule capsule, int bytes) {
        byte[] data =
                switch (capsule.sglType()) {
                    case Sgl.TYPE_IN_CAPSULE -> memory.gather(capsule.data());
                    case Sgl.TYPE_LAST_SEGMENT -> {
                        ByteArrayOutputStream all = new ByteArrayOutputStream();
                        for (int i = 0; i < capsule.sglLength() / Sgl.SIZE; i++) {
                            MemorySegment header = capsule.header();
                            long at = ENTRY_BYTES + (long) i * Sgl.SIZE;
                            all.writeBytes(
                                    memory.rdmaRead(
                                            Sgl.key(header, at),
                                            Sgl.address(header, at),
                                            Sgl.keyedLength(header, at)));
                        }
                        yield all.toByteArray();
                    }
                    default ->
                            memory.rdmaRead(
                                    capsule.sglKey(), capsule.sglAddress(), capsule.sglLength());
                };
        if (data.length != bytes) {
            throw new AssertionError(data.length + " bytes of data for a command of " + bytes);
        }
        return data;
    }

    private void place(SentCapsule capsule, byte[] data) {
        if (capsule.sglType() != Sgl.TYPE_LAST_SEGMENT) {
            memory.rdmaWrite(capsule.sglKey(), capsule.sglAddress(), data);
            return;
        }
        int done = 0;
        for (int i = 0; i < capsule.sglLength() / Sgl.SIZE; i++) {
            MemorySegment header = capsule.header();
            long at = ENTRY_BYTES + (long) i * Sgl.SIZE;
            int bytes = Sgl.keyedLength(header, at);
            memory.rdmaWrite(
                    Sgl.key(header, at),
                    Sgl.address(header, at),
                    Arrays.copyOfRange(data, done, done + bytes));
            done += bytes;
        }
        if (done != data.length) {
            throw new AssertionError("Descriptors for " + done + " of " + data.length + " bytes");
        }
    }
}
