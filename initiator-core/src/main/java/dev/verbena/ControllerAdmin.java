package dev.verbena;

import dev.verbena.internal.control.RawCommands;
import dev.verbena.internal.control.Session;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.ControllerList;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.ManagementCommands;
import dev.verbena.nvme.NamespaceDescriptors;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.ErrorLogEntry;
import dev.verbena.nvme.log.FirmwareSlots;
import dev.verbena.nvme.log.SanitizeStatusLog;
import dev.verbena.nvme.log.SelfTestLog;
import dev.verbena.nvme.log.SmartLog;
import dev.verbena.nvme.log.SupportedLogPages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/// The admin commands of a controller, typed. For anything that is missing here, and for commands
/// of a vendor, there is [Passthrough].
///
/// Every method throws an [NvmeException] when the controller answers with an error, a
/// [CommandTimeoutException] when it does not answer in time, and a [ConnectionLostException] when
/// it is not connected.
///
/// Threads: any; the methods block until the controller has answered.
public final class ControllerAdmin {
    /// Bytes of a log page that one command reads.
    private static final int LOG_PIECE_BYTES = 4096;

    /// Longest log page that is read as a whole.
    private static final int LOG_BYTES_MAX = 1 << 26;

    /// Bytes of a firmware image that one command carries; every controller accepts that many.
    private static final int FIRMWARE_PIECE_BYTES = 4096;

    private static final byte[] NONE = {};

    private final Controller controller;

    ControllerAdmin(Controller controller) {
        this.controller = controller;
    }

    /// Writes a command; its id and data pointer are set later.
    private interface Encoder {
        void encode(MemorySegment entry);
    }

    private RawCommands.Result send(
            String name, byte[] toController, int fromControllerBytes, Encoder encoder)
            throws IOException {
        return send(
                name,
                toController,
                fromControllerBytes,
                controller.options().adminTimeout(),
                encoder);
    }

    private RawCommands.Result send(
            String name,
            byte[] toController,
            int fromControllerBytes,
            Duration timeout,
            Encoder encoder)
            throws IOException {
        byte[] entry = new byte[SubmissionEntry.SIZE];
        encoder.encode(MemorySegment.ofArray(entry));
        Session session = controller.live();
        RawCommands.Result result =
                RawCommands.admin(
                        session,
                        new RawCommands.Command(
                                name, entry, toController, fromControllerBytes, timeout));
        if (result.status() != 0) {
            throw new NvmeException(result.status(), name);
        }
        return result;
    }

    private <T> T decoded(byte[] data, Function<MemorySegment, T> decoder) throws IOException {
        try {
            return decoder.apply(MemorySegment.ofArray(data));
        } catch (WireFormatException e) {
            throw new IOException(controller + " sent something impossible: " + e.getMessage(), e);
        }
    }

    /// Identify with any CNS: 4096 bytes as they came.
    ///
    /// @param cns an [IdentifyCns]
    public byte[] identify(int cns, int namespaceId, int controllerId, int commandSet)
            throws IOException {
        return send(
                        "Identify",
                        NONE,
                        AdminCommands.IDENTIFY_SIZE,
                        entry ->
                                AdminCommands.identify(
                                        entry, 0, 0, cns, namespaceId, controllerId, commandSet))
                .data();
    }

    public IdentifyController identifyController() throws IOException {
        return decoded(identify(IdentifyCns.CONTROLLER, 0, 0, 0), IdentifyController::decode);
    }

    public IdentifyNamespace identifyNamespace(int namespaceId) throws IOException {
        return decoded(
                identify(IdentifyCns.NAMESPACE, namespaceId, 0, 0), IdentifyNamespace::decode);
    }

    public NamespaceDescriptors namespaceDescriptors(int namespaceId) throws IOException {
        return decoded(
                identify(IdentifyCns.NAMESPACE_DESCRIPTORS, namespaceId, 0, 0),
                NamespaceDescriptors::decode);
    }

    /// Reads a log page, in pieces where it is long. Events stay as they are (RAE): Verbena reads
    /// the pages that re-arm them.
    ///
    /// @param logPage a [LogPage]
    /// @param namespaceId 0xFFFFFFFF for the controller's
    /// @param logSpecific the page's own field (LSP), 0..127
    /// @param byteCount a multiple of 4, at most 64 MiB
    public byte[] logPage(int logPage, int namespaceId, int logSpecific, int byteCount)
            throws IOException {
        if (byteCount < 4 || byteCount % 4 != 0 || byteCount > LOG_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "A log page of "
                            + byteCount
                            + " bytes; a multiple of 4 up to "
                            + LOG_BYTES_MAX);
        }
        byte[] page = new byte[byteCount];
        for (int offset = 0; offset < byteCount; offset += LOG_PIECE_BYTES) {
            int at = offset;
            int piece = Math.min(LOG_PIECE_BYTES, byteCount - at);
            byte[] data =
                    send(
                                    "Get Log Page (" + LogPage.name(logPage) + ")",
                                    NONE,
                                    piece,
                                    entry ->
                                            AdminCommands.getLogPage(
                                                    entry,
                                                    0,
                                                    0,
                                                    namespaceId,
                                                    logPage,
                                                    logSpecific,
                                                    true,
                                                    piece,
                                                    at))
                            .data();
            System.arraycopy(data, 0, page, at, piece);
        }
        return page;
    }

    private <T> T log(int logPage, int namespaceId, int bytes, Function<MemorySegment, T> decoder)
            throws IOException {
        return decoded(logPage(logPage, namespaceId, 0, bytes), decoder);
    }

    /// Health of the controller, or of one namespace where it keeps that.
    ///
    /// @param namespaceId 0xFFFFFFFF for the controller
    public SmartLog smartLog(int namespaceId) throws IOException {
        return log(LogPage.SMART, namespaceId, SmartLog.SIZE, SmartLog::decode);
    }

    /// The most recent errors, newest first.
    ///
    /// @param count entries to read, 1..64
    public List<ErrorLogEntry> errorLog(int count) throws IOException {
        if (count < 1 || count > 64) {
            throw new IllegalArgumentException(count + " error log entries; 1..64 can be read");
        }
        return log(
                LogPage.ERROR_INFORMATION,
                0xFFFF_FFFF,
                count * ErrorLogEntry.SIZE,
                ErrorLogEntry::decodeAll);
    }

    public FirmwareSlots firmwareSlots() throws IOException {
        return log(LogPage.FIRMWARE_SLOTS, 0xFFFF_FFFF, FirmwareSlots.SIZE, FirmwareSlots::decode);
    }

    /// What each command changes.
    public EffectsLog effectsLog() throws IOException {
        return log(LogPage.COMMANDS_SUPPORTED_AND_EFFECTS, 0, EffectsLog.SIZE, EffectsLog::decode);
    }

    public SelfTestLog selfTestLog() throws IOException {
        return log(LogPage.DEVICE_SELF_TEST, 0xFFFF_FFFF, SelfTestLog.SIZE, SelfTestLog::decode);
    }

    public SanitizeStatusLog sanitizeStatus() throws IOException {
        return log(LogPage.SANITIZE_STATUS, 0, SanitizeStatusLog.SIZE, SanitizeStatusLog::decode);
    }

    public SupportedLogPages supportedLogPages() throws IOException {
        return log(
                LogPage.SUPPORTED_LOG_PAGES, 0, SupportedLogPages.SIZE, SupportedLogPages::decode);
    }

    /// Reads a feature's current value: dword 0 of the answer.
    ///
    /// @param featureId a [Feature]
    /// @param namespaceId 0 where the feature has none
    public int feature(int featureId, int namespaceId) throws IOException {
        return (int)
                send(
                                "Get Features (" + Feature.name(featureId) + ")",
                                NONE,
                                0,
                                entry ->
                                        AdminCommands.getFeatures(
                                                entry,
                                                0,
                                                0,
                                                featureId,
                                                Feature.SELECT_CURRENT,
                                                namespaceId,
                                                0))
                        .result();
    }

    /// Reads the data of a feature that has some.
    public byte[] featureData(int featureId, int namespaceId, int byteCount) throws IOException {
        return send(
                        "Get Features (" + Feature.name(featureId) + ")",
                        NONE,
                        byteCount,
                        entry ->
                                AdminCommands.getFeatures(
                                        entry,
                                        0,
                                        0,
                                        featureId,
                                        Feature.SELECT_CURRENT,
                                        namespaceId,
                                        0))
                .data();
    }

    /// Sets a feature.
    ///
    /// @param save whether the value survives a reset, where the controller can save it
    /// @param data of the features that have some, else empty
    /// @return dword 0 of the answer
    /// @throws IllegalArgumentException for features the connection lives by: the number of queues,
    ///   keep alive, and which events are reported
    public int setFeature(int featureId, int namespaceId, int value, boolean save, byte... data)
            throws IOException {
        if (Feature.belongsToConnection(featureId)) {
            throw new IllegalArgumentException(
                    Feature.name(featureId)
                            + " belongs to the connection; use the connect options");
        }
        return (int)
                send(
                                "Set Features (" + Feature.name(featureId) + ")",
                                data,
                                0,
                                entry ->
                                        AdminCommands.setFeatures(
                                                entry, 0, 0, featureId, save, namespaceId, value))
                        .result();
    }

    /// Creates a namespace; attach it to use it.
    ///
    /// @param description 4096 bytes as Identify Namespace has them, with the fields a host sets
    /// @param commandSet a [dev.verbena.nvme.CommandSet]
    /// @return its id
    public int createNamespace(byte[] description, int commandSet) throws IOException {
        return (int)
                send(
                                "Create Namespace",
                                description,
                                0,
                                entry ->
                                        ManagementCommands.createNamespace(entry, 0, 0, commandSet))
                        .result();
    }

    /// Deletes a namespace, then reads the list again.
    ///
    /// @param namespaceId 0xFFFFFFFF for all
    public void deleteNamespace(int namespaceId) throws IOException {
        send(
                "Delete Namespace",
                NONE,
                0,
                entry -> ManagementCommands.deleteNamespace(entry, 0, 0, namespaceId));
        controller.namespacesMayDiffer();
    }

    /// Attaches a namespace to controllers, then reads the list again.
    public void attachNamespace(int namespaceId, List<Integer> controllerIds) throws IOException {
        send(
                "Attach Namespace",
                ids(controllerIds),
                0,
                entry -> ManagementCommands.attachNamespace(entry, 0, 0, namespaceId));
        controller.namespacesMayDiffer();
    }

    /// Detaches a namespace from controllers, then reads the list again.
    public void detachNamespace(int namespaceId, List<Integer> controllerIds) throws IOException {
        send(
                "Detach Namespace",
                ids(controllerIds),
                0,
                entry -> ManagementCommands.detachNamespace(entry, 0, 0, namespaceId));
        controller.namespacesMayDiffer();
    }

    private static byte[] ids(List<Integer> controllerIds) {
        byte[] data = new byte[ControllerList.SIZE];
        ControllerList.encode(
                MemorySegment.ofArray(data),
                0,
                controllerIds.stream().mapToInt(Integer::intValue).toArray());
        return data;
    }

    /// Formats a namespace without protection information: **all its data is lost**. Reads the list
    /// again.
    ///
    /// @param namespaceId 0xFFFFFFFF for all
    /// @param formatIndex index of the LBA format, 0..63
    /// @param secureErase 0 none, 1 user data, 2 cryptographic
    /// @param timeout formats can take long
    public void formatNvm(int namespaceId, int formatIndex, int secureErase, Duration timeout)
            throws IOException {
        send(
                "Format NVM",
                NONE,
                0,
                timeout,
                entry ->
                        ManagementCommands.formatNvm(
                                entry,
                                0,
                                0,
                                namespaceId,
                                formatIndex,
                                false,
                                0,
                                false,
                                secureErase));
        controller.namespacesMayDiffer();
    }

    /// Starts to sanitize the subsystem: **all data is lost**. It goes on in the background; see
    /// [#sanitizeStatus].
    ///
    /// @param action [ManagementCommands]`.SANITIZE_…`
    /// @param overwritePasses for the overwrite action, 0 for 16
    public void sanitize(int action, int overwritePasses, int overwritePattern) throws IOException {
        send(
                "Sanitize",
                NONE,
                0,
                entry ->
                        ManagementCommands.sanitize(
                                entry,
                                0,
                                0,
                                action,
                                false,
                                overwritePasses,
                                false,
                                false,
                                overwritePattern));
    }

    /// Sends a firmware image in pieces; [#commitFirmware] puts it into use.
    ///
    /// @param image a multiple of 4 bytes
    public void downloadFirmware(byte[] image) throws IOException {
        if (image.length == 0 || image.length % 4 != 0) {
            throw new IllegalArgumentException(
                    "A firmware image of " + image.length + " bytes; it must be a multiple of 4");
        }
        MemorySegment source = MemorySegment.ofArray(image);
        for (int offset = 0; offset < image.length; offset += FIRMWARE_PIECE_BYTES) {
            int at = offset;
            int piece = Math.min(FIRMWARE_PIECE_BYTES, image.length - at);
            send(
                    "Firmware Image Download",
                    source.asSlice(at, piece).toArray(ValueLayout.JAVA_BYTE),
                    0,
                    entry -> ManagementCommands.firmwareDownload(entry, 0, 0, piece, at));
        }
    }

    /// Puts a firmware image into use.
    ///
    /// @param slot 1..7, 0 for the controller's choice
    /// @param action 0..7 as in the specification (Firmware Commit, CA)
    /// @throws NvmeException also when the image needs a reset: its status says which
    public void commitFirmware(int slot, int action) throws IOException {
        send(
                "Firmware Commit",
                NONE,
                0,
                entry -> ManagementCommands.firmwareCommit(entry, 0, 0, slot, action, 0));
    }

    /// Starts or aborts a self-test; see [#selfTestLog].
    ///
    /// @param namespaceId 0 for the controller only, 0xFFFFFFFF for all namespaces
    /// @param testCode [ManagementCommands]`.SELF_TEST_…`
    public void selfTest(int namespaceId, int testCode) throws IOException {
        send(
                "Device Self-test",
                NONE,
                0,
                entry -> ManagementCommands.deviceSelfTest(entry, 0, 0, namespaceId, testCode));
    }
}
