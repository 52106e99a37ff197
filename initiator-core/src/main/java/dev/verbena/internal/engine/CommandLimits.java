package dev.verbena.internal.engine;

import dev.verbena.nvme.Capabilities;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.NvmIdentifyController;
import org.jspecify.annotations.Nullable;

/// Which of the optional I/O commands a controller has, and how large they may be: what it said
/// when it was connected.
///
/// Byte and block limits are [Long#MAX_VALUE], counts their wire maximum, where the controller
/// reports none.
///
/// @param optionalCommands ONCS
/// @param fusedOperations FUSES
/// @param copyFormats bit n for descriptor format n (OCFS)
/// @param verifyBytesMax most bytes one Verify may cover (VSL)
/// @param writeZeroesBytesMax most bytes one Write Zeroes may cover (WZSL)
/// @param deallocatingZeroesBytesMax the same when it deallocates (WZDSL, where ONCS has MAXWZD)
/// @param writeUncorrectableBytesMax most bytes of one Write Uncorrectable (WUSL)
/// @param datasetRangesMax most ranges of one Dataset Management, 1..256 (DMRL)
/// @param datasetRangeBlocksMax most blocks of one such range (DMRSL)
/// @param datasetBlocksMax most blocks of all such ranges together (DMSL)
public record CommandLimits(
        int optionalCommands,
        int fusedOperations,
        int copyFormats,
        long verifyBytesMax,
        long writeZeroesBytesMax,
        long deallocatingZeroesBytesMax,
        long writeUncorrectableBytesMax,
        int datasetRangesMax,
        long datasetRangeBlocksMax,
        long datasetBlocksMax) {
    /// ONCS: Compare.
    public static final int COMPARE = 1;

    /// ONCS: Write Uncorrectable.
    public static final int WRITE_UNCORRECTABLE = 1 << 1;

    /// ONCS: Dataset Management.
    public static final int DATASET_MANAGEMENT = 1 << 2;

    /// ONCS: Write Zeroes.
    public static final int WRITE_ZEROES = 1 << 3;

    /// ONCS: Verify.
    public static final int VERIFY = 1 << 7;

    /// ONCS: Copy.
    public static final int COPY = 1 << 8;

    /// ONCS: a limit of its own for deallocating Write Zeroes (MAXWZD).
    private static final int ZEROES_DEALLOCATE_LIMIT = 1 << 11;

    /// FUSES: Compare and Write.
    private static final int COMPARE_AND_WRITE = 1;

    private static final int DATASET_RANGES_MAX = 256;

    /// Limits as the controller reports them.
    ///
    /// @param nvm the limits of the NVM command set; null where the controller has no such page,
    ///   which came with version 2.0 of the specification
    public static CommandLimits of(
            IdentifyController controller,
            @Nullable NvmIdentifyController nvm,
            Capabilities capabilities) {
        if (nvm == null) {
            return new CommandLimits(
                    controller.oncs(),
                    controller.fuses(),
                    controller.copyFormats(),
                    Long.MAX_VALUE,
                    Long.MAX_VALUE,
                    Long.MAX_VALUE,
                    Long.MAX_VALUE,
                    DATASET_RANGES_MAX,
                    Long.MAX_VALUE,
                    Long.MAX_VALUE);
        }
        int deallocating =
                (controller.oncs() & ZEROES_DEALLOCATE_LIMIT) != 0
                        ? nvm.writeZeroesDeallocateSizeLimit()
                        : nvm.writeZeroesSizeLimit();
        int ranges = nvm.datasetRangesLimit();
        return new CommandLimits(
                controller.oncs(),
                controller.fuses(),
                controller.copyFormats(),
                NvmIdentifyController.limitBytes(nvm.verifySizeLimit(), capabilities),
                NvmIdentifyController.limitBytes(nvm.writeZeroesSizeLimit(), capabilities),
                NvmIdentifyController.limitBytes(deallocating, capabilities),
                NvmIdentifyController.limitBytes(nvm.writeUncorrectableSizeLimit(), capabilities),
                ranges == 0 ? DATASET_RANGES_MAX : ranges,
                orUnlimited(nvm.datasetRangeBlocksLimit()),
                orUnlimited(nvm.datasetBlocksLimit()));
    }

    /// 0 and what does not fit a signed number limit nothing.
    private static long orUnlimited(long limit) {
        return limit <= 0 ? Long.MAX_VALUE : limit;
    }

    /// Whether an optional command is there.
    ///
    /// @param oncsBit one of [#COMPARE] and its neighbours
    public boolean has(int oncsBit) {
        return (optionalCommands & oncsBit) != 0;
    }

    /// Whether Compare and Write can be fused.
    public boolean hasCompareAndWrite() {
        return (fusedOperations & COMPARE_AND_WRITE) != 0;
    }

    /// Whether Copy takes ranges of a descriptor format, 0..3.
    public boolean hasCopyFormat(int format) {
        return (copyFormats >>> format & 1) != 0;
    }

    /// Refuses a command the controller does not have.
    ///
    /// @param oncsBit one of [#COMPARE] and its neighbours
    /// @throws UnsupportedOperationException that names the missing support
    public void require(int oncsBit) {
        if (!has(oncsBit)) {
            throw new UnsupportedOperationException(
                    "The controller does not support "
                            + name(oncsBit)
                            + " (ONCS bit "
                            + Integer.numberOfTrailingZeros(oncsBit)
                            + " is 0)");
        }
    }

    /// Refuses a fused pair where the controller has none.
    ///
    /// @throws UnsupportedOperationException that names the missing support
    public void requireCompareAndWrite() {
        if (!hasCompareAndWrite()) {
            throw new UnsupportedOperationException(
                    "The controller does not support fused Compare and Write (FUSES bit 0 is 0)");
        }
    }

    /// Refuses a format of copy ranges the controller does not take.
    ///
    /// @throws UnsupportedOperationException that names the missing support
    public void requireCopyFormat(int format) {
        require(COPY);
        if (!hasCopyFormat(format)) {
            throw new UnsupportedOperationException(
                    "The controller does not support Copy with ranges of format "
                            + format
                            + " (OCFS bit "
                            + format
                            + " is 0)");
        }
    }

    private static String name(int oncsBit) {
        return switch (oncsBit) {
            case COMPARE -> "Compare";
            case WRITE_UNCORRECTABLE -> "Write Uncorrectable";
            case DATASET_MANAGEMENT -> "Dataset Management";
            case WRITE_ZEROES -> "Write Zeroes";
            case VERIFY -> "Verify";
            case COPY -> "Copy";
            default -> "an optional command";
        };
    }
}
