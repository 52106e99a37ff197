package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What this process and the kernel hold for it: threads, descriptors, RDMA objects. Taken before
/// and after, the difference is a leak.
///
/// @param rdma the lines of `rdma resource show`: objects of this process and of the kernel's
///   target
record Leftovers(List<String> threads, long descriptors, String rdma) {
    /// The target's side of a closed connection goes away on its own schedule.
    private static final Duration SETTLE = Duration.ofSeconds(20);

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
        return new Leftovers(
                threads, descriptors, LiveTarget.run(List.of("rdma", "resource", "show")).strip());
    }

    /// Waits until everything is as it was.
    ///
    /// @throws AssertionError when something is still there after some seconds
    void assertNothingAdded() throws IOException, InterruptedException {
        long end = System.nanoTime() + SETTLE.toNanos();
        Leftovers after = now();
        while (!after.isNoMoreThan(this) && System.nanoTime() < end) {
            Thread.sleep(200);
            after = now();
        }
        if (!after.isNoMoreThan(this)) {
            assertThat(after).isEqualTo(this);
        }
    }

    /// A thread that was just ending when the first look was taken may be gone by now; everything
    /// else is the same.
    private boolean isNoMoreThan(Leftovers before) {
        List<String> added = new ArrayList<>(threads);
        before.threads.forEach(added::remove);
        return added.isEmpty() && descriptors == before.descriptors && rdma.equals(before.rdma);
    }
}
