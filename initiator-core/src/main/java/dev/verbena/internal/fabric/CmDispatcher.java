package dev.verbena.internal.fabric;

import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.EventChannel;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Reads connection-manager events for all queues of an initiator on one thread and hands each to
/// its queue.
///
/// Listeners run on that thread: they record and wake, nothing else.
public final class CmDispatcher implements AutoCloseable {
    /// Takes the events of one identifier.
    public interface Listener {
        void event(CmEvent event);
    }

    private static final System.Logger LOG = System.getLogger("dev.verbena.fabric");

    /// Only a bound: the thread is woken when there is something to do.
    private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final EventChannel channel;
    private final Map<CmId, Listener> listeners = new ConcurrentHashMap<>();

    /// Identifiers that exist; the channel cannot be closed before them. Guarded by this.
    private final Set<CmId> open = new HashSet<>();

    private final Thread thread;
    private volatile boolean closing;

    private CmDispatcher(EventChannel channel) {
        this.channel = channel;
        this.thread = Thread.ofPlatform().name("verbena-cm").daemon().unstarted(this::run);
    }

    /// Opens an event channel and starts the thread.
    ///
    /// @throws dev.verbena.verbs.RdmaException when the RDMA libraries or the kernel's connection
    ///   manager are missing
    public static CmDispatcher open() {
        EventChannel channel = EventChannel.open();
        boolean started = false;
        try {
            CmDispatcher dispatcher = new CmDispatcher(channel);
            dispatcher.thread.start();
            started = true;
            return dispatcher;
        } finally {
            if (!started) {
                channel.close();
            }
        }
    }

    /// A new identifier whose events go to `listener`.
    ///
    /// @throws IllegalStateException after [#close()]
    synchronized CmId createId(Listener listener) {
        if (closing) {
            throw new IllegalStateException("The initiator is closed");
        }
        CmId id = channel.createId();
        open.add(id);
        listeners.put(id, listener);
        return id;
    }

    /// Closes an identifier; its listener hears nothing more.
    ///
    /// @throws RuntimeException when it cannot be closed; it is abandoned then
    void close(CmId id) {
        try {
            listeners.remove(id);
            id.close();
        } finally {
            abandon(id);
        }
    }

    /// Waits no more for an identifier, which cannot be closed or has been: the thread must end
    /// with the initiator all the same. One that is open keeps the channel open with it.
    void abandon(CmId id) {
        listeners.remove(id);
        synchronized (this) {
            open.remove(id);
        }
        if (closing) {
            channel.wakeUp();
        }
    }

    private synchronized boolean finished() {
        return closing && open.isEmpty();
    }

    private void run() {
        while (!finished()) {
            try {
                CmEvent event = channel.poll(POLL_NANOS);
                if (event != null) {
                    dispatch(event);
                }
            } catch (RuntimeException | Error e) {
                // Without events no queue would learn of its end: say so, and do not spin on a
                // broken descriptor.
                LOG.log(Level.ERROR, "Reading connection-manager events failed", e);
                pause();
            }
        }
        try {
            channel.close();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "The event channel stays open", e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            // Nobody interrupts this thread to end it; the loop's condition decides.
        }
    }

    private void dispatch(CmEvent event) {
        Listener listener = listeners.get(event.id());
        if (listener == null) {
            // An identifier that was closed while its last event, usually TIMEWAIT_EXIT, was on its
            // way.
            return;
        }
        try {
            listener.event(event);
        } catch (Throwable e) {
            // Errors too: the thread serves all connections.
            LOG.log(Level.ERROR, "A connection-manager event was not handled: " + event, e);
        }
    }

    /// Ends the thread and closes the channel. While a connection is being made or closed on
    /// another thread, they end with that instead, and this returns at once. Idempotent.
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
        }
        channel.wakeUp();
        boolean interrupted = false;
        while (thread.isAlive() && finished()) {
            try {
                // The thread only ever waits in poll, which wakeUp has ended, or sleeps 100 ms.
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
