package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

@TargetTest({"--inline", "0"})
class KeyedOnlyTest {
    @Test
    void targetWithoutInCapsuleData_getsEveryWriteByKey(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(8192)) {
            assertThat(controller.inCapsuleBytesMax())
                    .isEqualTo(TargetControl.current().leastInCapsule());
            MemorySegment block = arena.allocate(512, 512);
            block.fill((byte) 0x3C);
            boolean[] done = {false};
            assertThat(queue.tryWrite(controller.namespace(1), 9, 1, block, 0)).isTrue();
            while (!done[0]) {
                queue.poll((token, status, result) -> {
                    assertThat(status).isZero();
                    done[0] = true;
                });
                queue.await(100_000_000);
            }
            assertThat(queue.statistics().keyed()).isEqualTo(1);
            assertThat(queue.statistics().inCapsule()).isZero();
            assertThat(live.stored(9 * 512, 512)).containsOnly(0x3C);
        }
    }

    @Test
    void device_readsBackWhatItWrote(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                BlockDevice device = controller.openDevice(1)) {
            byte[] content = new byte[8192];
            Arrays.fill(content, (byte) 0x42);
            device.write(1 << 20, MemorySegment.ofArray(content));
            MemorySegment back = MemorySegment.ofArray(new byte[8192]);
            device.read(1 << 20, back);
            assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
        }
    }
}
