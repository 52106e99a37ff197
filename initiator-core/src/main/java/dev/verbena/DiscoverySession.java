package dev.verbena;

import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.internal.control.NamespaceReader;
import dev.verbena.internal.control.Session;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.nvme.Disposition;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A lasting connection to a discovery controller: kept alive, made again when it is lost, its log
/// read again whenever the controller says that it changed.
///
/// It is the only reader of that log page on its connection, so no change goes unnoticed.
///
/// Threads: any.
public final class DiscoverySession implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.verbena");

    private final Target target;
    private final Transport transport;
    private final ControlRuntime runtime;
    private final Set<DiscoveryFlag> flags;
    private final DiscoveryListener listener;
    private final ControllerOwner owner;
    private final Consumer<DiscoverySession> onClose;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile @Nullable DiscoveryLog log;
    private boolean released;

    private DiscoverySession(
            Target target,
            Transport transport,
            AssociationParameters parameters,
            ControlRuntime runtime,
            Set<DiscoveryFlag> flags,
            DiscoveryListener listener,
            Consumer<DiscoverySession> onClose) {
        this.target = target;
        this.transport = transport;
        this.runtime = runtime;
        this.flags = Set.copyOf(flags);
        this.listener = listener;
        this.onClose = onClose;
        this.owner = new ControllerOwner(transport, parameters, runtime, new Users());
    }

    /// Connects, and reads the log for the first time.
    ///
    /// @param transport the session's from now on
    /// @param onOpen told before anything is connected; what it throws ends that
    /// @param onClose told when the session is closed, or could not be opened
    static DiscoverySession open(
            Target target,
            Transport transport,
            AssociationParameters parameters,
            ControlRuntime runtime,
            Set<DiscoveryFlag> flags,
            DiscoveryListener listener,
            Consumer<DiscoverySession> onOpen,
            Consumer<DiscoverySession> onClose)
            throws IOException {
        DiscoverySession session =
                new DiscoverySession(
                        target, transport, parameters, runtime, flags, listener, onClose);
        try {
            // Before there is anything to leave behind.
            onOpen.accept(session);
        } catch (RuntimeException e) {
            transport.close();
            throw e;
        }
        try {
            session.owner.driver().open().get();
            session.refresh();
            return session;
        } catch (InterruptedException e) {
            session.close();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while connecting");
        } catch (ExecutionException e) {
            session.close();
            throw e.getCause() instanceof IOException io
                    ? io
                    : new IOException("Connecting failed", e.getCause());
        } catch (IOException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /// Where the controller was connected.
    public Target target() {
        return target;
    }

    /// The log as it was last read.
    public DiscoveryLog log() {
        DiscoveryLog last = log;
        if (last == null) {
            throw new IllegalStateException("The log has not been read");
        }
        return last;
    }

    /// What the connection is doing.
    public ControllerStatus status() {
        return owner.driver().status();
    }

    /// The name of the controller's own subsystem: unique where the controller has one, else the
    /// well-known discovery name.
    public String subsystemNqn() {
        Session session = owner.current();
        return session == null ? "" : session.identify().subsystemNqn();
    }

    /// Reads the log now.
    ///
    /// @throws IOException when the controller is not connected, or the log cannot be read
    public DiscoveryLog refresh() throws IOException {
        Session session = owner.current();
        if (session == null) {
            throw new ConnectionLostException("The discovery controller was never connected");
        }
        return read(session);
    }

    /// One reader at a time: two would take each other's events.
    private DiscoveryLog read(Session session) throws IOException {
        reading.lock();
        try {
            DiscoveryLog now = Discoverer.read(session.association(), target, flags);
            DiscoveryLog before = log;
            log = now;
            if (before != null && !before.equals(now)) {
                runtime.deliver(() -> tell(now));
            }
            return now;
        } finally {
            reading.unlock();
        }
    }

    private void tell(DiscoveryLog now) {
        try {
            listener.onChange(this, now);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "A listener of " + this + " failed", e);
        }
    }

    /// Disconnects. Idempotent, bounded.
    @Override
    public void close() {
        owner.driver().close().join();
        synchronized (this) {
            if (released) {
                return;
            }
            released = true;
        }
        try {
            transport.close();
        } finally {
            // Who keeps a list of what is open must not keep this for ever.
            onClose.accept(this);
        }
    }

    /// The address and the state.
    @Override
    public String toString() {
        return "discovery at " + target + " (" + status() + ")";
    }

    private final class Users implements ControllerOwner.Users {
        @Override
        public void suspend(Session session, FabricFailure why) {
            session.suspend(why);
        }

        @Override
        public void release(Session session, boolean orderly) {}

        @Override
        public void prepare(Session session) {}

        @Override
        public void resume(Session session) {
            if (log != null) {
                // What changed while it was away was announced to nobody.
                owner.followUp(session, Disposition.FollowUp.READ_DISCOVERY_LOG);
            }
        }

        @Override
        public void failRequests(String reason) {}

        @Override
        public void givenUp() {
            transport.retire();
        }

        @Override
        public void inventory(NamespaceReader.Reading now, boolean mayComeBack) {}

        @Override
        public void unknown(IntPredicate ids) {}

        @Override
        public boolean awaitsNamespaces() {
            return false;
        }

        @Override
        public void stillAway(boolean forGood) {}

        @Override
        public void discoveryLogChanged(Session session) throws IOException {
            read(session);
        }

        @Override
        public void tell(ControllerEvent event) {}
    }
}
