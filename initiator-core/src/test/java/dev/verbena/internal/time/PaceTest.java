package dev.verbena.internal.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long INTERVAL = Duration.ofMillis(100).toNanos();

    @Test
    void nothingTakenYet_isAllowedAtOnceSoManyTimes() {
        // Any moment of a clock that may be negative.
        for (long now : new long[] {0, -5, Long.MIN_VALUE / 2, 1L << 60}) {
            Pace pace = new Pace(3, Duration.ofMillis(100));
            assertThat(pace.leftNanos(now)).isZero();
            assertThat(pace.tryTake(now)).isTrue();
            assertThat(pace.tryTake(now)).isTrue();
            assertThat(pace.tryTake(now)).isTrue();
            assertThat(pace.tryTake(now)).isFalse();
            assertThat(pace.leftNanos(now)).isEqualTo(INTERVAL);
            assertThat(pace.tryTake(now + INTERVAL)).isTrue();
            assertThat(pace.tryTake(now + INTERVAL)).isFalse();
        }
    }

    @Test
    void afterRest_soManyAreAllowedAgainAndNoMore() {
        Pace pace = new Pace(3, Duration.ofMillis(100));
        while (pace.tryTake(0)) {
            assertThat(pace.leftNanos(0)).isLessThanOrEqualTo(INTERVAL);
        }
        long later = 1000 * INTERVAL;
        int taken = 0;
        while (pace.tryTake(later)) {
            taken++;
        }
        assertThat(taken).isEqualTo(3);
    }

    @Test
    void anyDemand_isGrantedOncePerIntervalInTheLongRun() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int atOnce = 1 + random.nextInt(20);
            Pace pace = new Pace(atOnce, Duration.ofMillis(100));
            long now = 0;
            int taken = 0;
            for (int i = 0; i < 5000; i++) {
                now += random.nextLong(INTERVAL / 2);
                long left = pace.leftNanos(now);
                boolean may = pace.tryTake(now);
                assertThat(may).isEqualTo(left == 0);
                taken += may ? 1 : 0;
            }
            assertThat((long) taken)
                    .as("seed " + seed)
                    // Who asks comes up to half an interval late.
                    .isBetween(now / (INTERVAL + INTERVAL / 2), now / INTERVAL + atOnce + 1);
        }
    }
}
