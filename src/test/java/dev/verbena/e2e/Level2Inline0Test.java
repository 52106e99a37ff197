package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Block devices against a target that takes less than a block in the command capsule.
@TargetTest({"--inline", "0"})
class Level2Inline0Test extends Level2Cases {
    @Test
    void target_takesThatMuchInTheCapsule() {
        assertThat(controller.inCapsuleBytesMax())
                .isEqualTo(TargetControl.current().leastInCapsule());
    }
}
