package dev.verbena;

import dev.verbena.internal.control.AnaWatch;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.internal.control.ControllerDriver;
import dev.verbena.internal.control.NamespaceChanges;
import dev.verbena.internal.control.NamespaceGrace;
import dev.verbena.internal.control.NamespaceReader;
import dev.verbena.internal.control.NoticeHandler;
import dev.verbena.internal.control.PacedLog;
import dev.verbena.internal.control.Session;
import dev.verbena.internal.control.SessionSetup;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.Disposition;
import dev.verbena.nvme.log.AnaLog;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// What a controller's driver has done: connections made and taken down, inventories kept.
///
/// Threads: those of [ControllerDriver.Owner].
final class ControllerOwner implements ControllerDriver.Owner<Session> {
    private static final Duration SHUTDOWN_TIMEOUT_MAX = Duration.ofSeconds(30);

    /// Wait before what could not be read is looked for again: doubles from the first to the
    /// longest.
    private static final Duration LOOK_FIRST = Duration.ofSeconds(1);

    private static final Duration LOOK_LONGEST = Duration.ofMinutes(5);

    private static final System.Logger LOG = System.getLogger("dev.verbena");

    /// What has to follow the connection; the controller.
    interface Users {
        /// Connects what a new connection needs besides its admin queue, on the connection's
        /// thread.
        void prepare(Session session) throws IOException;

        /// Commands under way end, requests wait; quick.
        void suspend(Session session, FabricFailure why);

        /// What the queues of the connection still do is waited for, for as long as it is bounded.
        void release(Session session, boolean orderly);

        /// Requests that wait are sent; quick.
        void resume(Session session);

        void failRequests(String reason);

        /// There will be no other connection, and nobody has closed the controller. On a thread of
        /// its own.
        void givenUp();

        /// What the controller has now, to be taken in before this returns.
        ///
        /// @param mayComeBack whether a namespace that is not there is waited for
        void inventory(NamespaceReader.Reading now, boolean mayComeBack);

        /// Nobody knows what these namespace ids stand for until the next inventory.
        void unknown(IntPredicate ids);

        /// Whether a namespace is waited for; quick.
        boolean awaitsNamespaces();

        /// Namespaces that are waited for have not come back in time.
        ///
        /// @param forGood whether the wait is over; else requests to them fail meanwhile
        void stillAway(boolean forGood);

        /// The discovery log has to be read.
        void discoveryLogChanged(Session session) throws IOException;

        void tell(ControllerEvent event);
    }

    private final Transport transport;
    private final AssociationParameters parameters;
    private final ControlRuntime runtime;
    private final Users users;
    private final ControllerDriver<Session> driver;
    private final NamespaceGrace grace;
    private final AtomicReference<@Nullable FabricFailure> lastFailure = new AtomicReference<>();

    /// Held while the namespaces are read, so that what is read later also counts later.
    private final ReentrantLock scanning = new ReentrantLock();

    /// Connections on which something is looked for again; guarded by itself, as is what follows.
    private final Set<Session> looks = new HashSet<>();

    private Duration nextLook = LOOK_FIRST;

    private volatile @Nullable Session current;

    /// Only where the driver tells of changes, one after the other.
    private boolean lossLogged;

    private volatile List<Namespace> namespaces = List.of();

    /// What belongs to the connection that was made last, and to the one in use.
    private volatile @Nullable Reactions made;

    private volatile @Nullable Reactions inUse;

    private final PacedLog ignoredLog;
    private final PacedLog lossLog;

    /// What follows from what the controller says on one connection.
    private record Reactions(Session session, NoticeHandler notices, AnaWatch ana) {}

    ControllerOwner(
            Transport transport,
            AssociationParameters parameters,
            ControlRuntime runtime,
            Users users) {
        this.transport = transport;
        this.parameters = parameters;
        this.runtime = runtime;
        this.users = users;
        this.ignoredLog =
                new PacedLog(
                        LOG,
                        runtime,
                        "what is not used",
                        line -> users.tell(new ControllerEvent.Ignored(line)));
        this.lossLog = new PacedLog(LOG, runtime, "losses");
        this.grace = new NamespaceGrace(parameters.options(), runtime, new Absent());
        this.driver =
                new ControllerDriver<>(transport.address(), parameters.options(), runtime, this);
    }

    ControllerDriver<Session> driver() {
        return driver;
    }

    /// The connection, or the last one there was; null before the first.
    @Nullable Session current() {
        return current;
    }

    List<Namespace> namespaces() {
        return namespaces;
    }

    Optional<AnaLog> ana() {
        Reactions now = inUse;
        return now == null ? Optional.empty() : now.ana().log();
    }

    @Override
    public Session connect(int connection) throws IOException {
        // Takes events before there is a session: lost, one would stay masked, because nobody would
        // read its log page.
        NoticeHandler notices = new NoticeHandler(runtime);
        Unread unread = new Unread();
        SessionSetup setUp =
                new SessionSetup(
                        connection,
                        transport,
                        parameters,
                        failure -> {
                            lastFailure.set(failure);
                            driver.lost(connection, failure.message());
                        },
                        notices::add,
                        unread);
        Session session = setUp.run();
        AnaWatch ana = new AnaWatch(runtime, session, new AnaChanges(session, notices));
        try {
            if (!ana.readFirst()) {
                notices.readAnaLog();
            }
            scanning.lock();
            try {
                inventory(
                        new NamespaceReader.Reading(session.namespaces(), Set.of()),
                        grace.isOffered());
            } finally {
                scanning.unlock();
            }
            users.prepare(session);
            if (notices.announcesNamespaces()) {
                // Before anything is sent; what came with it is handled once more as any event.
                read(session, grace.isOffered(), true);
            }
        } catch (Throwable e) {
            takeDownUnused(session);
            throw e;
        }
        made = new Reactions(session, notices, ana);
        synchronized (looks) {
            nextLook = LOOK_FIRST;
        }
        notices.begin(session, new Notices(session, notices, ana));
        lookAgain(session, unread);
        return session;
    }

    /// Its I/O queues may stand already.
    private void takeDownUnused(Session session) {
        try {
            users.release(session, false);
        } finally {
            session.end();
            session.association().close();
        }
    }

    /// What one reading has left out.
    private final class Unread implements NamespaceReader.LeftOut {
        private boolean forNow;

        @Override
        public void tell(String message, boolean mayComeBack) {
            forNow |= mayComeBack;
            ignored(message);
        }

        @Override
        public void unknown(Set<Integer> ids) {
            forNow = true;
            users.unknown(ids::contains);
        }
    }

    /// What could not be read now is announced by nobody later: it is looked for, less and less
    /// often.
    private void lookAgain(Session session, Unread unread) {
        synchronized (looks) {
            if (!unread.forNow) {
                nextLook = LOOK_FIRST;
            } else if (looks.add(session)) {
                runtime.schedule(nextLook, () -> look(session));
                Duration doubled = nextLook.multipliedBy(2);
                nextLook = doubled.compareTo(LOOK_LONGEST) > 0 ? LOOK_LONGEST : doubled;
            }
        }
    }

    private void look(Session session) {
        synchronized (looks) {
            looks.remove(session);
        }
        Reactions now = inUse;
        if (now != null && now.session() == session) {
            now.notices().rescan();
        }
    }

    private void ignored(String message) {
        if (ignoredLog.log(System.Logger.Level.WARNING, message)) {
            users.tell(new ControllerEvent.Ignored(message));
        }
    }

    /// Only by who holds [#scanning].
    private void inventory(NamespaceReader.Reading reading, boolean mayComeBack) {
        List<Namespace> now = reading.namespaces();
        NamespaceChanges changes = NamespaceChanges.between(namespaces, now);
        namespaces = now;
        if (current == null) {
            return;
        }
        // Also where nothing has changed since the last one: devices compare with what they know.
        users.inventory(reading, mayComeBack);
        if (!changes.isEmpty()) {
            users.tell(
                    new ControllerEvent.NamespacesChanged(
                            changes.removed(), changes.added(), changes.changed(), now));
        }
    }

    /// Reads the namespaces again.
    List<Namespace> rescan(Session session) throws IOException {
        return read(session, false, false);
    }

    /// @param announced whether something has changed: what cannot be read then is unknown
    private List<Namespace> read(Session session, boolean mayComeBack, boolean announced)
            throws IOException {
        boolean waited = users.awaitsNamespaces();
        Unread unread = new Unread();
        scanning.lock();
        try {
            List<Namespace> known = session == current ? namespaces : List.of();
            inventory(NamespaceReader.read(session.calls(), known, unread), mayComeBack);
            return namespaces;
        } catch (Throwable e) {
            if (announced && session == current) {
                unread.forNow = true;
                users.unknown(id -> true);
            }
            throw e;
        } finally {
            scanning.unlock();
            lookAgain(session, unread);
            if (!waited) {
                watchUnknown();
            }
        }
    }

    /// Requests that wait because of what could not be read are not to wait for the next event.
    private void watchUnknown() {
        Session now = current;
        if (now != null) {
            grace.begin(now);
        }
    }

    @Override
    public void resume(Session session) {
        current = session;
        Reactions now = made;
        Reactions before = inUse;
        if (now != null && now.session() == session) {
            inUse = now;
            now.ana().begin(before == null ? null : before.ana());
        }
        users.resume(session);
        grace.begin(session);
    }

    @Override
    public void suspend(Session session, String reason) {
        endReactions(session);
        FabricFailure failure = lastFailure.get();
        if (failure == null || !failure.message().equals(reason)) {
            failure = new FabricFailure(FabricFailure.Kind.DISCONNECTED, reason);
        }
        users.suspend(session, failure);
    }

    private void endReactions(Session session) {
        Reactions now = inUse;
        if (now != null && now.session() == session) {
            now.ana().end();
        }
    }

    @Override
    public void tearDown(Session session, boolean askReset, boolean askShutdown) {
        try {
            endReactions(session);
            users.release(session, askShutdown);
        } finally {
            // The admin queue has a thread, and keeps the controller alive until it is closed.
            session.end();
            end(session, askReset, askShutdown);
        }
    }

    private static void end(Session session, boolean askReset, boolean askShutdown) {
        if (askShutdown) {
            Duration wanted = session.shutdownTimeout();
            session.association()
                    .close(
                            wanted.compareTo(SHUTDOWN_TIMEOUT_MAX) > 0
                                    ? SHUTDOWN_TIMEOUT_MAX
                                    : wanted);
            return;
        }
        if (askReset) {
            session.association().disable();
        }
        session.association().abandon();
    }

    @Override
    public void failRequests(String reason) {
        users.failRequests(reason);
    }

    @Override
    public void finish(@Nullable String reason) {
        Session last = current;
        if (last != null) {
            last.end();
        }
        if (reason != null) {
            users.givenUp();
        }
    }

    @Override
    public void changed(ControllerStatus status) {
        log(status);
        users.tell(new ControllerEvent.StateChanged(status));
    }

    /// Whoever has no listener finds the losses in the log; the attempts in between are for
    /// listeners only.
    private void log(ControllerStatus status) {
        boolean live = status.state() == ControllerState.LIVE;
        boolean dead = status.state() == ControllerState.DEAD;
        if (status.state() == ControllerState.RESETTING && !lossLogged) {
            lossLogged = true;
            lossLog.log(
                    System.Logger.Level.WARNING,
                    "The connection to "
                            + parameters.subsystem()
                            + " ends: "
                            + status.reason().orElse("no reason is known"));
        } else if (lossLogged && (live || dead)) {
            lossLogged = false;
            lossLog.log(
                    live ? System.Logger.Level.INFO : System.Logger.Level.WARNING,
                    parameters.subsystem() + (live ? " is connected again" : " is " + status));
        }
    }

    /// The delay that belongs to the status, from what the controller said when it was live.
    @Override
    public long retryDelayNanos(IOException e) {
        Session last = current;
        int index =
                switch (e) {
                    case ConnectStatusException status -> status.status().retryDelayIndex();
                    case NvmeException status -> status.status().retryDelayIndex();
                    default -> 0;
                };
        return last == null || index == 0
                ? 0
                : Duration.ofMillis(last.identify().commandRetryDelayMillis(index)).toNanos();
    }

    /// A queue, a device or an event said that the connection is gone.
    void lost(Session session, FabricFailure failure) {
        if (failure.kind() == FabricFailure.Kind.CLOSED) {
            return;
        }
        lastFailure.set(failure);
        driver.lost(session.connection(), failure.message());
    }

    /// A command was answered in a way that says that something else has changed too. What has
    /// changed may have been announced or not: it is looked at, at the pace of announcements.
    void followUp(Session session, Disposition.FollowUp what) {
        Reactions now = inUse;
        if (now == null || now.session() != session) {
            return;
        }
        switch (what) {
            case RESCAN_NAMESPACES -> now.notices().rescan();
            case READ_ANA_LOG -> now.notices().readAnaLog();
            case READ_DISCOVERY_LOG -> now.notices().readDiscoveryLog();
            // What breaks the connection does so where the status is seen.
            case NONE, RECONNECT, REAUTHENTICATE -> {}
        }
    }

    /// What follows from the ANA log of one connection.
    private final class AnaChanges implements AnaWatch.Owner {
        private final Session session;
        private final NoticeHandler notices;

        private AnaChanges(Session session, NoticeHandler notices) {
            this.session = session;
            this.notices = notices;
        }

        @Override
        public void changed(AnaLog log) {
            users.tell(new ControllerEvent.AnaChanged(log));
        }

        @Override
        public void ignored(String message) {
            ControllerOwner.this.ignored(message);
        }

        @Override
        public void lookAgain() {
            notices.readAnaLog();
        }

        @Override
        public void stuck(String message) {
            lost(session, new FabricFailure(FabricFailure.Kind.DISCONNECTED, message));
        }
    }

    /// What is done about namespaces that devices wait for.
    private final class Absent implements NamespaceGrace.Owner {
        @Override
        public boolean isOver(Session session) {
            return session != current || session.isEnding() || !users.awaitsNamespaces();
        }

        @Override
        public void look(Session session) throws IOException {
            rescan(session);
        }

        @Override
        public void stillAway(boolean forGood) {
            users.stillAway(forGood);
        }
    }

    /// What follows from the events of one connection.
    private final class Notices implements NoticeHandler.Owner {
        private final Session session;
        private final NoticeHandler notices;
        private final AnaWatch ana;

        private Notices(Session session, NoticeHandler notices, AnaWatch ana) {
            this.session = session;
            this.notices = notices;
            this.ana = ana;
        }

        @Override
        public void rescan() throws IOException {
            read(session, false, true);
            if (ana.isReported() && knowsNotAllGroups()) {
                // A namespace can arrive in a group that no event has announced.
                notices.readAnaLog();
            }
        }

        private boolean knowsNotAllGroups() {
            Set<Long> known = new HashSet<>();
            ana.log().ifPresent(log -> log.groups().forEach(group -> known.add(group.id())));
            return namespaces.stream()
                    .anyMatch(namespace -> !known.contains(namespace.identify().anaGroupId()));
        }

        @Override
        public void anaChanged() throws IOException {
            ana.read();
        }

        @Override
        public void discoveryLogChanged() throws IOException {
            users.discoveryLogChanged(session);
        }

        @Override
        public void persistentError(String message) {
            lost(session, new FabricFailure(FabricFailure.Kind.DISCONNECTED, message));
        }

        @Override
        public void notice(AsynchronousEvent event) {
            users.tell(new ControllerEvent.Notice(event));
        }
    }
}
