package dev.verbena.nvme.log;

import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Which log pages a controller has (log page 00h). */
public final class SupportedLogPages extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 1024;

    private static final int PAGES = 256;

    private SupportedLogPages(MemorySegment segment) {
        super(segment, 0, SIZE, "Supported Log Pages");
    }

    /**
     * Copies and decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static SupportedLogPages decode(MemorySegment segment) {
        return new SupportedLogPages(segment);
    }

    /** Whether a page is supported, by identifier 0 to 255. */
    public boolean isSupported(int logPage) {
        return (entry(logPage) & 1) != 0;
    }

    /** Whether a page takes an index offset, by identifier 0 to 255 (IOS). */
    public boolean indexOffset(int logPage) {
        return (entry(logPage) & 2) != 0;
    }

    /** A page's own bits, 0 to 65535; for the discovery log those of LSP it supports (LIDSP). */
    public int specific(int logPage) {
        return entry(logPage) >>> 16;
    }

    private int entry(int logPage) {
        return u32(4 * Objects.checkIndex(logPage, PAGES));
    }

    @Override
    public Map<String, Object> values() {
        List<Map<String, Object>> pages = new ArrayList<>();
        for (int page = 0; page < PAGES; page++) {
            if (entry(page) != 0) {
                pages.add(
                        Map.of(Text.format("lid_0x%x", page), Integer.toUnsignedLong(entry(page))));
            }
        }
        return Map.of("supported_logs", pages);
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("Support Log Pages Details:\n");
        for (int page = 0; page < PAGES; page++) {
            if (entry(page) != 0) {
                text.append(
                        Text.format(
                                "LID 0x%x (%s), supports 0x%x\n",
                                page, LogPage.name(page), entry(page)));
            }
        }
        return text.toString();
    }
}
