package dev.verbena.cli;

import dev.verbena.ConnectOptions;
import dev.verbena.ControllerState;
import dev.verbena.DiscoveryFlag;
import dev.verbena.DiscoveryLog;
import dev.verbena.DiscoverySession;
import dev.verbena.Initiator;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.TargetOptions;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `verbena discover`: prints a discovery log, or a tree of them, or each that comes.
@Command(
        name = "discover",
        description = "Print the discovery log of the discovery controller at an address.")
final class DiscoverCommand implements Callable<Integer> {
    @Mixin private TargetOptions target = new TargetOptions();

    @Mixin private Output output = new Output();

    @ArgGroup private @Nullable Way way;

    @Option(
            names = "--changes",
            converter = Numbers.Count.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "With --watch: end after this many changes (default: never).")
    private int changes;

    @Option(
            names = "--extended",
            description = "Ask for entries with attributes, such as symbolic names.")
    private boolean extended;

    @Option(names = "--port-local", description = "Ask for what this port of the target offers.")
    private boolean portLocal;

    @Option(
            names = "--all-subsystems",
            description = "Ask for all subsystems, also those this host may not use.")
    private boolean allSubsystems;

    /// More than one log.
    private static final class Way {
        @Option(names = "--tree", description = "Follow the referrals and show them as a tree.")
        private boolean tree;

        @Option(
                names = "--watch",
                description = "Stay connected and print the log again whenever it changes.")
        private boolean watch;
    }

    @Override
    public Integer call() throws IOException {
        ConnectOptions options = target.connectOptions();
        DiscoveryFlag[] flags = flags();
        try (Initiator initiator = target.open()) {
            if (way != null && way.watch) {
                watch(initiator, options, flags);
            } else if (way != null && way.tree) {
                DiscoveryPages.Tree tree =
                        new DiscoveryPages.Tree(
                                initiator.discoverTree(target.target(), options, flags));
                output.print(tree, null);
                tree.requireRoot();
            } else {
                DiscoveryLog log = initiator.discover(target.target(), options, flags);
                output.print(new DiscoveryPages.Log(log), null);
            }
        }
        return 0;
    }

    private DiscoveryFlag[] flags() {
        List<DiscoveryFlag> flags = new ArrayList<>();
        if (extended) {
            flags.add(DiscoveryFlag.EXTENDED_ENTRIES);
        }
        if (portLocal) {
            flags.add(DiscoveryFlag.PORT_LOCAL);
        }
        if (allSubsystems) {
            flags.add(DiscoveryFlag.ALL_SUBSYSTEMS);
        }
        return flags.toArray(DiscoveryFlag[]::new);
    }

    private void watch(Initiator initiator, ConnectOptions options, DiscoveryFlag... flags)
            throws IOException {
        BlockingQueue<DiscoveryLog> logs = new LinkedBlockingQueue<>();
        try (DiscoverySession session =
                initiator.openDiscovery(
                        target.target(), options, (source, log) -> logs.add(log), flags)) {
            output.print(new DiscoveryPages.Log(session.log()), null);
            ControllerState shown = session.status().state();
            int seen = 0;
            while (changes <= 0 || seen < changes) {
                DiscoveryLog log = logs.poll(1, TimeUnit.SECONDS);
                if (log != null) {
                    seen++;
                    output.err()
                            .println("changed at " + Instant.now().truncatedTo(ChronoUnit.SECONDS));
                    output.print(new DiscoveryPages.Log(log), null);
                }
                shown = tellState(session, shown);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while watching");
        }
    }

    /// Tells when the connection comes or goes.
    ///
    /// @throws IOException when it has been given up
    private ControllerState tellState(DiscoverySession session, ControllerState shown)
            throws IOException {
        ControllerState state = session.status().state();
        if (state != shown) {
            output.err().println(session.status().toString());
        }
        if (state == ControllerState.DEAD) {
            throw new IOException("The discovery controller was given up: " + session.status());
        }
        return state;
    }
}
