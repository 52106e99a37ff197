package dev.verbena.internal.control;

import dev.verbena.NvmeException;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.LogPage;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// Does what asynchronous events ask for, one after the other: reads the log page of each, so that
/// the next event of its kind can come, and tells the owner.
///
/// Threads: [#add] from any thread; the rest on a thread of its own while there is something to do.
public final class NoticeHandler {
    /// What to do about an event, besides reading its log page.
    public interface Owner {
        /// The namespaces have to be looked at again.
        void rescan() throws IOException;

        /// The ANA log has to be read again; reading it re-arms the event.
        void anaChanged() throws IOException;

        /// The discovery log has to be read again; reading it re-arms the event.
        void discoveryLogChanged() throws IOException;

        /// The controller cannot go on without being connected again.
        void persistentError(String message);

        /// Anything else.
        void notice(AsynchronousEvent event);
    }

    /// Events that can wait. A controller has one of each kind under way at most, so more is a
    /// controller that does not stop; what is dropped is a repetition.
    public static final int WAITING_MAX = 64;

    /// Attempts to look at the namespaces after an event, and the time between two.
    private static final int SCANS_MAX = 5;

    private static final Duration SCAN_DELAY = Duration.ofSeconds(1);

    /// The largest part of a log page that has to be read for it to count as read.
    private static final int LOG_BYTES = 512;

    private static final Duration THREAD_RETRY = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final ControlRuntime runtime;
    private final Session session;
    private final Owner owner;
    private final Queue<AsynchronousEvent> waiting = new ArrayDeque<>();
    private boolean running;

    public NoticeHandler(ControlRuntime runtime, Session session, Owner owner) {
        this.runtime = runtime;
        this.session = session;
        this.owner = owner;
    }

    /// Takes an event; quick.
    public synchronized void add(AsynchronousEvent event) {
        if (waiting.contains(event)) {
            // Whatever it announces is found by the reading that is still to come.
            return;
        }
        if (waiting.size() == WAITING_MAX) {
            LOG.log(Level.WARNING, "An event is dropped, too many are waiting: {0}", event);
            return;
        }
        waiting.add(event);
        if (!running) {
            running = true;
            startHandling();
        }
    }

    /// Again a little later where no thread can be had: what waits must not wait for ever.
    private void startHandling() {
        try {
            runtime.start("events", this::handleAll);
        } catch (Throwable e) {
            LOG.log(Level.DEBUG, "No thread could be started for events", e);
            runtime.schedule(THREAD_RETRY, this::startHandling);
        }
    }

    private synchronized @Nullable AsynchronousEvent next() {
        AsynchronousEvent event = waiting.poll();
        if (event == null) {
            running = false;
        }
        return event;
    }

    private void handleAll() {
        for (AsynchronousEvent event = next(); event != null; event = next()) {
            try {
                handle(event);
            } catch (IOException | RuntimeException e) {
                LOG.log(
                        session.failure() == null ? Level.WARNING : Level.DEBUG,
                        "An event was not handled: " + event,
                        e);
            }
        }
    }

    private void handle(AsynchronousEvent event) throws IOException {
        switch (event.kind()) {
            case NAMESPACE_ATTRIBUTE_CHANGED -> {
                // The page only says where to look, and may be too short: everything is looked at.
                session.calls().logPage(LogPage.CHANGED_NAMESPACES, false, 4096);
                rescan();
            }
            case ANA_CHANGE -> owner.anaChanged();
            case DISCOVERY_LOG_CHANGED -> owner.discoveryLogChanged();
            case PERSISTENT_INTERNAL_ERROR ->
                    owner.persistentError("the controller reports a persistent internal error");
            default -> {
                rearm(event);
                owner.notice(event);
            }
        }
    }

    /// Looks at the namespaces, again when the controller cannot tell at this moment: it announces
    /// nothing twice.
    private void rescan() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                owner.rescan();
                return;
            } catch (NvmeException e) {
                if (attempt == SCANS_MAX || e.status().doNotRetry()) {
                    throw e;
                }
                LOG.log(Level.DEBUG, "The namespaces are looked at once more", e);
            }
            try {
                Time.sleep(SCAN_DELAY);
            } catch (InterruptedException e) {
                // The controller ends.
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// A log page that cannot be read is no reason to keep the event from the application.
    private void rearm(AsynchronousEvent event) {
        int logPage = event.logPage();
        if (event.type() == AsynchronousEvent.TYPE_ONE_SHOT
                || event.type() == AsynchronousEvent.TYPE_IMMEDIATE) {
            return;
        }
        try {
            session.calls().logPage(logPage, false, bytes(logPage));
        } catch (IOException e) {
            LOG.log(Level.INFO, "The log page of {0} was not read: {1}", event, e.getMessage());
        }
    }

    private static int bytes(int logPage) {
        return logPage == LogPage.ERROR_INFORMATION || logPage == LogPage.RESERVATION_NOTIFICATION
                ? 64
                : LOG_BYTES;
    }
}
