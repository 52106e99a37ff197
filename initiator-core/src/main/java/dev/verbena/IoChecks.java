package dev.verbena;

import dev.verbena.internal.engine.CommandLimits;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Whether commands fit the namespace they name and the limits of the controller. What does not is
/// an [IllegalArgumentException] that names the limit, or an [UnsupportedOperationException] that
/// names the missing support.
///
/// Threads: the queue's owner. Allocates nothing but exceptions.
final class IoChecks {
    private static final int TRANSFER_FLAGS =
            NvmCommands.FORCE_UNIT_ACCESS | NvmCommands.LIMITED_RETRY;

    private final CommandLimits limits;
    private final int transferBytesMax;

    /// What the controller has, another object with each inventory.
    private final Supplier<List<Namespace>> inventory;

    /// Has been found usable.
    private @Nullable Namespace lastNamespace;

    /// When it was.
    private @Nullable List<Namespace> lastInventory;

    // Its size: decoding it for every command would cost as much as all other checks.
    private int lastBlockSize;
    private long lastBlockCount;

    IoChecks(CommandLimits limits, int transferBytesMax, Supplier<List<Namespace>> inventory) {
        this.limits = limits;
        this.inventory = inventory;
        this.transferBytesMax = transferBytesMax;
    }

    /// The flags of a command that has only force unit access and limited retry.
    static int transferFlags(IoOptions options, int opcode) {
        return flags(options, TRANSFER_FLAGS, opcode);
    }

    /// The flags of a command that has none.
    static void noFlags(IoOptions options, int opcode) {
        flags(options, 0, opcode);
    }

    private static int flags(IoOptions options, int allowed, int opcode) {
        int flags = options.flags();
        if ((flags & ~allowed) != 0) {
            throw new IllegalArgumentException(
                    NvmOpcode.name(opcode)
                            + " has no flags "
                            + Integer.toHexString(flags & ~allowed)
                            + "h");
        }
        return flags;
    }

    /// The namespace is still what its id belongs to, and can be worked with.
    ///
    /// @throws IllegalStateException when the id belongs to nothing or another content now, or the
    ///   namespace was formatted
    @SuppressWarnings("ReferenceEquality") // only saves the checks where they are the same objects
    void namespace(Namespace namespace) {
        List<Namespace> now = inventory.get();
        if (namespace == lastNamespace && now == lastInventory) {
            return;
        }
        requireCurrent(namespace, now);
        String name = "Namespace " + Integer.toUnsignedString(namespace.id());
        if (namespace.blockSize() == 0) {
            throw new IllegalArgumentException(name + " has no LBA format that can be used");
        }
        int metadata = namespace.identify().metadataSize();
        if (metadata > 0) {
            throw new IllegalArgumentException(
                    name
                            + " carries "
                            + metadata
                            + " bytes of metadata with each block, which only raw commands can"
                            + " handle; format it without");
        }
        lastNamespace = namespace;
        lastInventory = now;
        lastBlockSize = namespace.blockSize();
        lastBlockCount = namespace.blockCount();
    }

    private static void requireCurrent(Namespace namespace, List<Namespace> inventory) {
        for (Namespace now : inventory) {
            if (namespace.isSameAs(now) && namespace.isFormattedAs(now)) {
                return;
            }
        }
        throw new IllegalStateException(
                "Namespace "
                        + Integer.toUnsignedString(namespace.id())
                        + " was removed or formatted, or its id belongs to another now; ask the"
                        + " controller for its namespaces");
    }

    /// The size of a transfer in bytes.
    ///
    /// @param bufferBytes what the caller's memory has room for
    int transfer(Namespace namespace, long startingLba, int blockCount, long bufferBytes) {
        namespace(namespace);
        long bytes = (long) blockCount * lastBlockSize;
        if (bytes < 1
                || blockCount > NvmCommands.BLOCK_COUNT_MAX
                || bytes > transferBytesMax
                || bytes > bufferBytes
                || startingLba < 0
                || startingLba > lastBlockCount - blockCount) {
            throw refused(namespace, startingLba, blockCount, bufferBytes);
        }
        return (int) bytes;
    }

    private IllegalArgumentException refused(
            Namespace namespace, long startingLba, int blockCount, long bufferBytes) {
        return new IllegalArgumentException(
                blockCount
                        + " blocks at "
                        + startingLba
                        + " with a buffer of "
                        + bufferBytes
                        + " bytes do not fit "
                        + namespace
                        + ", up to "
                        + transferBytesMax
                        + " bytes in a command");
    }

    /// The size of a raw command's data in bytes.
    int rawBytes(long bufferBytes) {
        if (bufferBytes > transferBytesMax) {
            throw new IllegalArgumentException(
                    "A buffer of "
                            + bufferBytes
                            + " bytes; one command to this controller can move "
                            + transferBytesMax);
        }
        return (int) bufferBytes;
    }

    void compare() {
        limits.require(CommandLimits.COMPARE);
    }

    void compareAndWrite(int depth) {
        limits.requireCompareAndWrite();
        if (depth < 2) {
            throw new UnsupportedOperationException(
                    "A fused pair needs a queue of two commands; this one has room for one");
        }
    }

    /// Checks a Write Zeroes, and returns its flags.
    int writeZeroes(Namespace namespace, long startingLba, int blockCount, IoOptions options) {
        limits.require(CommandLimits.WRITE_ZEROES);
        int allowed = TRANSFER_FLAGS | NvmCommands.DEALLOCATE;
        int flags = flags(options, allowed, NvmOpcode.WRITE_ZEROES);
        if ((flags & NvmCommands.DEALLOCATE) == 0) {
            size(namespace, startingLba, blockCount, limits.writeZeroesBytesMax(), "WZSL");
        } else {
            long most = limits.deallocatingZeroesBytesMax();
            size(namespace, startingLba, blockCount, most, "WZSL or WZDSL");
        }
        return flags;
    }

    /// Checks a Verify, and returns its flags.
    int verify(Namespace namespace, long startingLba, int blockCount, IoOptions options) {
        limits.require(CommandLimits.VERIFY);
        size(namespace, startingLba, blockCount, limits.verifyBytesMax(), "VSL");
        return transferFlags(options, NvmOpcode.VERIFY);
    }

    /// Checks a Write Uncorrectable, and returns its flags: none.
    int writeUncorrectable(
            Namespace namespace, long startingLba, int blockCount, IoOptions options) {
        limits.require(CommandLimits.WRITE_UNCORRECTABLE);
        size(namespace, startingLba, blockCount, limits.writeUncorrectableBytesMax(), "WUSL");
        return flags(options, 0, NvmOpcode.WRITE_UNCORRECTABLE);
    }

    private void size(
            Namespace namespace, long startingLba, int blockCount, long bytesMax, String limit) {
        namespace(namespace);
        long most = Math.min(NvmCommands.BLOCK_COUNT_MAX, bytesMax / namespace.blockSize());
        if (blockCount > most) {
            throw new IllegalArgumentException(
                    blockCount + " blocks; one command takes up to " + most + " (" + limit + ")");
        }
        range(namespace, startingLba, blockCount);
    }

    private static void range(Namespace namespace, long startingLba, long blockCount) {
        if (blockCount < 1
                || startingLba < 0
                || startingLba > namespace.blockCount() - blockCount) {
            throw new IllegalArgumentException(
                    blockCount + " blocks at " + startingLba + " do not fit " + namespace);
        }
    }

    void datasetManagement(Namespace namespace, BlockRanges ranges, IoOptions options) {
        limits.require(CommandLimits.DATASET_MANAGEMENT);
        noFlags(options, NvmOpcode.DATASET_MANAGEMENT);
        namespace(namespace);
        int count = ranges.size();
        if (count < 1 || count > limits.datasetRangesMax()) {
            throw tooMany(count, "ranges", limits.datasetRangesMax(), "DMRL");
        }
        if (ranges.totalBlocks() > limits.datasetBlocksMax()) {
            throw tooMany(ranges.totalBlocks(), "blocks", limits.datasetBlocksMax(), "DMSL");
        }
        for (int i = 0; i < count; i++) {
            long blocks = ranges.blockCount(i);
            range(namespace, ranges.startingLba(i), blocks);
            if (blocks > limits.datasetRangeBlocksMax()) {
                throw tooMany(blocks, "blocks in a range", limits.datasetRangeBlocksMax(), "DMRSL");
            }
        }
    }

    /// Checks a Copy, and returns its flags.
    int copy(Namespace destination, long destinationLba, CopySources sources, IoOptions options) {
        limits.requireCopyFormat(sources.format());
        namespace(destination);
        IdentifyNamespace identify = destination.identify();
        int count = sources.size();
        // MSRC counts from 0.
        int countMax = identify.maximumCopyRanges() + 1;
        if (count < 1 || count > countMax) {
            throw tooMany(count, "source ranges", countMax, "MSRC");
        }
        int longestMax = identify.maximumCopyRangeBlocks();
        if (sources.longestRange() > longestMax) {
            throw tooMany(sources.longestRange(), "blocks in a range", longestMax, "MSSRL");
        }
        long blocksMax = identify.maximumCopyBlocks();
        if (sources.totalBlocks() > blocksMax) {
            throw tooMany(sources.totalBlocks(), "blocks", blocksMax, "MCL");
        }
        range(destination, destinationLba, sources.totalBlocks());
        for (int i = 0; i < count && !sources.namesNamespaces(); i++) {
            range(destination, sources.startingLba(i), sources.blockCount(i));
        }
        return transferFlags(options, NvmOpcode.COPY);
    }

    private static IllegalArgumentException tooMany(
            long count, String what, long most, String limit) {
        return new IllegalArgumentException(
                count + " " + what + "; one command takes 1.." + most + " (" + limit + ")");
    }
}
