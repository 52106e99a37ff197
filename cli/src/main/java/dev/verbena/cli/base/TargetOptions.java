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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
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

    /// Whether an address ends with a port: an IPv6 address without brackets has none.
    private static final Pattern PORT = Pattern.compile("^(\\[.*]|[^:]*):[0-9]+$");

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
                return parse(text.strip(), address != null);
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

    /// @param strongest whether it stands behind the command; the variable is weaker than options
    private Place parse(String text, boolean strongest) {
        String full = text.toLowerCase(Locale.ROOT).startsWith(SCHEME) ? text : SCHEME + text;
        String rest = full.substring(SCHEME.length());
        int slash = rest.indexOf('/');
        String named = null;
        Optional<Integer> namespaceId = Optional.empty();
        Target target;
        if (slash < 0 || slash == rest.length() - 1) {
            target = Target.parse(rest);
        } else {
            SubsystemAddress parsed = SubsystemAddress.parse(full);
            target = parsed.target();
            named = parsed.nqn();
            namespaceId = parsed.namespaceId();
        }
        Integer port = trsvcid;
        boolean hasPort = PORT.matcher(slash < 0 ? rest : rest.substring(0, slash)).find();
        if (strongest) {
            agree("--traddr", traddr, traddr == null || sameHost(target, traddr));
            agree("--trsvcid", port, !hasPort || port == null || port == target.trsvcid());
            agree("--nqn", subsystem, named == null || named.equals(subsystem));
        }
        if (port != null && (!hasPort || !strongest)) {
            target = Target.rdma(target.traddr(), port);
        }
        boolean option = subsystem != null && (named == null || !strongest);
        return new Place(target, option ? subsystem : named, namespaceId);
    }

    private static boolean sameHost(Target target, String host) {
        return Target.rdma(host, target.trsvcid()).equals(target);
    }

    /// Refuses an option that stands behind the command and says something else than the address
    /// there. Options before the command are defaults.
    private void agree(String option, @Nullable Object value, boolean same) {
        ParseResult arguments = spec.commandLine().getParseResult();
        if (!same && arguments != null && arguments.hasMatchedOption(option)) {
            throw contradiction(option, value);
        }
    }

    private ParameterException contradiction(String option, @Nullable Object value) {
        return usage(
                option + " " + value + " and the address " + address + " contradict each other");
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

    /// The namespace that is meant: what an option says, or else the address.
    ///
    /// @param option the value of `--namespace-id`; null where it was not given
    /// @throws ParameterException when the address behind the command says something else
    public Optional<Integer> namespaceId(@Nullable Integer option) {
        Optional<Integer> named = place().namespaceId();
        if (option == null) {
            return named;
        }
        if (address != null && named.isPresent() && !named.get().equals(option)) {
            throw contradiction("--namespace-id", Integer.toUnsignedString(option));
        }
        return Optional.of(option);
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
