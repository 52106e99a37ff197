package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of the admin commands that change a device: namespaces, formats, firmware, security,
 * directives (section 5). Each writes all 64 bytes of the entry with an SGL that says "no data";
 * where there is data, write the {@link Sgl} afterwards.
 */
public final class ManagementCommands {
    /** Sanitize: leave the failure mode. */
    public static final int SANITIZE_EXIT_FAILURE = 1;

    /** Sanitize: erase the blocks. */
    public static final int SANITIZE_BLOCK_ERASE = 2;

    /** Sanitize: overwrite with a pattern. */
    public static final int SANITIZE_OVERWRITE = 3;

    /** Sanitize: change the media encryption keys. */
    public static final int SANITIZE_CRYPTO_ERASE = 4;

    /** Self-test: short. */
    public static final int SELF_TEST_SHORT = 1;

    /** Self-test: extended. */
    public static final int SELF_TEST_EXTENDED = 2;

    /** Self-test: stop the one that is running. */
    public static final int SELF_TEST_ABORT = 15;

    private static final int SELECT_FIRST = 0;
    private static final int SELECT_SECOND = 1;

    private ManagementCommands() {}

    /**
     * Format NVM: destroys the data of a namespace, or of all.
     *
     * @param namespaceId the namespace, or {@code 0xFFFFFFFF} for all
     * @param formatIndex one of the namespace's LBA formats, 0 to 63
     * @param extendedMetadata whether metadata is transferred at the end of each block
     * @param protectionType 0 to 3
     * @param protectionFirst whether protection information comes first in the metadata
     * @param secureErase 0 none, 1 user data, 2 cryptographic
     */
    public static void formatNvm(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int formatIndex,
            boolean extendedMetadata,
            int protectionType,
            boolean protectionFirst,
            int secureErase) {
        Wire.inRange(formatIndex, 0, 63, "formatIndex");
        Wire.inRange(protectionType, 0, 7, "protectionType");
        Wire.inRange(secureErase, 0, 7, "secureErase");
        int dword10 =
                (formatIndex & 15)
                        | (extendedMetadata ? 1 << 4 : 0)
                        | (protectionType << 5)
                        | (protectionFirst ? 1 << 8 : 0)
                        | (secureErase << 9)
                        | ((formatIndex >>> 4) << 12);
        SubmissionEntry.command(
                segment, offset, AdminOpcode.FORMAT_NVM, commandId, namespaceId, dword10, 0);
    }

    /**
     * Sanitize: destroys all data of the subsystem.
     *
     * @param action {@link #SANITIZE_EXIT_FAILURE} and its neighbours, 0 to 7
     * @param unrestrictedExit whether a failure can be left without a successful sanitize
     * @param overwritePasses 0 for 16, otherwise 1 to 15
     * @param invertBetweenPasses whether the pattern alternates with its inverse
     * @param noDeallocate whether blocks stay allocated afterwards
     * @param overwritePattern what to overwrite with
     */
    public static void sanitize(
            MemorySegment segment,
            long offset,
            int commandId,
            int action,
            boolean unrestrictedExit,
            int overwritePasses,
            boolean invertBetweenPasses,
            boolean noDeallocate,
            int overwritePattern) {
        Wire.inRange(action, 0, 7, "action");
        Wire.inRange(overwritePasses, 0, 15, "overwritePasses");
        int dword10 =
                action
                        | (unrestrictedExit ? 1 << 3 : 0)
                        | (overwritePasses << 4)
                        | (invertBetweenPasses ? 1 << 8 : 0)
                        | (noDeallocate ? 1 << 9 : 0);
        SubmissionEntry.command(
                segment, offset, AdminOpcode.SANITIZE, commandId, 0, dword10, overwritePattern);
    }

    /**
     * Creates a namespace; data from the host is an Identify Namespace structure of 4096 bytes. The
     * result is the new namespace's identifier.
     *
     * @param commandSet an I/O command set from {@link CommandSet}
     */
    public static void createNamespace(
            MemorySegment segment, long offset, int commandId, int commandSet) {
        Wire.inRange(commandSet, 0, 0xFF, "commandSet");
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.NAMESPACE_MANAGEMENT,
                commandId,
                0,
                SELECT_FIRST,
                commandSet << 24);
    }

    /**
     * Deletes a namespace.
     *
     * @param namespaceId the namespace, or {@code 0xFFFFFFFF} for all
     */
    public static void deleteNamespace(
            MemorySegment segment, long offset, int commandId, int namespaceId) {
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.NAMESPACE_MANAGEMENT,
                commandId,
                namespaceId,
                SELECT_SECOND,
                0);
    }

    /** Attaches a namespace to the controllers of a {@link ControllerList} in the data. */
    public static void attachNamespace(
            MemorySegment segment, long offset, int commandId, int namespaceId) {
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.NAMESPACE_ATTACHMENT,
                commandId,
                namespaceId,
                SELECT_FIRST,
                0);
    }

    /** Detaches a namespace from the controllers of a {@link ControllerList} in the data. */
    public static void detachNamespace(
            MemorySegment segment, long offset, int commandId, int namespaceId) {
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.NAMESPACE_ATTACHMENT,
                commandId,
                namespaceId,
                SELECT_SECOND,
                0);
    }

    /**
     * Firmware Image Download: a piece of an image, in the data.
     *
     * @param byteCount length of the piece, a multiple of 4, 4 or more
     * @param imageOffset where the piece belongs, in bytes, a multiple of 4
     */
    public static void firmwareDownload(
            MemorySegment segment, long offset, int commandId, int byteCount, long imageOffset) {
        int dwords = Wire.dwords(byteCount);
        Wire.inRange(imageOffset, 0, 4 * 0xFFFF_FFFFL, "imageOffset");
        if ((imageOffset & 3) != 0) {
            throw new IllegalArgumentException(
                    "imageOffset is " + imageOffset + ", must be a multiple of 4");
        }
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.FIRMWARE_IMAGE_DOWNLOAD,
                commandId,
                0,
                dwords - 1,
                (int) (imageOffset >>> 2));
    }

    /**
     * Firmware Commit.
     *
     * @param slot 0 for the controller's choice, or 1 to 7
     * @param action 0 to 7 (CA)
     * @param bootPartition 0 or 1
     */
    public static void firmwareCommit(
            MemorySegment segment,
            long offset,
            int commandId,
            int slot,
            int action,
            int bootPartition) {
        Wire.inRange(slot, 0, 7, "slot");
        Wire.inRange(action, 0, 7, "action");
        Wire.inRange(bootPartition, 0, 1, "bootPartition");
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.FIRMWARE_COMMIT,
                commandId,
                0,
                slot | (action << 3) | (bootPartition << 31),
                0);
    }

    /**
     * Device Self-test.
     *
     * @param namespaceId 0 for the controller alone, or a namespace, or {@code 0xFFFFFFFF} for all
     * @param testCode {@link #SELF_TEST_SHORT} and its neighbours, 0 to 15
     */
    public static void deviceSelfTest(
            MemorySegment segment, long offset, int commandId, int namespaceId, int testCode) {
        Wire.inRange(testCode, 0, 15, "testCode");
        SubmissionEntry.command(
                segment, offset, AdminOpcode.DEVICE_SELF_TEST, commandId, namespaceId, testCode, 0);
    }

    /**
     * Directive Send.
     *
     * @param type directive type: 0 identify, 1 streams, 2 data placement
     * @param operation the directive's operation, 0 to 255
     * @param specific the directive's own field, 0 to 65535
     * @param byteCount length of the data, 0 or a multiple of 4
     * @param dword12 the operation's own parameter
     */
    public static void directiveSend(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int type,
            int operation,
            int specific,
            int byteCount,
            int dword12) {
        directive(segment, offset, AdminOpcode.DIRECTIVE_SEND, commandId, namespaceId, byteCount);
        directiveFields(segment, offset, type, operation, specific, dword12);
    }

    /**
     * Directive Receive.
     *
     * @param type directive type: 0 identify, 1 streams, 2 data placement
     * @param operation the directive's operation, 0 to 255
     * @param specific the directive's own field, 0 to 65535
     * @param byteCount size of the buffer, 0 or a multiple of 4
     * @param dword12 the operation's own parameter
     */
    public static void directiveReceive(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int type,
            int operation,
            int specific,
            int byteCount,
            int dword12) {
        directive(
                segment, offset, AdminOpcode.DIRECTIVE_RECEIVE, commandId, namespaceId, byteCount);
        directiveFields(segment, offset, type, operation, specific, dword12);
    }

    private static void directive(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            int byteCount) {
        // The count is zero based; where there is no data the field has no meaning and stays 0.
        int numd = byteCount == 0 ? 0 : Wire.dwords(byteCount) - 1;
        SubmissionEntry.command(segment, offset, opcode, commandId, namespaceId, numd, 0);
    }

    private static void directiveFields(
            MemorySegment segment,
            long offset,
            int type,
            int operation,
            int specific,
            int dword12) {
        Wire.inRange(type, 0, 0xFF, "type");
        Wire.inRange(operation, 0, 0xFF, "operation");
        Wire.inRange(specific, 0, 0xFFFF, "specific");
        Wire.u32(segment, offset + 44, operation | (type << 8) | (specific << 16));
        Wire.u32(segment, offset + 48, dword12);
    }

    /**
     * Cross-Controller Reset (TP8028): asks a healthy controller to end another controller of the
     * subsystem. Bit 0 of the result is 1 where that is done already.
     *
     * <p>The layout is the one proposed for Linux; no released target that accepts the command was
     * at hand to check it with.
     *
     * @param impactedControllerId the controller to end (ICID)
     * @param instanceUniquifier its {@link IdentifyController#controllerInstanceUniquifier()}
     * @param instanceRandomNumber its {@link IdentifyController#controllerInstanceRandomNumber()}
     */
    public static void crossControllerReset(
            MemorySegment segment,
            long offset,
            int commandId,
            int impactedControllerId,
            int instanceUniquifier,
            long instanceRandomNumber) {
        Wire.inRange(impactedControllerId, 0, 0xFFFF, "impactedControllerId");
        Wire.inRange(instanceUniquifier, 0, 0xFF, "instanceUniquifier");
        SubmissionEntry.command(
                segment,
                offset,
                AdminOpcode.CROSS_CONTROLLER_RESET,
                commandId,
                0,
                (instanceUniquifier << 8) | (impactedControllerId << 16),
                0);
        Wire.u64(segment, offset + 48, instanceRandomNumber);
    }
}
