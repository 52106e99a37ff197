package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What this process and the kernel hold for it: threads, descriptors, RDMA objects. Taken before
/// and after, the difference is a leak.
///
/// @param rdma the lines of `rdma resource show`: objects of this process and of the kernel's
///   target
record Leftovers(List<String> threads, long descriptors, String rdma) {
    /// The target's side of a closed connection goes away on its own schedule: one that was given
    /// up while it was being made after a minute, when the connection manager has repeated its
    /// answer often enough.
    private static final Duration SETTLE = Duration.ofSeconds(90);

    static Leftovers now() throws IOException {
        List<String> threads =
                Thread.getAllStackTraces().keySet().stream()
                        .map(Thread::getName)
                        .filter(name -> name.startsWith("verbena-"))
                        .sorted()
                        .toList();
        long descriptors;
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            descriptors = open.count();
        }
        // Without the number of the device: one that was added again has another.
        String rdma =
                LiveTarget.run(List.of("rdma", "resource", "show")).replaceAll("(?m)^\\d+: ", "");
        return new Leftovers(threads, descriptors, rdma.strip());
    }

    /// Waits until everything is as it was.
    ///
    /// @throws AssertionError when something is still there after some seconds
    void assertNothingAdded() throws IOException, InterruptedException {
        assertNothingAdded(now -> now.isNoMoreThan(this) && now.rdma.equals(rdma));
    }

    /// Waits until this process holds what it held; the kernel's target may hold more. It keeps the
    /// completion queues it has made for many connections. One of ours would be a descriptor, too.
    void assertNothingOfThisProcessAdded() throws IOException, InterruptedException {
        assertNothingAdded(now -> now.isNoMoreThan(this));
    }

    /// Waits until the kernel holds the RDMA objects it held; threads and descriptors may be more.
    void assertNoRdmaObjectAdded() throws IOException, InterruptedException {
        assertNothingAdded(now -> now.rdma.equals(rdma));
    }

    private void assertNothingAdded(Predicate<Leftovers> settled)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + SETTLE.toNanos();
        Leftovers after = now();
        while (!settled.test(after) && System.nanoTime() < end) {
            Thread.sleep(200);
            after = now();
        }
        if (!settled.test(after)) {
            assertThat(after).as(owners()).isEqualTo(this);
        }
    }

    /// Whose the RDMA objects are, for people.
    private static String owners() throws IOException {
        return LiveTarget.run(List.of("rdma", "resource", "show", "qp"))
                + LiveTarget.run(List.of("rdma", "resource", "show", "cm_id"));
    }

    /// A thread that was just ending when the first look was taken may be gone by now; everything
    /// else is the same.
    private boolean isNoMoreThan(Leftovers before) {
        List<String> added = new ArrayList<>(threads);
        before.threads.forEach(added::remove);
        return added.isEmpty() && descriptors == before.descriptors;
    }
}
