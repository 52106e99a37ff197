package dev.verbena.nvme;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/** A structure that consists of fields at fixed places and of nothing else. */
public abstract class TableStructure extends WireStructure {
    private final String heading;
    private final FieldTable table;
    private final int width;

    /**
     * Copies the bytes of the structure.
     *
     * @param size in bytes
     * @param heading first line of the text, and name of the structure in messages
     * @param width of the column of names in the text
     * @throws WireFormatException if fewer bytes follow the offset
     */
    protected TableStructure(
            MemorySegment segment,
            long offset,
            int size,
            String heading,
            FieldTable table,
            int width) {
        super(segment, offset, size, heading);
        this.heading = heading;
        this.table = table;
        this.width = width;
    }

    @Override
    public final Map<String, Object> values() {
        return values(table);
    }

    @Override
    public final String toText() {
        return heading + ":\n" + text(table, width);
    }

    /** {@link #toText()}. */
    @Override
    public final String toString() {
        return toText();
    }
}
