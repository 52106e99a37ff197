package dev.verbena.cli.admin;

import dev.verbena.Controller;
import dev.verbena.PassthroughCommand;
import dev.verbena.PassthroughResult;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.DataFile;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.RawBinary;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.FeatureValues;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `get-feature` and `set-feature`.
public final class FeatureCommands {
    private FeatureCommands() {}

    /// Refuses to set what the connection lives by, in whichever words it is asked for.
    static void requireFree(int feature, Function<String, ParameterException> usage) {
        if (Feature.belongsToConnection(feature)) {
            throw usage.apply(
                    Feature.name(feature)
                            + " belongs to the connection; use --nr-io-queues or --keep-alive-tmo");
        }
    }

    private static String selectName(int select) {
        return switch (select) {
            case Feature.SELECT_CURRENT -> "Current";
            case Feature.SELECT_DEFAULT -> "Default";
            case Feature.SELECT_SAVED -> "Saved";
            case Feature.SELECT_CAPABILITIES -> "capabilities";
            default -> "Select " + select;
        };
    }

    /// What both have: which feature, and how much data comes with it.
    abstract static class FeatureCommand extends NamespaceCommand {
        @Option(
                names = {"-f", "--feature-id"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                required = true,
                description = "The feature, 1..0xff.")
        private int feature;

        @Option(
                names = {"-l", "--data-len"},
                converter = Numbers.Count.class,
                paramLabel = "BYTES",
                description = "Length of its data (default: what the feature has).")
        private @Nullable Integer length;

        final int feature() {
            return feature;
        }

        /// Bytes of data: as told, or else so many.
        final int dataBytesOr(int otherwise) {
            Integer told = length;
            return told == null ? otherwise : told;
        }

        /// How nvme-cli begins a line about the feature.
        final String heading() {
            return name() + ":" + number() + " (" + Feature.name(feature) + ")";
        }

        final String number() {
            return "0x" + Numbers.hex(feature, 2);
        }

        final PassthroughResult send(
                Controller controller, String command, PassthroughCommand encoded)
                throws IOException {
            return RawCommand.admin(
                    controller, encoded, command + " (" + Feature.name(feature) + ")");
        }

        static String dword(int value) {
            return "0x" + Numbers.hex(Integer.toUnsignedLong(value), 8);
        }
    }

    /// `verbena get-feature`.
    @Command(name = "get-feature", description = "Read a feature's value.")
    public static final class Get extends FeatureCommand {
        @Option(
                names = {"-s", "--sel"},
                converter = Numbers.Bits3.class,
                paramLabel = "N",
                defaultValue = "0",
                description = {
                    "Which value: 0 current, 1 default, 2 saved, 3 what can be done with it",
                    "(default: ${DEFAULT-VALUE})."
                })
        private int select;

        @Option(
                names = {"-c", "--cdw11"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "The feature's own parameter.")
        private int dword11;

        @Mixin
        @SuppressWarnings("UnusedVariable") // becomes the output format
        private RawBinary rawBinary = new RawBinary();

        @Override
        protected void run(Controller controller) throws IOException {
            boolean capabilities = select == Feature.SELECT_CAPABILITIES;
            // Hosts on fabrics have identifiers of 128 bits.
            int parameter = feature() == Feature.HOST_IDENTIFIER && dword11 == 0 ? 1 : dword11;
            PassthroughCommand command =
                    RawCommand.of(entry ->
                                    AdminCommands.getFeatures(
                                            entry,
                                            0,
                                            0,
                                            feature(),
                                            select,
                                            namespaceOr(0),
                                            parameter))
                            .withDataLength(
                                    dataBytesOr(
                                            capabilities
                                                    ? 0
                                                    : Feature.dataBytes(
                                                            feature(), false, parameter)));
            PassthroughResult result = send(controller, "Get Features", command);
            print((int) result.result(), result.data());
        }

        private void print(int value, byte[] data) throws IOException {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("feature", number());
            values.put("name", Feature.name(feature()));
            values.put("select", selectName(select).toLowerCase(Locale.ROOT));
            values.put("value", Integer.toUnsignedLong(value));
            StringBuilder text =
                    new StringBuilder(heading())
                            .append(", ")
                            .append(selectName(select))
                            .append(" value:")
                            .append(dword(value))
                            .append('\n');
            if (select == Feature.SELECT_CAPABILITIES) {
                var can = new FeatureValues.FeatureCapabilities(value);
                values.put("saveable", can.saveable());
                values.put("namespace_specific", can.namespaceSpecific());
                values.put("changeable", can.changeable());
                text.append(can.saveable() ? "  saveable\n" : "  not saveable\n");
                text.append(can.namespaceSpecific() ? "  " : "  not ")
                        .append("namespace specific\n");
                text.append(can.changeable() ? "  changeable\n" : "  not changeable\n");
            }
            if (data.length > 0) {
                var dump = Output.dump(values, data);
                output().print(new Output.Document(dump.values(), text + dump.toText()), data);
            } else {
                output().print(new Output.Document(values, text.toString()), null);
            }
        }
    }

    /// `verbena set-feature`.
    @Command(
            name = "set-feature",
            description = {
                "Change a feature's value.",
                "Features the connection lives by (number of queues, keep alive, events) belong to",
                "Verbena and are refused. Asks before a namespace is write protected."
            })
    public static final class Set extends FeatureCommand {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Option(
                names = {"-v", "--value"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                required = true,
                description = "Its new value (command dword 11).")
        private int value;

        @Option(
                names = {"-c", "--cdw12"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "Command dword 12, where the feature uses it.")
        private int dword12;

        @Option(
                names = {"-d", "--data"},
                paramLabel = "FILE",
                description = "Its data (default: standard input, where the feature has data).")
        private @Nullable Path file;

        @Option(
                names = {"-s", "--save"},
                description = "The value shall survive a reset.")
        private boolean save;

        private byte[] data = {};

        @Override
        protected void prepare() throws IOException {
            requireFree(feature(), this::usage);
            int bytes = dataBytesOr(Feature.dataBytes(feature(), true, value));
            if (bytes == 0 && file != null) {
                throw usage(Feature.name(feature()) + " has no data: --data needs --data-len");
            }
            if (bytes > 0) {
                data = DataFile.read(environment(), file, bytes);
            }
            if (feature() == Feature.NAMESPACE_WRITE_PROTECTION && value != 0) {
                confirmation.require(
                        "This write-protects",
                        placeOrController(),
                        value == 3 ? " for ever" : value == 2 ? " until power is lost" : "");
            }
        }

        @Override
        protected void run(Controller controller) throws IOException {
            PassthroughCommand command =
                    RawCommand.of(entry ->
                                    AdminCommands.setFeatures(
                                            entry, 0, 0, feature(), save, namespaceOr(0), value))
                            .withDword(12, dword12)
                            .withData(data);
            PassthroughResult result = send(controller, "Set Features", command);
            output().done(
                            heading()
                                    + ", value:"
                                    + dword(value)
                                    + ", cdw12:"
                                    + dword(dword12)
                                    + ", save:"
                                    + (save ? 1 : 0),
                            "feature",
                            number(),
                            "value",
                            Integer.toUnsignedLong(value),
                            "result",
                            Integer.toUnsignedLong((int) result.result()));
        }
    }
}
