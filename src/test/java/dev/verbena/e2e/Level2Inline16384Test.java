package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Block devices against a target that takes 16384 bytes in the command capsule.
@TargetTest({"--inline", "16384"})
class Level2Inline16384Test extends Level2Cases {
    @Test
    void target_takesThatMuchInTheCapsule() {
        assertThat(controller.inCapsuleBytesMax()).isEqualTo(16384);
    }
}
