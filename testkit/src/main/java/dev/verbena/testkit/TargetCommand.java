package dev.verbena.testkit;

import dev.verbena.nvme.FabricsCommandType;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.testkit.internal.wire.TargetEnd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A command as it arrived, and where its data is.
final class TargetCommand {
    private static final int FLAGS_SGL = 0x40;

    final TargetEnd end;
    final List<Fault> faults;
    final int opcode;
    final int id;
    final int namespaceId;

    /// Pieces of host memory; empty when there are none.
    final List<TargetEnd.Remote> remotes = new ArrayList<>();

    private final MemorySegment entry;
    private byte @Nullable [] inCapsule;

    /// Key the host asks to be invalidated with the response; meaningful where [#invalidate] is
    /// set.
    int invalidateKey;

    boolean invalidate;

    /// Whether the target itself has invalidated the key already.
    boolean keyLost;

    /// What is wrong with the data pointer; 0 for nothing.
    private int problem;

    TargetCommand(TargetEnd end, byte[] capsule, List<Fault> faults, TestSubsystem.Limits limits) {
        this.end = end;
        this.faults = faults;
        this.entry = MemorySegment.ofArray(capsule);
        this.opcode = SubmissionEntry.opcode(entry, 0);
        this.id = SubmissionEntry.commandId(entry, 0);
        this.namespaceId = SubmissionEntry.namespaceId(entry, 0);
        problem = parse(capsule, limits);
    }

    private int parse(byte[] capsule, TestSubsystem.Limits limits) {
        if ((u8(SubmissionEntry.FLAGS_OFFSET) & 0xC0) != FLAGS_SGL) {
            return Outcome.INVALID_FIELD;
        }
        long sgl = SubmissionEntry.SGL_OFFSET;
        return switch (Sgl.type(entry, sgl)) {
            case Sgl.TYPE_KEYED, Sgl.TYPE_KEYED_INVALIDATE -> keyed(sgl);
            case Sgl.TYPE_IN_CAPSULE -> {
                long start =
                        SubmissionEntry.SIZE
                                + 16L * limits.inCapsuleOffset()
                                + Sgl.address(entry, sgl);
                long bytes = Integer.toUnsignedLong(Sgl.length(entry, sgl));
                boolean write = (direction() & 1) != 0;
                if (end.queueId() == 0 || !write || limits.inCapsuleBytes() == 0) {
                    yield Outcome.INVALID_FIELD;
                }
                if (start < SubmissionEntry.SIZE
                        || start + bytes > capsule.length
                        || Sgl.address(entry, sgl) + bytes > limits.inCapsuleBytes()) {
                    yield Outcome.SGL_OFFSET_INVALID;
                }
                inCapsule = Arrays.copyOfRange(capsule, (int) start, (int) (start + bytes));
                yield 0;
            }
            case Sgl.TYPE_LAST_SEGMENT -> list(capsule, limits);
            default -> Outcome.SGL_TYPE_INVALID;
        };
    }

    private int list(byte[] capsule, TestSubsystem.Limits limits) {
        long start = SubmissionEntry.SIZE + Sgl.address(entry, SubmissionEntry.SGL_OFFSET);
        int bytes = Sgl.length(entry, SubmissionEntry.SGL_OFFSET);
        int count = bytes / Sgl.SIZE;
        if (bytes < Sgl.SIZE || bytes % Sgl.SIZE != 0 || start + bytes > capsule.length) {
            return Outcome.SGL_OFFSET_INVALID;
        }
        if (limits.descriptorsMax() != 0 && count > limits.descriptorsMax()) {
            return Outcome.INVALID_SGL_COUNT;
        }
        for (int i = 0; i < count; i++) {
            long at = start + (long) i * Sgl.SIZE;
            if (Sgl.type(entry, at) != Sgl.TYPE_KEYED) {
                return Outcome.SGL_TYPE_INVALID;
            }
            keyed(at);
        }
        return 0;
    }

    private int keyed(long at) {
        int bytes = Sgl.keyedLength(entry, at);
        if (Sgl.type(entry, at) == Sgl.TYPE_KEYED_INVALIDATE) {
            invalidate = true;
            invalidateKey = Sgl.key(entry, at);
        }
        if (bytes > 0) {
            remotes.add(new TargetEnd.Remote(Sgl.key(entry, at), Sgl.address(entry, at), bytes));
        }
        return 0;
    }

    /// The 64 bytes that it came as.
    byte[] entryBytes() {
        return entry.asSlice(0, SubmissionEntry.SIZE).toArray(ValueLayout.JAVA_BYTE);
    }

    int problem() {
        return problem;
    }

    /// Data in the capsule; null when it is not there.
    byte @Nullable [] inCapsule() {
        return inCapsule;
    }

    /// Bytes the data pointer describes.
    int dataBytes() {
        byte[] behind = inCapsule;
        int bytes = behind == null ? 0 : behind.length;
        for (TargetEnd.Remote remote : remotes) {
            bytes += remote.bytes();
        }
        return bytes;
    }

    /// Bit 0: data for the controller; bit 1: data for the host.
    int direction() {
        return (isFabrics() ? fabricsType() : opcode) & 3;
    }

    boolean isFabrics() {
        return opcode == FabricsCommandType.OPCODE;
    }

    int fabricsType() {
        return u8(SubmissionEntry.NAMESPACE_ID_OFFSET);
    }

    boolean isConnect() {
        return isFabrics() && fabricsType() == FabricsCommandType.CONNECT;
    }

    int fused() {
        return SubmissionEntry.fused(entry, 0);
    }

    int u8(long offset) {
        return Byte.toUnsignedInt(entry.get(ValueLayout.JAVA_BYTE, offset));
    }

    int u16(long offset) {
        return Short.toUnsignedInt(entry.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }

    int dword(int n) {
        return SubmissionEntry.dword(entry, 0, n);
    }

    /// Two dwords, the lower first.
    long dwords(int n) {
        return Integer.toUnsignedLong(dword(n)) | (long) dword(n + 1) << 32;
    }

    /// The fault of a kind, when there is one.
    <T extends Fault> @Nullable T fault(Class<T> kind) {
        for (Fault fault : faults) {
            if (kind.isInstance(fault)) {
                return kind.cast(fault);
            }
        }
        return null;
    }

    boolean has(Class<? extends Fault> kind) {
        return fault(kind) != null;
    }

    @Override
    public String toString() {
        return "command "
                + Integer.toHexString(id)
                + "h, opcode "
                + Integer.toHexString(opcode)
                + "h";
    }
}
