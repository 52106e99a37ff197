package dev.verbena.testkit.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SteppedSchedulerTest {
    private final SteppedScheduler scheduler = new SteppedScheduler(1);
    private final List<String> happened = new ArrayList<>();

    private void schedule(String what, long delay) {
        scheduler.schedule(what, delay, () -> happened.add(what + "@" + scheduler.nanoTime()));
    }

    @Test
    void actions_runInOrderOfTimeThenOfScheduling() {
        schedule("late", 20);
        schedule("first", 10);
        schedule("second", 10);
        while (scheduler.step()) {
            // To the end.
        }
        assertThat(happened).containsExactly("first@10", "second@10", "late@20");
    }

    @Test
    void runUntil_stopsTheClockThere() {
        schedule("in time", 10);
        schedule("later", 30);
        scheduler.runUntil(25);
        assertThat(happened).containsExactly("in time@10");
        assertThat(scheduler.nanoTime()).isEqualTo(25);
    }

    @Test
    void await_endsWithTheConditionOrTheTime() {
        schedule("a", 10);
        schedule("b", 50);
        scheduler.await(this, () -> !happened.isEmpty(), 1000);
        assertThat(scheduler.nanoTime()).isEqualTo(10);
        scheduler.await(this, () -> false, 20);
        assertThat(scheduler.nanoTime()).isEqualTo(30);
        assertThat(happened).hasSize(1);
    }

    @Test
    void actionThatStepsTheScheduler_isRefused() {
        scheduler.schedule("outer", 0, scheduler::step);
        schedule("inner", 0);
        assertThatThrownBy(scheduler::step).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void digest_dependsOnWhatHappenedAndWhen() {
        SteppedScheduler other = new SteppedScheduler(1);
        assertThat(scheduler.digest()).isEqualTo(other.digest());
        scheduler.note("a");
        other.note("b");
        assertThat(scheduler.digest()).isNotEqualTo(other.digest());
        SteppedScheduler later = new SteppedScheduler(1);
        later.runUntil(5);
        later.note("a");
        assertThat(scheduler.digest()).isNotEqualTo(later.digest());
    }

    @Test
    void sameSeed_givesTheSameDelays() {
        SteppedScheduler other = new SteppedScheduler(1);
        SteppedScheduler third = new SteppedScheduler(2);
        List<Long> first = delays(scheduler);
        assertThat(delays(other)).isEqualTo(first);
        assertThat(delays(third)).isNotEqualTo(first);
    }

    private static List<Long> delays(SteppedScheduler from) {
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            delays.add(from.jitterNanos());
        }
        return delays;
    }
}
