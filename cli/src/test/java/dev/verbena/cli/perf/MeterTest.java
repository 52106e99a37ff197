package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeterTest {
    private static Meter meter(boolean shared) {
        return shared ? Meter.shared() : Meter.ofOneThread();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void recorded_isCollectedOnceAndByDirection(boolean shared) {
        Meter meter = meter(shared);
        meter.record(false, 1000);
        meter.record(false, 3000);
        meter.record(true, 5000);
        Latencies first = new Latencies();
        meter.collect(first);
        assertThat(first.reads().getTotalCount()).isEqualTo(2);
        assertThat(first.reads().getMean()).isBetween(1999.0, 2001.0);
        assertThat(first.writes().getTotalCount()).isEqualTo(1);
        assertThat(first.all().getMaxValue()).isBetween(5000L, 5010L);
        Latencies second = new Latencies();
        meter.collect(second);
        assertThat(second.count()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void valuesOutOfRange_areCountedAtTheEdge(boolean shared) {
        Meter meter = meter(shared);
        meter.record(false, -5);
        meter.record(false, Long.MAX_VALUE);
        Latencies into = new Latencies();
        meter.collect(into);
        assertThat(into.count()).isEqualTo(2);
        assertThat(into.reads().getMaxValue()).isGreaterThanOrEqualTo(Meter.LATENCY_NANOS_MAX);
    }

    @Test
    void recording_allocatesNothing() {
        Meter meter = Meter.ofOneThread();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        record(meter, 10_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        record(meter, 100_000);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1000);
    }

    private static void record(Meter meter, int count) {
        for (int i = 0; i < count; i++) {
            meter.record((i & 1) == 0, 100L * i);
        }
    }

    @Test
    void recordedWhileCollected_isNeitherLostNorCountedTwice() throws Exception {
        Meter meter = Meter.shared();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> record(meter, 50_000)));
        }
        Latencies total = new Latencies();
        while (threads.stream().anyMatch(Thread::isAlive)) {
            meter.collect(total);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        meter.collect(total);
        assertThat(total.count()).isEqualTo(200_000);
    }
}
