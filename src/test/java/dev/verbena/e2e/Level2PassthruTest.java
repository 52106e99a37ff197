package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.ByteRange;
import dev.verbena.NvmeException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Block devices on a real controller behind the Linux target: blocks of 4096 bytes, and the
/// commands the target itself lacks.
@TargetTest({"--passthru", "--inline", "16384"})
class Level2PassthruTest extends Level2Cases {
    private static final int BLOCK = 4096;

    @Override
    LiveTarget choose(LiveTarget live) {
        return live.passthru();
    }

    private static byte[] pattern(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    @Test
    void compare_tellsEqualFromDifferent() throws IOException {
        assertThat(device.blockSize()).isEqualTo(BLOCK);
        byte[] content = pattern(300 * BLOCK, 1);
        device.write(0, MemorySegment.ofArray(content));
        device.compare(0, MemorySegment.ofArray(content));
        content[200 * BLOCK]++;
        assertThatThrownBy(() -> device.compare(0, MemorySegment.ofArray(content)))
                .isInstanceOfSatisfying(
                        NvmeException.class,
                        e -> assertThat(e.status().typeAndCode()).isEqualTo(0x285));
    }

    /// Linux hides Verify of the controller it hands through, in some versions.
    @Test
    void verify_isCarriedOutOrRefusedAsUnsupported() throws IOException {
        device.write(0, MemorySegment.ofArray(pattern(300 * BLOCK, 3)));
        if ((controller.identify().oncs() & 1 << 7) != 0) {
            device.verify(0, 300L * BLOCK);
        } else {
            assertThatThrownBy(() -> device.verify(0, 300L * BLOCK))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("Verify");
        }
    }

    @Test
    void copy_movesBlocksWithoutTheHost() throws IOException {
        byte[] content = pattern(64 * BLOCK, 2);
        device.write(0, MemorySegment.ofArray(content));
        device.copy(
                List.of(new ByteRange(0, 10L * BLOCK), new ByteRange(20L * BLOCK, 30L * BLOCK)),
                1000L * BLOCK);
        byte[] back = new byte[40 * BLOCK];
        device.read(1000L * BLOCK, MemorySegment.ofArray(back));
        assertThat(back).startsWith(Arrays.copyOf(content, 10 * BLOCK));
        assertThat(back).endsWith(Arrays.copyOfRange(content, 20 * BLOCK, 50 * BLOCK));
    }

    /// The controller behind has Format NVM and Namespace Attachment; Linux hands neither through.
    @Test
    void managementCommands_areRefused_andTheDataStays() throws IOException {
        byte[] content = pattern(16 * BLOCK, 4);
        device.write(0, MemorySegment.ofArray(content));
        AdminTest.assertManagementIsRefused(controller);
        byte[] back = new byte[content.length];
        device.read(0, MemorySegment.ofArray(back));
        assertThat(back).isEqualTo(content);
    }
}
