package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The queue engine under thousands of schedules of faults.
///
/// `-Dverbena.simulation.schedules=10000` runs more of them, `-Dverbena.simulation.seed=N` starts
/// with another; a failure prints the seed.
@Isolated
class DataPathSimulationTest {
    private static final int SCHEDULES = Integer.getInteger("verbena.simulation.schedules", 500);

    private static void check(long seed) throws IOException {
        DataPathSimulation simulation = new DataPathSimulation(seed);
        try {
            if (!simulation.run().isEmpty()) {
                fail(simulation.report());
            }
        } catch (RuntimeException | IOException e) {
            fail(simulation.report(), e);
        }
    }

    @Test
    void seededSchedules_keepEveryPromise() throws IOException {
        long first = Long.getLong("verbena.simulation.seed", 1_000_000);
        for (long seed = first; seed < first + SCHEDULES; seed++) {
            check(seed);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 42})
    void fixedSeeds_keepEveryPromise(long seed) throws IOException {
        check(seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 7, 42, 1234})
    void sameSeed_isTheSameRun(long seed) throws IOException {
        DataPathSimulation first = new DataPathSimulation(seed);
        DataPathSimulation second = new DataPathSimulation(seed);
        assertThat(first.run()).isEmpty();
        assertThat(second.run()).isEmpty();
        assertThat(second.report()).isEqualTo(first.report());
        assertThat(second.digest()).isEqualTo(first.digest());
    }

    @Test
    void otherSeed_isAnotherRun() throws IOException {
        DataPathSimulation first = new DataPathSimulation(1);
        DataPathSimulation second = new DataPathSimulation(2);
        first.run();
        second.run();
        assertThat(second.digest()).isNotEqualTo(first.digest());
    }

    @Test
    void schedules_doInjectFaultsAndDoWork() throws IOException {
        long faults = 0;
        int commands = 0;
        for (long seed = 0; seed < 50; seed++) {
            DataPathSimulation simulation = new DataPathSimulation(seed);
            simulation.run();
            faults += simulation.faultCount();
            commands += simulation.completedCount();
        }
        assertThat(faults).isGreaterThan(30);
        assertThat(commands).isGreaterThan(1000);
    }
}
