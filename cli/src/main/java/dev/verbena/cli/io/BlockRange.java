package dev.verbena.cli.io;

import picocli.CommandLine.Option;

/// Which blocks are meant: `--start-block`, `--block-count`.
final class BlockRange {
    @Option(
            names = {"-s", "--start-block"},
            paramLabel = "LBA",
            defaultValue = "0",
            description = "First block (default: ${DEFAULT-VALUE}).")
    private long start;

    @Option(
            names = {"-c", "--block-count"},
            paramLabel = "N",
            defaultValue = "0",
            description = {
                "Number of blocks, counted from 0 as the wire does: 0 means one block",
                "(default: ${DEFAULT-VALUE})."
            })
    private int count;

    long start() {
        return start;
    }

    /// Number of blocks, 1 or more.
    long blocks() {
        return Integer.toUnsignedLong(count) + 1;
    }

    /// For messages.
    @Override
    public String toString() {
        return blocks() == 1
                ? "block " + Long.toUnsignedString(start)
                : "blocks "
                        + Long.toUnsignedString(start)
                        + ".."
                        + Long.toUnsignedString(start + blocks() - 1);
    }
}
