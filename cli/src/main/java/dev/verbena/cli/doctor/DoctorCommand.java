package dev.verbena.cli.doctor;

import dev.verbena.DiscoveryLog;
import dev.verbena.Initiator;
import dev.verbena.cli.base.OptionWords;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.TargetOptions;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.verbs.Rdma;
import dev.verbena.verbs.RdmaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `verbena doctor`.
@Command(
        name = "doctor",
        description = {
            "Look at what a connection needs, and say how to get it.",
            "JDK, native access, kernel modules, locked memory, devices, ports, GIDs, the host's",
            "name; with a target also whether it answers. The status is 1 when there is a problem."
        })
public final class DoctorCommand implements Callable<Integer> {
    @Mixin private TargetOptions target = new TargetOptions();

    @Mixin private Output output = new Output();

    @Override
    public Integer call() throws IOException {
        Path root = Path.of("/");
        Map<String, String> properties =
                System.getProperties().stringPropertyNames().stream()
                        .collect(Collectors.toMap(name -> name, System::getProperty));
        Checks checks =
                new Checks(
                        root,
                        properties,
                        Rdma.class.getModule().isNativeAccessEnabled(),
                        new VerbsView(root),
                        () -> HostIdentity.system().hostNqn().toString());
        List<Finding> findings = new ArrayList<>(checks.run());
        if (target.isGiven()) {
            findings.add(target());
        }
        return print(findings);
    }

    private Finding target() {
        String address = target.target().toString();
        try (Initiator initiator = target.open()) {
            DiscoveryLog log = initiator.discover(target.target(), target.connectOptions());
            return Finding.ok(
                    "target", address + " offers " + log.entries().size() + " discovery records");
        } catch (IOException | RdmaException e) {
            return Finding.problem("target", OptionWords.of(e), "see docs/troubleshooting.md");
        }
    }

    private int print(List<Finding> findings) throws IOException {
        long problems =
                findings.stream().filter(each -> each.level() == Finding.Level.PROBLEM).count();
        long warnings =
                findings.stream().filter(each -> each.level() == Finding.Level.WARNING).count();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("findings", findings.stream().map(Finding::values).toList());
        values.put("problems", problems);
        values.put("warnings", warnings);
        String text =
                findings.stream().map(Finding::line).collect(Collectors.joining())
                        + problems
                        + (problems == 1 ? " problem, " : " problems, ")
                        + warnings
                        + (warnings == 1 ? " warning\n" : " warnings\n");
        output.print(new Output.Document(values, text), null);
        return problems == 0 ? 0 : 1;
    }
}
