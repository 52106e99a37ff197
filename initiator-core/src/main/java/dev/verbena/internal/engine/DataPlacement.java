package dev.verbena.internal.engine;

import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;

/// How the data of an I/O command may travel, worked out once per controller from what it says and
/// what this side's device can do.
///
/// Pure rules; hostile values only switch a way off.
///
/// @param inCapsuleBytesMax most bytes of data for the controller that may travel behind the
///   command; 0 when none may
/// @param inCapsuleSegmentsMax most pieces of memory such data may be gathered from, 0 when none
///   may travel so
/// @param capsuleHeaderBytes where in-capsule data starts in the capsule: 64 plus the controller's
///   offset (ICDOFF)
/// @param descriptorsMax most keyed descriptors one command may carry, 1 or more
/// @param transferBytesMax most bytes one command may move
public record DataPlacement(
        int inCapsuleBytesMax,
        int inCapsuleSegmentsMax,
        int capsuleHeaderBytes,
        int descriptorsMax,
        int transferBytesMax) {
    /// Placement: nothing to move.
    public static final int NONE = 0;

    /// Placement: behind the command, in its capsule.
    public static final int IN_CAPSULE = 1;

    /// Placement: one keyed descriptor in the command.
    public static final int KEYED = 2;

    /// Placement: a list of keyed descriptors behind the command.
    public static final int KEYED_LIST = 3;

    /// Placement: none of the ways fits memory in that many pieces; it has to be copied to one
    /// piece first.
    public static final int BOUNCE = 4;

    /// Largest gap between command and in-capsule data that is padded; every slot of every queue
    /// carries it. No target is known to use one at all, and the field could ask for a mebibyte per
    /// slot.
    public static final int DATA_OFFSET_BYTES_MAX = 4096;

    /// Works the rules out.
    ///
    /// @param capsuleBytes size of an I/O command capsule (IOCCSZ), untrusted
    /// @param dataOffsetBytes where in-capsule data starts behind the command (ICDOFF), untrusted
    /// @param offsetsAllowed whether the controller accepts offsets into the capsule (SGLS bit 20)
    /// @param sendSegmentsMax pieces this side's device can gather for one send, the command
    ///   included
    /// @param descriptorsLimit most descriptors per command (MSDBD), 0 for no limit, untrusted
    /// @param controllerTransferBytesMax from MDTS; 0 or less for no limit
    public static DataPlacement of(
            long capsuleBytes,
            int dataOffsetBytes,
            boolean offsetsAllowed,
            int sendSegmentsMax,
            int descriptorsLimit,
            long controllerTransferBytesMax) {
        long room = capsuleBytes - SubmissionEntry.SIZE - dataOffsetBytes;
        boolean inCapsule =
                offsetsAllowed
                        && sendSegmentsMax > 1
                        && room > 0
                        && dataOffsetBytes >= 0
                        && dataOffsetBytes <= DATA_OFFSET_BYTES_MAX;
        long transferMax =
                controllerTransferBytesMax <= 0
                        ? Sgl.KEYED_LENGTH_MAX
                        : Math.min(controllerTransferBytesMax, Sgl.KEYED_LENGTH_MAX);
        // A list stands at offset 0. Whether that is the end of the command or ICDOFF, controllers
        // with an ICDOFF would have to agree on first.
        boolean list = offsetsAllowed && dataOffsetBytes == 0;
        return new DataPlacement(
                inCapsule ? (int) Math.min(room, Sgl.KEYED_LENGTH_MAX) : 0,
                inCapsule ? Math.min(sendSegmentsMax - 1, CommandData.SEGMENTS_MAX) : 0,
                inCapsule ? SubmissionEntry.SIZE + dataOffsetBytes : SubmissionEntry.SIZE,
                list ? descriptors(capsuleBytes, descriptorsLimit) : 1,
                (int) transferMax);
    }

    private static int descriptors(long capsuleBytes, int limit) {
        long fit = (capsuleBytes - SubmissionEntry.SIZE) / Sgl.SIZE;
        long allowed =
                limit <= 0 ? CommandData.SEGMENTS_MAX : Math.min(limit, CommandData.SEGMENTS_MAX);
        return (int) Math.max(1, Math.min(fit, allowed));
    }

    /// The same rules with in-capsule data off; lists stay as they are.
    public DataPlacement withoutInCapsuleData() {
        return new DataPlacement(0, 0, SubmissionEntry.SIZE, descriptorsMax, transferBytesMax);
    }

    /// The same rules where every command has one memory window: one key, so one descriptor.
    public DataPlacement withOneKey() {
        return new DataPlacement(
                inCapsuleBytesMax, inCapsuleSegmentsMax, capsuleHeaderBytes, 1, transferBytesMax);
    }

    /// Bytes of a capsule that this side fills: what a slot has to have room for.
    public int slotBytes() {
        int list = descriptorsMax > 1 ? descriptorsMax * Sgl.SIZE : 0;
        return Math.max(capsuleHeaderBytes, SubmissionEntry.SIZE + list);
    }

    /// Chooses the way of one command's data: the first that fits of in the capsule, by one key, by
    /// a list of keys.
    ///
    /// @param forController whether the controller reads the data, as in a write
    /// @param segments pieces of memory, 0 for none
    /// @param bytes of all pieces together, up to [#transferBytesMax]
    /// @return [#NONE], [#IN_CAPSULE], [#KEYED], [#KEYED_LIST] or [#BOUNCE]
    public int choose(boolean forController, int segments, int bytes) {
        if (segments == 0) {
            return NONE;
        }
        if (forController && bytes <= inCapsuleBytesMax && segments <= inCapsuleSegmentsMax) {
            return IN_CAPSULE;
        }
        if (segments == 1) {
            return KEYED;
        }
        return segments <= descriptorsMax ? KEYED_LIST : BOUNCE;
    }

    /// Tells `data` which way to travel.
    ///
    /// @return false when there is none: it has to be copied to one piece of memory first
    boolean place(CommandData data) {
        boolean forController = data.direction() == CommandData.Direction.CONTROLLER_READS;
        switch (choose(forController, data.count(), data.byteSize())) {
            case NONE -> {}
            case IN_CAPSULE -> data.inCapsule(capsuleHeaderBytes);
            case KEYED -> data.keyed();
            case KEYED_LIST -> data.keyedList();
            default -> {
                return false;
            }
        }
        return true;
    }
}
