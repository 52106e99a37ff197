package dev.verbena.testkit;

import dev.verbena.nvme.DatasetRanges;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import java.util.Arrays;

/// Carries NVM commands out.
final class IoService {
    private static final int ALL_NAMESPACES = 0xFFFF_FFFF;
    private static final int COPY_RANGE_BYTES = 32;

    private IoService() {}

    static Outcome execute(TargetCommand command, byte[] data, TargetController controller) {
        controller.seen();
        TestSubsystem subsystem = controller.subsystem();
        if (command.opcode == NvmOpcode.FLUSH && command.namespaceId == ALL_NAMESPACES) {
            return Outcome.SUCCESS;
        }
        TestNamespace namespace = subsystem.namespace(command.namespaceId);
        if (namespace == null) {
            return Outcome.status(Outcome.INVALID_NAMESPACE);
        }
        int access = access(subsystem.access(namespace.id()));
        if (access != 0) {
            return Outcome.status(access);
        }
        synchronized (namespace) {
            return switch (command.opcode) {
                case NvmOpcode.FLUSH -> Outcome.SUCCESS;
                case NvmOpcode.DATASET_MANAGEMENT -> deallocate(command, data, namespace);
                case NvmOpcode.COPY -> copy(command, data, namespace);
                default -> ranged(command, data, namespace, subsystem);
            };
        }
    }

    private static int access(TestSubsystem.Access access) {
        return switch (access) {
            case OPTIMIZED, NON_OPTIMIZED -> 0;
            case INACCESSIBLE -> Outcome.ANA_INACCESSIBLE;
            case PERSISTENT_LOSS -> Outcome.ANA_PERSISTENT_LOSS;
            case CHANGE -> Outcome.ANA_TRANSITION;
        };
    }

    private static Outcome ranged(
            TargetCommand command, byte[] data, TestNamespace namespace, TestSubsystem subsystem) {
        long lba = command.dwords(10);
        int count = (command.dword(12) & 0xFFFF) + 1;
        if (outside(namespace, lba, count)) {
            return Outcome.status(Outcome.LBA_OUT_OF_RANGE);
        }
        boolean moves =
                command.opcode == NvmOpcode.READ
                        || command.opcode == NvmOpcode.WRITE
                        || command.opcode == NvmOpcode.COMPARE;
        if (moves) {
            long bytes = (long) count * (namespace.blockSize() + namespace.metadataBytes());
            int exponent = subsystem.transferExponent();
            if (exponent != 0 && exponent < 32 && bytes > 4096L << exponent) {
                return Outcome.status(Outcome.INVALID_FIELD);
            }
            if (command.dataBytes() != bytes) {
                return Outcome.status(Outcome.DATA_LENGTH_INVALID);
            }
            if (namespace.metadataBytes() > 0) {
                // Nothing here keeps metadata.
                return Outcome.status(Outcome.INVALID_FIELD);
            }
        }
        switch (command.opcode) {
            case NvmOpcode.READ -> {
                return namespace.isReadable(lba, count)
                        ? Outcome.data(namespace.read(lba, count))
                        : Outcome.status(Outcome.READ_ERROR);
            }
            case NvmOpcode.VERIFY -> {
                return namespace.isReadable(lba, count)
                        ? Outcome.SUCCESS
                        : Outcome.status(Outcome.READ_ERROR);
            }
            case NvmOpcode.WRITE -> namespace.write(lba, data);
            case NvmOpcode.COMPARE -> {
                if (!Arrays.equals(data, namespace.read(lba, count))) {
                    return Outcome.status(Outcome.COMPARE_FAILURE);
                }
            }
            case NvmOpcode.WRITE_ZEROES -> namespace.zero(lba, count);
            case NvmOpcode.WRITE_UNCORRECTABLE -> namespace.makeUnreadable(lba, count);
            default -> {
                return Outcome.status(Outcome.INVALID_OPCODE);
            }
        }
        return Outcome.SUCCESS;
    }

    private static boolean outside(TestNamespace namespace, long lba, long count) {
        return lba < 0 || lba > namespace.blockCount() - count;
    }

    private static Outcome deallocate(TargetCommand command, byte[] data, TestNamespace namespace) {
        int ranges = (command.dword(10) & 0xFF) + 1;
        if (data.length < ranges * DatasetRanges.SIZE) {
            return Outcome.status(Outcome.DATA_LENGTH_INVALID);
        }
        boolean deallocate = (command.dword(11) & NvmCommands.ATTRIBUTE_DEALLOCATE) != 0;
        for (int i = 0; i < ranges; i++) {
            long count = Bytes.get(data, i * DatasetRanges.SIZE + 4, 4);
            long lba = Bytes.get(data, i * DatasetRanges.SIZE + 8, 8);
            if (outside(namespace, lba, count)) {
                return Outcome.status(Outcome.LBA_OUT_OF_RANGE);
            }
            if (deallocate) {
                namespace.zero(lba, count);
            }
        }
        return Outcome.SUCCESS;
    }

    /// Descriptor format 0 only.
    private static Outcome copy(TargetCommand command, byte[] data, TestNamespace namespace) {
        int ranges = (command.dword(12) & 0xFF) + 1;
        int format = command.dword(12) >>> 8 & 15;
        if (format != 0) {
            return Outcome.status(Outcome.INVALID_FIELD);
        }
        if (data.length < ranges * COPY_RANGE_BYTES) {
            return Outcome.status(Outcome.DATA_LENGTH_INVALID);
        }
        long to = command.dwords(10);
        long total = 0;
        for (int i = 0; i < ranges; i++) {
            long lba = Bytes.get(data, i * COPY_RANGE_BYTES + 8, 8);
            long count = Bytes.get(data, i * COPY_RANGE_BYTES + 16, 2) + 1;
            if (outside(namespace, lba, count)) {
                return Outcome.status(Outcome.LBA_OUT_OF_RANGE);
            }
            total += count;
        }
        if (outside(namespace, to, total)) {
            return Outcome.status(Outcome.LBA_OUT_OF_RANGE);
        }
        for (int i = 0; i < ranges; i++) {
            long lba = Bytes.get(data, i * COPY_RANGE_BYTES + 8, 8);
            int count = (int) Bytes.get(data, i * COPY_RANGE_BYTES + 16, 2) + 1;
            namespace.write(to, namespace.read(lba, count));
            to += count;
        }
        return Outcome.SUCCESS;
    }
}
