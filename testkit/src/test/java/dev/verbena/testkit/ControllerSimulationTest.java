package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The whole controller under thousands of schedules of faults.
///
/// `-Dverbena.simulation.schedules=10000` runs more of them, `-Dverbena.simulation.seed=N` starts
/// with another; a failure prints the seed.
@Isolated
class ControllerSimulationTest {
    private static final int SCHEDULES = Integer.getInteger("verbena.simulation.schedules", 60);

    private static ControllerSimulation check(long seed) {
        ControllerSimulation simulation = new ControllerSimulation(seed);
        try {
            if (!simulation.run().isEmpty()) {
                fail(simulation.report());
            }
        } catch (RuntimeException e) {
            fail(simulation.report(), e);
        }
        return simulation;
    }

    @Test
    void seededSchedules_keepEveryPromise() {
        long first = Long.getLong("verbena.simulation.seed", 2_000_000);
        for (long seed = first; seed < first + SCHEDULES; seed++) {
            check(seed);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 42})
    void fixedSeeds_keepEveryPromise(long seed) {
        check(seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 42, 1234})
    void sameSeed_isTheSameRun(long seed) {
        ControllerSimulation first = check(seed);
        ControllerSimulation second = check(seed);
        assertThat(second.report()).isEqualTo(first.report());
        assertThat(second.digest()).isEqualTo(first.digest());
    }

    @Test
    void schedules_doInjectFaultsAndRecover() {
        long faults = 0;
        int losses = 0;
        int succeeded = 0;
        for (long seed = 0; seed < 20; seed++) {
            ControllerSimulation simulation = check(seed);
            faults += simulation.faultCount();
            losses += simulation.lossCount();
            succeeded += simulation.succeededCount();
        }
        assertThat(faults).isGreaterThan(20);
        assertThat(losses).isGreaterThan(10);
        assertThat(succeeded).isGreaterThan(1000);
    }

    // Several threads, discovery beside them, and the end of the initiator at any moment.

    private static HostSimulation checkHost(long seed) {
        HostSimulation simulation = new HostSimulation(seed);
        try {
            if (!simulation.run().isEmpty()) {
                fail(simulation.report());
            }
        } catch (RuntimeException e) {
            fail(simulation.report(), e);
        }
        return simulation;
    }

    @Test
    void initiatorThatIsClosedAtAnyMoment_leavesNobodyWaiting() {
        long first = Long.getLong("verbena.simulation.seed", 2_000_000);
        for (long seed = first; seed < first + SCHEDULES; seed++) {
            checkHost(seed);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 42})
    void fixedSeedsOfTheInitiator_leaveNobodyWaiting(long seed) {
        checkHost(seed);
    }

    @Test
    void schedulesOfTheInitiator_doConnectInterruptAndClose() {
        int connected = 0;
        int interrupted = 0;
        int cutShort = 0;
        for (long seed = 0; seed < 20; seed++) {
            HostSimulation simulation = checkHost(seed);
            connected += simulation.connectedCount();
            interrupted += simulation.interruptedCount();
            cutShort += simulation.cutShortCount();
        }
        assertThat(connected).isGreaterThan(10);
        assertThat(interrupted).isGreaterThan(3);
        assertThat(cutShort).isGreaterThan(10);
    }
}
