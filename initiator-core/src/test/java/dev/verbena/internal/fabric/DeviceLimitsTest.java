package dev.verbena.internal.fabric;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;

import org.junit.jupiter.api.Test;

/// Queues are compared with what a device has before it is asked for them.
class DeviceLimitsTest {
    private static final int PLENTY = 1 << 22;

    @Test
    void queueThatJustFits_isTaken_andOneMoreIsNot() {
        for (boolean binding : new boolean[] {false, true}) {
            int sends = SendRing.entryCount(128, binding);
            assertThatCode(() -> limits(sends, PLENTY).require(1, 128, binding))
                    .doesNotThrowAnyException();
            assertThatIOException()
                    .isThrownBy(() -> limits(sends - 1, PLENTY).require(1, 128, binding))
                    .withMessageContaining("Queue 1 of 128 entries")
                    .withMessageContaining("mlx5_0")
                    .withMessageContaining("queueSize or adminQueueSize of 127");
        }
    }

    @Test
    void completionsThatDoNotFit_areRefused() {
        int completions = QueueParts.groupEntries(64, true);
        assertThatCode(() -> limits(PLENTY, completions).require(1, 64, true))
                .doesNotThrowAnyException();
        assertThatIOException()
                .isThrownBy(() -> limits(PLENTY, completions - 1).require(1, 64, true))
                .withMessageContaining("SLAB");
    }

    @Test
    void deviceTooSmallForAnyQueue_saysSo() {
        assertThatIOException()
                .isThrownBy(() -> limits(1, 1).require(0, 32, false))
                .withMessageContaining("no queue fits");
    }

    private static DeviceLimits limits(int workRequests, int completions) {
        return new DeviceLimits("mlx5_0", workRequests, completions);
    }
}
