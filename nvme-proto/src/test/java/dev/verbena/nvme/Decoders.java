package dev.verbena.nvme;

import dev.verbena.nvme.auth.ChapMessage;
import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.ChangedNamespaces;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.EnduranceGroupLog;
import dev.verbena.nvme.log.ErrorLogEntry;
import dev.verbena.nvme.log.FirmwareSlots;
import dev.verbena.nvme.log.PersistentEventHeader;
import dev.verbena.nvme.log.ReservationNotificationLog;
import dev.verbena.nvme.log.SanitizeStatusLog;
import dev.verbena.nvme.log.SelfTestLog;
import dev.verbena.nvme.log.SmartLog;
import dev.verbena.nvme.log.SupportedLogPages;
import dev.verbena.nvme.log.TelemetryHeader;
import dev.verbena.nvme.zns.ChangedZones;
import dev.verbena.nvme.zns.ZoneReport;
import dev.verbena.nvme.zns.ZonedIdentifyController;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Every decoder of this module, for tests that feed all of them with rubbish. */
final class Decoders {
    /** By name: the decoder. Each may throw {@link WireFormatException} and nothing else. */
    static final Map<String, Function<MemorySegment, Object>> ALL = new TreeMap<>();

    static {
        ALL.put("activeNamespaces", Decoders::activeNamespaces);
        ALL.put("anaLog", bytes -> AnaLog.decode(bytes, 128));
        ALL.put("changedNamespaces", ChangedNamespaces::decode);
        ALL.put("changedZones", ChangedZones::decode);
        ALL.put("chapMessage", ChapMessage::decode);
        ALL.put("controllers", Decoders::controllers);
        ALL.put("discoveryEntry", bytes -> DiscoveryEntry.decode(bytes, 0));
        ALL.put("discoveryExtension", bytes -> DiscoveryExtension.decode(bytes, 0));
        ALL.put("discoveryHeader", DiscoveryLogHeader::decode);
        ALL.put("effects", EffectsLog::decode);
        ALL.put("enduranceGroup", EnduranceGroupLog::decode);
        ALL.put("errorLog", Decoders::errors);
        ALL.put("errorLogEntry", bytes -> ErrorLogEntry.decode(bytes, 0));
        ALL.put("firmwareSlots", FirmwareSlots::decode);
        ALL.put("hostBehavior", FeatureValues.HostBehavior::decode);
        ALL.put("identifyController", IdentifyController::decode);
        ALL.put("identifyNamespace", IdentifyNamespace::decode);
        ALL.put("independentNamespace", IndependentNamespace::decode);
        ALL.put("namespaceDescriptors", NamespaceDescriptors::decode);
        ALL.put("nvmIdentifyController", NvmIdentifyController::decode);
        ALL.put("nvmIdentifyNamespace", NvmIdentifyNamespace::decode);
        ALL.put("persistentEvents", PersistentEventHeader::decode);
        ALL.put("rdmaAccept", bytes -> RdmaPrivateData.Accept.decode(array(bytes)));
        ALL.put("rdmaReject", bytes -> RdmaPrivateData.Reject.decode(array(bytes)));
        ALL.put("rdmaRequest", bytes -> RdmaPrivateData.Request.decode(array(bytes)));
        ALL.put("reservationNotification", ReservationNotificationLog::decode);
        ALL.put("reservationReport", ReservationReport::decode);
        ALL.put("sanitizeStatus", SanitizeStatusLog::decode);
        ALL.put("selfTest", SelfTestLog::decode);
        ALL.put("smart", SmartLog::decode);
        ALL.put("supportedLogPages", SupportedLogPages::decode);
        ALL.put("telemetry", TelemetryHeader::decode);
        ALL.put("timestamp", FeatureValues.Timestamp::decode);
        ALL.put("zonedController", ZonedIdentifyController::decode);
        ALL.put("zonedNamespace", ZonedIdentifyNamespace::decode);
        ALL.put("zoneReport", bytes -> ZoneReport.decode(bytes, 0));
        ALL.put("zoneReportExtended", bytes -> ZoneReport.decode(bytes, 64));
    }

    /** By name: the method it calls, so that a test can tell that none is left out. */
    static final Map<String, String> METHODS =
            Map.ofEntries(
                    Map.entry("activeNamespaces", "ActiveNamespaceList.decode"),
                    Map.entry("anaLog", "AnaLog.decode"),
                    Map.entry("changedNamespaces", "ChangedNamespaces.decode"),
                    Map.entry("changedZones", "ChangedZones.decode"),
                    Map.entry("chapMessage", "ChapMessage.decode"),
                    Map.entry("controllers", "ControllerList.decode"),
                    Map.entry("discoveryEntry", "DiscoveryEntry.decode"),
                    Map.entry("discoveryExtension", "DiscoveryExtension.decode"),
                    Map.entry("discoveryHeader", "DiscoveryLogHeader.decode"),
                    Map.entry("effects", "EffectsLog.decode"),
                    Map.entry("enduranceGroup", "EnduranceGroupLog.decode"),
                    Map.entry("errorLog", "ErrorLogEntry.decodeAll"),
                    Map.entry("errorLogEntry", "ErrorLogEntry.decode"),
                    Map.entry("firmwareSlots", "FirmwareSlots.decode"),
                    Map.entry("hostBehavior", "FeatureValues$HostBehavior.decode"),
                    Map.entry("identifyController", "IdentifyController.decode"),
                    Map.entry("identifyNamespace", "IdentifyNamespace.decode"),
                    Map.entry("independentNamespace", "IndependentNamespace.decode"),
                    Map.entry("namespaceDescriptors", "NamespaceDescriptors.decode"),
                    Map.entry("nvmIdentifyController", "NvmIdentifyController.decode"),
                    Map.entry("nvmIdentifyNamespace", "NvmIdentifyNamespace.decode"),
                    Map.entry("persistentEvents", "PersistentEventHeader.decode"),
                    Map.entry("rdmaAccept", "RdmaPrivateData$Accept.decode"),
                    Map.entry("rdmaReject", "RdmaPrivateData$Reject.decode"),
                    Map.entry("rdmaRequest", "RdmaPrivateData$Request.decode"),
                    Map.entry("reservationNotification", "ReservationNotificationLog.decode"),
                    Map.entry("reservationReport", "ReservationReport.decode"),
                    Map.entry("sanitizeStatus", "SanitizeStatusLog.decode"),
                    Map.entry("selfTest", "SelfTestLog.decode"),
                    Map.entry("smart", "SmartLog.decode"),
                    Map.entry("supportedLogPages", "SupportedLogPages.decode"),
                    Map.entry("telemetry", "TelemetryHeader.decode"),
                    Map.entry("timestamp", "FeatureValues$Timestamp.decode"),
                    Map.entry("zoneReport", "ZoneReport.decode"),
                    Map.entry("zoneReportExtended", "ZoneReport.decode"),
                    Map.entry("zonedController", "ZonedIdentifyController.decode"),
                    Map.entry("zonedNamespace", "ZonedIdentifyNamespace.decode"));

    /** No structure of fixed size is larger. */
    private static final int PADDED_SIZE = 4096;

    private Decoders() {}

    /**
     * Decodes bytes, and where they are accepted reads everything there is to read from the result.
     *
     * @return whether they were accepted
     */
    static boolean exercise(String decoder, byte[] bytes) {
        Function<MemorySegment, Object> function = ALL.get(decoder);
        if (function == null) {
            throw new IllegalArgumentException("No decoder " + decoder);
        }
        Object value;
        try {
            value = function.apply(MemorySegment.ofArray(bytes).asReadOnly());
        } catch (WireFormatException e) {
            if (e.getMessage() == null || e.getMessage().isBlank()) {
                throw new AssertionError("no message", e);
            }
            return false;
        }
        read(value);
        if (value instanceof Rendered rendered) {
            JsonReader.read(rendered.toJson());
            requirePrintable(rendered.toText());
        }
        requirePrintable(value.toString());
        return true;
    }

    /**
     * Exercises a decoder with bytes as they are, and with zeroes up to the size of the largest
     * structure: a fuzzer that starts from nothing does not find 4096 bytes in a minute, and would
     * never come past the check of the length.
     */
    static void fuzz(String decoder, byte[] bytes) {
        exercise(decoder, bytes);
        if (bytes.length < PADDED_SIZE) {
            exercise(decoder, Arrays.copyOf(bytes, PADDED_SIZE));
        }
    }

    /** Calls every accessor without parameters. */
    private static void read(Object value) {
        for (Method method : value.getClass().getMethods()) {
            boolean accessor =
                    method.getParameterCount() == 0
                            && !Modifier.isStatic(method.getModifiers())
                            && method.getDeclaringClass().getName().startsWith("dev.verbena.");
            if (accessor) {
                call(method, value);
            }
        }
    }

    private static void call(Method method, Object value) {
        try {
            method.invoke(value);
        } catch (InvocationTargetException e) {
            throw new AssertionError(method.getName(), e.getCause());
        } catch (IllegalAccessException e) {
            throw new AssertionError(method.getName(), e);
        }
    }

    /** Nothing a peer sends may steer a terminal. */
    private static void requirePrintable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) && c != '\n' && c != '\t') {
                throw new AssertionError("control character " + (int) c + " in " + text);
            }
        }
    }

    private static byte[] array(MemorySegment bytes) {
        return bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    private static Object activeNamespaces(MemorySegment bytes) {
        List<Integer> list = ActiveNamespaceList.decode(bytes);
        JsonReader.read(ActiveNamespaceList.toJson(list));
        return ActiveNamespaceList.toText(list);
    }

    private static Object controllers(MemorySegment bytes) {
        List<Integer> list = ControllerList.decode(bytes);
        JsonReader.read(ControllerList.toJson(list));
        return ControllerList.toText(list);
    }

    private static Object errors(MemorySegment bytes) {
        List<ErrorLogEntry> entries = ErrorLogEntry.decodeAll(bytes);
        List<Map<String, Object>> values = new ArrayList<>();
        values.add(ErrorLogEntry.values(entries));
        return ErrorLogEntry.toText(entries) + values;
    }
}
