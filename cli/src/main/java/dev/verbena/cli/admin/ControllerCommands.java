package dev.verbena.cli.admin;

import dev.verbena.Controller;
import dev.verbena.NvmeException;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.ControllerCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.Place;
import dev.verbena.nvme.Capabilities;
import dev.verbena.nvme.ControllerConfiguration;
import dev.verbena.nvme.ControllerStatus;
import dev.verbena.nvme.Property;
import dev.verbena.nvme.ReadyTimeouts;
import dev.verbena.nvme.Version;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Properties and resets.
public final class ControllerCommands {
    private static final Map<String, Integer> PROPERTIES = properties();

    private ControllerCommands() {}

    private static Map<String, Integer> properties() {
        Map<String, Integer> all = new LinkedHashMap<>();
        all.put("cap", Property.CAP);
        all.put("vs", Property.VS);
        all.put("cc", Property.CC);
        all.put("csts", Property.CSTS);
        all.put("nssr", Property.NSSR);
        all.put("crto", Property.CRTO);
        return all;
    }

    /// `verbena show-regs`.
    @Command(
            name = "show-regs",
            description = {
                "The controller's properties, which are registers on PCI Express.",
                "Capabilities, version, configuration, status; those it does not have are left out."
            })
    public static final class ShowRegs extends ControllerCommand {
        @Option(
                names = {"-H", "--human-readable"},
                description = "Explain the fields.")
        private boolean explained;

        @Override
        protected void run(Controller controller) throws IOException {
            Map<String, Object> values = new LinkedHashMap<>();
            StringBuilder text = new StringBuilder();
            for (Map.Entry<String, Integer> property : PROPERTIES.entrySet()) {
                long value;
                try {
                    value = controller.property(property.getValue());
                } catch (NvmeException e) {
                    // An optional one.
                    continue;
                }
                values.put(property.getKey(), Numbers.unsigned(value));
                text.append(
                        String.format(
                                Locale.ROOT,
                                "%-8s: %s%n",
                                property.getKey().equals("vs") ? "version" : property.getKey(),
                                Long.toHexString(value)));
                if (explained) {
                    explain(property.getValue(), value)
                            .forEach((name, field) ->
                                    text.append(
                                            String.format(
                                                    Locale.ROOT, "\t%-36s: %s%n", name, field)));
                }
            }
            output().print(new Output.Document(values, text.toString()), null);
        }
    }

    /// The fields of a property by name.
    private static Map<String, Object> explain(int property, long value) {
        return switch (property) {
            case Property.CAP -> capabilities(new Capabilities(value));
            case Property.VS -> Map.of("NVMe specification", new Version((int) value).toString());
            case Property.CC -> configuration(new ControllerConfiguration((int) value));
            case Property.CSTS -> status(new ControllerStatus((int) value));
            case Property.CRTO -> {
                ReadyTimeouts timeouts = new ReadyTimeouts((int) value);
                yield Map.of("Ready with media", timeouts.readyWithMediaMillis() + " ms");
            }
            default -> Map.of();
        };
    }

    private static Map<String, Object> capabilities(Capabilities cap) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Memory Page Size Maximum (MPSMAX)", cap.memoryPageSizeMaximum() + " bytes");
        fields.put("Memory Page Size Minimum (MPSMIN)", cap.memoryPageSizeMinimum() + " bytes");
        fields.put("Command Sets Supported (CSS)", "0x" + Numbers.hex(cap.commandSets(), 2));
        fields.put("NVM Subsystem Reset (NSSRS)", yes(cap.subsystemResetSupported()));
        fields.put("Timeout (TO)", cap.timeoutMillis() + " ms");
        fields.put("Arbitration Mechanisms (AMS)", cap.arbitrationMechanisms());
        fields.put("Contiguous Queues Required (CQR)", yes(cap.contiguousQueuesRequired()));
        fields.put("Maximum Queue Entries (MQES)", cap.maximumQueueEntries());
        return fields;
    }

    private static Map<String, Object> configuration(ControllerConfiguration cc) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("I/O Completion Entry Size (IOCQES)", cc.ioCompletionEntrySize() + " bytes");
        fields.put("I/O Submission Entry Size (IOSQES)", cc.ioSubmissionEntrySize() + " bytes");
        fields.put("Shutdown Notification (SHN)", cc.shutdown());
        fields.put("Memory Page Size (MPS)", cc.memoryPageSize() + " bytes");
        fields.put("Command Set Selected (CSS)", cc.commandSet());
        fields.put("Enable (EN)", yes(cc.enabled()));
        return fields;
    }

    private static Map<String, Object> status(ControllerStatus csts) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Processing Paused (PP)", yes(csts.processingPaused()));
        fields.put("Subsystem Reset Occurred (NSSRO)", yes(csts.subsystemResetOccurred()));
        fields.put("Shutdown Status (SHST)", csts.shutdownStatus());
        fields.put("Controller Fatal Status (CFS)", yes(csts.fatal()));
        fields.put("Ready (RDY)", yes(csts.ready()));
        return fields;
    }

    private static String yes(boolean value) {
        return value ? "Yes" : "No";
    }

    /// `verbena get-property`.
    @Command(name = "get-property", description = "One property of the controller.")
    public static final class GetProperty extends ControllerCommand {
        @Option(
                names = {"-O", "--offset"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                required = true,
                description = "CAP 0x0, VS 0x8, CC 0x14, CSTS 0x1c, NSSR 0x20, CRTO 0x68.")
        private int offset;

        @Override
        protected void run(Controller controller) throws IOException {
            long value = controller.property(offset);
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("offset", offset);
            values.put("value", Numbers.unsigned(value));
            output().print(
                            new Output.Document(
                                    values,
                                    "property: 0x"
                                            + Numbers.hex(offset, 2)
                                            + ", value: "
                                            + Long.toHexString(value)
                                            + "\n"),
                            null);
        }
    }

    /// `verbena reset`.
    @Command(
            name = "reset",
            description = {
                "Disable the controller and connect it again.",
                "A controller on fabrics belongs to its connection: this resets the one that the",
                "command itself makes."
            })
    public static final class Reset extends ControllerCommand {
        @Override
        protected void run(Controller controller) throws IOException {
            int before = controller.controllerId();
            controller.reset();
            output().done(
                            "reset: the controller was disabled and is live again (cntlid "
                                    + before
                                    + ", then "
                                    + controller.controllerId()
                                    + ")",
                            "cntlid",
                            controller.controllerId());
        }
    }

    /// `verbena subsystem-reset`.
    @Command(
            name = "subsystem-reset",
            description = {
                "Reset the whole subsystem (NSSR). Asks first.",
                "Every controller of it, also those of other hosts, loses its connections."
            })
    public static final class SubsystemReset extends ControllerCommand {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Override
        protected void prepare() throws IOException {
            confirmation.require(
                    "This resets",
                    Place.of("all", target().nqn(), target().target()),
                    ", for every host connected to it");
        }

        @Override
        protected void run(Controller controller) throws IOException {
            controller.resetSubsystem();
            output().done("subsystem-reset: done");
        }
    }
}
