package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.WaitMode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitPolicyTest {
    private static final long SPIN = 200_000;

    /// Something to wait for, which is ready after so many looks.
    private static final class Script implements WaitPolicy.Source {
        private final List<String> calls = new ArrayList<>();
        private int looks;
        private int readyAfterLooks = Integer.MAX_VALUE;
        private boolean readyWhenArmed;

        @Override
        public boolean isReady() {
            looks++;
            return looks > readyAfterLooks || (readyWhenArmed && calls.contains("arm"));
        }

        @Override
        public void arm() {
            calls.add("arm");
        }

        @Override
        public void block(long timeoutNanos) {
            calls.add("block " + timeoutNanos);
        }
    }

    @Test
    void event_sleepsAtOnce_afterOneLook() {
        Script source = new Script();
        assertThat(new WaitPolicy(WaitMode.EVENT, SPIN).await(source, 77)).isTrue();
        assertThat(source.calls).containsExactly("arm", "block 77");
        assertThat(source.looks).isEqualTo(1);
    }

    @Test
    void completionBetweenLookAndArming_isSeen() {
        Script source = new Script();
        source.readyWhenArmed = true;
        assertThat(new WaitPolicy(WaitMode.EVENT, SPIN).await(source, 77)).isFalse();
        assertThat(source.calls).containsExactly("arm");
    }

    @Test
    void poll_neverSleeps_andComesBackToItsCaller() {
        Script source = new Script();
        long start = System.nanoTime();
        assertThat(new WaitPolicy(WaitMode.POLL, SPIN).await(source, Long.MAX_VALUE)).isFalse();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(WaitPolicy.POLL_SLICE_NANOS);
        assertThat(source.calls).isEmpty();
        assertThat(source.looks).isGreaterThan(1);
    }

    @Test
    void adaptive_thatFindsSomethingSpinning_doesNotSleep() {
        Script source = new Script();
        source.readyAfterLooks = 3;
        WaitPolicy policy = new WaitPolicy(WaitMode.ADAPTIVE, SPIN);
        assertThat(policy.await(source, 1_000_000)).isFalse();
        assertThat(source.calls).isEmpty();
        assertThat(policy.spinNanos()).isEqualTo(SPIN);
    }

    @Test
    void adaptive_thatSpinsInVain_spinsLessAndLess_andTriesAgain() {
        Script source = new Script();
        WaitPolicy policy = new WaitPolicy(WaitMode.ADAPTIVE, SPIN);
        long last = policy.spinNanos();
        for (int i = 0; i < 8; i++) {
            assertThat(policy.await(source, 1_000_000)).isTrue();
            assertThat(policy.spinNanos()).isLessThanOrEqualTo(last / 2);
            last = policy.spinNanos();
        }
        assertThat(last).isLessThan(1000);
        // Now it looks once per wait, as event mode does, ...
        source.looks = 0;
        int quiet = 0;
        while (source.looks == quiet) {
            policy.await(source, 1_000_000);
            quiet++;
        }
        // ... but not for ever.
        assertThat(quiet).isBetween(WaitPolicy.WAITS_PER_PROBE / 2, WaitPolicy.WAITS_PER_PROBE);
        // When the probe pays, it spins in full again.
        source.readyAfterLooks = 0;
        for (int i = 0; i < WaitPolicy.WAITS_PER_PROBE; i++) {
            policy.await(source, 1_000_000);
        }
        assertThat(policy.spinNanos()).isEqualTo(SPIN);
    }

    @Test
    void noTimeToWait_doesNothing() {
        Script source = new Script();
        assertThat(new WaitPolicy(WaitMode.EVENT, 0).await(source, 0)).isFalse();
        assertThat(new WaitPolicy(WaitMode.ADAPTIVE, 0).await(source, -1)).isFalse();
        assertThat(source.calls).isEmpty();
        assertThatThrownBy(() -> new WaitPolicy(WaitMode.ADAPTIVE, -1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
