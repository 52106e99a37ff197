package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// JFR events of the queues of block devices.
@Timeout(60)
class DeviceEventsTest {
    private static final String SLOW_COMMAND = "dev.verbena.SlowCommand";

    @Test
    void recordingThatStartsWhileTheDeviceIsInUse_isNoticed() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            for (int i = 0; i < 100; i++) {
                fixture.readBlock(i).join();
            }
            AtomicInteger events = new AtomicInteger();
            try (RecordingStream recording = new RecordingStream()) {
                recording.enable(SLOW_COMMAND).withThreshold(Duration.ZERO);
                recording.onEvent(SLOW_COMMAND, event -> events.incrementAndGet());
                recording.startAsync();
                long start = System.nanoTime();
                while (events.get() == 0) {
                    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
                    fixture.readBlock(0).join();
                    Thread.sleep(10);
                }
            }
        }
    }
}
