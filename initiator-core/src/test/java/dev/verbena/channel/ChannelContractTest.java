package dev.verbena.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.DeviceFixture;
import dev.verbena.NvmeException;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.SentCapsule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.NonWritableChannelException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What `java.nio` promises of channels.
@Timeout(60)
class ChannelContractTest {
    private static final int BYTES = 16 * 512;

    private DeviceFixture fixture;

    @BeforeEach
    void open() throws IOException {
        fixture = new DeviceFixture(16);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private DeviceByteChannel bytes(Access access) {
        return DeviceByteChannel.open(fixture.device, access);
    }

    private DeviceFileChannel file(Access access) {
        return DeviceFileChannel.open(fixture.device, access);
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    @Test
    void readAtTheEnd_isShortThenMinusOne() throws Exception {
        DeviceByteChannel channel = bytes(Access.READ_ONLY);
        channel.position(BYTES - 10);
        ByteBuffer buffer = ByteBuffer.allocate(100);
        assertThat(channel.read(buffer)).isEqualTo(10);
        assertThat(buffer.position()).isEqualTo(10);
        assertThat(channel.read(buffer)).isEqualTo(-1);
        assertThat(channel.position()).isEqualTo(BYTES);
        assertThat(channel.position(BYTES + 1000L).read(buffer)).isEqualTo(-1);
        assertThat(channel.read(ByteBuffer.allocate(0))).isZero();

        DeviceFileChannel file = file(Access.READ_ONLY);
        assertThat(get(file.read(buffer, BYTES - 7))).isEqualTo(7);
        assertThat(buffer.position()).isEqualTo(17);
        assertThat(get(file.read(buffer, BYTES))).isEqualTo(-1);
        assertThat(get(file.read(buffer, Long.MAX_VALUE))).isEqualTo(-1);
        assertThat(get(file.read(ByteBuffer.allocate(0), 0))).isZero();
    }

    @Test
    void writeAtTheEnd_isShortThenAnError() throws Exception {
        DeviceByteChannel channel = bytes(Access.READ_WRITE);
        channel.position(BYTES - 10);
        ByteBuffer buffer = ByteBuffer.allocate(100);
        assertThat(channel.write(buffer)).isEqualTo(10);
        assertThat(buffer.remaining()).isEqualTo(90);
        assertThatThrownBy(() -> channel.write(buffer))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot grow");
        assertThat(channel.write(ByteBuffer.allocate(0))).isZero();

        DeviceFileChannel file = file(Access.READ_WRITE);
        assertThat(get(file.write(buffer, BYTES - 7))).isEqualTo(7);
        assertThatThrownBy(() -> get(file.write(buffer, BYTES)))
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void readOnlyChannel_refusesWrites() {
        ByteBuffer buffer = ByteBuffer.allocate(10);
        assertThatThrownBy(() -> bytes(Access.READ_ONLY).write(buffer))
                .isInstanceOf(NonWritableChannelException.class);
        assertThatThrownBy(() -> file(Access.READ_ONLY).write(buffer, 0))
                .isInstanceOf(NonWritableChannelException.class);
        assertThatThrownBy(() -> bytes(Access.READ_ONLY).truncate(BYTES))
                .isInstanceOf(NonWritableChannelException.class);
        assertThatThrownBy(() -> file(Access.READ_ONLY).truncate(BYTES))
                .isInstanceOf(NonWritableChannelException.class);
    }

    @Test
    void impossibleArguments_areRefused() {
        ByteBuffer readOnly = ByteBuffer.allocate(10).asReadOnlyBuffer();
        ByteBuffer buffer = ByteBuffer.allocate(10);
        assertThatThrownBy(() -> bytes(Access.READ_WRITE).read(readOnly))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> file(Access.READ_WRITE).read(readOnly, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> file(Access.READ_WRITE).read(buffer, -1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bytes(Access.READ_WRITE).position(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bytes(Access.READ_WRITE).read(buffer, -1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bytes(Access.READ_WRITE).truncate(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> bytes(Access.READ_WRITE).read(new ByteBuffer[] {buffer}, 1, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void sizeTruncateAndForce_areThoseOfADevice() throws Exception {
        DeviceByteChannel channel = bytes(Access.READ_WRITE);
        DeviceFileChannel file = file(Access.READ_WRITE);
        assertThat(channel.size()).isEqualTo(BYTES);
        assertThat(file.size()).isEqualTo(BYTES);
        channel.position(BYTES + 100);
        assertThat(channel.truncate(BYTES).position()).isEqualTo(BYTES);
        assertThat(file.truncate(BYTES + 1)).isSameAs(file);
        assertThatThrownBy(() -> channel.truncate(BYTES - 1))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> file.truncate(0))
                .isInstanceOf(UnsupportedOperationException.class);
        channel.force();
        file.force(false);
        assertThat(fixture.target.seen().stream().filter(c -> isIo(c, 0))).hasSize(2);
    }

    private static boolean isIo(SentCapsule capsule, int opcode) {
        return capsule.opcode() == opcode && capsule.namespaceId() == 1;
    }

    @Test
    void locks_areNotSupported() {
        DeviceFileChannel file = file(Access.READ_WRITE);
        assertThatThrownBy(file::lock)
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("reservations");
        assertThatThrownBy(file::tryLock).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void closedChannel_refusesEverythingAndLeavesTheDeviceOpen() throws Exception {
        DeviceByteChannel channel = bytes(Access.READ_WRITE);
        DeviceFileChannel file = file(Access.READ_WRITE);
        channel.close();
        channel.close();
        file.close();
        ByteBuffer buffer = ByteBuffer.allocate(10);
        assertThat(channel.isOpen()).isFalse();
        assertThat(file.isOpen()).isFalse();
        assertThatThrownBy(() -> channel.read(buffer)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> channel.write(buffer)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(channel::position).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> channel.position(0)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(channel::force).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> get(file.read(buffer, 0)))
                .hasCauseInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> file.force(true)).isInstanceOf(ClosedChannelException.class);
        fixture.device.flush();
    }

    private record Outcome(String attachment, Object result) {}

    private static CompletionHandler<Integer, String> into(BlockingQueue<Outcome> outcomes) {
        return new CompletionHandler<>() {
            @Override
            public void completed(Integer result, String attachment) {
                outcomes.add(new Outcome(attachment, result));
            }

            @Override
            public void failed(Throwable e, String attachment) {
                outcomes.add(new Outcome(attachment, e));
            }
        };
    }

    @Test
    void handlers_getResultErrorAndAttachment() throws Exception {
        DeviceFileChannel file = file(Access.READ_WRITE);
        BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
        ByteBuffer source = ByteBuffer.wrap(new byte[] {1, 2, 3});
        file.write(source, 700, "write", into(outcomes));
        assertThat(outcomes.poll(20, TimeUnit.SECONDS)).isEqualTo(new Outcome("write", 3));
        assertThat(source.hasRemaining()).isFalse();
        ByteBuffer target = ByteBuffer.allocate(5);
        file.read(target, 699, "read", into(outcomes));
        assertThat(outcomes.poll(20, TimeUnit.SECONDS)).isEqualTo(new Outcome("read", 5));
        assertThat(target.array()).containsExactly(0, 1, 2, 3, 0);
        file.read(target.clear(), BYTES, "end", into(outcomes));
        assertThat(outcomes.poll(20, TimeUnit.SECONDS)).isEqualTo(new Outcome("end", -1));
        fixture.target.refuse(c -> isIo(c, 2), 0x4281, 0);
        file.read(target.clear(), 0, "error", into(outcomes));
        Outcome error = outcomes.poll(20, TimeUnit.SECONDS);
        assertThat(error).isNotNull();
        assertThat(error.result()).isInstanceOf(NvmeException.class);
        assertThat(target.position()).isZero();
    }

    @Test
    void handlerThatBlocks_doesNotStopTheDevice() throws Exception {
        DeviceFileChannel file = file(Access.READ_WRITE);
        CompletableFuture<Integer> inner = new CompletableFuture<>();
        file.read(
                ByteBuffer.allocate(10),
                0,
                null,
                new CompletionHandler<Integer, Void>() {
                    @Override
                    public void completed(Integer result, Void attachment) {
                        try {
                            inner.complete(get(file.read(ByteBuffer.allocate(20), 0)));
                        } catch (Exception e) {
                            inner.completeExceptionally(e);
                        }
                    }

                    @Override
                    public void failed(Throwable e, Void attachment) {
                        inner.completeExceptionally(e);
                    }
                });
        assertThat(get(inner)).isEqualTo(20);
    }

    @Test
    void closeWithAnOperationUnderWay_itFailsOnceTheDeviceIsDone() throws Exception {
        DeviceFileChannel file = file(Access.READ_WRITE);
        CompletableFuture<Runnable> answer = new CompletableFuture<>();
        fixture.target.intercept((FakeFabricQueue queue, SentCapsule capsule) -> {
            if (!isIo(capsule, 2)) {
                return false;
            }
            answer.complete(() -> queue.respond(capsule, 0, 0));
            return true;
        });
        Future<Integer> read = file.read(ByteBuffer.allocate(512), 0);
        Runnable answerNow = get(answer);
        file.close();
        assertThat(read.isDone()).isFalse();
        answerNow.run();
        assertThatThrownBy(() -> get(read))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(AsynchronousCloseException.class);
    }

    @Test
    void readOfAModifyFails_nothingIsWrittenAndOthersGoOn() throws Exception {
        DeviceByteChannel channel = bytes(Access.READ_WRITE);
        fixture.target.refuse(c -> isIo(c, 2), 0x4281, 0);
        assertThatThrownBy(() -> channel.write(ByteBuffer.allocate(10), 100))
                .isInstanceOf(NvmeException.class);
        assertThat(fixture.target.seen()).noneMatch(c -> isIo(c, 1));
        fixture.target.intercept(null);
        assertThat(channel.write(ByteBuffer.allocate(10), 100)).isEqualTo(10);
    }

    @Test
    void wholeBlocksInAnArena_goToTheDeviceWithoutACopy() throws Exception {
        DeviceByteChannel channel = bytes(Access.READ_WRITE);
        try (var arena = fixture.device.newArena(4096)) {
            channel.write(arena.allocate(1024, 512).asByteBuffer(), 512);
            channel.read(arena.allocate(1024, 512).asByteBuffer(), 512);
            assertThat(fixture.device.bouncedCount()).isZero();
        }
    }

    @Test
    void confinedMemory_canBeWrittenAndReadBlocking_notReadAsynchronously() throws Exception {
        try (Arena confined = Arena.ofConfined()) {
            ByteBuffer buffer = confined.allocate(100).asByteBuffer();
            DeviceByteChannel channel = bytes(Access.READ_WRITE);
            assertThat(channel.write(buffer.put(0, (byte) 5), 3)).isEqualTo(100);
            buffer.clear().put(0, (byte) 0);
            assertThat(channel.read(buffer, 3)).isEqualTo(100);
            assertThat(buffer.get(0)).isEqualTo((byte) 5);
            buffer.clear();
            assertThatThrownBy(() -> get(file(Access.READ_WRITE).read(buffer, 3)))
                    .hasCauseInstanceOf(IllegalArgumentException.class);
        }
    }
}
