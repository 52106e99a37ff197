package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Block devices against a target that takes 4096 bytes in the command capsule.
@TargetTest({"--inline", "4096"})
class Level2Inline4096Test extends Level2Cases {
    @Test
    void target_takesThatMuchInTheCapsule() {
        assertThat(controller.inCapsuleBytesMax()).isEqualTo(4096);
    }
}
