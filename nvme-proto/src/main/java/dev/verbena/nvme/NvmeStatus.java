package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/**
 * The status of a completed command (section 3.3.3.2.1). Total: every value has a name, and known
 * ones have the specification's.
 *
 * @param value 15 bits, as {@link CompletionEntry#status} returns them: SC 7:0, SCT 10:8, CRD
 *     12:11, More 13, DNR 14; higher bits are ignored
 */
public record NvmeStatus(int value) {
    /** Status code type: generic. */
    public static final int TYPE_GENERIC = 0;

    /** Status code type: specific to the command. */
    public static final int TYPE_COMMAND_SPECIFIC = 1;

    /** Status code type: media and data integrity errors. */
    public static final int TYPE_MEDIA = 2;

    /** Status code type: path related. */
    public static final int TYPE_PATH = 3;

    /** Status code type: vendor specific. */
    public static final int TYPE_VENDOR = 7;

    /** The status that means success. */
    public static final NvmeStatus SUCCESS = new NvmeStatus(0);

    /** Status of a command that the host itself gave up because its path failed. */
    public static final NvmeStatus HOST_PATH_ERROR = of(TYPE_PATH, 0x70, false);

    /** Status of a command that the host itself aborted. */
    public static final NvmeStatus ABORTED_BY_HOST = of(TYPE_PATH, 0x71, false);

    /** The bit that forbids a retry. */
    public static final int DO_NOT_RETRY = 1 << 14;

    private static final int MORE = 1 << 13;
    private static final int MASK = 0x7FFF;

    /** Cuts the value to its 15 bits. */
    public NvmeStatus {
        value &= MASK;
    }

    /**
     * A status from its parts.
     *
     * @param codeType 0 to 7
     * @param code 0 to 255
     */
    public static NvmeStatus of(int codeType, int code, boolean doNotRetry) {
        dev.verbena.nvme.internal.Wire.inRange(codeType, 0, 7, "codeType");
        dev.verbena.nvme.internal.Wire.inRange(code, 0, 0xFF, "code");
        return new NvmeStatus(codeType << 8 | code | (doNotRetry ? DO_NOT_RETRY : 0));
    }

    /** The text of {@link #toString()} for a raw status. */
    public static String describe(int status) {
        return new NvmeStatus(status).toString();
    }

    /** The text of {@link #toString(StatusContext)} for a raw status. */
    public static String describe(int status, StatusContext context) {
        return new NvmeStatus(status).toString(context);
    }

    /** Status code type (SCT), 0 to 7. */
    public int codeType() {
        return value >>> 8 & 7;
    }

    /** Status code (SC), 0 to 255. */
    public int code() {
        return value & 0xFF;
    }

    /** Type and code together, 0 to 7FFh: what remains when the flags are taken away. */
    public int typeAndCode() {
        return value & 0x7FF;
    }

    /** Whether the same command would fail again on any controller of the subsystem (DNR). */
    public boolean doNotRetry() {
        return (value & DO_NOT_RETRY) != 0;
    }

    /** Whether the error log page tells more (M). */
    public boolean more() {
        return (value & MORE) != 0;
    }

    /**
     * How long to wait before a retry (CRD): 0 for no time, 1 to 3 for the controller's first to
     * third command retry delay time.
     */
    public int retryDelayIndex() {
        return value >>> 11 & 3;
    }

    /** Whether the command succeeded. */
    public boolean isSuccess() {
        return typeAndCode() == 0;
    }

    /**
     * The specification's name of this status. Codes whose meaning depends on the command are named
     * by number: see {@link #name(StatusContext)}.
     */
    public String name() {
        String name = StatusNames.find(typeAndCode(), null);
        return name == null ? StatusNames.fallback(codeType(), code()) : name;
    }

    /** The specification's name of this status in answer to a command of this kind. */
    public String name(StatusContext context) {
        String name = StatusNames.find(typeAndCode(), context);
        return name == null ? StatusNames.fallback(codeType(), code()) : name;
    }

    /** Such as {@code Invalid Field in Command (SCT 0h, SC 02h, DNR)}. */
    @Override
    public String toString() {
        return name() + details();
    }

    /** As {@link #toString()}, with the name for a command of this kind. */
    public String toString(StatusContext context) {
        return name(context) + details();
    }

    private String details() {
        return Text.format(
                " (SCT %Xh, SC %02Xh%s%s%s)",
                codeType(),
                code(),
                retryDelayIndex() == 0 ? "" : ", CRD " + retryDelayIndex(),
                more() ? ", More" : "",
                doNotRetry() ? ", DNR" : "");
    }
}
