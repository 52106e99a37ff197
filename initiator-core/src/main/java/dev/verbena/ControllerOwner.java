package dev.verbena;

import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.internal.control.ControllerDriver;
import dev.verbena.internal.control.ImpossibleAnswerException;
import dev.verbena.internal.control.NamespaceChanges;
import dev.verbena.internal.control.NamespaceReader;
import dev.verbena.internal.control.NoticeHandler;
import dev.verbena.internal.control.Session;
import dev.verbena.internal.control.SessionSetup;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.AnaState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What a controller's driver has done: connections made and taken down, inventories kept.
///
/// Threads: those of [ControllerDriver.Owner].
final class ControllerOwner implements ControllerDriver.Owner<Session> {
    private static final Duration SHUTDOWN_TIMEOUT_MAX = Duration.ofSeconds(30);

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

        void namespacesChanged(NamespaceChanges changes, List<Namespace> now);

        /// The discovery log has to be read.
        void discoveryLogChanged(Session session) throws IOException;

        void tell(ControllerEvent event);
    }

    private final Transport transport;
    private final AssociationParameters parameters;
    private final ControlRuntime runtime;
    private final Users users;
    private final ControllerDriver<Session> driver;
    private final AtomicReference<@Nullable FabricFailure> lastFailure = new AtomicReference<>();

    /// Held while the namespaces are read, so that what is read later also counts later.
    private final ReentrantLock scanning = new ReentrantLock();

    private volatile @Nullable Session current;

    /// Only where the driver tells of changes, one after the other.
    private boolean lossLogged;

    private volatile List<Namespace> namespaces = List.of();
    private volatile Optional<AnaLog> ana = Optional.empty();

    ControllerOwner(
            Transport transport,
            AssociationParameters parameters,
            ControlRuntime runtime,
            Users users) {
        this.transport = transport;
        this.parameters = parameters;
        this.runtime = runtime;
        this.users = users;
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
        return ana;
    }

    @Override
    public Session connect(int connection) throws IOException {
        EarlyEvents events = new EarlyEvents();
        SessionSetup setUp =
                new SessionSetup(
                        connection,
                        transport,
                        parameters,
                        failure -> {
                            lastFailure.set(failure);
                            driver.lost(connection, failure.message());
                        },
                        events::add,
                        this::ignored);
        Session session = setUp.run();
        try {
            if (hasAna(session.identify())) {
                ana = readAna(session);
            }
            scanning.lock();
            try {
                inventory(session.namespaces());
            } finally {
                scanning.unlock();
            }
            users.prepare(session);
        } catch (Throwable e) {
            session.association().close();
            throw e;
        }
        events.passTo(new NoticeHandler(runtime, session, new Notices(session)));
        return session;
    }

    /// Keeps what a controller reports before there is a session. Lost, an event would stay masked,
    /// because nobody would read its log page.
    private static final class EarlyEvents {
        private final List<AsynchronousEvent> early = new ArrayList<>();
        private @Nullable NoticeHandler handler;

        synchronized void add(AsynchronousEvent event) {
            if (handler != null) {
                handler.add(event);
            } else if (!early.contains(event) && early.size() < NoticeHandler.WAITING_MAX) {
                early.add(event);
            }
        }

        synchronized void passTo(NoticeHandler handler) {
            this.handler = handler;
            early.forEach(handler::add);
        }
    }

    /// A log that contradicts itself is worth nothing; the namespaces are usable without.
    private Optional<AnaLog> readAna(Session session) throws IOException {
        try {
            return Optional.of(session.calls().anaLog(session.identify()));
        } catch (ImpossibleAnswerException e) {
            ignored("The ANA log is not used. " + e.getMessage());
            return Optional.empty();
        }
    }

    private void ignored(String message) {
        LOG.log(System.Logger.Level.WARNING, message);
        users.tell(new ControllerEvent.Ignored(message));
    }

    private static boolean hasAna(IdentifyController identify) {
        return identify.asymmetricAccessReporting();
    }

    /// Only by who holds [#scanning].
    private void inventory(List<Namespace> now) {
        NamespaceChanges changes = NamespaceChanges.between(namespaces, now);
        namespaces = now;
        if (current != null && !changes.isEmpty()) {
            users.namespacesChanged(changes, now);
            users.tell(
                    new ControllerEvent.NamespacesChanged(
                            changes.removed(), changes.added(), changes.changed(), now));
        }
    }

    /// Reads the namespaces again.
    List<Namespace> rescan(Session session) throws IOException {
        scanning.lock();
        try {
            inventory(NamespaceReader.read(session.calls(), this::ignored));
            return namespaces;
        } finally {
            scanning.unlock();
        }
    }

    @Override
    public void resume(Session session) {
        current = session;
        users.resume(session);
    }

    @Override
    public void suspend(Session session, String reason) {
        FabricFailure failure = lastFailure.get();
        if (failure == null || !failure.message().equals(reason)) {
            failure = new FabricFailure(FabricFailure.Kind.DISCONNECTED, reason);
        }
        users.suspend(session, failure);
    }

    @Override
    public void tearDown(Session session, boolean askReset, boolean askShutdown) {
        users.release(session, askShutdown);
        session.end();
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
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The connection to "
                            + parameters.subsystem()
                            + " ends: "
                            + status.reason().orElse("no reason is known"));
        } else if (lossLogged && (live || dead)) {
            lossLogged = false;
            LOG.log(
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

    /// What follows from the events of one connection.
    private final class Notices implements NoticeHandler.Owner {
        private final Session session;

        private Notices(Session session) {
            this.session = session;
        }

        @Override
        public void rescan() throws IOException {
            ControllerOwner.this.rescan(session);
            if (hasAna(session.identify()) && knowsNotAllGroups()) {
                // A namespace can arrive in a group that no event has announced.
                anaChanged();
            }
        }

        private boolean knowsNotAllGroups() {
            return namespaces.stream()
                    .anyMatch(namespace ->
                            ana.stream()
                                    .flatMap(log -> log.groups().stream())
                                    .noneMatch(group ->
                                            group.id() == namespace.identify().anaGroupId()));
        }

        @Override
        public void anaChanged() throws IOException {
            ana = readAna(session);
            ana.ifPresent(this::anaRead);
        }

        private void anaRead(AnaLog log) {
            users.tell(new ControllerEvent.AnaChanged(log));
            if (isInTransition(log)) {
                // Twice the time the controller claims to need, as Linux waits.
                Duration patience =
                        Duration.ofSeconds(2L * session.identify().anaTransitionSeconds());
                if (!patience.isZero()) {
                    runtime.schedule(patience, this::checkTransition);
                }
            }
        }

        private void checkTransition() {
            Optional<AnaLog> now = ana;
            if (session == current && now.isPresent() && isInTransition(now.get())) {
                persistentError("an ANA group stays in transition longer than ANATT allows");
            }
        }

        private static boolean isInTransition(AnaLog log) {
            return log.groups().stream().anyMatch(group -> group.state() == AnaState.CHANGE);
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
