package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every decoder meets bytes that are wrong in a reproducible way. */
class HostileBytesTest {
    /** Change it to try other bytes; a failure names it. */
    private static final long SEED = Long.getLong("verbena.seed", 20261122);

    private static final int ROUNDS = 300;

    static Stream<String> decoders() {
        return Decoders.ALL.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void mutatedCapture_isDecodedOrRefused(String decoder) {
        SplittableRandom random = new SplittableRandom(SEED ^ decoder.hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = start(decoder, random);
            int changes = 1 + random.nextInt(8);
            for (int i = 0; i < changes && bytes.length > 0; i++) {
                // Most structure is in front.
                int bound = random.nextBoolean() ? Math.min(64, bytes.length) : bytes.length;
                bytes[random.nextInt(bound)] = interesting(random);
            }
            exercise(decoder, bytes, round);
        }
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void randomBytesOfAnyLength_areDecodedOrRefused(String decoder) {
        SplittableRandom random = new SplittableRandom(SEED + decoder.hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = new byte[random.nextInt(5000)];
            random.nextBytes(bytes);
            exercise(decoder, bytes, round);
        }
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void constantBytesOfAnyLength_areDecodedOrRefused(String decoder) {
        for (int value : new int[] {0, 1, 0x20, 0x7F, 0x80, 0xFF}) {
            for (int length : new int[] {0, 1, 7, 8, 16, 63, 64, 512, 1024, 1032, 4096, 8192}) {
                byte[] bytes = new byte[length];
                Arrays.fill(bytes, (byte) value);
                exercise(decoder, bytes, length);
            }
        }
    }

    private static byte[] start(String decoder, SplittableRandom random) {
        List<String> captured = Captured.OF.getOrDefault(decoder, List.of());
        if (captured.isEmpty()) {
            return new byte[4096];
        }
        byte[] bytes =
                Captured.bytes(captured.get(random.nextInt(captured.size())))
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        return random.nextInt(8) == 0
                ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 1))
                : bytes;
    }

    private static byte interesting(SplittableRandom random) {
        int[] values = {0, 1, 2, 0x0F, 0x10, 0x7F, 0x80, 0xFE, 0xFF};
        return (byte)
                (random.nextBoolean()
                        ? values[random.nextInt(values.length)]
                        : random.nextInt(256));
    }

    private static void exercise(String decoder, byte[] bytes, int round) {
        try {
            Decoders.exercise(decoder, bytes);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    decoder + " with -Dverbena.seed=" + SEED + ", round " + round, e);
        }
    }

    @Test
    void capturedStructures_areAccepted() {
        Captured.OF.forEach((decoder, names) ->
                names.forEach(name ->
                        assertThat(
                                        Decoders.exercise(
                                                decoder,
                                                Captured.bytes(name)
                                                        .toArray(
                                                                java.lang.foreign.ValueLayout
                                                                        .JAVA_BYTE)))
                                .as(decoder + " " + name)
                                .isTrue()));
    }
}
