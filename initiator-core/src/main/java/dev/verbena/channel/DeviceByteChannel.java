package dev.verbena.channel;

import dev.verbena.BlockDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/// A block device as a blocking channel with a position: any position, any length, see the package.
///
/// The methods that take a position do not use or change the channel's, and run side by side; those
/// that use the channel's run one after the other. Waiting suits virtual threads.
///
/// Where it differs from a file: its size is fixed. A write that reaches beyond the end writes up
/// to the end; one that begins there fails with an [IOException]. [#truncate] can only leave the
/// size as it is or larger. An interrupt ends the wait with [java.io.InterruptedIOException] and
/// leaves the channel open; the buffer stays in use until the operation has ended.
///
/// Threads: any.
public final class DeviceByteChannel
        implements SeekableByteChannel, GatheringByteChannel, ScatteringByteChannel {
    private final UnalignedAccess unaligned;
    private final ChannelState state;

    /// Guards the position.
    private final ReentrantLock lock = new ReentrantLock();

    private long position;

    private DeviceByteChannel(BlockDevice device, Access access) {
        this.unaligned = new UnalignedAccess(device);
        this.state = new ChannelState(access);
    }

    /// Opens a channel at position 0.
    public static DeviceByteChannel open(BlockDevice device, Access access) {
        return new DeviceByteChannel(device, access);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return (int) read(new ByteBuffer[] {target}, 0, 1);
    }

    @Override
    public long read(ByteBuffer[] targets) throws IOException {
        return read(targets, 0, targets.length);
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, targets.length);
        lock.lock();
        try {
            long count = readAt(targets, offset, length, position);
            position += Math.max(0, count);
            return count;
        } finally {
            lock.unlock();
        }
    }

    /// Reads at a position of its own.
    ///
    /// @return the bytes read, -1 at the end of the device
    public int read(ByteBuffer target, long at) throws IOException {
        requirePosition(at);
        return (int) readAt(new ByteBuffer[] {target}, 0, 1, at);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return (int) write(new ByteBuffer[] {source}, 0, 1);
    }

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
        return write(sources, 0, sources.length);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, sources.length);
        lock.lock();
        try {
            long count = writeAt(sources, offset, length, position);
            position += count;
            return count;
        } finally {
            lock.unlock();
        }
    }

    /// Writes at a position of its own.
    ///
    /// @return the bytes written
    public int write(ByteBuffer source, long at) throws IOException {
        requirePosition(at);
        return (int) writeAt(new ByteBuffer[] {source}, 0, 1, at);
    }

    private static void requirePosition(long at) {
        if (at < 0) {
            throw new IllegalArgumentException("Position " + at + " is negative");
        }
    }

    private long readAt(ByteBuffer[] targets, int offset, int length, long at) throws IOException {
        state.requireOpen();
        for (int i = offset; i < offset + length; i++) {
            if (targets[i].isReadOnly()) {
                throw new IllegalArgumentException("The buffer of a read must not be read-only");
            }
        }
        long left = Math.max(0, unaligned.device().byteSize() - at);
        List<MemorySegment> memory = memory(targets, offset, length, left);
        long bytes = total(memory);
        if (bytes == 0) {
            return left == 0 && remaining(targets, offset, length) ? -1 : 0;
        }
        List<MemorySegment> reachable = new ArrayList<>(memory.size());
        for (MemorySegment segment : memory) {
            // Confined to this thread: read into a copy that the device's threads can reach.
            reachable.add(
                    UnalignedAccess.canBeReached(segment)
                            ? segment
                            : MemorySegment.ofArray(new byte[(int) segment.byteSize()]));
        }
        var _ = DeviceFileChannel.await(unaligned.read(at, reachable, bytes));
        for (int i = 0; i < memory.size(); i++) {
            if (!memory.get(i).equals(reachable.get(i))) {
                memory.get(i).copyFrom(reachable.get(i));
            }
        }
        advance(targets, offset, bytes);
        return bytes;
    }

    private long writeAt(ByteBuffer[] sources, int offset, int length, long at) throws IOException {
        state.requireOpen();
        state.requireWritable();
        long left = Math.max(0, unaligned.device().byteSize() - at);
        if (left == 0 && remaining(sources, offset, length)) {
            throw DeviceFileChannel.beyondEnd(at);
        }
        List<MemorySegment> memory = memory(sources, offset, length, left);
        long bytes = total(memory);
        if (bytes == 0) {
            return 0;
        }
        var _ = DeviceFileChannel.await(unaligned.write(at, memory, bytes));
        advance(sources, offset, bytes);
        return bytes;
    }

    private static boolean remaining(ByteBuffer[] buffers, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (buffers[i].hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    private static List<MemorySegment> memory(
            ByteBuffer[] buffers, int offset, int length, long most) {
        List<MemorySegment> memory = new ArrayList<>(length);
        long left = most;
        for (int i = offset; i < offset + length && left > 0; i++) {
            MemorySegment segment = MemorySegment.ofBuffer(buffers[i]);
            long bytes = Math.min(left, segment.byteSize());
            if (bytes > 0) {
                memory.add(segment.asSlice(0, bytes));
            }
            left -= bytes;
        }
        return memory;
    }

    private static long total(List<MemorySegment> memory) {
        return memory.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    private static void advance(ByteBuffer[] buffers, int offset, long bytes) {
        long left = bytes;
        for (int i = offset; left > 0; i++) {
            int part = (int) Math.min(left, buffers[i].remaining());
            buffers[i].position(buffers[i].position() + part);
            left -= part;
        }
    }

    @Override
    public long position() throws IOException {
        state.requireOpen();
        lock.lock();
        try {
            return position;
        } finally {
            lock.unlock();
        }
    }

    /// Sets the position; one beyond the end is allowed, reads there find the end.
    @Override
    public SeekableByteChannel position(long newPosition) throws IOException {
        state.requireOpen();
        requirePosition(newPosition);
        lock.lock();
        try {
            position = newPosition;
        } finally {
            lock.unlock();
        }
        return this;
    }

    @Override
    public long size() throws IOException {
        state.requireOpen();
        return unaligned.device().byteSize();
    }

    /// Leaves the size as it is. A position beyond `size` becomes `size`.
    ///
    /// @throws UnsupportedOperationException when `size` is smaller than the device
    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
        state.requireOpen();
        state.requireWritable();
        DeviceFileChannel.checkTruncate(size, unaligned.device().byteSize());
        lock.lock();
        try {
            position = Math.min(position, size);
        } finally {
            lock.unlock();
        }
        return this;
    }

    /// Makes what was written durable.
    public void force() throws IOException {
        state.requireOpen();
        unaligned.device().flush();
    }

    @Override
    public boolean isOpen() {
        return state.isOpen();
    }

    /// Closes the channel, not its device. Operations under way end as they would have.
    @Override
    public void close() {
        state.close();
    }
}
