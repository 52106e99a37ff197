package dev.verbena.cli.base;

import dev.verbena.ConnectOptions;
import dev.verbena.MemoryMode;
import dev.verbena.WaitMode;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.auth.ChapSecret;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How to connect and who we are: the flags of `nvme connect`. Only long names: the letters are
/// given where a command has no others, see [Letters].
public class ConnectionOptions {
    private final Secrets hostSecret =
            new Secrets("--dhchap-secret", "--dhchap-secret-file", "VERBENA_DHCHAP_SECRET");

    private final Secrets controllerSecret =
            new Secrets(
                    "--dhchap-ctrl-secret",
                    "--dhchap-ctrl-secret-file",
                    "VERBENA_DHCHAP_CTRL_SECRET");

    @Option(
            names = "--transport",
            paramLabel = "TRTYPE",
            description = "Transport: rdma, which is the default and all there is.")
    @Nullable String transport;

    @Option(
            names = "--traddr",
            paramLabel = "ADDR",
            description = "Address of the target: name, IPv4 or IPv6.")
    @Nullable String traddr;

    @Option(
            names = "--trsvcid",
            converter = Port.class,
            paramLabel = "PORT",
            description = "Port of the target (default: 4420).")
    @Nullable Integer trsvcid;

    @Option(
            names = {"--nqn", "--subsysnqn"},
            paramLabel = "NQN",
            description = "Name of the subsystem.")
    @Nullable String subsystem;

    @Option(
            names = "--host-traddr",
            paramLabel = "ADDR",
            description = "Local address to connect from.")
    @Nullable String hostTraddr;

    @Option(
            names = "--hostnqn",
            paramLabel = "NQN",
            description =
                    "NQN of this host (default: /etc/nvme/hostnqn, or derived from the machine).")
    @Nullable String hostNqn;

    @Option(
            names = "--hostid",
            paramLabel = "UUID",
            description = "Identifier of this host (default: from the host NQN).")
    @Nullable UUID hostId;

    @Option(
            names = "--dhchap-secret",
            paramLabel = "SECRET",
            description = {
                "This host's secret, DHHC-1:…; better in a file, or in the variable",
                "VERBENA_DHCHAP_SECRET: other users of the machine see arguments. With it every",
                "connection is authenticated, also where the target does not ask; a target that",
                "does not go through with that is refused. Discovery controllers only if they ask."
            })
    @Nullable String dhchapSecret;

    @Option(
            names = "--dhchap-secret-file",
            paramLabel = "FILE",
            description =
                    "File that holds this host's secret; nobody else should be able to read it.")
    @Nullable Path dhchapSecretFile;

    @Option(
            names = "--dhchap-ctrl-secret",
            paramLabel = "SECRET",
            description = {
                "The controller's secret, with which it has to prove itself;",
                "better in a file, or in VERBENA_DHCHAP_CTRL_SECRET. Needs this host's secret too."
            })
    @Nullable String dhchapCtrlSecret;

    @Option(
            names = "--dhchap-ctrl-secret-file",
            paramLabel = "FILE",
            description = "File that holds the controller's secret.")
    @Nullable Path dhchapCtrlSecretFile;

    @Option(
            names = "--nr-io-queues",
            converter = Queues.class,
            paramLabel = "N",
            description = "I/O queues to ask for (default: 1; perf and demo: see there).")
    @Nullable Integer ioQueues;

    @Option(
            names = "--nr-write-queues",
            converter = MoreQueues.class,
            paramLabel = "N",
            description = "Further queues for writes (default: 0).")
    @Nullable Integer writeQueues;

    @Option(
            names = "--nr-poll-queues",
            converter = MoreQueues.class,
            paramLabel = "N",
            description = "Further queues that are polled (default: 1).")
    @Nullable Integer pollQueues;

    @Option(
            names = "--queue-size",
            converter = QueueSize.class,
            paramLabel = "N",
            description = "Entries of an I/O queue (default: 128).")
    @Nullable Integer queueSize;

    @Option(
            names = "--keep-alive-tmo",
            converter = Seconds.class,
            paramLabel = "SECONDS",
            description = "Keep-alive time-out (default: 5; 0: never).")
    @Nullable Integer keepAlive;

    @Option(
            names = "--reconnect-delay",
            converter = PositiveSeconds.class,
            paramLabel = "SECONDS",
            description = "Longest wait between attempts to connect again (default: 10).")
    @Nullable Integer reconnectDelay;

    @Option(
            names = "--ctrl-loss-tmo",
            converter = SecondsOrForever.class,
            paramLabel = "SECONDS",
            description = {
                "How long a lost controller is tried to be connected again",
                "(default: 30; -1: for ever)."
            })
    @Nullable Integer ctrlLoss;

    @Option(
            names = "--tos",
            converter = Numbers.Bits8.class,
            paramLabel = "N",
            description = "IP type of service (default: the system's).")
    @Nullable Integer tos;

    @Option(
            names = "--duplicate-connect",
            description = "Allow the same connection twice in this process.")
    @Nullable Boolean duplicateConnect;

    @Option(
            names = "--disable-sqflow",
            description = "Ask the controller to do without submission queue flow control.")
    @Nullable Boolean disableSqFlow;

    @Option(
            names = "--no-in-capsule-data",
            description = "Move all data by RDMA, also what would fit a command capsule.")
    @Nullable Boolean noInCapsuleData;

    @Option(
            names = "--memory-mode",
            paramLabel = "MODE",
            description =
                    "What the controller can reach of this host's memory: "
                            + "${COMPLETION-CANDIDATES} (default: AUTO).")
    @Nullable MemoryMode memoryMode;

    @Option(
            names = "--wait-mode",
            paramLabel = "MODE",
            description =
                    "How to wait for completions: ${COMPLETION-CANDIDATES} (default: ADAPTIVE).")
    @Nullable WaitMode waitMode;

    @Option(
            names = "--connect-tmo",
            converter = PositiveSeconds.class,
            paramLabel = "SECONDS",
            description = "Longest time for one queue to connect (default: 30).")
    @Nullable Integer connectTimeout;

    @Option(
            names = "--admin-tmo",
            converter = PositiveSeconds.class,
            paramLabel = "SECONDS",
            description = "Longest time for one admin command (default: 60).")
    @Nullable Integer adminTimeout;

    @Option(
            names = "--io-tmo",
            converter = PositiveSeconds.class,
            paramLabel = "SECONDS",
            description = "Longest time for one I/O command (default: 30).")
    @Nullable Integer ioTimeout;

    @Option(
            names = "--discovery-tmo",
            converter = PositiveSeconds.class,
            paramLabel = "SECONDS",
            description = {
                "Longest time for discovery as a whole, referrals included (default: 60);",
                "what has been read by then is shown."
            })
    @Nullable Integer discoveryTimeout;

    /// A port.
    static final class Port extends Numbers.OfInt {
        Port() {
            super(1, 65_535);
        }
    }

    /// How many queues.
    static final class Queues extends Numbers.OfInt {
        Queues() {
            super(1, 65_534);
        }
    }

    /// How many queues besides.
    static final class MoreQueues extends Numbers.OfInt {
        MoreQueues() {
            super(0, 65_534);
        }
    }

    /// How long a queue is.
    static final class QueueSize extends Numbers.OfInt {
        QueueSize() {
            super(2, 65_535);
        }
    }

    private static final int SECONDS_MAX = (int) ConnectOptions.TIMEOUT_MAX.toSeconds();

    /// A time that may be none.
    static final class Seconds extends Numbers.OfInt {
        Seconds() {
            super(0, SECONDS_MAX);
        }
    }

    /// A time.
    static final class PositiveSeconds extends Numbers.OfInt {
        PositiveSeconds() {
            super(1, SECONDS_MAX);
        }
    }

    /// A time that may be none, or have no end.
    static final class SecondsOrForever extends Numbers.OfInt {
        SecondsOrForever() {
            super(-1, SECONDS_MAX);
        }
    }

    /// Who this host is, as these options say.
    ///
    /// @throws IllegalArgumentException when a name is none
    HostIdentity host() {
        String nqn = hostNqn;
        UUID id = hostId;
        if (nqn == null) {
            HostIdentity system = HostIdentity.system();
            return id == null ? system : HostIdentity.of(system.hostNqn(), id);
        }
        return id == null ? HostIdentity.of(Nqn.of(nqn)) : HostIdentity.of(Nqn.of(nqn), id);
    }

    /// Changes options by a value, when it was given.
    private interface Change<T> {
        ConnectOptions apply(ConnectOptions options, T value);
    }

    private static <T> ConnectOptions with(
            ConnectOptions options, @Nullable T value, Change<T> change) {
        return value == null ? options : change.apply(options, value);
    }

    /// These options on top of others.
    ///
    /// @throws IllegalArgumentException when a value is out of its range
    /// @throws IOException when the local address is not known
    ConnectOptions applyTo(ConnectOptions base, Environment environment) throws IOException {
        ConnectOptions o = base;
        o = with(o, ioQueues, ConnectOptions::withIoQueues);
        o = with(o, writeQueues, ConnectOptions::withWriteQueues);
        o = with(o, pollQueues, ConnectOptions::withPollQueues);
        o = with(o, queueSize, ConnectOptions::withQueueSize);
        o = with(o, seconds(keepAlive), ConnectOptions::withKeepAliveTimeout);
        o = with(o, seconds(reconnectDelay), ConnectOptions::withReconnectDelay);
        o = with(o, seconds(ctrlLoss), ConnectOptions::withCtrlLossTimeout);
        o = with(o, tos, ConnectOptions::withTos);
        o = with(o, duplicateConnect, ConnectOptions::withDuplicateConnect);
        o = with(o, disableSqFlow, ConnectOptions::withDisableSqFlow);
        o = with(o, noInCapsuleData, (options, no) -> options.withInCapsuleData(!no));
        o = with(o, memoryMode, ConnectOptions::withMemoryMode);
        o = with(o, waitMode, ConnectOptions::withWaitMode);
        o = with(o, seconds(connectTimeout), ConnectOptions::withConnectTimeout);
        o = with(o, seconds(adminTimeout), ConnectOptions::withAdminTimeout);
        o = with(o, seconds(ioTimeout), ConnectOptions::withIoTimeout);
        o = with(o, seconds(discoveryTimeout), ConnectOptions::withDiscoveryTimeout);
        String source = hostTraddr;
        if (source != null) {
            o = o.withHostTraddr(InetAddress.getByName(source));
        }
        o =
                with(
                        o,
                        hostSecret.find(environment, dhchapSecret, dhchapSecretFile),
                        ConnectOptions::withDhchapSecret);
        ChapSecret controllers =
                controllerSecret.find(environment, dhchapCtrlSecret, dhchapCtrlSecretFile);
        if (controllers != null && o.dhchapSecret() == null) {
            throw new IllegalArgumentException(
                    "A controller's secret (--dhchap-ctrl-secret, --dhchap-ctrl-secret-file,"
                            + " VERBENA_DHCHAP_CTRL_SECRET) needs this host's as well:"
                            + " --dhchap-secret, --dhchap-secret-file or VERBENA_DHCHAP_SECRET");
        }
        return with(o, controllers, ConnectOptions::withDhchapCtrlSecret);
    }

    private static @Nullable Duration seconds(@Nullable Integer value) {
        return value == null ? null : Duration.ofSeconds(value);
    }
}
