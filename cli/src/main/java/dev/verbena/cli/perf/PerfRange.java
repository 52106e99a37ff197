package dev.verbena.cli.perf;

import dev.verbena.Namespace;

/// Whether a workload fits a namespace.
final class PerfRange {
    private PerfRange() {}

    /// @throws IllegalArgumentException with a sentence for the user
    static void check(Workload workload, Namespace namespace) {
        int block = namespace.blockSize();
        if (block == 0
                || Long.compareUnsigned(namespace.blockCount(), Long.MAX_VALUE / block) > 0) {
            throw new UnsupportedOperationException(
                    "What the controller says of " + namespace + " cannot be worked with");
        }
        multiple("--bs", workload.blockBytes(), block);
        multiple("--offset", workload.offsetBytes(), block);
        if (workload.blockBytes() == 0) {
            throw new IllegalArgumentException("--bs is more than nothing");
        }
        long end = workload.offsetBytes() + Math.max(workload.sizeBytes(), workload.blockBytes());
        if (end > namespace.byteSize() || end < 0) {
            throw new IllegalArgumentException(
                    "--offset and --size reach to byte "
                            + end
                            + "; namespace "
                            + Integer.toUnsignedString(namespace.id())
                            + " has "
                            + namespace.byteSize());
        }
        if (workload.sizeBytes() != 0 && workload.sizeBytes() < workload.blockBytes()) {
            throw new IllegalArgumentException("--size is smaller than --bs");
        }
    }

    private static void multiple(String option, long value, int block) {
        if (value % block != 0) {
            throw new IllegalArgumentException(
                    option
                            + " "
                            + value
                            + " is no multiple of the namespace's block size, "
                            + block
                            + " bytes");
        }
    }

    /// @throws IllegalArgumentException with a sentence for the user
    static void checkVerifiable(long units, int slots) {
        if (units < slots) {
            throw new IllegalArgumentException(
                    "--verify wants room for all outstanding I/Os: "
                            + units
                            + " fit into the range, "
                            + slots
                            + " are outstanding");
        }
        if (units > Slot.VERIFIED_UNITS_MAX) {
            throw new IllegalArgumentException(
                    "--verify remembers at most "
                            + Slot.VERIFIED_UNITS_MAX
                            + " places, the range has "
                            + units
                            + ": choose a part with --size");
        }
    }
}
