package dev.verbena.nvme;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What the scripts of {@code src/test/fixtures} brought back from real controllers. */
final class Captured {
    /** By the name of the decoder in {@link Decoders#ALL}: the structures that it decodes. */
    static final Map<String, List<String>> OF =
            Map.ofEntries(
                    Map.entry("identifyController", List.of("nvmet-id-ctrl", "qemu-id-ctrl")),
                    Map.entry("identifyNamespace", List.of("nvmet-id-ns", "qemu-id-ns-pi")),
                    Map.entry("namespaceDescriptors", List.of("nvmet-ns-descs", "qemu-zns-descs")),
                    Map.entry("activeNamespaces", List.of("nvmet-list-ns")),
                    Map.entry("nvmIdentifyController", List.of("qemu-pcie-nvm-id-ctrl")),
                    Map.entry("smart", List.of("qemu-smart")),
                    Map.entry("errorLog", List.of("nvmet-error")),
                    Map.entry("errorLogEntry", List.of("nvmet-error")),
                    Map.entry("firmwareSlots", List.of("qemu-firmware")),
                    Map.entry("effects", List.of("nvmet-effects", "qemu-effects")),
                    Map.entry("enduranceGroup", List.of("nvmet-new-endurance")),
                    Map.entry("independentNamespace", List.of("nvmet-new-ind-id-ns")),
                    Map.entry("supportedLogPages", List.of("nvmet-new-log-pages")),
                    Map.entry("reservationNotification", List.of("nvmet-new-resv-notif")),
                    Map.entry("reservationReport", List.of("nvmet-new-resv-report")),
                    Map.entry("nvmIdentifyNamespace", List.of("qemu-pcie-nvm-id-ns-1")),
                    Map.entry("anaLog", List.of("nvmet-ana")),
                    Map.entry("discoveryHeader", List.of("nvmet-discovery")),
                    Map.entry("changedNamespaces", List.of("nvmet-changed-ns")),
                    Map.entry("zonedNamespace", List.of("qemu-zns-id-ns")),
                    Map.entry("zonedController", List.of("qemu-zns-id-ctrl")),
                    Map.entry("zoneReport", List.of("qemu-zns-report")),
                    Map.entry("zoneReportExtended", List.of("qemu-zns-report")));

    private Captured() {}

    static MemorySegment bytes(String name) {
        return MemorySegment.ofArray(resource(name + ".bin"));
    }

    static Map<String, Object> json(String name) {
        return NvmeCliJson.parse(string(name + ".json"));
    }

    static String text(String name) {
        return string(name + ".txt");
    }

    private static String string(String file) {
        return new String(resource(file), StandardCharsets.UTF_8);
    }

    private static byte[] resource(String file) {
        try (var in = Captured.class.getResourceAsStream("captured/" + file)) {
            if (in == null) {
                throw new AssertionError("no fixture " + file);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
