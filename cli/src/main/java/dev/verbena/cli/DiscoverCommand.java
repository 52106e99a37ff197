package dev.verbena.cli;

import dev.verbena.Initiator;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `verbena discover`: prints a discovery log.
@Command(
        name = "discover",
        description = "Print the discovery log of the discovery controller at an address.",
        mixinStandardHelpOptions = true)
final class DiscoverCommand implements Callable<Integer> {
    @Mixin private TargetOptions target = new TargetOptions();

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        try (Initiator initiator = target.open()) {
            spec.commandLine()
                    .getOut()
                    .print(initiator.discover(target.target(), target.connectOptions()));
        }
        spec.commandLine().getOut().flush();
        return 0;
    }
}
