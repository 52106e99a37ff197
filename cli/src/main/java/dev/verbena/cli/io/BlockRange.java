package dev.verbena.cli.io;

import dev.verbena.cli.base.Numbers;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which blocks are meant: `--start-block`, `--block-count`.
final class BlockRange {
    @Option(
            names = {"-s", "--start-block"},
            converter = Numbers.Bits64.class,
            paramLabel = "LBA",
            defaultValue = "0",
            description = "First block (default: ${DEFAULT-VALUE}).")
    private long start;

    @Option(
            names = {"-c", "--block-count"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = {
                "Number of blocks, counted from 0 as the wire does: 0 means one block",
                "(default: 0)."
            })
    private @Nullable Integer count;

    long start() {
        return start;
    }

    /// Number of blocks, 1 or more.
    long blocks() {
        Integer told = count;
        return told == null ? 1 : Integer.toUnsignedLong(told) + 1;
    }

    /// Whether somebody said how many.
    boolean isCounted() {
        return count != null;
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
