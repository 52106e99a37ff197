package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Fuzz targets, one for each decoder: any bytes are either decoded and can be shown, or refused
 * with a {@link WireFormatException}.
 *
 * <p>As unit tests they run the empty input, {@link Seeds} and what is kept under {@code
 * DecoderFuzzTestInputs}. To fuzz for 60 seconds each: {@code nvme-proto/fuzz [TARGET...]}.
 */
class DecoderFuzzTest {
    /** A fuzz target that starts from {@link Seeds}, which must stand first to come first. */
    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @ArgumentsSource(Seeds.class)
    @FuzzTest(maxDuration = "60s")
    @interface DecoderTarget {}

    /**
     * What to start from, beside nothing: captured structures, all ones, and bytes that differ from
     * their neighbours. Without them a fuzzer spends its time on growing to a structure's size.
     */
    static final class Seeds implements ArgumentsProvider {
        private static final int SIZE = 4096;

        @Override
        public Stream<Arguments> provideArguments(
                ParameterDeclarations parameters, ExtensionContext context) {
            String decoder = context.getRequiredTestMethod().getName();
            byte[] ones = new byte[SIZE];
            Arrays.fill(ones, (byte) -1);
            byte[] different = new byte[SIZE];
            for (int i = 0; i < SIZE; i++) {
                different[i] = (byte) (i * 37 + i / 251);
            }
            Stream<byte[]> captured =
                    Captured.OF.getOrDefault(decoder, List.of()).stream()
                            .map(name -> Captured.bytes(name).toArray(ValueLayout.JAVA_BYTE));
            return Stream.concat(captured, Stream.of(ones, different))
                    .map(bytes -> Arguments.of((Object) bytes));
        }
    }

    @Test
    void everyDecoder_hasATarget() {
        TreeSet<String> targets = new TreeSet<>();
        Arrays.stream(DecoderFuzzTest.class.getDeclaredMethods())
                .filter(method -> AnnotationSupport.isAnnotated(method, FuzzTest.class))
                .map(Method::getName)
                .forEach(targets::add);
        assertThat(targets).isEqualTo(new TreeSet<>(Decoders.ALL.keySet()));
    }

    /** A decoder that nobody fuzzes fails here: give it a line in {@link Decoders} and below. */
    @Test
    void everyPublicDecodeMethod_isFuzzed() throws Exception {
        Set<String> found = new TreeSet<>();
        for (Class<?> type : ModuleClasses.all()) {
            for (Method method : type.getDeclaredMethods()) {
                boolean decodes = method.getName().startsWith("decode");
                if (decodes && Modifier.isPublic(method.getModifiers())) {
                    found.add(ModuleClasses.name(method));
                }
            }
        }
        assertThat(new TreeSet<>(Decoders.METHODS.values())).isEqualTo(found);
        assertThat(Decoders.METHODS.keySet()).isEqualTo(Decoders.ALL.keySet());
    }

    @DecoderTarget
    void activeNamespaces(byte[] bytes) {
        Decoders.fuzz("activeNamespaces", bytes);
    }

    @DecoderTarget
    void anaLog(byte[] bytes) {
        Decoders.fuzz("anaLog", bytes);
    }

    @DecoderTarget
    void changedNamespaces(byte[] bytes) {
        Decoders.fuzz("changedNamespaces", bytes);
    }

    @DecoderTarget
    void changedZones(byte[] bytes) {
        Decoders.fuzz("changedZones", bytes);
    }

    @DecoderTarget
    void chapMessage(byte[] bytes) {
        Decoders.fuzz("chapMessage", bytes);
    }

    @DecoderTarget
    void controllers(byte[] bytes) {
        Decoders.fuzz("controllers", bytes);
    }

    @DecoderTarget
    void discoveryEntry(byte[] bytes) {
        Decoders.fuzz("discoveryEntry", bytes);
    }

    @DecoderTarget
    void discoveryExtension(byte[] bytes) {
        Decoders.fuzz("discoveryExtension", bytes);
    }

    @DecoderTarget
    void discoveryHeader(byte[] bytes) {
        Decoders.fuzz("discoveryHeader", bytes);
    }

    @DecoderTarget
    void effects(byte[] bytes) {
        Decoders.fuzz("effects", bytes);
    }

    @DecoderTarget
    void enduranceGroup(byte[] bytes) {
        Decoders.fuzz("enduranceGroup", bytes);
    }

    @DecoderTarget
    void errorLog(byte[] bytes) {
        Decoders.fuzz("errorLog", bytes);
    }

    @DecoderTarget
    void errorLogEntry(byte[] bytes) {
        Decoders.fuzz("errorLogEntry", bytes);
    }

    @DecoderTarget
    void firmwareSlots(byte[] bytes) {
        Decoders.fuzz("firmwareSlots", bytes);
    }

    @DecoderTarget
    void hostBehavior(byte[] bytes) {
        Decoders.fuzz("hostBehavior", bytes);
    }

    @DecoderTarget
    void identifyController(byte[] bytes) {
        Decoders.fuzz("identifyController", bytes);
    }

    @DecoderTarget
    void identifyNamespace(byte[] bytes) {
        Decoders.fuzz("identifyNamespace", bytes);
    }

    @DecoderTarget
    void independentNamespace(byte[] bytes) {
        Decoders.fuzz("independentNamespace", bytes);
    }

    @DecoderTarget
    void namespaceDescriptors(byte[] bytes) {
        Decoders.fuzz("namespaceDescriptors", bytes);
    }

    @DecoderTarget
    void nvmIdentifyController(byte[] bytes) {
        Decoders.fuzz("nvmIdentifyController", bytes);
    }

    @DecoderTarget
    void nvmIdentifyNamespace(byte[] bytes) {
        Decoders.fuzz("nvmIdentifyNamespace", bytes);
    }

    @DecoderTarget
    void persistentEvents(byte[] bytes) {
        Decoders.fuzz("persistentEvents", bytes);
    }

    @DecoderTarget
    void rdmaAccept(byte[] bytes) {
        Decoders.fuzz("rdmaAccept", bytes);
    }

    @DecoderTarget
    void rdmaReject(byte[] bytes) {
        Decoders.fuzz("rdmaReject", bytes);
    }

    @DecoderTarget
    void rdmaRequest(byte[] bytes) {
        Decoders.fuzz("rdmaRequest", bytes);
    }

    @DecoderTarget
    void reservationNotification(byte[] bytes) {
        Decoders.fuzz("reservationNotification", bytes);
    }

    @DecoderTarget
    void reservationReport(byte[] bytes) {
        Decoders.fuzz("reservationReport", bytes);
    }

    @DecoderTarget
    void sanitizeStatus(byte[] bytes) {
        Decoders.fuzz("sanitizeStatus", bytes);
    }

    @DecoderTarget
    void selfTest(byte[] bytes) {
        Decoders.fuzz("selfTest", bytes);
    }

    @DecoderTarget
    void smart(byte[] bytes) {
        Decoders.fuzz("smart", bytes);
    }

    @DecoderTarget
    void supportedLogPages(byte[] bytes) {
        Decoders.fuzz("supportedLogPages", bytes);
    }

    @DecoderTarget
    void telemetry(byte[] bytes) {
        Decoders.fuzz("telemetry", bytes);
    }

    @DecoderTarget
    void timestamp(byte[] bytes) {
        Decoders.fuzz("timestamp", bytes);
    }

    @DecoderTarget
    void zonedController(byte[] bytes) {
        Decoders.fuzz("zonedController", bytes);
    }

    @DecoderTarget
    void zonedNamespace(byte[] bytes) {
        Decoders.fuzz("zonedNamespace", bytes);
    }

    @DecoderTarget
    void zoneReport(byte[] bytes) {
        Decoders.fuzz("zoneReport", bytes);
    }

    @DecoderTarget
    void zoneReportExtended(byte[] bytes) {
        Decoders.fuzz("zoneReportExtended", bytes);
    }
}
