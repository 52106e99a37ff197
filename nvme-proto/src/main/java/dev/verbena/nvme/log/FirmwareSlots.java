package dev.verbena.nvme.log;

import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** Firmware slot information (log page 03h). */
public final class FirmwareSlots extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 512;

    /** Most slots a controller has. */
    public static final int SLOTS_MAX = 7;

    private FirmwareSlots(MemorySegment segment) {
        super(segment, 0, SIZE, "Firmware Slot Log");
    }

    /**
     * Copies and decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static FirmwareSlots decode(MemorySegment segment) {
        return new FirmwareSlots(segment);
    }

    /** The slot that runs, 1 to 7 (AFI 2:0). */
    public int activeSlot() {
        return u8(0) & 7;
    }

    /** The slot that will run after the next reset, 1 to 7; 0 for none named (AFI 6:4). */
    public int nextSlot() {
        return u8(0) >>> 4 & 7;
    }

    /** The revision in a slot, 1 to 7; empty where there is none. */
    public String revision(int slot) {
        return ascii(offset(slot), 8);
    }

    private static int offset(int slot) {
        return 8 + 8 * java.util.Objects.checkIndex(slot - 1, SLOTS_MAX);
    }

    private String revisionText(int slot) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            int c = u8(offset(slot) + i);
            text.append(c > 0x20 && c < 0x7F ? (char) c : '.');
        }
        return text.toString();
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("Active Firmware Slot (afi)", u8(0));
        for (int slot = 1; slot <= SLOTS_MAX; slot++) {
            long raw = u64(offset(slot));
            if (raw != 0) {
                values.put(
                        "Firmware Rev Slot " + slot,
                        Long.toUnsignedString(raw) + " (" + revisionText(slot) + ")");
            }
        }
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("Firmware Log:\n");
        text.append("afi  : ").append(Text.alternateHex(u8(0))).append('\n');
        for (int slot = 1; slot <= SLOTS_MAX; slot++) {
            long raw = u64(offset(slot));
            if (raw != 0) {
                text.append(
                        Text.format(
                                "frs%d : 0x%s (%s)\n",
                                slot, Long.toHexString(raw), revisionText(slot)));
            }
        }
        return text.toString();
    }
}
