package dev.verbena.cli.perf;

import dev.verbena.BlockDevice;
import dev.verbena.channel.Access;
import dev.verbena.channel.DeviceFileChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;

/// Levels 2 and 3 without blocking: the end of each I/O starts the slot's next one, on the thread
/// that reports it.
final class ChainStream implements Stream {
    private final RunState state;
    private final BlockDevice device;
    private final Trampoline trampoline = new Trampoline();
    private final Link[] links;
    private final CountDownLatch active;

    private ChainStream(RunState state, BlockDevice device, int count) {
        this.state = state;
        this.device = device;
        this.links = new Link[count];
        this.active = new CountDownLatch(count);
    }

    /// Through [BlockDevice#readAsync] and `writeAsync`.
    static ChainStream ofDevice(RunState state, BlockDevice device, Slot[] slots) {
        ChainStream stream = new ChainStream(state, device, slots.length);
        for (int i = 0; i < slots.length; i++) {
            stream.links[i] = stream.new DeviceLink(slots[i]);
        }
        return stream;
    }

    /// Through a [DeviceFileChannel].
    static ChainStream ofChannel(RunState state, BlockDevice device, Slot[] slots) {
        ChainStream stream = new ChainStream(state, device, slots.length);
        DeviceFileChannel channel =
                DeviceFileChannel.open(device, Access.READ_WRITE, stream.trampoline);
        for (int i = 0; i < slots.length; i++) {
            stream.links[i] = stream.new ChannelLink(slots[i], channel);
        }
        return stream;
    }

    @Override
    public void run() {
        for (Link link : links) {
            trampoline.execute(link);
        }
        try {
            // Every request ends: well, or by its time-out.
            active.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            state.abandon();
        }
    }

    @Override
    public void close() {
        device.close();
    }

    /// A slot and its next step.
    private abstract class Link implements Runnable {
        final Slot slot;

        Link(Slot slot) {
            this.slot = slot;
        }

        abstract void start();

        @Override
        public void run() {
            try {
                if (!state.isAbandoned() && slot.next()) {
                    slot.started();
                    start();
                } else {
                    active.countDown();
                }
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }

        void ended() {
            try {
                slot.ended();
            } catch (IOException e) {
                failed(e);
                return;
            }
            trampoline.execute(this);
        }

        void failed(Throwable e) {
            state.fail(
                    e instanceof IOException
                            ? new IOException(slot + " failed: " + e.getMessage(), e)
                            : e);
            active.countDown();
        }
    }

    private final class DeviceLink extends Link {
        DeviceLink(Slot slot) {
            super(slot);
        }

        @Override
        void start() {
            MemorySegment buffer = slot.buffer();
            CompletableFuture<Void> future =
                    slot.isWrite()
                            ? device.writeAsync(slot.offset(), buffer)
                            : device.readAsync(slot.offset(), buffer);
            var _ =
                    future.whenComplete((nothing, e) -> {
                        if (e == null) {
                            ended();
                        } else {
                            Throwable cause = e.getCause();
                            failed(e instanceof CompletionException && cause != null ? cause : e);
                        }
                    });
        }
    }

    private final class ChannelLink extends Link implements CompletionHandler<Integer, Link> {
        private final DeviceFileChannel channel;
        private final ByteBuffer bytes;

        ChannelLink(Slot slot, DeviceFileChannel channel) {
            super(slot);
            this.channel = channel;
            this.bytes = slot.buffer().asByteBuffer();
        }

        @Override
        void start() {
            bytes.clear();
            if (slot.isWrite()) {
                channel.write(bytes, slot.offset(), this, this);
            } else {
                channel.read(bytes, slot.offset(), this, this);
            }
        }

        @Override
        public void completed(Integer count, Link link) {
            if (count == bytes.capacity()) {
                ended();
            } else {
                failed(new IOException("only " + count + " bytes were moved"));
            }
        }

        @Override
        public void failed(Throwable e, Link link) {
            failed(e);
        }
    }
}
