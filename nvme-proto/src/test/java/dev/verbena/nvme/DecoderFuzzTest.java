package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Fuzz targets, one for each decoder: any bytes are either decoded and can be shown, or refused
 * with a {@link WireFormatException}.
 *
 * <p>As unit tests they run the empty input and those kept under {@code DecoderFuzzTestInputs}. To
 * fuzz one for 60 seconds: {@code JAZZER_FUZZ=1 mvn -pl nvme-proto test
 * -Dtest='DecoderFuzzTest#anaLog'}.
 */
class DecoderFuzzTest {
    @Test
    void everyDecoder_hasATarget() {
        TreeSet<String> targets = new TreeSet<>();
        Arrays.stream(DecoderFuzzTest.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(FuzzTest.class))
                .map(Method::getName)
                .forEach(targets::add);
        assertThat(targets).isEqualTo(new TreeSet<>(Decoders.ALL.keySet()));
    }

    @FuzzTest(maxDuration = "60s")
    void activeNamespaces(byte[] bytes) {
        Decoders.fuzz("activeNamespaces", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void anaLog(byte[] bytes) {
        Decoders.fuzz("anaLog", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void changedNamespaces(byte[] bytes) {
        Decoders.fuzz("changedNamespaces", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void changedZones(byte[] bytes) {
        Decoders.fuzz("changedZones", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void chapMessage(byte[] bytes) {
        Decoders.fuzz("chapMessage", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void controllers(byte[] bytes) {
        Decoders.fuzz("controllers", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void discoveryEntry(byte[] bytes) {
        Decoders.fuzz("discoveryEntry", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void discoveryExtension(byte[] bytes) {
        Decoders.fuzz("discoveryExtension", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void discoveryHeader(byte[] bytes) {
        Decoders.fuzz("discoveryHeader", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void effects(byte[] bytes) {
        Decoders.fuzz("effects", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void enduranceGroup(byte[] bytes) {
        Decoders.fuzz("enduranceGroup", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void errorLog(byte[] bytes) {
        Decoders.fuzz("errorLog", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void firmwareSlots(byte[] bytes) {
        Decoders.fuzz("firmwareSlots", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void hostBehavior(byte[] bytes) {
        Decoders.fuzz("hostBehavior", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void identifyController(byte[] bytes) {
        Decoders.fuzz("identifyController", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void identifyNamespace(byte[] bytes) {
        Decoders.fuzz("identifyNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void independentNamespace(byte[] bytes) {
        Decoders.fuzz("independentNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void namespaceDescriptors(byte[] bytes) {
        Decoders.fuzz("namespaceDescriptors", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void nvmIdentifyController(byte[] bytes) {
        Decoders.fuzz("nvmIdentifyController", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void nvmIdentifyNamespace(byte[] bytes) {
        Decoders.fuzz("nvmIdentifyNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void persistentEvents(byte[] bytes) {
        Decoders.fuzz("persistentEvents", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void rdmaAccept(byte[] bytes) {
        Decoders.fuzz("rdmaAccept", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void rdmaReject(byte[] bytes) {
        Decoders.fuzz("rdmaReject", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void rdmaRequest(byte[] bytes) {
        Decoders.fuzz("rdmaRequest", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void reservationNotification(byte[] bytes) {
        Decoders.fuzz("reservationNotification", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void reservationReport(byte[] bytes) {
        Decoders.fuzz("reservationReport", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void sanitizeStatus(byte[] bytes) {
        Decoders.fuzz("sanitizeStatus", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void selfTest(byte[] bytes) {
        Decoders.fuzz("selfTest", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void smart(byte[] bytes) {
        Decoders.fuzz("smart", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void supportedLogPages(byte[] bytes) {
        Decoders.fuzz("supportedLogPages", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void telemetry(byte[] bytes) {
        Decoders.fuzz("telemetry", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void timestamp(byte[] bytes) {
        Decoders.fuzz("timestamp", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zonedController(byte[] bytes) {
        Decoders.fuzz("zonedController", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zonedNamespace(byte[] bytes) {
        Decoders.fuzz("zonedNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zoneReport(byte[] bytes) {
        Decoders.fuzz("zoneReport", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zoneReportExtended(byte[] bytes) {
        Decoders.fuzz("zoneReportExtended", bytes);
    }
}
