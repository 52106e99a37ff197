package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares values with those of nvme-cli, for tests with captured structures and for those with a
 * running target. Every field that is <em>not</em> compared is named here, or by the test.
 */
public final class NvmeCliJson {
    /** Names that differ: nvme-cli's on the left. */
    private static final Map<String, String> RENAMED =
            Map.of("parm_error_location", "parm_err_loc");

    /**
     * The only JSON fields that are not compared by value: the name of the device it was read from,
     * and the command set the effects log was asked for, neither of which is in the bytes. Fields
     * of {@link #LATER} must be zero where they are not shown.
     */
    private static final Set<String> NOT_COMPARED =
            Set.of("Asymmetric Namespace Access Log for NVMe device", "command_set_identifier");

    /** Fields that nvme-cli 2.13 shows always, and we only where they are not zero. */
    static final Set<String> LATER = Set.of("kpios", "maxkt", "rgrpid");

    private NvmeCliJson() {}

    /** Reads a JSON object, or a list that holds just one, as nvme-cli prints the effects log. */
    public static Map<String, Object> parse(String json) {
        Object value = JsonReader.read(json);
        return map(value instanceof List<?> list && list.size() == 1 ? list.getFirst() : value);
    }

    /** A value that is an object. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(@Nullable Object value) {
        return (Map<String, Object>) Objects.requireNonNull(value);
    }

    /** Compares all fields; returns how many. */
    static int compare(Map<String, Object> expected, Map<String, Object> actual) {
        return compare(expected, actual, Set.of());
    }

    /**
     * Compares what nvme-cli printed with what we did.
     *
     * @param except names that are not compared, at any depth
     * @return how many values were compared
     * @throws AssertionError at the first difference
     */
    public static int compare(
            Map<String, Object> expected, Map<String, Object> actual, Set<String> except) {
        return compare("", expected, actual, except);
    }

    private static int compare(
            String path, Object expected, @Nullable Object actual, Set<String> except) {
        return switch (expected) {
            case Map<?, ?> map -> {
                int compared = 0;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    String name = entry.getKey().toString();
                    if (LATER.contains(name) && !map(actual).containsKey(name)) {
                        assertThat(entry.getValue()).as(path).isEqualTo(BigInteger.ZERO);
                    } else if (!NOT_COMPARED.contains(name) && !except.contains(name)) {
                        // Some names end with a blank.
                        String ours = RENAMED.getOrDefault(name, name.strip());
                        assertThat(map(actual)).as(path).containsKey(ours);
                        compared +=
                                compare(
                                        path + "/" + name,
                                        entry.getValue(),
                                        map(actual).get(ours),
                                        except);
                    }
                }
                yield compared;
            }
            case List<?> list -> {
                List<?> ours = (List<?>) Objects.requireNonNull(actual);
                assertThat(ours).as(path).hasSameSizeAs(list);
                int compared = 0;
                for (int i = 0; i < list.size(); i++) {
                    compared += compare(path + "/" + i, list.get(i), ours.get(i), except);
                }
                yield compared;
            }
            default -> {
                assertThat(actual).as(path).isEqualTo(expected);
                yield 1;
            }
        };
    }
}
