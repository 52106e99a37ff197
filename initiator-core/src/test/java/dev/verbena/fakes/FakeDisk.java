package dev.verbena.fakes;

import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Carries out the whole NVM command set on the memory of a [FakeTarget], for
/// [FakeTarget#intercept]. Takes every kind of SGL a controller may allow, and is strict: what a
/// real controller would refuse is an error of the test.
///
/// Threads: as [FakeTarget].
public final class FakeDisk implements FakeTarget.Interceptor {
    /// Status Compare Failure.
    public static final int COMPARE_FAILURE = 0x285;

    /// Status Unrecovered Read Error.
    public static final int UNRECOVERED = 0x281;

    /// Status Command Aborted due to Failed Fused Command, with DNR.
    public static final int FAILED_FUSED = 0x4009;

    private static final int BLOCK = FakeTarget.BLOCK_SIZE;

    private final FakeMemoryDomain memory;
    private final byte[] disk;
    private final byte[] limits = new byte[4096];
    private final BitSet uncorrectable = new BitSet();
    private boolean limitsKnown;
    private @Nullable SentCapsule compareOfPair;

    /// A disk for a target.
    public FakeDisk(FakeMemoryDomain memory, FakeTarget target) {
        this.memory = memory;
        this.disk = target.disk();
    }

    /// A byte of Identify Controller for the NVM command set, which exists from then on.
    public void limit(int offset, int value) {
        limitsKnown = true;
        limits[offset] = (byte) value;
    }

    /// Blocks as they are on the disk.
    public byte[] blocks(int lba, int count) {
        return Arrays.copyOfRange(disk, lba * BLOCK, (lba + count) * BLOCK);
    }

    @Override
    public boolean take(FakeFabricQueue queue, SentCapsule capsule) {
        if (queue.queueId() == 0) {
            return limitsKnown && identifiesLimits(queue, capsule);
        }
        if (capsule.opcode() == FakeTarget.FABRICS) {
            return false;
        }
        if (SubmissionEntry.fused(capsule.header(), 0) != SubmissionEntry.FUSED_NONE) {
            fused(queue, capsule);
        } else {
            requireNoPair();
            queue.respond(capsule, execute(capsule), 0);
        }
        return true;
    }

    private boolean identifiesLimits(FakeFabricQueue queue, SentCapsule capsule) {
        if (capsule.opcode() != FakeTarget.IDENTIFY || capsule.u8(40) != 6) {
            return false;
        }
        scatter(capsule, limits);
        queue.respond(capsule, 0, 0);
        return true;
    }

    private void requireNoPair() {
        if (compareOfPair != null) {
            throw new AssertionError("A command came between the two of a fused pair");
        }
    }

    private void fused(FakeFabricQueue queue, SentCapsule capsule) {
        if (SubmissionEntry.fused(capsule.header(), 0) == SubmissionEntry.FUSED_FIRST) {
            requireNoPair();
            compareOfPair = capsule;
            return;
        }
        SentCapsule first = compareOfPair;
        compareOfPair = null;
        if (first == null || first.u64(40) != capsule.u64(40) || first.u32(48) != capsule.u32(48)) {
            throw new AssertionError("The second of a fused pair has no first that fits");
        }
        int compared = execute(first);
        int written = compared == 0 ? execute(capsule) : FAILED_FUSED;
        queue.respond(capsule, written, 0);
        queue.respond(first, compared, 0);
    }

    private int execute(SentCapsule capsule) {
        int start = (int) capsule.u64(40) * BLOCK;
        int blocks = (capsule.u32(48) & 0xFFFF) + 1;
        int bytes = blocks * BLOCK;
        switch (capsule.opcode()) {
            case NvmOpcode.FLUSH -> {}
            case NvmOpcode.WRITE -> {
                System.arraycopy(gather(capsule, bytes), 0, disk, start, bytes);
                uncorrectable.clear(start / BLOCK, start / BLOCK + blocks);
            }
            case NvmOpcode.READ -> {
                if (hasUncorrectable(start / BLOCK, blocks)) {
                    return UNRECOVERED;
                }
                scatter(capsule, Arrays.copyOfRange(disk, start, start + bytes));
            }
            case NvmOpcode.COMPARE -> {
                byte[] wanted = gather(capsule, bytes);
                if (!Arrays.equals(wanted, Arrays.copyOfRange(disk, start, start + bytes))) {
                    return COMPARE_FAILURE;
                }
            }
            case NvmOpcode.WRITE_ZEROES -> Arrays.fill(disk, start, start + bytes, (byte) 0);
            case NvmOpcode.VERIFY -> {
                return hasUncorrectable(start / BLOCK, blocks) ? UNRECOVERED : 0;
            }
            case NvmOpcode.WRITE_UNCORRECTABLE ->
                    uncorrectable.set(start / BLOCK, start / BLOCK + blocks);
            case NvmOpcode.DATASET_MANAGEMENT -> datasetManagement(capsule);
            case NvmOpcode.COPY -> copy(capsule);
            default -> {
                return 0x4001;
            }
        }
        return 0;
    }

    private boolean hasUncorrectable(int lba, int count) {
        int next = uncorrectable.nextSetBit(lba);
        return next >= 0 && next < lba + count;
    }

    private void datasetManagement(SentCapsule capsule) {
        int count = capsule.u8(40) + 1;
        // As a controller that reads all 256 ranges, however many there are.
        MemorySegment ranges = MemorySegment.ofArray(gather(capsule, 4096));
        for (int i = 0; i < count && (capsule.u32(44) & 4) != 0; i++) {
            int blocks = ranges.get(ValueLayout.JAVA_INT_UNALIGNED, 16L * i + 4);
            int start = (int) ranges.get(ValueLayout.JAVA_LONG_UNALIGNED, 16L * i + 8);
            Arrays.fill(disk, start * BLOCK, (start + blocks) * BLOCK, (byte) 0);
        }
    }

    private void copy(SentCapsule capsule) {
        int count = capsule.u8(48) + 1;
        int format = capsule.u8(49) & 15;
        int size = (format & 1) == 0 ? 32 : 40;
        MemorySegment ranges = MemorySegment.ofArray(gather(capsule, count * size));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            long at = (long) i * size;
            int namespace = ranges.get(ValueLayout.JAVA_INT_UNALIGNED, at);
            if (format >= 2 ? namespace != 1 : namespace != 0) {
                throw new AssertionError("Source namespace " + namespace + ", format " + format);
            }
            int start = (int) ranges.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 8);
            int blocks = (ranges.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16) & 0xFFFF) + 1;
            all.writeBytes(blocks(start, blocks));
        }
        byte[] copied = all.toByteArray();
        System.arraycopy(copied, 0, disk, (int) capsule.u64(40) * BLOCK, copied.length);
    }

    private byte[] gather(SentCapsule capsule, int bytes) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        switch (capsule.sglType()) {
            case Sgl.TYPE_IN_CAPSULE -> data.writeBytes(memory.gather(capsule.data()));
            case Sgl.TYPE_KEYED ->
                    data.writeBytes(
                            memory.rdmaRead(
                                    capsule.sglKey(), capsule.sglAddress(), capsule.sglLength()));
            case Sgl.TYPE_LAST_SEGMENT -> {
                for (int i = 0; i < capsule.sglLength() / Sgl.SIZE; i++) {
                    long at = SubmissionEntry.SIZE + (long) i * Sgl.SIZE;
                    data.writeBytes(
                            memory.rdmaRead(
                                    Sgl.key(capsule.header(), at),
                                    Sgl.address(capsule.header(), at),
                                    Sgl.keyedLength(capsule.header(), at)));
                }
            }
            default -> throw new AssertionError("SGL type " + capsule.sglType());
        }
        if (data.size() != bytes) {
            throw new AssertionError("Data of " + data.size() + " bytes for " + bytes);
        }
        return data.toByteArray();
    }

    private void scatter(SentCapsule capsule, byte[] data) {
        if (capsule.sglType() == Sgl.TYPE_KEYED) {
            if (capsule.sglLength() != data.length) {
                throw new AssertionError("Room for " + capsule.sglLength() + " of " + data.length);
            }
            memory.rdmaWrite(capsule.sglKey(), capsule.sglAddress(), data);
            return;
        }
        if (capsule.sglType() != Sgl.TYPE_LAST_SEGMENT) {
            throw new AssertionError("SGL type " + capsule.sglType());
        }
        int from = 0;
        for (int i = 0; i < capsule.sglLength() / Sgl.SIZE; i++) {
            long at = SubmissionEntry.SIZE + (long) i * Sgl.SIZE;
            int length = Sgl.keyedLength(capsule.header(), at);
            memory.rdmaWrite(
                    Sgl.key(capsule.header(), at),
                    Sgl.address(capsule.header(), at),
                    Arrays.copyOfRange(data, from, from + length));
            from += length;
        }
        if (from != data.length) {
            throw new AssertionError("Room for " + from + " of " + data.length);
        }
    }
}
