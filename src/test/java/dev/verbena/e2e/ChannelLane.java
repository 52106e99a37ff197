package dev.verbena.e2e;

import dev.verbena.BlockDevice;
import dev.verbena.channel.Access;
import dev.verbena.channel.DeviceByteChannel;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Level 3: reads and writes any bytes of a piece of a device, beside a copy in memory.
final class ChannelLane extends Lane {
    private final BlockDevice device;
    private final long offset;
    private final byte[] model;
    private final Random random;

    /// @param offset of `bytes` bytes of the device that are this lane's
    ChannelLane(BlockDevice device, long offset, int bytes, long seed) {
        super("level-3-" + offset);
        this.device = device;
        this.offset = offset;
        this.model = new byte[bytes];
        this.random = new Random(seed);
    }

    @Override
    List<ExpectedBlocks> expected() {
        return List.of();
    }

    /// Where its bytes begin on the device.
    long offset() {
        return offset;
    }

    /// What they have to be.
    byte[] content() {
        return model.clone();
    }

    @Override
    void run() throws Exception {
        try (DeviceByteChannel channel = DeviceByteChannel.open(device, Access.READ_WRITE)) {
            random.nextBytes(model);
            put(channel, 0, model.length);
            while (!stopping()) {
                int length = 1 + random.nextInt(random.nextInt(5) == 0 ? 20_000 : 1500);
                int at = random.nextInt(model.length - length);
                if (random.nextBoolean()) {
                    byte[] fresh = new byte[length];
                    random.nextBytes(fresh);
                    System.arraycopy(fresh, 0, model, at, length);
                    put(channel, at, length);
                } else {
                    compare(channel, at, length);
                }
                ended();
            }
            compare(channel, 0, model.length);
        }
    }

    private void put(DeviceByteChannel channel, int at, int length) throws Exception {
        int count = channel.write(ByteBuffer.wrap(model, at, length), offset + at);
        if (count != length) {
            throw new AssertionError(count + " of " + length + " bytes written");
        }
    }

    private void compare(DeviceByteChannel channel, int at, int length) throws Exception {
        byte[] back = new byte[length];
        int count = channel.read(ByteBuffer.wrap(back), offset + at);
        int from = Arrays.mismatch(model, at, at + length, back, 0, count);
        if (from >= 0) {
            throw new AssertionError(
                    "Byte %d of the channel at %d is not what was written"
                            .formatted(at + from, offset));
        }
    }
}
