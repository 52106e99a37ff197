package dev.verbena.nvme.log;

import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Device self-test results (log page 06h), newest first. */
public final class SelfTestLog extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 564;

    /** Number of results, used or not. */
    public static final int RESULTS = 20;

    /** {@link Result#outcome()}: the entry is not used. */
    public static final int NOT_USED = 15;

    private static final int RESULT_SIZE = 28;
    private static final int SEGMENT_FAILED = 7;

    /**
     * One result.
     *
     * @param outcome 0 success, 1 to 9 aborted or failed, 15 not used
     * @param testCode 1 short, 2 extended, 14 vendor specific
     * @param segmentNumber of the first segment that failed, where the outcome is 7
     * @param validInformation which of the following is valid: bit 0 namespace, 1 block, 2 status
     *     code type, 3 status code
     * @param powerOnHours when the test ended, unsigned
     * @param namespaceId the namespace tested
     * @param failingLba the block that failed, unsigned
     * @param statusCodeType type of the error's status
     * @param statusCode code of the error's status
     * @param vendorSpecific two bytes
     */
    public record Result(
            int outcome,
            int testCode,
            int segmentNumber,
            int validInformation,
            long powerOnHours,
            int namespaceId,
            long failingLba,
            int statusCodeType,
            int statusCode,
            int vendorSpecific) {}

    private SelfTestLog(MemorySegment segment) {
        super(segment, 0, SIZE, "Device Self-test Log");
    }

    /**
     * Copies and decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static SelfTestLog decode(MemorySegment segment) {
        return new SelfTestLog(segment);
    }

    /** The test that runs: 0 none, 1 short, 2 extended, 14 vendor specific. */
    public int currentOperation() {
        return u8(0) & 15;
    }

    /** How far it has come in percent. */
    public int currentCompletionPercent() {
        return u8(1) & 0x7F;
    }

    /** The results that are used, newest first. */
    public List<Result> results() {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < RESULTS; i++) {
            int at = 4 + RESULT_SIZE * i;
            if ((u8(at) & 15) != NOT_USED) {
                results.add(
                        new Result(
                                u8(at) & 15,
                                u8(at) >>> 4,
                                u8(at + 1),
                                u8(at + 2),
                                u64(at + 4),
                                u32(at + 12),
                                u64(at + 16),
                                u8(at + 24),
                                u8(at + 25),
                                u16(at + 26)));
            }
        }
        return List.copyOf(results);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("Current Device Self-Test Operation", u8(0));
        values.put("Current Device Self-Test Completion", u8(1));
        values.put("List of Valid Reports", results().stream().map(SelfTestLog::values).toList());
        return values;
    }

    private static Map<String, Object> values(Result result) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("Self test result", result.outcome());
        values.put("Self test code", result.testCode());
        values.put("Segment number", result.segmentNumber());
        values.put("Valid Diagnostic Information", result.validInformation());
        values.put("Power on hours", Json.unsigned(result.powerOnHours()));
        if ((result.validInformation() & 1) != 0) {
            values.put("Namespace Identifier", Integer.toUnsignedLong(result.namespaceId()));
        }
        if ((result.validInformation() & 2) != 0) {
            values.put("Failing LBA", Json.unsigned(result.failingLba()));
        }
        if ((result.validInformation() & 4) != 0) {
            values.put("Status Code Type", result.statusCodeType());
        }
        if ((result.validInformation() & 8) != 0) {
            values.put("Status Code", result.statusCode());
        }
        values.put("Vendor Specific", result.vendorSpecific());
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("Device Self Test Log:\n");
        text.append(Text.format("Current operation  : %#x\n", u8(0)));
        text.append(Text.format("Current Completion : %d%%\n", u8(1)));
        List<Result> results = results();
        for (int i = 0; i < results.size(); i++) {
            text.append("Self Test Result[").append(i).append("]:\n");
            append(text, results.get(i));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, Result result) {
        line(text, "Operation Result", Text.format("%#x", result.outcome()));
        line(text, "Self Test Code", Text.format("%x", result.testCode()));
        if (result.outcome() == SEGMENT_FAILED) {
            line(text, "Segment Number", Text.format("%#x", result.segmentNumber()));
        }
        line(text, "Valid Diagnostic Information", Text.format("%#x", result.validInformation()));
        line(text, "Power on hours (POH)", Text.format("%#x", result.powerOnHours()));
        if ((result.validInformation() & 1) != 0) {
            line(text, "Namespace Identifier", Text.format("%#x", result.namespaceId()));
        }
        if ((result.validInformation() & 2) != 0) {
            line(text, "Failing LBA", Text.format("%#x", result.failingLba()));
        }
        if ((result.validInformation() & 4) != 0) {
            line(text, "Status Code Type", Text.format("%#x", result.statusCodeType()));
        }
        if ((result.validInformation() & 8) != 0) {
            line(text, "Status Code", Text.format("%#x", result.statusCode()));
        }
        line(text, "Vendor Specific", Text.format("%#x", result.vendorSpecific()));
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append(Text.format("  %-29s: %s\n", name, value));
    }
}
