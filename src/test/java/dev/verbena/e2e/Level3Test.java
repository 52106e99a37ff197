package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.channel.Access;
import dev.verbena.channel.DeviceByteChannel;
import dev.verbena.channel.DeviceFileChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Channels against a real target: any position, any length.
@TargetTest({"--inline", "4096"})
class Level3Test {
    private static final int BYTES = 1 << 20;

    private Initiator initiator;
    private BlockDevice device;

    @BeforeAll
    void connect(LiveTarget live) throws IOException {
        initiator = Initiator.open();
        Controller controller = live.connect(initiator);
        device = controller.openDevice(1);
    }

    @AfterAll
    void close() {
        if (initiator != null) {
            initiator.close();
        }
    }

    @Test
    void unalignedWritesAndReads_agreeWithAModelAndWithTheTarget(LiveTarget live) throws Exception {
        byte[] model = new byte[BYTES];
        Random random = new Random(11);
        try (DeviceByteChannel channel = DeviceByteChannel.open(device, Access.READ_WRITE)) {
            assertThat(channel.write(ByteBuffer.wrap(model))).isEqualTo(BYTES);
            for (int i = 0; i < 400; i++) {
                int length = 1 + random.nextInt(random.nextInt(5) == 0 ? 100_000 : 2000);
                int at = random.nextInt(BYTES - length);
                if (random.nextBoolean()) {
                    byte[] content = new byte[length];
                    random.nextBytes(content);
                    System.arraycopy(content, 0, model, at, length);
                    channel.position(at);
                    assertThat(channel.write(ByteBuffer.wrap(content))).isEqualTo(length);
                } else {
                    ByteBuffer back = ByteBuffer.allocate(length);
                    assertThat(channel.read(back, at)).isEqualTo(length);
                    assertThat(back.array()).isEqualTo(Arrays.copyOfRange(model, at, at + length));
                }
            }
            channel.force();
        }
        assertThat(live.stored(0, BYTES)).isEqualTo(model);
    }

    @Test
    void asynchronousWritesWithinTheSameBlocks_noneIsLost(LiveTarget live) throws Exception {
        int offset = 2 * BYTES;
        // Whole blocks, so that they can be read past the cache; the writes are not.
        byte[] model = new byte[20_480];
        try (DeviceFileChannel channel = DeviceFileChannel.open(device, Access.READ_WRITE)) {
            assertThat(channel.write(ByteBuffer.wrap(model), offset).get(60, TimeUnit.SECONDS))
                    .isEqualTo(model.length);
            List<Future<Integer>> futures = new ArrayList<>();
            for (int at = 0; at + 37 <= model.length; at += 37) {
                byte[] content = new byte[37];
                Arrays.fill(content, (byte) (at / 37));
                System.arraycopy(content, 0, model, at, 37);
                futures.add(channel.write(ByteBuffer.wrap(content), offset + at));
            }
            for (Future<Integer> future : futures) {
                assertThat(future.get(60, TimeUnit.SECONDS)).isEqualTo(37);
            }
        }
        assertThat(live.stored(offset, model.length)).isEqualTo(model);
    }
}
