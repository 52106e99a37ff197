package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What the kernel counts per device: protection domains, queue pairs, regions and the rest, of all
/// processes.
final class KernelResources {
    private static final Duration RELEASE_MAX = Duration.ofSeconds(20);

    private KernelResources() {}

    static String show() throws IOException, InterruptedException {
        String resources = Jvm.run(Map.of(), List.of("rdma", "resource", "show"));
        assertThat(resources).contains("pd ").contains("qp ");
        return resources;
    }

    /// Waits until the counts are what they were: a process that was killed takes a moment to go.
    static void awaitReturnTo(String before) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + RELEASE_MAX.toNanos();
        String now = show();
        while (!now.equals(before) && System.nanoTime() < deadline) {
            Thread.sleep(100);
            now = show();
        }
        assertThat(now).isEqualTo(before);
    }
}
