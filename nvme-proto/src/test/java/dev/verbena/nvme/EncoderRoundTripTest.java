package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.EncoderTable.Field;
import dev.verbena.nvme.EncoderTable.Line;
import dev.verbena.nvme.EncoderTable.Place;
import dev.verbena.nvme.zns.ZoneCommands;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every encoder with random arguments: they come back out of the bytes at the places of {@link
 * EncoderTable}, and all other bits are what they must be.
 */
class EncoderRoundTripTest {
    /** Change it to try other arguments; a failure names it. */
    private static final long SEED = Long.getLong("verbena.seed", 20261122);

    private static final int ROUNDS = 200;
    private static final int MARGIN = 8;

    /** Encoders that take or are objects; their round trips are in {@link RoundTripTest}. */
    private static final Set<String> OF_OBJECTS =
            Set.of(
                    "ChapMessage.encode/0",
                    "ChapMessage$Challenge.encode/0",
                    "ChapMessage$Failure.encode/0",
                    "ChapMessage$Negotiate.encode/0",
                    "ChapMessage$Reply.encode/0",
                    "ChapMessage$Success1.encode/0",
                    "ChapMessage$Success2.encode/0",
                    "ConnectData.encode/3",
                    "ControllerList.encode/1",
                    "FeatureValues.hostIdentifier/1",
                    "FeatureValues$HostBehavior.encode/0",
                    "FeatureValues$Timestamp.encode/0",
                    "RdmaPrivateData.encodeRequest/4",
                    "RdmaPrivateData$Accept.encode/0",
                    "RdmaPrivateData$Reject.encode/0");

    static Stream<Line> lines() {
        return EncoderTable.lines().stream();
    }

    @ParameterizedTest
    @MethodSource("lines")
    void arguments_comeBackFromTheirPlaces(Line line) throws ReflectiveOperationException {
        Method method = method(line);
        SplittableRandom random = new SplittableRandom(SEED + line.key().hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            byte[] before = new byte[MARGIN + line.at() + line.size() + MARGIN];
            random.nextBytes(before);
            byte[] memory = before.clone();
            int start = MARGIN + line.at();
            byte[] expected = before.clone();
            if (!line.keeps()) {
                Arrays.fill(expected, start, start + line.size(), (byte) 0);
            }
            List<Object> arguments = new ArrayList<>();
            arguments.add(MemorySegment.ofArray(memory));
            arguments.add((long) MARGIN);
            List<Long> stored = new ArrayList<>();
            for (Field field : line.fields()) {
                long value = field.fixed() == null ? draw(random, field) : field.fixed();
                stored.add(value);
                put(expected, start, field, value);
                if (field.argument()) {
                    Class<?> type = method.getParameterTypes()[arguments.size()];
                    arguments.add(argument(field, value, type));
                }
            }
            String what = "%s with -Dverbena.seed=%d, round %d: %s";
            method.invoke(null, arguments.toArray());
            for (int i = 0; i < stored.size(); i++) {
                Field field = line.fields().get(i);
                if (!field.places().isEmpty()) {
                    assertThat(get(memory, start, field))
                            .as(what, line, SEED, round, field)
                            .isEqualTo(stored.get(i));
                }
            }
            assertThat(memory).as(what, line, SEED, round, arguments).isEqualTo(expected);
        }
    }

    /** A value to be stored: a number of any size, or as many ones as fit. */
    private static long draw(SplittableRandom random, Field field) {
        long mask = field.width() == 64 ? -1 : (1L << field.width()) - 1;
        while (true) {
            long value = random.nextInt(8) == 0 ? mask : random.nextLong() & mask;
            value = random.nextInt(4) == 0 ? value >>> random.nextInt(64) : value;
            // A limit belongs to a field of less than 64 bits.
            boolean limited = field.width() < 64;
            if (!limited || (value > field.above() && value < field.below())) {
                return value;
            }
        }
    }

    private static Object argument(Field field, long stored, Class<?> type) {
        long value = ((stored + field.less()) * field.multiple()) << field.shift();
        if (type == boolean.class) {
            return value != 0;
        }
        return type == int.class ? (Object) (int) value : (Object) value;
    }

    private static void put(byte[] memory, int start, Field field, long value) {
        long rest = value;
        for (Place place : field.places()) {
            for (int i = 0; i < place.width(); i++, rest >>>= 1) {
                int bit = bit(field, place, i);
                int at = start + bit / 8;
                int mask = 1 << (bit % 8);
                memory[at] = (byte) ((rest & 1) == 0 ? memory[at] & ~mask : memory[at] | mask);
            }
        }
    }

    private static long get(byte[] memory, int start, Field field) {
        long value = 0;
        int shift = 0;
        for (Place place : field.places()) {
            for (int i = 0; i < place.width(); i++) {
                int bit = bit(field, place, i);
                value |= ((memory[start + bit / 8] >> (bit % 8)) & 1L) << shift++;
            }
        }
        return value;
    }

    /** Where bit {@code i} of a value is. */
    private static int bit(Field field, Place place, int i) {
        return field.bigEndian()
                ? place.bit() + place.width() - 8 - i / 8 * 8 + (i % 8)
                : place.bit() + i;
    }

    private static Method method(Line line) throws ClassNotFoundException {
        String[] words = line.method().split("\\.", -1);
        String place =
                words[0].startsWith("Zone")
                        ? ZoneCommands.class.getPackageName()
                        : "dev.verbena.nvme";
        List<Method> found =
                Arrays.stream(Class.forName(place + "." + words[0]).getMethods())
                        .filter(method -> method.getName().equals(words[1]))
                        .filter(method -> method.getReturnType() == void.class)
                        .filter(method -> method.getParameterCount() == line.arguments() + 2)
                        .toList();
        assertThat(found).as(line.key()).hasSize(1);
        return found.getFirst();
    }

    /** An encoder without a line above or a place in {@link #OF_OBJECTS} fails here. */
    @Test
    void everyEncoderOfTheModule_hasARoundTrip() throws Exception {
        Set<String> expected = new TreeSet<>(OF_OBJECTS);
        EncoderTable.lines().forEach(line -> expected.add(line.key()));
        Set<String> found = new TreeSet<>();
        for (Class<?> type : ModuleClasses.all()) {
            for (Method method : type.getDeclaredMethods()) {
                if (Modifier.isPublic(method.getModifiers()) && encodes(method)) {
                    int memory = writes(method) ? 2 : 0;
                    found.add(
                            ModuleClasses.name(method)
                                    + "/"
                                    + (method.getParameterCount() - memory));
                }
            }
        }
        assertThat(found).isEqualTo(expected);
    }

    private static boolean encodes(Method method) {
        boolean setter =
                Modifier.isStatic(method.getModifiers()) && method.getReturnType() == void.class;
        return method.getName().startsWith("encode") || (setter && writes(method));
    }

    /** Whether it begins with memory and an offset. */
    private static boolean writes(Method method) {
        Class<?>[] types = method.getParameterTypes();
        return types.length >= 2 && types[0] == MemorySegment.class && types[1] == long.class;
    }
}
