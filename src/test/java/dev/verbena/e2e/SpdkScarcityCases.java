package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import org.junit.jupiter.api.Test;

/// Mixed I/O against a target that has next to nothing to do it with: requests have to wait for
/// each other inside it, and every answer is still the right one.
abstract class SpdkScarcityCases {
    @Test
    void mixedOperations_everyBlockHoldsWhatItShould(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        initiator.connect(
                                live.target(), live.nqn(), LiveTarget.patient().withIoQueues(4));
                BlockDevice device = controller.openDevice(1)) {
            ContentChecker.Plan plan = new ContentChecker.Plan(11, 4, 128, 4000, 16_384);
            ContentChecker.Result result = new ContentChecker(device, plan, true).run();
            assertThat(result.blocksCompared()).isGreaterThan(4000);
            assertThat(device.statistics().failedCount()).isZero();
        }
    }
}
