package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.MemoryMode;
import dev.verbena.QueueStatistics;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/// Block devices that give the target a key of its own for each command.
@TargetTest({"--inline", "4096"})
class Level2StrictTest extends Level2Cases {
    @Override
    MemoryMode mode() {
        return MemoryMode.STRICT;
    }

    /// Linux's target takes the keys back itself, as it is asked to. SPDK's does not over
    /// soft-RoCE, which it takes for a device that cannot: there it is for the host to do.
    @Test
    void everyKey_isTakenBack() throws IOException {
        int byTheTarget = TargetControl.current() == TargetControl.NVMET ? 40 : 0;
        try (Level1Harness h = new Level1Harness(controller, 1, 1 << 20)) {
            QueueStatistics before = h.queue.statistics();
            for (int i = 0; i < 20; i++) {
                int lba = 64 * i;
                MemorySegment data = h.filled(32_768, i);
                assertThat(h.run(t -> h.queue.tryWrite(h.namespace, lba, 64, data, t))).isZero();
                data.fill((byte) 0);
                assertThat(h.run(t -> h.queue.tryRead(h.namespace, lba, 64, data, t))).isZero();
                assertThat(data.toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(Level1Harness.pattern(32_768, i));
            }
            QueueStatistics after = h.queue.statistics();
            assertThat(after.windowsBound() - before.windowsBound()).isEqualTo(40);
            assertThat(after.remoteInvalidations() - before.remoteInvalidations())
                    .isEqualTo(byTheTarget);
            assertThat(after.localInvalidations() - before.localInvalidations())
                    .isEqualTo(40 - byTheTarget);
        }
    }
}
