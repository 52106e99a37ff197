package dev.verbena;

import dev.verbena.nvme.DataDirection;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A command in its own words, for [Passthrough]: the counterpart of Linux' `struct
/// nvme_passthru_cmd`. The command id, the data pointer and the transfer of the data are Verbena's
/// business.
///
/// Immutable: each `with…` method returns a changed copy. The direction of the data follows from
/// the opcode (bits 1:0), as the specification says.
public final class PassthroughCommand {
    private final int opcode;
    private final int namespaceId;

    /// Command dwords 2, 3 and 10 to 15, at their own indexes.
    private final int[] dwords;

    private final byte[] toController;
    private final int fromControllerBytes;
    private final @Nullable Duration timeout;

    private PassthroughCommand(
            int opcode,
            int namespaceId,
            int[] dwords,
            byte[] toController,
            int fromControllerBytes,
            @Nullable Duration timeout) {
        this.opcode = opcode;
        this.namespaceId = namespaceId;
        this.dwords = dwords;
        this.toController = toController;
        this.fromControllerBytes = fromControllerBytes;
        this.timeout = timeout;
    }

    /// A command without data; everything but the opcode is 0.
    ///
    /// @param opcode 0..255
    public static PassthroughCommand of(int opcode) {
        if (opcode < 0 || opcode > 0xFF) {
            throw new IllegalArgumentException("opcode is " + opcode + "; it must be 0..255");
        }
        return new PassthroughCommand(opcode, 0, new int[16], new byte[0], 0, null);
    }

    public PassthroughCommand withNamespaceId(int value) {
        return new PassthroughCommand(
                opcode, value, dwords, toController, fromControllerBytes, timeout);
    }

    /// Sets a command dword.
    ///
    /// @param index 2, 3 or 10..15
    public PassthroughCommand withDword(int index, int value) {
        if (index != 2 && index != 3 && (index < 10 || index > 15)) {
            throw new IllegalArgumentException(
                    "Command dword " + index + " cannot be set; 2, 3 and 10..15 can");
        }
        int[] changed = dwords.clone();
        changed[index] = value;
        return new PassthroughCommand(
                opcode, namespaceId, changed, toController, fromControllerBytes, timeout);
    }

    /// Gives the command data for the controller.
    ///
    /// @throws IllegalArgumentException when the opcode does not move data that way
    public PassthroughCommand withData(byte[] value) {
        requireDirection(DataDirection.HOST_TO_CONTROLLER);
        return new PassthroughCommand(
                opcode, namespaceId, dwords, value.clone(), fromControllerBytes, timeout);
    }

    /// Says how many bytes the controller writes.
    ///
    /// @throws IllegalArgumentException when the opcode does not move data that way, or the length
    ///   is negative
    public PassthroughCommand withDataLength(int bytes) {
        requireDirection(DataDirection.CONTROLLER_TO_HOST);
        if (bytes < 0) {
            throw new IllegalArgumentException("A length of " + bytes + " bytes");
        }
        return new PassthroughCommand(opcode, namespaceId, dwords, toController, bytes, timeout);
    }

    private void requireDirection(DataDirection wanted) {
        DataDirection direction = DataDirection.of(opcode);
        if (direction != wanted) {
            throw new IllegalArgumentException(
                    "Opcode "
                            + Integer.toHexString(opcode)
                            + "h moves data "
                            + direction
                            + ", not "
                            + wanted);
        }
    }

    /// Longest time for the command; without it the option for admin or I/O commands applies.
    public PassthroughCommand withTimeout(Duration value) {
        return new PassthroughCommand(
                opcode, namespaceId, dwords, toController, fromControllerBytes, value);
    }

    public int opcode() {
        return opcode;
    }

    public int namespaceId() {
        return namespaceId;
    }

    /// A command dword, 0..15; 0 for those that cannot be set.
    public int dword(int index) {
        return dwords[index];
    }

    byte[] toController() {
        return toController;
    }

    int fromControllerBytes() {
        return fromControllerBytes;
    }

    @Nullable Duration timeout() {
        return timeout;
    }

    /// Opcode, namespace and dwords; not the data.
    @Override
    public String toString() {
        return "opcode "
                + Integer.toHexString(opcode)
                + "h, namespace "
                + Integer.toUnsignedString(namespaceId)
                + ", dwords "
                + Arrays.toString(dwords);
    }
}
