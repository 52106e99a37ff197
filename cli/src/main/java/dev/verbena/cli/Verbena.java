package dev.verbena.cli;

import dev.verbena.cli.admin.ControllerCommands;
import dev.verbena.cli.admin.FeatureCommands;
import dev.verbena.cli.admin.GetLogCommand;
import dev.verbena.cli.admin.IdentifyCommands;
import dev.verbena.cli.admin.LogCommands;
import dev.verbena.cli.admin.PassthruCommand;
import dev.verbena.cli.base.ConnectionOptions;
import dev.verbena.cli.base.Ending;
import dev.verbena.cli.base.Environment;
import dev.verbena.cli.base.Failures;
import dev.verbena.cli.base.Help;
import dev.verbena.cli.base.Letters;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.demo.DemoCommand;
import dev.verbena.cli.doctor.DoctorCommand;
import dev.verbena.cli.io.BlockCommands;
import dev.verbena.cli.io.Reservations;
import dev.verbena.cli.io.TransferCommands;
import dev.verbena.cli.io.ZoneCommandGroup;
import dev.verbena.cli.perf.PerfCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.RunLast;

/// Entry point of the command.
@Command(
        name = "verbena",
        description = "NVMe over Fabrics from Java, over RDMA.",
        mixinStandardHelpOptions = true,
        version = "verbena 0.1.0-SNAPSHOT",
        scope = CommandLine.ScopeType.INHERIT,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done",
            "1:failed: no device, no connection, no such namespace or file; output not written",
            "2:wrong arguments",
            "3:the controller reported an error, which is named; also when compared data differ",
            "4:it would destroy something, and nobody said yes",
            "70:a defect of Verbena",
            "130, 143:ended by Ctrl-C or kill; what was connected has been disconnected",
            "141:nobody reads the output any more"
        },
        footerHeading = "%nEnvironment:%n",
        footer = {
            "  VERBENA_TARGET              the target, where a command names none",
            "  VERBENA_DHCHAP_SECRET       this host's secret, as --dhchap-secret",
            "  VERBENA_DHCHAP_CTRL_SECRET  the controller's secret, as --dhchap-ctrl-secret",
            "  VERBENA_JAVA_OPTS           more options for the JVM, to the launcher"
        },
        subcommands = {
            DoctorCommand.class,
            DiscoverCommand.class,
            ListCommand.class,
            IdentifyCommands.IdCtrl.class,
            IdentifyCommands.IdNs.class,
            IdentifyCommands.ListNs.class,
            IdentifyCommands.ListCtrl.class,
            IdentifyCommands.NsDescs.class,
            IdentifyCommands.NvmIdCtrl.class,
            IdentifyCommands.NvmIdNs.class,
            IdentifyCommands.IndependentIdNs.class,
            GetLogCommand.class,
            LogCommands.Smart.class,
            LogCommands.Errors.class,
            LogCommands.Ana.class,
            LogCommands.Effects.class,
            LogCommands.Firmware.class,
            LogCommands.Supported.class,
            LogCommands.SelfTest.class,
            LogCommands.Sanitize.class,
            LogCommands.ChangedNs.class,
            LogCommands.Endurance.class,
            LogCommands.ReservationNotification.class,
            FeatureCommands.Get.class,
            FeatureCommands.Set.class,
            TransferCommands.Read.class,
            TransferCommands.Write.class,
            TransferCommands.Compare.class,
            BlockCommands.WriteZeroes.class,
            BlockCommands.WriteUncorrectable.class,
            BlockCommands.Dsm.class,
            BlockCommands.Copy.class,
            BlockCommands.Verify.class,
            BlockCommands.Flush.class,
            Reservations.Register.class,
            Reservations.Acquire.class,
            Reservations.Release.class,
            Reservations.Report.class,
            ZoneCommandGroup.class,
            PerfCommand.class,
            PassthruCommand.Admin.class,
            PassthruCommand.Io.class,
            ControllerCommands.ShowRegs.class,
            ControllerCommands.GetProperty.class,
            ControllerCommands.Reset.class,
            ControllerCommands.SubsystemReset.class,
            DemoCommand.class,
            AutoComplete.GenerateCompletion.class
        })
public final class Verbena implements Runnable, Environment.Root {
    /// Handed down to the command that follows.
    @SuppressWarnings("UnusedVariable")
    @Mixin
    private ConnectionOptions connection = new ConnectionOptions();

    @Option(
            names = "--verbose",
            scope = CommandLine.ScopeType.INHERIT,
            order = Help.COMMON,
            description = "Show the trace of an error.")
    private boolean verbose;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    private final Environment environment;

    private Verbena(Environment environment) {
        this.environment = environment;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which command?");
    }

    @Override
    public Environment environment() {
        return environment;
    }

    /// The whole tree of commands.
    public static CommandLine commandLine(Environment environment) {
        Verbena root = new Verbena(environment);
        CommandLine line = new Checked(root, environment);
        // What begins with @ is data, here as everywhere else.
        line.setExpandAtFiles(false);
        // A value that is missing must not become the name of the next option.
        line.setAllowOptionsAsOptionParameters(false);
        Numbers.register(line);
        Letters.assign(line);
        Help.arrange(line);
        line.setOut(writer(environment.out()));
        line.setErr(writer(environment.err()));
        Failures.handle(line, () -> root.verbose);
        line.setExecutionStrategy(result -> {
            Letters.handDown(result);
            try {
                return new RunLast().execute(result);
            } catch (OutOfMemoryError e) {
                // Asked for more than the machine has; what was open has been closed on the way.
                throw new ExecutionException(
                        last(result),
                        "",
                        new IOException("Not enough memory: " + e.getMessage(), e));
            }
        });
        return line;
    }

    /// What could not be written is no success, whichever command it was of.
    private static final class Checked extends CommandLine {
        private final Environment environment;

        Checked(Verbena root, Environment environment) {
            super(root);
            this.environment = environment;
        }

        @Override
        public int execute(String... arguments) {
            return Failures.afterOutput(this, environment, super.execute(arguments));
        }
    }

    private static CommandLine last(CommandLine.ParseResult result) {
        return result.asCommandLineList().getLast();
    }

    private static PrintWriter writer(OutputStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    public static void main(String[] arguments) {
        Environment environment = Environment.ofProcess();
        CommandLine line = commandLine(environment);
        System.exit(Ending.run(environment, () -> line.execute(arguments)));
    }
}
