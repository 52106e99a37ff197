package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.TableStructure;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;

/** The oldest reservation notification not yet read (log page 80h). */
public final class ReservationNotificationLog extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 64;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    count 0 8 dec
                    rn_log_type 8 1 dec
                    num_logs 9 1 dec
                    NSID 12 4 hex
                    """);

    private ReservationNotificationLog(MemorySegment segment) {
        super(segment, 0, SIZE, "Reservation Notif Log", FIELDS, 12);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static ReservationNotificationLog decode(MemorySegment segment) {
        return new ReservationNotificationLog(segment);
    }

    /** Number of this notification, 0 where there is none; unsigned. */
    public long count() {
        return u64(0);
    }

    /**
     * What happened: 0 none, 1 registration preempted, 2 reservation released, 3 reservation
     * preempted.
     */
    public int type() {
        return u8(8);
    }

    /** Further notifications to read; 255 for that many or more. */
    public int available() {
        return u8(9);
    }

    /** The namespace. */
    public int namespaceId() {
        return u32(12);
    }
}
