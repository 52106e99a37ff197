package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CallerTrustTest {
    private final CallerTrust trust = new CallerTrust();

    private void times(int count, long byCallers, long awaited) {
        for (int i = 0; i < count; i++) {
            trust.learn(byCallers, awaited);
        }
    }

    @Test
    void callersThatFindEverything_areTrustedAfterAWhile() {
        times(CallerTrust.NEEDED_LEAST - 1, 100, 0);
        assertThat(trust.isTrusted()).isFalse();

        times(1, 100, 0);
        assertThat(trust.isTrusted()).isTrue();
    }

    @Test
    void timesWithoutEvents_changeNothing() {
        times(1000, 0, 0);
        assertThat(trust.isTrusted()).isFalse();

        times(CallerTrust.NEEDED_LEAST, 1, 0);
        times(1000, 0, 0);
        assertThat(trust.isTrusted()).isTrue();
    }

    @Test
    void callersWhoseStagesTheWorkerRuns_areNeverTrusted() {
        times(1000, 0, 32);

        assertThat(trust.isTrusted()).isFalse();
    }

    @Test
    void workerThatFindsHalfOfWhatIsAwaited_trustsNobody() {
        times(1000, 16, 16);

        assertThat(trust.isTrusted()).isFalse();
    }

    @Test
    void fewDisappointments_areForgiven() {
        times(CallerTrust.NEEDED_LEAST, 100, 0);
        for (int i = 0; i < 100; i++) {
            times(CallerTrust.DISAPPOINTMENTS_MAX - 1, 0, 32);
            times(1, 1000, 32);
        }

        assertThat(trust.isTrusted()).isTrue();
    }

    @Test
    void disappointmentsInARow_endTheTrustAndDoubleWhatItTakes() {
        times(CallerTrust.NEEDED_LEAST, 100, 0);
        times(CallerTrust.DISAPPOINTMENTS_MAX, 0, 32);
        assertThat(trust.isTrusted()).isFalse();

        times(2 * CallerTrust.NEEDED_LEAST - 1, 100, 0);
        assertThat(trust.isTrusted()).isFalse();
        times(1, 100, 0);
        assertThat(trust.isTrusted()).isTrue();
    }

    @Test
    void trustThatIsLostOften_takesLongButNotForEver() {
        for (int i = 0; i < 100; i++) {
            times(CallerTrust.NEEDED_MOST, 100, 0);
            assertThat(trust.isTrusted()).isTrue();
            times(CallerTrust.DISAPPOINTMENTS_MAX, 0, 32);
            assertThat(trust.isTrusted()).isFalse();
        }
    }
}
