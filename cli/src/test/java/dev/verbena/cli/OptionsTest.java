package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.cli.base.Numbers;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/// What must hold for every option of every command, found by walking over all of them.
class OptionsTest {
    /// The command's words and one of its options.
    record Place(List<String> words, OptionSpec option) {
        @Override
        public String toString() {
            return String.join(" ", words) + " " + option.longestName();
        }
    }

    private static CommandLine tree() {
        return Verbena.commandLine(dev.verbena.cli.base.Environment.ofProcess());
    }

    private static CommandLine command(List<String> words) {
        CommandLine line = TREE;
        for (String word : words) {
            line = Objects.requireNonNull(line.getSubcommands().get(word));
        }
        return line;
    }

    /// All commands, and what may stand before them.
    static List<List<String>> commands() {
        List<List<String>> commands = new ArrayList<>(ArgumentsTest.ownCommands());
        commands.add(List.of());
        return commands;
    }

    private static List<Place> options(List<String> words) {
        return command(words).getCommandSpec().options().stream()
                .filter(option -> option.arity().max() > 0)
                .map(option -> new Place(words, option))
                .toList();
    }

    private static boolean isNumber(OptionSpec option) {
        Class<?> type = option.isMultiValue() ? option.auxiliaryTypes()[0] : option.type();
        return Set.<Class<?>>of(int.class, Integer.class, long.class, Long.class, short.class)
                .contains(type);
    }

    private static List<Place> numbers(List<String> words) {
        return options(words).stream().filter(place -> isNumber(place.option())).toList();
    }

    /// Sizes with a unit, as fio writes them.
    private static final Set<String> SIZES = Set.of("--blocksize", "--offset", "--size");

    /// Read once: a tree takes longer to build than to use.
    private static final CommandLine TREE = tree();

    private static List<String> arguments(Place place, String name, String value) {
        List<String> arguments = new ArrayList<>(place.words());
        arguments.add(name + "=" + value);
        if (place.words().isEmpty()) {
            arguments.add("id-ctrl");
        }
        return arguments;
    }

    private static void requireRefused(Place place, String name, String value) {
        assertThatThrownBy(
                        () -> TREE.parseArgs(arguments(place, name, value).toArray(String[]::new)))
                .as(name + "=" + value)
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining("'" + place.option().longestName() + "'");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void numberThatIsNoneOrFitsNoField_isAUsageErrorWithTheOptionsName(List<String> words) {
        for (Place place : numbers(words)) {
            for (String value :
                    List.of(
                            "",
                            "x",
                            "0x",
                            "12x",
                            "1.5",
                            "+1",
                            "--1",
                            "-2",
                            "-0x1f",
                            "18446744073709551616",
                            "0x10000000000000000",
                            "-9223372036854775809",
                            "@1")) {
                requireRefused(place, place.option().longestName(), value);
            }
        }
    }

    private static Numbers.Range range(Place place) {
        CommandLine.ITypeConverter<?>[] converters = place.option().converters();
        assertThat(converters).as(place + " says its width").hasSize(1);
        return (Numbers.Range) converters[0];
    }

    @ParameterizedTest
    @MethodSource("commands")
    void numberOfTheWrongWidth_isAUsageErrorWithTheOptionsName(List<String> words) {
        for (Place place : numbers(words)) {
            if (place.option().converters()[0] instanceof Numbers.Range range) {
                String name = place.option().longestName();
                requireRefused(place, name, range.max().add(BigInteger.ONE).toString());
                requireRefused(place, name, range.min().subtract(BigInteger.ONE).toString());
                requireRefused(place, name, "0x" + range.max().add(BigInteger.ONE).toString(16));
                if (place.option().isMultiValue()) {
                    requireRefused(place, name, "0," + range.max().add(BigInteger.ONE));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void numberOption_saysItsWidth(List<String> words) {
        for (Place place : numbers(words)) {
            if (!SIZES.contains(place.option().longestName())) {
                assertThat(range(place).max()).isGreaterThan(range(place).min());
            }
        }
    }

    @Test
    void optionWithoutAWidth_cannotBeUsed() {
        CommandLine line = new CommandLine(new Forgetful());
        Numbers.register(line);
        assertThatThrownBy(() -> line.parseArgs("--forgotten", "1"))
                .hasMessageContaining("does not say its width");
    }

    /// An option as it must not be.
    @CommandLine.Command(name = "forgetful")
    static final class Forgetful {
        @CommandLine.Option(names = "--forgotten")
        int forgotten;
    }

    @Test
    void theWalk_findsTheOptions() {
        Set<String> names = new TreeSet<>();
        int count = 0;
        for (List<String> words : commands()) {
            for (Place place : numbers(words)) {
                names.addAll(Arrays.asList(place.option().names()));
                count++;
            }
        }
        assertThat(count).isGreaterThan(500);
        assertThat(names)
                .contains("--ctx-attrs", "--cdw10", "--namespace-id", "--keep-alive-tmo", "--tos")
                .contains("--slbs", "--log-len", "--rtype", "--zsa", "--iodepth", "--mebibytes");
    }
}
