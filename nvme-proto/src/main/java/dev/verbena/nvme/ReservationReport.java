package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who holds and who has registered for a reservation: the extended data structure of Reservation
 * Report.
 *
 * @param generation changes with every change of reservations, unsigned
 * @param typeCode as on the wire: 0 not held
 * @param registrantCount hosts' registrations with controllers; more than are listed where the
 *     buffer was too small
 * @param persistsThroughPowerLoss 0 or 1 as on the wire (PTPLS)
 * @param registrants those that fit into the buffer
 */
public record ReservationReport(
        long generation,
        int typeCode,
        int registrantCount,
        int persistsThroughPowerLoss,
        List<Registrant> registrants)
        implements Rendered {
    /** Size of the header in bytes. */
    public static final int HEADER_SIZE = 64;

    /** Size of each registrant in bytes. */
    public static final int REGISTRANT_SIZE = 64;

    /**
     * One host on one controller.
     *
     * @param controllerId FFFFh where the host is not connected at present
     * @param holder whether the host holds the reservation
     * @param key its reservation key
     * @param hostId its identifier, 32 hexadecimal digits in wire order
     */
    public record Registrant(int controllerId, boolean holder, long key, String hostId) {}

    /** Copies the list. */
    public ReservationReport {
        registrants = List.copyOf(registrants);
    }

    /** Bytes of a buffer for a number of registrants. */
    public static int byteSize(int registrants) {
        return HEADER_SIZE + REGISTRANT_SIZE * Wire.inRange(registrants, 0, 0xFFFF, "registrants");
    }

    /**
     * Decodes the report at the start of the segment; registrants that do not fit are left out and
     * counted all the same.
     *
     * @throws WireFormatException if the segment is shorter than the header
     */
    public static ReservationReport decode(MemorySegment segment) {
        Wire.requireSize(segment, 0, HEADER_SIZE, "Reservation Report");
        int count = Wire.u16(segment, 5);
        long fitting = (segment.byteSize() - HEADER_SIZE) / REGISTRANT_SIZE;
        List<Registrant> registrants = new ArrayList<>();
        for (int i = 0; i < Math.min(count, fitting); i++) {
            Bytes bytes =
                    Bytes.copy(
                            segment,
                            HEADER_SIZE + (long) i * REGISTRANT_SIZE,
                            REGISTRANT_SIZE,
                            "Reservation Report");
            registrants.add(
                    new Registrant(bytes.u16(0), bytes.bit(2, 0), bytes.u64(8), bytes.hex(16, 16)));
        }
        return new ReservationReport(
                Integer.toUnsignedLong(Wire.u32(segment, 0)),
                Wire.u8(segment, 4),
                count,
                Wire.u8(segment, 9),
                registrants);
    }

    /** The type of the reservation by name. */
    public ReservationType type() {
        return ReservationType.of(typeCode);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("gen", generation);
        values.put("rtype", typeCode);
        values.put("regctl", registrantCount);
        values.put("ptpls", persistsThroughPowerLoss);
        List<Map<String, Object>> list = new ArrayList<>();
        for (Registrant registrant : registrants) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("cntlid", registrant.controllerId());
            entry.put("rcsts", registrant.holder() ? 1 : 0);
            entry.put("rkey", Json.unsigned(registrant.key()));
            entry.put("hostid", registrant.hostId());
            list.add(entry);
        }
        values.put("regctlext", list);
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("NVME Reservation status:\n\n");
        text.append(
                Text.format(
                        """
                        gen       : %d
                        rtype     : %d
                        regctl    : %d
                        ptpls     : %d
                        """,
                        generation, typeCode, registrantCount, persistsThroughPowerLoss));
        for (int i = 0; i < registrants.size(); i++) {
            Registrant registrant = registrants.get(i);
            text.append(
                    Text.format(
                            """
                            regctlext[%d] :
                              cntlid     : %x
                              rcsts      : %x
                              rkey       : %x
                              hostid     : %s
                            """,
                            i,
                            registrant.controllerId(),
                            registrant.holder() ? 1 : 0,
                            registrant.key(),
                            registrant.hostId()));
        }
        return text.toString();
    }
}
