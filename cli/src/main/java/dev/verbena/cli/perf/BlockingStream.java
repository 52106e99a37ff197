package dev.verbena.cli.perf;

import dev.verbena.BlockDevice;
import dev.verbena.channel.Access;
import dev.verbena.channel.DeviceByteChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Levels 2 and 3 with blocking calls: a virtual thread for each slot.
final class BlockingStream implements Stream {
    /// One call.
    private interface Call {
        void run(Slot slot) throws IOException;
    }

    private final RunState state;
    private final BlockDevice device;
    private final List<Runnable> tasks = new ArrayList<>();

    private BlockingStream(RunState state, BlockDevice device) {
        this.state = state;
        this.device = device;
    }

    /// Through [BlockDevice#read] and `write`.
    static BlockingStream ofDevice(RunState state, BlockDevice device, Slot[] slots) {
        BlockingStream stream = new BlockingStream(state, device);
        for (Slot slot : slots) {
            stream.add(
                    slot,
                    it -> {
                        if (it.isWrite()) {
                            device.write(it.offset(), it.buffer());
                        } else {
                            device.read(it.offset(), it.buffer());
                        }
                    });
        }
        return stream;
    }

    /// Through a [DeviceByteChannel], at positions.
    static BlockingStream ofChannel(RunState state, BlockDevice device, Slot[] slots) {
        BlockingStream stream = new BlockingStream(state, device);
        DeviceByteChannel channel = DeviceByteChannel.open(device, Access.READ_WRITE);
        for (Slot slot : slots) {
            ByteBuffer bytes = slot.buffer().asByteBuffer();
            stream.add(
                    slot,
                    it -> {
                        bytes.clear();
                        int count =
                                it.isWrite()
                                        ? channel.write(bytes, it.offset())
                                        : channel.read(bytes, it.offset());
                        if (count != bytes.capacity()) {
                            throw new IOException("only " + count + " bytes were moved");
                        }
                    });
        }
        return stream;
    }

    private void add(Slot slot, Call call) {
        tasks.add(() -> work(slot, call));
    }

    private void work(Slot slot, Call call) {
        try {
            while (!state.isAbandoned() && slot.next()) {
                slot.started();
                try {
                    call.run(slot);
                } catch (IOException e) {
                    throw new IOException(slot + " failed: " + e.getMessage(), e);
                }
                slot.ended();
            }
        } catch (IOException | RuntimeException | Error e) {
            state.fail(e);
        }
    }

    @Override
    public void run() {
        List<Thread> threads = new ArrayList<>();
        for (Runnable task : tasks) {
            threads.add(Thread.ofVirtual().name("perf-", threads.size()).start(task));
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            state.abandon();
        }
    }

    @Override
    public void close() {
        device.close();
    }
}
