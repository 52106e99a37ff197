package dev.verbena.cli.base;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.SubsystemAddress;
import dev.verbena.Target;
import dev.verbena.nvme.HostIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// A command's target. From the strongest to the weakest: the address behind the command, the
/// options `--traddr`, `--trsvcid` and `--nqn` behind the command or before it, the variable
/// `VERBENA_TARGET`.
public final class TargetOptions extends ConnectionOptions {
    /// Names a target when nothing else does.
    public static final String VARIABLE = "VERBENA_TARGET";

    /// A command is not worth longer waiting; a library's user may think otherwise.
    private static final Duration CTRL_LOSS = Duration.ofSeconds(30);

    private static final String SCHEME = "nvmf-rdma://";

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "TARGET",
            description = {
                "nvmf-rdma://ADDR[:PORT][/NQN[/NSID]], instead of --traddr, --trsvcid, --nqn",
                "and --namespace-id. Without any of them the variable VERBENA_TARGET is used."
            })
    private @Nullable String address;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    /// What was given, taken apart.
    private record Place(Target target, @Nullable String nqn, Optional<Integer> namespaceId) {}

    Environment environment() {
        return environment(spec);
    }

    /// What surrounds a command.
    public static Environment environment(CommandSpec spec) {
        return spec.root().userObject() instanceof Environment.Root root
                ? root.environment()
                : Environment.ofProcess();
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private Place place() {
        String kind = transport;
        if (kind != null && !kind.equalsIgnoreCase("rdma")) {
            throw usage("--transport " + kind + ": only rdma is there");
        }
        String text = address;
        if (text == null && traddr == null) {
            text = environment().variables().get(VARIABLE);
            if (text == null || text.isBlank()) {
                throw usage(
                        "No target: name one as "
                                + SCHEME
                                + "ADDR:PORT/NQN, or with --traddr and --nqn, or in the variable "
                                + VARIABLE);
            }
        }
        try {
            if (text != null) {
                return parse(text.strip());
            }
            Integer port = trsvcid;
            String host = traddr == null ? "" : traddr;
            return new Place(
                    Target.rdma(host, port == null ? Target.DEFAULT_PORT : port),
                    subsystem,
                    Optional.empty());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private Place parse(String text) {
        String full = text.toLowerCase(Locale.ROOT).startsWith(SCHEME) ? text : SCHEME + text;
        String rest = full.substring(SCHEME.length());
        int slash = rest.indexOf('/');
        if (slash < 0 || slash == rest.length() - 1) {
            return new Place(Target.parse(rest), subsystem, Optional.empty());
        }
        SubsystemAddress parsed = SubsystemAddress.parse(full);
        return new Place(
                parsed.target(),
                subsystem == null ? parsed.nqn() : subsystem,
                parsed.namespaceId());
    }

    /// Where the target listens.
    ///
    /// @throws ParameterException when none was named
    public Target target() {
        return place().target();
    }

    /// Whether a target was named anywhere.
    public boolean isGiven() {
        String variable = environment().variables().get(VARIABLE);
        return address != null || traddr != null || (variable != null && !variable.isBlank());
    }

    /// The subsystem's name, where one was given.
    public Optional<String> subsystem() {
        return Optional.ofNullable(place().nqn());
    }

    /// The subsystem's name.
    ///
    /// @throws ParameterException when none was given
    public String nqn() {
        return subsystem()
                .orElseThrow(() ->
                        usage(
                                "No subsystem: add its name, --nqn NQN; 'verbena discover' lists"
                                        + " those at "
                                        + target()));
    }

    /// The namespace in the address, where one was given.
    public Optional<Integer> namespaceId() {
        return place().namespaceId();
    }

    /// Opens an initiator as the host that the options name.
    ///
    /// @throws IOException when the machine's own identity cannot be read
    public Initiator open() throws IOException {
        HostIdentity host;
        try {
            host = host();
        } catch (IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
        return environment().open(host);
    }

    /// The options on top of the library's defaults.
    public ConnectOptions connectOptions() throws IOException {
        return connectOptions(ConnectOptions.defaults());
    }

    /// The options on top of a command's own defaults.
    public ConnectOptions connectOptions(ConnectOptions defaults) throws IOException {
        try {
            return applyTo(defaults.withCtrlLossTimeout(CTRL_LOSS), environment());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /// Connects the controller.
    public Controller connect(Initiator initiator, ConnectOptions options) throws IOException {
        return initiator.connect(target(), nqn(), options);
    }
}
