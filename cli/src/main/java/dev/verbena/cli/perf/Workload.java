package dev.verbena.cli.perf;

import java.util.Locale;

/// What is read and written, in fio's terms.
///
/// @param random whether positions are random; else they follow one another
/// @param readPercent share of reads, 0..100
/// @param blockBytes bytes of each I/O, 1 or more; a multiple of the namespace's block size
/// @param offsetBytes where the part of the namespace begins that is used
/// @param sizeBytes how long that part is; 0 for the rest of the namespace
/// @param seed decides positions, the order of reads and writes, and the content of patterns
public record Workload(
        boolean random,
        int readPercent,
        int blockBytes,
        long offsetBytes,
        long sizeBytes,
        long seed) {

    /// Patterns of fio's `--rw`.
    enum Pattern {
        READ(false, 100),
        WRITE(false, 0),
        RW(false, -1),
        RANDREAD(true, 100),
        RANDWRITE(true, 0),
        RANDRW(true, -1);

        private final boolean random;
        private final int readPercent;

        Pattern(boolean random, int readPercent) {
            this.random = random;
            this.readPercent = readPercent;
        }

        boolean random() {
            return random;
        }

        /// @param mix the share of reads where the pattern leaves it open
        int readPercent(int mix) {
            return readPercent < 0 ? mix : readPercent;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    boolean reads() {
        return readPercent > 0;
    }

    boolean writes() {
        return readPercent < 100;
    }

    /// For people: "4 KiB random read", "128 KiB sequential, 70 % reads".
    @Override
    public String toString() {
        String order = random ? "random" : "sequential";
        String what =
                switch (readPercent) {
                    case 100 -> " read";
                    case 0 -> " write";
                    default -> ", " + readPercent + " % reads";
                };
        return Quantity.bytes(blockBytes) + " " + order + what;
    }
}
