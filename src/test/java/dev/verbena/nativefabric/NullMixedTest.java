package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.WaitMode;
import dev.verbena.e2e.ContentChecker;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Mixed I/O on block devices: 8 threads, 4 queues, 128 operations under way, every block known.
@NullFabricTest
class NullMixedTest {
    private static final int BLOCKS = 16_384;

    private static void check(String options, ConnectOptions connect) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        NullTarget.connect(
                                initiator, options, connect.withIoQueues(4).withPollQueues(0));
                BlockDevice device = controller.openDevice(1)) {
            ContentChecker.Plan plan = ContentChecker.Plan.standard(BLOCKS);
            ContentChecker.Result result = new ContentChecker(device, plan, false).run();
            System.out.println(options + " " + plan + ": " + result + " " + device.statistics());
            assertThat(device.statistics().queueCount()).isEqualTo(4);
            assertThat(device.statistics().failedCount()).isZero();
            assertThat(result.blocksCompared()).isGreaterThan(plan.count());
        }
    }

    static Stream<String> controllers() {
        return Stream.of("", "in_capsule=0", "in_capsule=16384", "msdbd=1", "mdts=1", "icdoff=4");
    }

    @ParameterizedTest
    @MethodSource("controllers")
    void everyKindOfController_everyBlockHoldsWhatItShould(String options) throws Exception {
        check(options, ConnectOptions.defaults());
    }

    @ParameterizedTest
    @EnumSource(WaitMode.class)
    void everyWayToWait_everyBlockHoldsWhatItShould(WaitMode mode) throws Exception {
        check("", ConnectOptions.defaults().withWaitMode(mode));
    }

    @Test
    void separateQueuesForWriting_everyBlockHoldsWhatItShould() throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        NullTarget.connect(
                                initiator,
                                "",
                                ConnectOptions.defaults().withIoQueues(2).withWriteQueues(2));
                BlockDevice device = controller.openDevice(1)) {
            ContentChecker.Plan plan = ContentChecker.Plan.standard(BLOCKS);
            var _ = new ContentChecker(device, plan, false).run();
            assertThat(device.statistics().failedCount()).isZero();
        }
    }
}
