package dev.verbena.verbs;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds objects of this library that were opened and never closed. For tests: while one is active,
/// every open costs a stack trace.
///
/// ```java
/// try (LeakDetector detector = LeakDetector.start()) {
///     ... // whatever opens and should close
/// } // throws when something is still open, with the place that opened it
/// ```
///
/// Counts what any thread of the process opens after [#start()]; one detector is active at a time.
/// Any thread may call.
public final class LeakDetector implements AutoCloseable {
    private static volatile @Nullable LeakDetector active;

    private final IdentityHashMap<Lifecycle, Opened> open = new IdentityHashMap<>();

    private LeakDetector() {}

    /// Starts to watch.
    ///
    /// @throws IllegalStateException when another detector is active
    public static synchronized LeakDetector start() {
        if (active != null) {
            throw new IllegalStateException("another leak detector is active");
        }
        LeakDetector detector = new LeakDetector();
        active = detector;
        return detector;
    }

    /// A detector that watches nothing: what a test's field holds before the first start.
    public static LeakDetector inactive() {
        return new LeakDetector();
    }

    /// What has been opened since the start and is open now, in no particular order.
    public List<Leak> openObjects() {
        synchronized (open) {
            List<Leak> leaks = new ArrayList<>();
            open.forEach((lifecycle, opened) -> leaks.add(new Leak(lifecycle.name(), opened)));
            return List.copyOf(leaks);
        }
    }

    /// Stops watching.
    ///
    /// @throws AssertionError when something is still open; each is a suppressed exception with the
    ///   place that opened it
    @Override
    public void close() {
        synchronized (LeakDetector.class) {
            if (active != this) {
                return;
            }
            active = null;
        }
        List<Leak> leaks = openObjects();
        if (!leaks.isEmpty()) {
            AssertionError error =
                    new AssertionError(
                            leaks.size()
                                    + " objects were not closed: "
                                    + String.join(", ", leaks.stream().map(Leak::name).toList()));
            leaks.forEach(leak -> error.addSuppressed(leak.openedAt()));
            throw error;
        }
    }

    static void opened(Lifecycle lifecycle) {
        LeakDetector detector = active;
        if (detector != null) {
            synchronized (detector.open) {
                detector.open.put(lifecycle, new Opened());
            }
        }
    }

    static void closed(Lifecycle lifecycle) {
        LeakDetector detector = active;
        if (detector != null) {
            synchronized (detector.open) {
                detector.open.remove(lifecycle);
            }
        }
    }

    /// One object that is open.
    ///
    /// @param name what it is
    /// @param openedAt its stack trace is the place that opened it
    public record Leak(String name, Exception openedAt) {}

    private static final class Opened extends Exception {
        private static final long serialVersionUID = 1L;

        Opened() {
            super("opened here");
        }
    }
}
