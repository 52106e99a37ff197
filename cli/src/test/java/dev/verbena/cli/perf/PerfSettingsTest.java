package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.WaitMode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PerfSettingsTest {
    private static PerfSettings settings(
            int level,
            boolean blocking,
            int depth,
            int threads,
            int queues,
            @Nullable Duration spin) {
        return new PerfSettings(
                new Workload(true, 100, 4096, 0, 0, 1),
                level,
                blocking,
                depth,
                threads,
                queues,
                Duration.ofSeconds(1),
                Duration.ZERO,
                false,
                WaitMode.ADAPTIVE,
                spin);
    }

    @Test
    void sensible_isAccepted() {
        assertThatCode(() -> settings(1, false, 32, 2, 4, Duration.ofMillis(1)))
                .doesNotThrowAnyException();
        assertThatCode(() -> settings(2, true, 2000, 2, 1, null)).doesNotThrowAnyException();
        assertThatCode(() -> settings(3, false, 512, 2, 1, null)).doesNotThrowAnyException();
    }

    @Test
    void whatDoesNotGoTogether_isASentence() {
        refused(() -> settings(4, false, 1, 1, 1, null), "--level is 1, 2 or 3, not 4");
        refused(() -> settings(1, false, 0, 1, 1, null), "--iodepth is 1..65536, not 0");
        refused(() -> settings(1, false, 1, 0, 1, null), "--threads is 1..4096, not 0");
        refused(() -> settings(1, false, 1, 1, 0, null), "--queues is 1 or more, not 0");
        refused(() -> settings(1, false, 1, 3, 2, null), "--queues must be --threads (3) or more");
        refused(() -> settings(1, true, 1, 1, 1, null), "Level 1 has no blocking calls");
        refused(() -> settings(2, false, 1, 1, 1, Duration.ZERO), "--spin is for level 1");
        refused(() -> settings(2, false, 513, 2, 1, null), "without --blocking it is at most 1024");
    }

    private static void refused(Runnable made, String message) {
        assertThatThrownBy(made::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
