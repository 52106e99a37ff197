package dev.verbena.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.DeviceFixture;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Random operations at any position and of any length, compared with an array in memory.
@Timeout(120)
class ChannelModelTest {
    private static final int BLOCKS = 64;
    private static final int BYTES = BLOCKS * 512;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void blockingChannel_agreesWithTheModel(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] model = new byte[BYTES];
        try (DeviceFixture fixture = new DeviceFixture(BLOCKS);
                DeviceByteChannel channel =
                        DeviceByteChannel.open(fixture.device, Access.READ_WRITE);
                Arena confined = Arena.ofConfined()) {
            for (int i = 0; i < 1000; i++) {
                int at = random.nextInt(BYTES);
                channel.position(at);
                ByteBuffer[] buffers = buffers(random, confined);
                int bytes = Arrays.stream(buffers).mapToInt(ByteBuffer::remaining).sum();
                int expected = Math.min(bytes, BYTES - at);
                if (random.nextBoolean()) {
                    byte[] content = new byte[bytes];
                    random.nextBytes(content);
                    fill(buffers, content);
                    assertThat(channel.write(buffers)).isEqualTo(expected);
                    System.arraycopy(content, 0, model, at, expected);
                } else {
                    assertThat(channel.read(buffers)).isEqualTo(expected);
                    assertThat(Arrays.copyOf(content(buffers), expected))
                            .as("seed " + seed + ", operation " + i)
                            .isEqualTo(Arrays.copyOfRange(model, at, at + expected));
                }
                assertThat(channel.position()).isEqualTo(at + expected);
            }
            assertThat(fixture.target.disk()).isEqualTo(model);
        }
    }

    /// One to four buffers of several kinds, at least one byte in all.
    private static ByteBuffer[] buffers(Random random, Arena confined) {
        ByteBuffer[] buffers = new ByteBuffer[1 + random.nextInt(4)];
        for (int i = 0; i < buffers.length; i++) {
            int size = 1 + random.nextInt(random.nextBoolean() ? 30 : 2000);
            buffers[i] =
                    switch (random.nextInt(3)) {
                        case 0 -> ByteBuffer.allocate(size + 5).position(5);
                        case 1 -> ByteBuffer.allocateDirect(size);
                        default -> confined.allocate(size).asByteBuffer();
                    };
        }
        return buffers;
    }

    private static void fill(ByteBuffer[] buffers, byte[] content) {
        int at = 0;
        for (ByteBuffer buffer : buffers) {
            int size = buffer.remaining();
            buffer.duplicate().put(content, at, size);
            at += size;
        }
    }

    private static byte[] content(ByteBuffer[] buffers) {
        int size = Arrays.stream(buffers).mapToInt(ByteBuffer::position).sum();
        ByteBuffer all = ByteBuffer.allocate(size);
        for (ByteBuffer buffer : buffers) {
            ByteBuffer read = buffer.duplicate().flip();
            // What lies before the first position was not read.
            read.position(buffer.hasArray() ? Math.min(5, read.limit()) : 0);
            all.put(read);
        }
        return all.array();
    }

    /// Threads that own interleaved bytes write them all the time: with a lost write somebody's
    /// bytes are old.
    @Test
    void concurrentWritesWithinTheSameBlocks_noneIsLost() throws Exception {
        int writers = 6;
        int piece = 100;
        try (DeviceFixture fixture = new DeviceFixture(BLOCKS);
                DeviceByteChannel channel =
                        DeviceByteChannel.open(fixture.device, Access.READ_WRITE)) {
            List<Thread> threads = new ArrayList<>();
            List<Throwable> failures = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                int mine = w;
                threads.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    try {
                                        write(channel, mine * piece, writers * piece, mine, piece);
                                    } catch (Throwable e) {
                                        synchronized (failures) {
                                            failures.add(e);
                                        }
                                    }
                                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            byte[] disk = fixture.target.disk();
            for (int i = 0; i + writers * piece <= 10_000; i++) {
                assertThat(disk[i]).as("byte " + i).isEqualTo((byte) (50 + i / piece % writers));
            }
        }
    }

    private static void write(
            DeviceByteChannel channel, int first, int stride, int writer, int piece)
            throws Exception {
        for (int round = 1; round <= 50; round++) {
            byte[] content = new byte[piece];
            Arrays.fill(content, (byte) (round == 50 ? 50 + writer : round));
            for (int at = first; at + piece <= 10_000; at += stride) {
                assertThat(channel.write(ByteBuffer.wrap(content), at)).isEqualTo(piece);
            }
        }
    }

    @Test
    void asynchronousWritesOfOneCaller_arriveInOrderWithinABlock() throws Exception {
        try (DeviceFixture fixture = new DeviceFixture(BLOCKS);
                DeviceFileChannel channel =
                        DeviceFileChannel.open(fixture.device, Access.READ_WRITE)) {
            Random random = new Random(7);
            byte[] model = new byte[BYTES];
            List<Future<Integer>> futures = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                // Never whole blocks: these may overtake each other.
                int at = random.nextInt(BYTES - 700);
                int bytes = 1 + random.nextInt(600);
                if (at % 512 == 0 && bytes % 512 == 0) {
                    continue;
                }
                byte[] content = new byte[bytes];
                random.nextBytes(content);
                System.arraycopy(content, 0, model, at, bytes);
                futures.add(channel.write(ByteBuffer.wrap(content), at));
            }
            for (Future<Integer> future : futures) {
                assertThat(future.get(60, TimeUnit.SECONDS)).isPositive();
            }
            assertThat(fixture.target.disk()).isEqualTo(model);
        }
    }
}
