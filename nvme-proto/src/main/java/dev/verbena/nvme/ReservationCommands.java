package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of the reservation commands and of their keys (section 7). Registrations belong to the
 * host identifier, not to a path.
 */
public final class ReservationCommands {
    /** Register a key. */
    public static final int REGISTER = 0;

    /** Remove the registration. */
    public static final int UNREGISTER = 1;

    /** Replace the key. */
    public static final int REPLACE = 2;

    /** Acquire a reservation. */
    public static final int ACQUIRE = 0;

    /** Take another host's reservation away. */
    public static final int PREEMPT = 1;

    /** Take another host's reservation away and abort its commands. */
    public static final int PREEMPT_AND_ABORT = 2;

    /** Release the reservation. */
    public static final int RELEASE = 0;

    /** Clear the reservation and all registrations. */
    public static final int CLEAR = 1;

    /** Persistence through power loss: leave as it is. */
    public static final int PERSIST_NO_CHANGE = 0;

    /** Persistence through power loss: registrations are lost. */
    public static final int PERSIST_CLEAR = 2;

    /** Persistence through power loss: registrations survive. */
    public static final int PERSIST_SET = 3;

    /** Bytes of data of {@link #register} and {@link #acquire}: two keys. */
    public static final int KEYS_SIZE = 16;

    /** Bytes of data of {@link #release}: one key. */
    public static final int KEY_SIZE = 8;

    private static final int IGNORE_EXISTING_KEY = 1 << 3;
    private static final int EXTENDED_DATA_STRUCTURE = 1;

    private ReservationCommands() {}

    /**
     * Reservation Register; data from the host are current and new key, see {@link #keys}.
     *
     * @param action {@link #REGISTER}, {@link #UNREGISTER} or {@link #REPLACE}
     * @param ignoreExistingKey whether the current key is not checked
     * @param persistence {@link #PERSIST_NO_CHANGE}, {@link #PERSIST_CLEAR} or {@link #PERSIST_SET}
     */
    public static void register(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int action,
            boolean ignoreExistingKey,
            int persistence) {
        Wire.inRange(action, 0, 7, "action");
        Wire.inRange(persistence, 0, 3, "persistence");
        SubmissionEntry.command(
                segment,
                offset,
                NvmOpcode.RESERVATION_REGISTER,
                commandId,
                namespaceId,
                action | (ignoreExistingKey ? IGNORE_EXISTING_KEY : 0) | (persistence << 30),
                0);
    }

    /**
     * Reservation Acquire; data from the host are current and preempted key, see {@link #keys}.
     *
     * @param action {@link #ACQUIRE}, {@link #PREEMPT} or {@link #PREEMPT_AND_ABORT}
     * @param type a code of {@link ReservationType}, 1 to 6
     */
    public static void acquire(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int action,
            boolean ignoreExistingKey,
            int type) {
        Wire.inRange(action, 0, 7, "action");
        Wire.inRange(type, 0, 0xFF, "type");
        SubmissionEntry.command(
                segment,
                offset,
                NvmOpcode.RESERVATION_ACQUIRE,
                commandId,
                namespaceId,
                action | (ignoreExistingKey ? IGNORE_EXISTING_KEY : 0) | (type << 8),
                0);
    }

    /**
     * Reservation Release; data from the host is the current key, see {@link #key}.
     *
     * @param action {@link #RELEASE} or {@link #CLEAR}
     * @param type a code of {@link ReservationType}, 1 to 6; ignored by {@link #CLEAR}
     */
    public static void release(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int action,
            boolean ignoreExistingKey,
            int type) {
        Wire.inRange(action, 0, 7, "action");
        Wire.inRange(type, 0, 0xFF, "type");
        SubmissionEntry.command(
                segment,
                offset,
                NvmOpcode.RESERVATION_RELEASE,
                commandId,
                namespaceId,
                action | (ignoreExistingKey ? IGNORE_EXISTING_KEY : 0) | (type << 8),
                0);
    }

    /**
     * Reservation Report, always with the extended data structure: hosts on fabrics have
     * identifiers of 128 bits, and a controller refuses the short form. The data is a {@link
     * ReservationReport}.
     *
     * @param byteCount size of the buffer, a multiple of 4, 4 or more
     */
    public static void report(
            MemorySegment segment, long offset, int commandId, int namespaceId, int byteCount) {
        int dwords = Wire.dwords(byteCount);
        SubmissionEntry.command(
                segment,
                offset,
                NvmOpcode.RESERVATION_REPORT,
                commandId,
                namespaceId,
                dwords - 1,
                EXTENDED_DATA_STRUCTURE);
    }

    /** Writes the {@value #KEYS_SIZE} bytes of data of {@link #register} or {@link #acquire}. */
    public static void keys(MemorySegment segment, long offset, long currentKey, long otherKey) {
        Wire.u64(segment, offset, currentKey);
        Wire.u64(segment, offset + 8, otherKey);
    }

    /** Writes the {@value #KEY_SIZE} bytes of data of {@link #release}. */
    public static void key(MemorySegment segment, long offset, long currentKey) {
        Wire.u64(segment, offset, currentKey);
    }
}
