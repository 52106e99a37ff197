package dev.verbena.internal.control;

import dev.verbena.NvmeException;
import dev.verbena.internal.time.Pace;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.LogPage;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Does what the events of one connection ask for, one after the other: reads the log page of each,
/// so that the next event of its kind can come, and tells the owner.
///
/// What cannot be read or looked at is not forgotten: it is tried again until it succeeds, because
/// the controller announces nothing twice. And everything has a pace ([Pace]), because a controller
/// may announce without end: however many events come, each kind is acted upon so often and no
/// more.
///
/// Threads: [#add] and [#begin] from any thread; the rest on a thread of its own while there is
/// something to do.
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

    /// What is acted upon in the same way, at a pace of its own.
    private enum Kind {
        NAMESPACES,
        ANA,
        DISCOVERY,
        PERSISTENT_ERROR,
        OTHER;

        static Kind of(AsynchronousEvent event) {
            return switch (event.kind()) {
                case NAMESPACE_ATTRIBUTE_CHANGED -> NAMESPACES;
                case ANA_CHANGE -> ANA;
                case DISCOVERY_LOG_CHANGED -> DISCOVERY;
                case PERSISTENT_INTERNAL_ERROR -> PERSISTENT_ERROR;
                default -> OTHER;
            };
        }

        Pace pace() {
            return this == OTHER
                    ? new Pace(OTHERS_AT_ONCE, OTHERS_INTERVAL)
                    : new Pace(LOOKS_AT_ONCE, LOOK_INTERVAL);
        }
    }

    /// Different events of [Kind#OTHER] that can wait; each other kind has a place of its own.
    static final int OTHERS_MAX = 64;

    /// Looks at the same thing without a pause in between, and the time between two after that.
    static final int LOOKS_AT_ONCE = 8;

    static final Duration LOOK_INTERVAL = Duration.ofMillis(500);

    /// The same for all events that are only read and passed on.
    static final int OTHERS_AT_ONCE = 16;

    static final Duration OTHERS_INTERVAL = Duration.ofMillis(250);

    /// Wait before something that failed is tried again; doubled each time, up to the longest.
    static final Duration RETRY_DELAY_MIN = Duration.ofSeconds(1);

    static final Duration RETRY_DELAY_MAX = Duration.ofSeconds(60);

    /// The largest part of a log page that has to be read for it to count as read.
    private static final int LOG_BYTES = 512;

    /// The whole list of changed namespaces.
    private static final int CHANGED_NAMESPACES_BYTES = 4096;

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    /// Something to do.
    private static final class Work {
        private final Kind kind;
        private final AsynchronousEvent event;

        /// Only the log page is left to be read: the owner has been told.
        private boolean told;

        private int failures;
        private long notBeforeNanos;

        Work(Kind kind, AsynchronousEvent event) {
            this.kind = kind;
            this.event = event;
        }

        /// Two with the same key are one.
        Object key() {
            return kind == Kind.OTHER ? event : kind;
        }
    }

    private record Connected(Session session, Owner owner) {}

    private final ControlRuntime runtime;
    private final PacedLog log;
    private final Map<Kind, Pace> paces = new EnumMap<>(Kind.class);

    /// In the order it came; guarded by this, as is what follows.
    private final Map<Object, Work> waiting = new LinkedHashMap<>();

    private @Nullable Connected connected;
    private boolean running;
    private ControlRuntime.@Nullable Handle timer;

    public NoticeHandler(ControlRuntime runtime) {
        this.runtime = runtime;
        this.log = new PacedLog(LOG, runtime, "events");
        for (Kind kind : Kind.values()) {
            paces.put(kind, kind.pace());
        }
    }

    /// Takes an event; quick.
    public void add(AsynchronousEvent event) {
        boolean dropped;
        synchronized (this) {
            Work work = new Work(Kind.of(event), event);
            Work before = waiting.get(work.key());
            dropped = !keep(work);
            boolean sooner = before != null && hurry(before);
            if (before == null ? !dropped : sooner) {
                wake();
            }
        }
        if (dropped) {
            log.log(Level.WARNING, "An event is dropped, too many are waiting: " + event);
        }
    }

    /// What failed waits longer and longer, because nothing is new. News is not made to wait for
    /// that.
    ///
    /// @return whether its time comes sooner now
    private boolean hurry(Work work) {
        long soon = runtime.nanoTime() + RETRY_DELAY_MIN.toNanos();
        boolean sooner = work.failures > 0 && work.notBeforeNanos - soon > 0;
        if (sooner) {
            work.notBeforeNanos = soon;
        }
        return sooner;
    }

    /// Looks at the namespaces as if the controller had announced a change.
    public void rescan() {
        add(new AsynchronousEvent(AsynchronousEvent.NAMESPACE_ATTRIBUTE_CHANGED));
    }

    /// Whether a change of the namespaces was announced that nobody has looked at yet.
    public synchronized boolean announcesNamespaces() {
        return waiting.containsKey(Kind.NAMESPACES);
    }

    /// Reads the ANA log as if the controller had announced a change.
    public void readAnaLog() {
        add(new AsynchronousEvent(AsynchronousEvent.ANA_CHANGED));
    }

    /// Reads the discovery log as if the controller had announced a change.
    public void readDiscoveryLog() {
        add(new AsynchronousEvent(AsynchronousEvent.DISCOVERY_LOG_CHANGED));
    }

    /// The connection stands: what has come so far is acted upon, and whatever comes.
    public synchronized void begin(Session session, Owner owner) {
        connected = new Connected(session, owner);
        wake();
    }

    /// @return false when there are too many
    private boolean keep(Work work) {
        Work same = waiting.get(work.key());
        if (same != null) {
            // Whatever it announces is found by the reading that is still to come.
            same.told &= work.told;
            same.failures = Math.max(same.failures, work.failures);
            same.notBeforeNanos = Math.max(same.notBeforeNanos, work.notBeforeNanos);
            return true;
        }
        if (work.kind == Kind.OTHER
                && waiting.values().stream().filter(w -> w.kind == Kind.OTHER).count()
                        >= OTHERS_MAX) {
            return false;
        }
        waiting.put(work.key(), work);
        return true;
    }

    /// Starts the thread when something is due, or the timer that does.
    private synchronized void wake() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        if (running || waiting.isEmpty() || connected == null) {
            return;
        }
        long left = leftNanos();
        if (left <= 0) {
            try {
                running = true;
                runtime.start("events", this::handleAll);
                return;
            } catch (RuntimeException | Error e) {
                // Out of threads, for the moment.
                running = false;
                left = RETRY_DELAY_MIN.toNanos();
                log.log(Level.WARNING, "Events are handled later: " + e);
            }
        }
        timer = runtime.schedule(Duration.ofNanos(left), this::wake);
    }

    private long leftNanos() {
        long now = runtime.nanoTime();
        return waiting.values().stream()
                .mapToLong(work -> leftNanos(work, now))
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private long leftNanos(Work work, long now) {
        long left = pace(work).leftNanos(now);
        return work.failures == 0 ? left : Math.max(left, work.notBeforeNanos - now);
    }

    private Pace pace(Work work) {
        Pace pace = paces.get(work.kind);
        if (pace == null) {
            throw new IllegalStateException("No pace for " + work.kind);
        }
        return pace;
    }

    private static boolean isOver(Session session) {
        return session.failure() != null || session.isEnding();
    }

    /// What is due and came first; null when nothing is due, or the connection is over.
    private synchronized @Nullable Work next(Connected to) {
        if (isOver(to.session())) {
            waiting.clear();
        }
        long now = runtime.nanoTime();
        for (Iterator<Work> all = waiting.values().iterator(); all.hasNext(); ) {
            Work work = all.next();
            if (leftNanos(work, now) <= 0) {
                var _ = pace(work).tryTake(now);
                all.remove();
                return work;
            }
        }
        running = false;
        wake();
        return null;
    }

    private void handleAll() {
        Connected to;
        synchronized (this) {
            to = connected;
        }
        if (to == null) {
            return;
        }
        for (Work work = next(to); work != null; work = next(to)) {
            try {
                handle(to, work);
            } catch (Throwable e) {
                // Errors too: without this thread nothing would be handled any more.
                failed(to, work, e);
            }
        }
    }

    private void failed(Connected to, Work work, Throwable e) {
        if (isOver(to.session())) {
            LOG.log(Level.DEBUG, "The connection ended before " + work.event + " was handled", e);
            return;
        }
        boolean forbidden = e instanceof NvmeException status && status.status().doNotRetry();
        if (forbidden && work.kind == Kind.OTHER) {
            log.log(
                    Level.INFO,
                    "The log page of " + work.event + " was not read: " + e.getMessage());
            return;
        }
        work.failures++;
        Duration delay =
                forbidden
                        ? RETRY_DELAY_MAX
                        : RETRY_DELAY_MIN.multipliedBy(1L << Math.min(work.failures - 1, 16));
        if (delay.compareTo(RETRY_DELAY_MAX) > 0) {
            delay = RETRY_DELAY_MAX;
        }
        log.log(
                work.failures == 1 ? Level.WARNING : Level.DEBUG,
                work.event + " is handled again in " + delay.toSeconds() + " s",
                e);
        synchronized (this) {
            work.notBeforeNanos = runtime.nanoTime() + delay.toNanos();
            // It has its place: it was taken out for this.
            var _ = keep(work);
        }
    }

    private void handle(Connected to, Work work) throws IOException {
        switch (work.kind) {
            case NAMESPACES -> namespacesChanged(to);
            case ANA -> to.owner().anaChanged();
            case DISCOVERY -> to.owner().discoveryLogChanged();
            case PERSISTENT_ERROR ->
                    to.owner()
                            .persistentError("the controller reports a persistent internal error");
            case OTHER -> {
                try {
                    rearm(to.session(), work.event);
                } finally {
                    // A log page that cannot be read is no reason to keep the event from the
                    // application.
                    if (!work.told) {
                        work.told = true;
                        to.owner().notice(work.event);
                    }
                }
            }
        }
    }

    /// The page only says where to look, and may be too short: everything is looked at, also when
    /// it cannot be read. Read first, so that a change after the look is announced.
    private static void namespacesChanged(Connected to) throws IOException {
        IOException unread = null;
        try {
            var _ =
                    to.session()
                            .calls()
                            .logPage(LogPage.CHANGED_NAMESPACES, false, CHANGED_NAMESPACES_BYTES);
        } catch (IOException e) {
            unread = e;
        }
        to.owner().rescan();
        if (unread != null) {
            throw unread;
        }
    }

    private static void rearm(Session session, AsynchronousEvent event) throws IOException {
        int logPage = event.logPage();
        if (event.type() == AsynchronousEvent.TYPE_ONE_SHOT
                || event.type() == AsynchronousEvent.TYPE_IMMEDIATE) {
            return;
        }
        var _ = session.calls().logPage(logPage, false, bytes(logPage));
    }

    private static int bytes(int logPage) {
        return logPage == LogPage.ERROR_INFORMATION || logPage == LogPage.RESERVATION_NOTIFICATION
                ? 64
                : LOG_BYTES;
    }
}
