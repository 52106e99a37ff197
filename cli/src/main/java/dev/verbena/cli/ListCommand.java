package dev.verbena.cli;

import dev.verbena.ConnectOptions;
import dev.verbena.ConnectedEntry;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.SubsystemAddress;
import dev.verbena.Target;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.TargetOptions;
import dev.verbena.nvme.IdentifyController;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `verbena list`: the namespaces of a subsystem, or of all that an address offers.
@Command(
        name = "list",
        description = {
            "List namespaces.",
            "Those of the subsystem, or, where none is named, of all that are found at the address."
        })
final class ListCommand implements Callable<Integer> {
    @Mixin private TargetOptions target = new TargetOptions();

    @Mixin private Output output = new Output();

    /// One line.
    private record Row(String place, IdentifyController controller, Namespace namespace) {
        Map<String, Object> values() {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("NameSpace", Integer.toUnsignedLong(namespace.id()));
            values.put("DevicePath", place);
            values.put("Firmware", controller.firmwareRevision());
            values.put("ModelNumber", controller.modelNumber());
            values.put("SerialNumber", controller.serialNumber());
            values.put("UsedBytes", used());
            values.put("MaximumLBA", Numbers.unsigned(namespace.blockCount()));
            values.put("PhysicalSize", bytes(namespace.blockCount()));
            values.put("SectorSize", namespace.blockSize());
            return values;
        }

        private BigInteger used() {
            return bytes(namespace.identify().utilizationBlocks());
        }

        /// A controller may claim more than 64 bits can count.
        private BigInteger bytes(long blocks) {
            return new BigInteger(Long.toUnsignedString(blocks))
                    .multiply(BigInteger.valueOf(namespace.blockSize()));
        }

        String text() {
            return String.format(
                    Locale.ROOT,
                    "%-20s %-24s %10s  %9s / %9s  %6d B + %2d B  %-8s %s%n",
                    controller.serialNumber(),
                    controller.modelNumber(),
                    Integer.toUnsignedString(namespace.id()),
                    size(used()),
                    size(bytes(namespace.blockCount())),
                    namespace.blockSize(),
                    namespace.identify().metadataSize(),
                    controller.firmwareRevision(),
                    place);
        }
    }

    /// Bytes as people read them, with decimal prefixes as storage has them.
    private static String size(BigInteger bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
        double value = bytes.doubleValue();
        int unit = 0;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.2f %s", value, units[unit]);
    }

    @Override
    public Integer call() throws IOException {
        ConnectOptions options = target.connectOptions(ConnectOptions.defaults().withIoQueues(1));
        List<Row> rows = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        try (Initiator initiator = target.open()) {
            if (target.subsystem().isPresent()) {
                try (Controller controller =
                        initiator.connect(target.target(), target.nqn(), options)) {
                    add(rows, target.target(), controller);
                }
            } else {
                all(initiator, options, rows, failures);
            }
        }
        print(rows);
        failures.forEach(output.err()::println);
        return failures.isEmpty() ? 0 : 1;
    }

    private void all(
            Initiator initiator, ConnectOptions options, List<Row> rows, List<String> failures)
            throws IOException {
        for (ConnectedEntry each : initiator.connectAll(target.target(), options)) {
            String name = each.entry().subsystemNqn();
            if (each.controller().isPresent()) {
                try (Controller controller = each.controller().get()) {
                    add(rows, Target.of(each.entry()), controller);
                }
            } else {
                failures.add(
                        name
                                + ": "
                                + each.failure()
                                        .map(Exception::getMessage)
                                        .orElse("not connected"));
            }
        }
    }

    private static void add(List<Row> rows, Target address, Controller controller) {
        for (Namespace namespace : controller.namespaces()) {
            String place =
                    new SubsystemAddress(
                                    address, controller.subsystemNqn(), Optional.of(namespace.id()))
                            .toString();
            rows.add(new Row(place, controller.identify(), namespace));
        }
    }

    private void print(List<Row> rows) throws IOException {
        StringBuilder text =
                new StringBuilder(
                        String.format(
                                Locale.ROOT,
                                "%-20s %-24s %10s  %-21s  %-15s  %-8s %s%n",
                                "SN",
                                "Model",
                                "Namespace",
                                "Usage",
                                "Format",
                                "FW Rev",
                                "Address"));
        rows.forEach(row -> text.append(row.text()));
        output.print(
                new Output.Document(
                        Map.of("Devices", rows.stream().map(Row::values).toList()),
                        text.toString()),
                null);
    }
}
