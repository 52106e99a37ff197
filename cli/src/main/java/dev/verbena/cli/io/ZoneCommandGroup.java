package dev.verbena.cli.io;

import dev.verbena.cli.admin.IdentifyCommands;
import dev.verbena.cli.admin.LogCommands;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `verbena zns`.
@Command(
        name = "zns",
        description = "Commands for zoned namespaces.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            IdentifyCommands.ZnsIdCtrl.class,
            IdentifyCommands.ZnsIdNs.class,
            Zones.ReportZones.class,
            ZoneManagement.Send.class,
            ZoneManagement.Open.class,
            ZoneManagement.Close.class,
            ZoneManagement.Finish.class,
            ZoneManagement.Reset.class,
            ZoneManagement.Offline.class,
            Zones.Append.class,
            LogCommands.ChangedZoneList.class
        })
public final class ZoneCommandGroup implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which zns command?");
    }
}
