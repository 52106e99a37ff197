package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.ChangedNamespaces;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.EnduranceGroupLog;
import dev.verbena.nvme.log.ErrorLogEntry;
import dev.verbena.nvme.log.FirmwareSlots;
import dev.verbena.nvme.log.ReservationNotificationLog;
import dev.verbena.nvme.log.SmartLog;
import dev.verbena.nvme.log.SupportedLogPages;
import dev.verbena.nvme.zns.ZoneReport;
import dev.verbena.nvme.zns.ZonedIdentifyController;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real bytes: each structure captured from a controller gives the same values as nvme-cli 2.3 gives
 * for it. Every field that is <em>not</em> compared is named here.
 */
class CapturedTest {
    /**
     * Lines of text that are not compared: headings with device names or the command set asked for,
     * the sentence that explains a transport type, and which zone format is in use, which only
     * Identify Namespace tells; fields of {@link NvmeCliJson#LATER} that are zero.
     */
    private static final Pattern TEXT_NOT_COMPARED =
            Pattern.compile(
                    "(NVM[Ee] Identify (Namespace|Controller).*|Smart Log.*|NVME Namespace"
                            + " Identification.*|Error Log Entries.*|Firmware Log.*|Asymmetric"
                            + " Namespace Access Log.*|trtype *:.*|(NVM|ZNS) Command Set Log Page|NVME"
                            + " Identify Command Set Independent Namespace.*|(kpios|maxkt|rgrpid) *:"
                            + " 0|-+|)");

    record Structure(String fixture, Function<MemorySegment, Rendered> decoder) {
        @Override
        public String toString() {
            return fixture;
        }
    }

    /** Renders lists of which nvme-cli makes one document. */
    private record Document(Map<String, Object> values, String toText) implements Rendered {}

    static Stream<Structure> structures() {
        List<Structure> all = new ArrayList<>();
        for (String prefix : List.of("nvmet", "qemu", "qemu-pcie")) {
            all.add(new Structure(prefix + "-id-ctrl", IdentifyController::decode));
            all.add(new Structure(prefix + "-id-ns", IdentifyNamespace::decode));
            all.add(new Structure(prefix + "-ns-descs", NamespaceDescriptors::decode));
            all.add(new Structure(prefix + "-smart", SmartLog::decode));
            all.add(new Structure(prefix + "-error", CapturedTest::errors));
            all.add(new Structure(prefix + "-firmware", FirmwareSlots::decode));
            all.add(new Structure(prefix + "-list-ns", CapturedTest::namespaces));
            all.add(new Structure(prefix + "-effects", EffectsLog::decode));
        }
        all.add(new Structure("qemu-id-ns-pi", IdentifyNamespace::decode));
        all.add(new Structure("nvmet-nvm-id-ctrl", NvmIdentifyController::decode));
        all.add(new Structure("qemu-pcie-nvm-id-ctrl", NvmIdentifyController::decode));
        all.add(new Structure("nvmet-ana", bytes -> AnaLog.decode(bytes, 128)));
        all.add(new Structure("nvmet-discovery", CapturedTest::discovery));
        all.add(new Structure("nvmet-changed-ns", ChangedNamespaces::decode));
        all.add(new Structure("qemu-zns-descs", NamespaceDescriptors::decode));
        all.add(new Structure("qemu-zns-effects", EffectsLog::decode));
        all.add(new Structure("qemu-zns-id-ctrl", ZonedIdentifyController::decode));
        all.add(new Structure("qemu-zns-id-ns", ZonedIdentifyNamespace::decode));
        all.add(new Structure("qemu-zns-report", bytes -> ZoneReport.decode(bytes, 0)));
        all.addAll(newer());
        return all.stream();
    }

    /** What only a newer target has: from nvmet of Linux 7.3, see {@code capture-reservations}. */
    private static List<Structure> newer() {
        return List.of(
                new Structure("nvmet-new-effects", EffectsLog::decode),
                new Structure("nvmet-new-ind-id-ns", IndependentNamespace::decode),
                new Structure("nvmet-new-resv-report", ReservationReport::decode));
    }

    /**
     * Structures of which nvme-cli's text is not compared: it has other words there than in its
     * JSON, which are ours.
     */
    static Stream<Structure> structuresByJsonAlone() {
        return Stream.of(
                new Structure("nvmet-new-endurance", EnduranceGroupLog::decode),
                new Structure("nvmet-new-log-pages", SupportedLogPages::decode),
                new Structure("nvmet-new-resv-notif", ReservationNotificationLog::decode));
    }

    private static Rendered errors(MemorySegment bytes) {
        List<ErrorLogEntry> entries = ErrorLogEntry.decodeAll(bytes);
        return new Document(ErrorLogEntry.values(entries), ErrorLogEntry.toText(entries));
    }

    private static Rendered namespaces(MemorySegment bytes) {
        List<Integer> list = ActiveNamespaceList.decode(bytes);
        return new Document(
                NvmeCliJson.parse(ActiveNamespaceList.toJson(list)),
                ActiveNamespaceList.toText(list));
    }

    private static Rendered discovery(MemorySegment bytes) {
        DiscoveryLogHeader header = DiscoveryLogHeader.decode(bytes);
        List<DiscoveryEntry> entries = new ArrayList<>();
        for (int i = 0; i < header.recordCount(); i++) {
            entries.add(
                    DiscoveryEntry.decode(
                            bytes, DiscoveryLogHeader.SIZE + (long) i * DiscoveryEntry.SIZE));
        }
        return new Document(
                NvmeCliJson.parse(DiscoveryLogText.toJson(header, entries)),
                DiscoveryLogText.format(header, entries));
    }

    @ParameterizedTest
    @MethodSource({"structures", "structuresByJsonAlone"})
    void capturedStructure_hasNvmeClisValues(Structure structure) {
        Map<String, Object> expected = Captured.json(structure.fixture());
        if (structure.fixture().endsWith("-firmware")) {
            // One object named after the device.
            expected = NvmeCliJson.map(expected.values().iterator().next());
        }
        if (structure.fixture().equals("nvmet-changed-ns")) {
            assertThat(NvmeCliJson.map(expected.get("nvme1")).values())
                    .containsExactly("0x2", "0x3");
            expected = Map.of("namespaces", List.of(BigInteger.TWO, BigInteger.valueOf(3)));
        }
        if (structure.fixture().endsWith("-resv-notif")) {
            // Reading a notification removes it: the JSON is of the one after that of the bytes.
            assertThat(expected).containsEntry("count", BigInteger.TWO);
            expected = new LinkedHashMap<>(expected);
            expected.put("count", BigInteger.ONE);
        }
        Map<String, Object> actual =
                NvmeCliJson.parse(
                        structure.decoder().apply(Captured.bytes(structure.fixture())).toJson());
        int compared = NvmeCliJson.compare(expected, actual);
        assertThat(compared).as("fields compared").isPositive();
    }

    /**
     * The text of nvme-cli 2.3 is not compared: it calls the storage tag size "lbads" and cannot
     * show the qualified format. Its JSON lists as many formats as Identify Namespace has, the page
     * alone does not say how many that are: those beyond ours must be zero.
     */
    @ParameterizedTest
    @ValueSource(strings = {"qemu-pcie-nvm-id-ns-1", "qemu-pcie-nvm-id-ns-3"})
    void capturedProtectionDetails_haveNvmeClisValues(String fixture) {
        Map<String, Object> expected = new LinkedHashMap<>(Captured.json(fixture));
        Map<String, Object> actual =
                NvmeCliJson.parse(NvmIdentifyNamespace.decode(Captured.bytes(fixture)).toJson());
        List<?> formats = (List<?>) java.util.Objects.requireNonNull(expected.get("elbafs"));
        int ours = ((List<?>) java.util.Objects.requireNonNull(actual.get("elbafs"))).size();
        for (Object format : formats.subList(ours, formats.size())) {
            assertThat(NvmeCliJson.map(format).values()).containsOnly(BigInteger.ZERO);
        }
        expected.put("elbafs", formats.subList(0, ours));
        assertThat(NvmeCliJson.compare(expected, actual)).isEqualTo(2 + 2 * ours);
    }

    @ParameterizedTest
    @MethodSource("structures")
    void capturedStructure_hasNvmeClisText(Structure structure) {
        List<String> expected = lines(Captured.text(structure.fixture()));
        String text = structure.decoder().apply(Captured.bytes(structure.fixture())).toText();
        assertThat(lines(text)).containsExactlyElementsOf(expected);
    }

    /** The lines that are compared, blanks between words counting as one. */
    private static List<String> lines(String text) {
        return text.lines()
                .map(line -> line.replaceAll("[ \\t]+", " ").strip())
                // nvme-cli adds a sentence to the name of a status.
                .map(line -> line.replaceAll("\\((Successful[^:]*|Invalid[^:]*):.*\\)", "($1)"))
                .map(line -> line.replaceAll("(^lbafe.*) \\(in use\\)", "$1"))
                // nvme-cli explains the bits of an effect only if asked to, and then at length.
                .map(line -> line.replaceAll("(^(AC|IOC)S.*\\] [0-9a-f]{8}) CSUPP.*", "$1"))
                .filter(line -> !TEXT_NOT_COMPARED.matcher(line).matches())
                .toList();
    }

    @ParameterizedTest
    @MethodSource({"structures", "structuresByJsonAlone"})
    void capturedStructure_isEqualToItselfDecodedAgain(Structure structure) {
        Rendered first = structure.decoder().apply(Captured.bytes(structure.fixture()));
        Rendered second = structure.decoder().apply(Captured.bytes(structure.fixture()));
        assertThat(first).isEqualTo(second).hasSameHashCodeAs(second);
        assertThat(first.toString()).isNotBlank();
    }
}
