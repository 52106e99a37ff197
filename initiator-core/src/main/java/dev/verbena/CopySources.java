package dev.verbena;

import dev.verbena.nvme.CopyRanges;
import dev.verbena.nvme.NvmCommands;

/// Where one Copy command takes its blocks from: ranges, in the order in which they are put at the
/// destination.
///
/// Formats 0 and 1 copy within the destination's namespace; 2 and 3 name a namespace for each
/// range, and a controller takes them only when the host has enabled them (feature Host Behavior
/// Support). 1 and 3 are for namespaces with large protection information; without any, 0 and 2 are
/// the ones to use.
///
/// Made once and filled again for every command; a queue copies it while a command is submitted.
///
/// Threads: one at a time. Allocates nothing after its construction.
public final class CopySources {
    /// Most ranges of one command.
    public static final int COUNT_MAX = CopyRanges.COUNT_MAX;

    private static final int FIRST_FORMAT_WITH_NAMESPACE = 2;

    private final int format;
    private final int[] namespaceIds = new int[COUNT_MAX];
    private final long[] startingLbas = new long[COUNT_MAX];
    private final int[] blockCounts = new int[COUNT_MAX];
    private int count;
    private long totalBlocks;
    private int longestRange;

    /// An empty list of ranges within one namespace (format 0).
    public CopySources() {
        this(0);
    }

    /// An empty list.
    ///
    /// @param format descriptor format of the ranges, 0..3
    public CopySources(int format) {
        if (format < 0 || format > CopyRanges.FORMAT_MAX) {
            throw new IllegalArgumentException(
                    "Copy ranges have format 0.." + CopyRanges.FORMAT_MAX + ", not " + format);
        }
        this.format = format;
    }

    /// Appends a range of the destination's own namespace; formats 0 and 1.
    ///
    /// @param startingLba first logical block
    /// @param blockCount 1..65536
    /// @return this
    /// @throws IllegalStateException when the list holds [#COUNT_MAX] ranges
    public CopySources add(long startingLba, int blockCount) {
        if (namesNamespaces()) {
            throw new IllegalArgumentException(
                    "Ranges of format " + format + " name the namespace they are taken from");
        }
        return append(0, startingLba, blockCount);
    }

    /// Appends a range of a namespace; formats 2 and 3.
    ///
    /// @param source its block size has to be the destination's
    /// @param startingLba first logical block
    /// @param blockCount 1..65536, within the namespace
    /// @return this
    public CopySources add(Namespace source, long startingLba, int blockCount) {
        if (!namesNamespaces()) {
            throw new IllegalArgumentException(
                    "Ranges of format " + format + " do not name a namespace; 2 and 3 do");
        }
        if (startingLba > source.blockCount() - blockCount) {
            throw new IllegalArgumentException(
                    blockCount + " blocks at " + startingLba + " do not fit " + source);
        }
        return append(source.id(), startingLba, blockCount);
    }

    private CopySources append(int namespaceId, long startingLba, int blockCount) {
        if (startingLba < 0 || blockCount < 1 || blockCount > NvmCommands.BLOCK_COUNT_MAX) {
            throw new IllegalArgumentException(
                    blockCount
                            + " blocks at "
                            + startingLba
                            + ": a range has 1.."
                            + NvmCommands.BLOCK_COUNT_MAX
                            + " blocks and starts at 0 or later");
        }
        if (count == COUNT_MAX) {
            throw new IllegalStateException("A command takes " + COUNT_MAX + " ranges at most");
        }
        namespaceIds[count] = namespaceId;
        startingLbas[count] = startingLba;
        blockCounts[count] = blockCount;
        count++;
        totalBlocks += blockCount;
        longestRange = Math.max(longestRange, blockCount);
        return this;
    }

    /// Empties the list.
    public void clear() {
        count = 0;
        totalBlocks = 0;
        longestRange = 0;
    }

    /// Descriptor format, 0..3.
    public int format() {
        return format;
    }

    /// Ranges in the list, 0..256.
    public int size() {
        return count;
    }

    /// Blocks of all ranges together: as many are written at the destination.
    public long totalBlocks() {
        return totalBlocks;
    }

    boolean namesNamespaces() {
        return format >= FIRST_FORMAT_WITH_NAMESPACE;
    }

    /// Blocks of the longest range.
    int longestRange() {
        return longestRange;
    }

    int namespaceId(int index) {
        return namespaceIds[index];
    }

    long startingLba(int index) {
        return startingLbas[index];
    }

    int blockCount(int index) {
        return blockCounts[index];
    }

    @Override
    public String toString() {
        return count + " ranges of format " + format + ", " + totalBlocks + " blocks together";
    }
}
