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
        Decoders.exercise("activeNamespaces", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void anaLog(byte[] bytes) {
        Decoders.exercise("anaLog", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void changedNamespaces(byte[] bytes) {
        Decoders.exercise("changedNamespaces", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void changedZones(byte[] bytes) {
        Decoders.exercise("changedZones", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void chapMessage(byte[] bytes) {
        Decoders.exercise("chapMessage", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void controllers(byte[] bytes) {
        Decoders.exercise("controllers", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void discoveryEntry(byte[] bytes) {
        Decoders.exercise("discoveryEntry", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void discoveryExtension(byte[] bytes) {
        Decoders.exercise("discoveryExtension", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void discoveryHeader(byte[] bytes) {
        Decoders.exercise("discoveryHeader", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void effects(byte[] bytes) {
        Decoders.exercise("effects", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void enduranceGroup(byte[] bytes) {
        Decoders.exercise("enduranceGroup", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void errorLog(byte[] bytes) {
        Decoders.exercise("errorLog", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void firmwareSlots(byte[] bytes) {
        Decoders.exercise("firmwareSlots", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void hostBehavior(byte[] bytes) {
        Decoders.exercise("hostBehavior", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void identifyController(byte[] bytes) {
        Decoders.exercise("identifyController", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void identifyNamespace(byte[] bytes) {
        Decoders.exercise("identifyNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void independentNamespace(byte[] bytes) {
        Decoders.exercise("independentNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void namespaceDescriptors(byte[] bytes) {
        Decoders.exercise("namespaceDescriptors", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void nvmIdentifyController(byte[] bytes) {
        Decoders.exercise("nvmIdentifyController", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void nvmIdentifyNamespace(byte[] bytes) {
        Decoders.exercise("nvmIdentifyNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void persistentEvents(byte[] bytes) {
        Decoders.exercise("persistentEvents", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void rdmaAccept(byte[] bytes) {
        Decoders.exercise("rdmaAccept", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void rdmaReject(byte[] bytes) {
        Decoders.exercise("rdmaReject", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void rdmaRequest(byte[] bytes) {
        Decoders.exercise("rdmaRequest", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void reservationNotification(byte[] bytes) {
        Decoders.exercise("reservationNotification", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void reservationReport(byte[] bytes) {
        Decoders.exercise("reservationReport", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void sanitizeStatus(byte[] bytes) {
        Decoders.exercise("sanitizeStatus", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void selfTest(byte[] bytes) {
        Decoders.exercise("selfTest", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void smart(byte[] bytes) {
        Decoders.exercise("smart", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void supportedLogPages(byte[] bytes) {
        Decoders.exercise("supportedLogPages", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void telemetry(byte[] bytes) {
        Decoders.exercise("telemetry", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void timestamp(byte[] bytes) {
        Decoders.exercise("timestamp", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zonedController(byte[] bytes) {
        Decoders.exercise("zonedController", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zonedNamespace(byte[] bytes) {
        Decoders.exercise("zonedNamespace", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zoneReport(byte[] bytes) {
        Decoders.exercise("zoneReport", bytes);
    }

    @FuzzTest(maxDuration = "60s")
    void zoneReportExtended(byte[] bytes) {
        Decoders.exercise("zoneReportExtended", bytes);
    }
}
