package dev.verbena.internal.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class KeepAliveTimerTest {
    private static final long SECOND = 1_000_000_000L;

    private final KeepAliveTimer timer = new KeepAliveTimer();

    @Test
    void notStarted_isNeverDue() {
        assertThat(timer.take(Long.MAX_VALUE)).isFalse();
        assertThat(timer.leftNanos(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void started_isDueAtOnceAndEveryHalf() {
        timer.start(Duration.ofSeconds(4), false, () -> false, 0);
        assertThat(timer.take(0)).isTrue();
        timer.finished();
        assertThat(timer.take(2 * SECOND - 1)).isFalse();
        assertThat(timer.leftNanos(SECOND)).isEqualTo(SECOND);
        assertThat(timer.take(2 * SECOND)).isTrue();
    }

    @Test
    void unanswered_isNotSentTwice() {
        timer.start(Duration.ofSeconds(4), false, () -> false, 0);
        assertThat(timer.take(0)).isTrue();
        assertThat(timer.take(100 * SECOND)).isFalse();
        assertThat(timer.leftNanos(100 * SECOND)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void notSent_isDueAgainAtOnce() {
        timer.start(Duration.ofSeconds(4), false, () -> false, 0);
        timer.take(0);
        timer.notSent(5);
        assertThat(timer.take(5)).isTrue();
    }

    @Test
    void trafficWithoutTbkas_sparesNothing() {
        timer.start(Duration.ofSeconds(4), false, () -> false, 0);
        timer.take(0);
        timer.finished();
        timer.answered(SECOND);
        assertThat(timer.take(2 * SECOND)).isTrue();
    }

    @Test
    void trafficBased_looksEveryQuarterAndSparesTheCommand() {
        timer.start(Duration.ofSeconds(4), true, () -> false, 0);
        timer.take(0);
        timer.finished();
        timer.answered(SECOND / 2);
        assertThat(timer.take(SECOND)).as("a command sent since was answered").isFalse();
        assertThat(timer.leftNanos(SECOND)).isEqualTo(SECOND);
        assertThat(timer.take(2 * SECOND)).as("nothing since").isTrue();
    }

    @Test
    void trafficBased_answerToAnOlderCommandProvesNothing() {
        timer.start(Duration.ofSeconds(4), true, () -> false, 0);
        timer.take(0);
        timer.finished();
        timer.take(SECOND);
        timer.finished();
        timer.answered(SECOND / 2);
        assertThat(timer.take(2 * SECOND)).isTrue();
    }
}
