package dev.verbena;

import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// Reads the discovery log of a controller and those it refers to, several at a time, each once, to
/// the end or to the end of its time. What it has found by then is a tree; what it could not read
/// stands in it with the reason.
///
/// The tree is put together at the end, from the controller that was asked outwards: it does not
/// depend on who answered first.
///
/// Threads: any; used once.
final class DiscoveryWalk {
    /// Referrals that are followed one after the other.
    static final int DEPTH_MAX = 8;

    /// Discovery controllers that are asked.
    static final int CONTROLLER_COUNT_MAX = 256;

    /// Discovery controllers that are asked at the same time.
    static final int PARALLEL_MAX = 8;

    /// Entries of all logs together.
    static final int ENTRY_COUNT_MAX = 65_536;

    /// Reads one log.
    interface Reader {
        DiscoveryLog read(Target target, Nqn name) throws IOException;
    }

    /// A discovery service: by its place and its name, which is unique for some.
    private record Key(Target target, Nqn name) {}

    /// A service that is asked, or was.
    private static final class Node {
        private final Key key;
        private int depth;
        private ControlRuntime.@Nullable Handle handle;
        private @Nullable DiscoveryLog log;
        private @Nullable Exception failure;

        Node(Key key, int depth) {
            this.key = key;
            this.depth = depth;
        }
    }

    /// A place in the tree.
    private record Branch(
            Target target,
            @Nullable DiscoveryEntry entry,
            int depth,
            @Nullable Node node,
            List<Branch> referrals) {}

    private final ControlRuntime runtime;
    private final Reader reader;
    private final Duration limit;
    private final boolean follow;
    private final Map<Key, Node> nodes = new HashMap<>();
    private final Deque<Node> waiting = new ArrayDeque<>();
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private int controllerCount;
    private int entryCount;
    private int running;

    /// Why it ended early.
    private @Nullable Exception end;

    /// @param follow whether referrals are followed
    DiscoveryWalk(ControlRuntime runtime, Reader reader, Duration limit, boolean follow) {
        this.runtime = runtime;
        this.reader = reader;
        this.limit = limit;
        this.follow = follow;
    }

    /// Completes when nothing of it runs any more; with an early end that is after [#run] returned.
    CompletableFuture<Void> released() {
        return released;
    }

    /// Walks. When the calling thread is interrupted it remains so, and that is the failure of what
    /// has not been read.
    DiscoveryTree run(Target target) {
        Node root = new Node(new Key(target, Nqn.DISCOVERY), 0);
        ControlRuntime.Handle timer =
                runtime.schedule(
                        limit,
                        () ->
                                end(
                                        new ConnectTimeoutException(
                                                target.toString(),
                                                0,
                                                "Discovery at "
                                                        + target
                                                        + " was ended after "
                                                        + limit.toSeconds()
                                                        + " s (discoveryTimeout)",
                                                null)));
        add(root);
        startWaiting();
        try {
            finished.get();
        } catch (InterruptedException e) {
            end(new InterruptedIOException("Interrupted during discovery at " + target));
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            timer.cancel();
        }
        return tree(root);
    }

    /// Ends it early: what has not been read by now has this failure.
    synchronized void end(Exception why) {
        if (end != null || finished.isDone()) {
            return;
        }
        end = why;
        waiting.clear();
        for (Node node : nodes.values()) {
            if (node.handle != null) {
                node.handle.cancel();
            }
        }
        finishIfDone();
    }

    private synchronized void add(Node node) {
        nodes.put(node.key, node);
        controllerCount++;
        waiting.add(node);
    }

    private synchronized void startWaiting() {
        while (end == null && running < PARALLEL_MAX && !waiting.isEmpty()) {
            Node next = waiting.remove();
            running++;
            try {
                next.handle = runtime.start("discovery", () -> ask(next));
            } catch (RuntimeException | OutOfMemoryError e) {
                // There is no thread at this moment.
                running--;
                next.failure = failure(next, e);
            }
        }
        finishIfDone();
    }

    private void finishIfDone() {
        boolean over = running == 0 && waiting.isEmpty();
        if (over || end != null) {
            finished.complete(null);
        }
        if (over) {
            released.complete(null);
        }
    }

    private void ask(Node node) {
        DiscoveryLog log = null;
        Exception failure = new IOException("Discovery at " + node.key.target() + " did not end");
        try {
            log = reader.read(node.key.target(), node.key.name());
        } catch (IOException | RuntimeException e) {
            failure = e;
        } catch (OutOfMemoryError e) {
            failure = failure(node, e);
        } finally {
            answered(node, log, failure);
        }
    }

    private static Exception failure(Node node, Throwable cause) {
        return new IOException("Discovery at " + node.key.target() + " failed: " + cause, cause);
    }

    private synchronized void answered(Node node, @Nullable DiscoveryLog log, Exception failure) {
        running--;
        node.handle = null;
        if (end == null && log == null) {
            node.failure = failure;
        } else if (end == null && log != null) {
            entryCount += log.entries().size();
            if (entryCount > ENTRY_COUNT_MAX) {
                entryCount -= log.entries().size();
                node.failure =
                        new IOException(
                                "The log at "
                                        + node.key.target()
                                        + " is left out: the logs together have more than "
                                        + ENTRY_COUNT_MAX
                                        + " entries");
            } else {
                node.log = log;
                expand(node, log);
            }
        }
        startWaiting();
    }

    /// Goes where a log refers to.
    private void expand(Node node, DiscoveryLog log) {
        int depth = node.depth + 1;
        for (DiscoveryEntry entry : log) {
            ownName(node, entry);
            Key key = follow && isFollowed(entry) ? key(entry) : null;
            Node known = key == null ? null : nodes.get(key);
            if (known != null && depth < known.depth) {
                // Somebody who answered later knows a shorter way.
                known.depth = depth;
                if (known.log != null) {
                    expand(known, known.log);
                }
            } else if (key != null
                    && known == null
                    && depth <= DEPTH_MAX
                    && controllerCount < CONTROLLER_COUNT_MAX) {
                add(new Node(key, depth));
            }
        }
    }

    /// A log may tell the unique name of the service it comes from.
    private void ownName(Node node, DiscoveryEntry entry) {
        if (entry.subsystemType() == DiscoveryEntry.SUBSYSTEM_CURRENT_DISCOVERY) {
            Key key = key(entry);
            if (key != null && key.target().equals(node.key.target())) {
                nodes.putIfAbsent(key, node);
            }
        }
    }

    /// Whether an entry refers to another discovery service that may know something new.
    static boolean isFollowed(DiscoveryEntry entry) {
        return entry.isReferral()
                && entry.transportType() == DiscoveryEntry.TRANSPORT_RDMA
                && !entry.isDuplicate();
    }

    private static @Nullable Key key(DiscoveryEntry entry) {
        try {
            String name = entry.subsystemNqn();
            return new Key(Target.of(entry), name.isBlank() ? Nqn.DISCOVERY : Nqn.of(name));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private synchronized DiscoveryTree tree(Node root) {
        List<Branch> order = new ArrayList<>();
        Set<Node> placed = new HashSet<>(Set.of(root));
        Set<Key> beyond = new HashSet<>();
        order.add(new Branch(root.key.target(), null, 0, root, new ArrayList<>()));
        for (int i = 0; i < order.size(); i++) {
            Branch branch = order.get(i);
            DiscoveryLog log = branch.node() == null ? null : branch.node().log;
            for (DiscoveryEntry entry : log == null || !follow ? List.<DiscoveryEntry>of() : log) {
                Key key = isFollowed(entry) ? key(entry) : null;
                Node node = key == null ? null : nodes.get(key);
                if (key != null && (node == null ? beyond.add(key) : placed.add(node))) {
                    Branch next =
                            new Branch(
                                    key.target(),
                                    entry,
                                    branch.depth() + 1,
                                    node,
                                    new ArrayList<>());
                    branch.referrals().add(next);
                    order.add(next);
                }
            }
        }
        return tree(order.getFirst());
    }

    /// Recurses as deep as referrals are followed.
    private DiscoveryTree tree(Branch branch) {
        Node node = branch.node();
        DiscoveryLog log = node == null ? null : node.log;
        Exception failure = node == null ? notAsked(branch) : node.failure;
        if (failure == null && log == null) {
            failure = end;
        }
        return new DiscoveryTree(
                branch.target(),
                Optional.ofNullable(branch.entry()),
                Optional.ofNullable(log),
                Optional.ofNullable(failure),
                branch.referrals().stream().map(this::tree).toList());
    }

    private static IOException notAsked(Branch branch) {
        return new IOException(
                "The discovery controller at "
                        + branch.target()
                        + " was not asked: "
                        + (branch.depth() > DEPTH_MAX
                                ? "referrals are followed " + DEPTH_MAX + " deep"
                                : "at most "
                                        + CONTROLLER_COUNT_MAX
                                        + " discovery controllers are asked"));
    }
}
