package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of the admin commands (section 5). Each writes all 64 bytes of the entry with an SGL
 * that says "no data"; where there is data, write the {@link Sgl} afterwards.
 */
public final class AdminCommands {
    /** Size in bytes of every data structure that Identify returns. */
    public static final int IDENTIFY_SIZE = 4096;

    private static final int INDEX_OFFSET = 1 << 23;

    private AdminCommands() {}

    /**
     * Identify, with data of {@value #IDENTIFY_SIZE} bytes to the host.
     *
     * @param cns a value from {@link IdentifyCns}
     * @param namespaceId the namespace, or where a list of namespaces starts; 0 where unused
     * @param controllerId the controller a list starts at (CNTID); 0 where unused
     * @param commandSet an I/O command set from {@link CommandSet} (CSI); 0 where unused
     */
    public static void identify(
            MemorySegment segment,
            long offset,
            int commandId,
            int cns,
            int namespaceId,
            int controllerId,
            int commandSet) {
        identify(segment, offset, commandId, cns, namespaceId, controllerId, commandSet, 0, 0);
    }

    /**
     * Identify with every field.
     *
     * @param cnsSpecificId NVM set, endurance group or domain identifier (CNSSID), 0 to 65535
     * @param uuidIndex 0 to 127
     */
    public static void identify(
            MemorySegment segment,
            long offset,
            int commandId,
            int cns,
            int namespaceId,
            int controllerId,
            int commandSet,
            int cnsSpecificId,
            int uuidIndex) {
        Wire.inRange(cns, 0, 0xFF, "cns");
        Wire.inRange(controllerId, 0, 0xFFFF, "controllerId");
        Wire.inRange(commandSet, 0, 0xFF, "commandSet");
        Wire.inRange(cnsSpecificId, 0, 0xFFFF, "cnsSpecificId");
        Wire.inRange(uuidIndex, 0, 0x7F, "uuidIndex");
        SubmissionEntry.begin(segment, offset, AdminOpcode.IDENTIFY, commandId, namespaceId);
        Wire.u32(segment, offset + 40, cns | controllerId << 16);
        Wire.u32(segment, offset + 44, cnsSpecificId | commandSet << 24);
        Wire.u32(segment, offset + 56, uuidIndex);
    }

    /**
     * Get Log Page, with data to the host.
     *
     * @param namespaceId the namespace, 0 or {@code 0xFFFFFFFF} where the page has none
     * @param logPage an identifier from {@link LogPage}
     * @param logSpecific the page's own field (LSP), 0 to 127
     * @param retainAsynchronousEvent whether an event that announced the page stays masked (RAE)
     * @param byteCount length in bytes, a multiple of 4, 4 or more
     * @param byteOffset where to start, in bytes, a multiple of 4 (LPO)
     */
    public static void getLogPage(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int logPage,
            int logSpecific,
            boolean retainAsynchronousEvent,
            int byteCount,
            long byteOffset) {
        getLogPage(
                segment,
                offset,
                commandId,
                namespaceId,
                logPage,
                logSpecific,
                retainAsynchronousEvent,
                byteCount,
                byteOffset,
                0,
                0,
                0);
    }

    /**
     * Get Log Page with every field.
     *
     * @param logSpecificId the page's own identifier (LSI), 0 to 65535
     * @param commandSet an I/O command set from {@link CommandSet} (CSI); 0 where unused
     * @param uuidIndex 0 to 127
     */
    public static void getLogPage(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int logPage,
            int logSpecific,
            boolean retainAsynchronousEvent,
            int byteCount,
            long byteOffset,
            int logSpecificId,
            int commandSet,
            int uuidIndex) {
        Wire.inRange(logPage, 0, 0xFF, "logPage");
        Wire.inRange(logSpecific, 0, 0x7F, "logSpecific");
        int numd = Wire.dwords(byteCount) - 1;
        Wire.inRange(byteOffset, 0, Long.MAX_VALUE, "byteOffset");
        Wire.inRange(logSpecificId, 0, 0xFFFF, "logSpecificId");
        Wire.inRange(commandSet, 0, 0xFF, "commandSet");
        Wire.inRange(uuidIndex, 0, 0x7F, "uuidIndex");
        if ((byteOffset & 3) != 0) {
            throw new IllegalArgumentException(
                    "byteOffset is " + byteOffset + ", must be a multiple of 4");
        }
        SubmissionEntry.begin(segment, offset, AdminOpcode.GET_LOG_PAGE, commandId, namespaceId);
        Wire.u32(
                segment,
                offset + 40,
                logPage | logSpecific << 8 | (retainAsynchronousEvent ? 1 << 15 : 0) | numd << 16);
        Wire.u32(segment, offset + 44, numd >>> 16 | logSpecificId << 16);
        Wire.u64(segment, offset + 48, byteOffset);
        Wire.u32(segment, offset + 56, uuidIndex | commandSet << 24);
    }

    /**
     * Changes a Get Log Page already encoded so that it starts at an entry of the page instead of a
     * byte (OT). For pages that say so: {@link dev.verbena.nvme.log.SupportedLogPages#indexOffset}.
     *
     * @param index of the first entry to return, an unsigned 64-bit value
     */
    public static void logPageIndex(MemorySegment segment, long offset, long index) {
        Wire.u64(segment, offset + 48, index);
        Wire.u32(segment, offset + 56, Wire.u32(segment, offset + 56) | INDEX_OFFSET);
    }

    /**
     * Set Features, without data unless the feature has some.
     *
     * @param featureId an identifier from {@link Feature}
     * @param save whether the value survives a reset (SV)
     * @param namespaceId the namespace, 0 where the feature has none
     * @param dword11 the feature's value
     */
    public static void setFeatures(
            MemorySegment segment,
            long offset,
            int commandId,
            int featureId,
            boolean save,
            int namespaceId,
            int dword11) {
        Wire.inRange(featureId, 0, 0xFF, "featureId");
        SubmissionEntry.begin(segment, offset, AdminOpcode.SET_FEATURES, commandId, namespaceId);
        Wire.u32(segment, offset + 40, featureId | (save ? 1 << 31 : 0));
        Wire.u32(segment, offset + 44, dword11);
    }

    /**
     * Get Features; the value comes back in dword 0, or in the data of the features that have some.
     *
     * @param featureId an identifier from {@link Feature}
     * @param select which value: {@link Feature#SELECT_CURRENT} and its neighbours
     * @param namespaceId the namespace, 0 where the feature has none
     * @param dword11 the feature's own parameter, 0 for most
     */
    public static void getFeatures(
            MemorySegment segment,
            long offset,
            int commandId,
            int featureId,
            int select,
            int namespaceId,
            int dword11) {
        Wire.inRange(featureId, 0, 0xFF, "featureId");
        Wire.inRange(select, 0, 7, "select");
        SubmissionEntry.begin(segment, offset, AdminOpcode.GET_FEATURES, commandId, namespaceId);
        Wire.u32(segment, offset + 40, featureId | select << 8);
        Wire.u32(segment, offset + 44, dword11);
    }

    /** Keep Alive. */
    public static void keepAlive(MemorySegment segment, long offset, int commandId) {
        SubmissionEntry.begin(segment, offset, AdminOpcode.KEEP_ALIVE, commandId, 0);
    }

    /** Asynchronous Event Request; it is answered when an event happens, if ever. */
    public static void asynchronousEventRequest(MemorySegment segment, long offset, int commandId) {
        SubmissionEntry.begin(
                segment, offset, AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST, commandId, 0);
    }

    /**
     * Abort; bit 0 of the result is 1 where the command was <em>not</em> aborted.
     *
     * @param sqId the queue of the command to abort
     * @param abortedCommandId the identifier of the command to abort
     */
    public static void abort(
            MemorySegment segment, long offset, int commandId, int sqId, int abortedCommandId) {
        Wire.inRange(sqId, 0, 0xFFFF, "sqId");
        Wire.inRange(abortedCommandId, 0, 0xFFFF, "abortedCommandId");
        SubmissionEntry.begin(segment, offset, AdminOpcode.ABORT, commandId, 0);
        Wire.u32(segment, offset + 40, sqId | abortedCommandId << 16);
    }
}
