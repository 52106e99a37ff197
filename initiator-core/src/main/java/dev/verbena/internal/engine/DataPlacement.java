package dev.verbena.internal.engine;

import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;

/// What a controller allows for the data of an I/O command, worked out once per controller.
///
/// @param inCapsuleBytesMax most bytes of a write that may travel behind the command; 0 when none
///   may
/// @param capsuleHeaderBytes where in-capsule data starts in the capsule: 64 plus the controller's
///   offset (ICDOFF)
/// @param transferBytesMax most bytes one command may move
public record DataPlacement(int inCapsuleBytesMax, int capsuleHeaderBytes, int transferBytesMax) {
    /// Largest gap between command and in-capsule data that is padded; every slot of every queue
    /// carries it. No target is known to use one at all, and the field could ask for a mebibyte per
    /// slot.
    public static final int DATA_OFFSET_BYTES_MAX = 4096;

    /// Works the rules out from what Identify Controller says.
    ///
    /// @param capsuleBytes size of an I/O command capsule (IOCCSZ), untrusted
    /// @param dataOffsetBytes where in-capsule data starts behind the command (ICDOFF), untrusted
    /// @param inCapsuleAllowed whether the controller accepts in-capsule addresses and this side
    ///   can gather two segments
    /// @param controllerTransferBytesMax from MDTS; 0 or less for no limit
    public static DataPlacement of(
            long capsuleBytes,
            int dataOffsetBytes,
            boolean inCapsuleAllowed,
            long controllerTransferBytesMax) {
        long room = capsuleBytes - SubmissionEntry.SIZE - dataOffsetBytes;
        boolean possible =
                inCapsuleAllowed
                        && room > 0
                        && dataOffsetBytes >= 0
                        && dataOffsetBytes <= DATA_OFFSET_BYTES_MAX;
        long transferMax =
                controllerTransferBytesMax <= 0
                        ? Sgl.KEYED_LENGTH_MAX
                        : Math.min(controllerTransferBytesMax, Sgl.KEYED_LENGTH_MAX);
        return new DataPlacement(
                possible ? (int) Math.min(room, Sgl.KEYED_LENGTH_MAX) : 0,
                possible ? SubmissionEntry.SIZE + dataOffsetBytes : SubmissionEntry.SIZE,
                (int) transferMax);
    }

    /// The same rules with in-capsule data off.
    public DataPlacement withoutInCapsuleData() {
        return new DataPlacement(0, SubmissionEntry.SIZE, transferBytesMax);
    }
}
