package dev.verbena.channel;

import dev.verbena.BlockDevice;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileLock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// A block device as an [AsynchronousFileChannel]: any position, any length, see the package.
///
/// Where it differs from a file:
///
/// - Its size is fixed. A write that reaches beyond the end writes up to the end; one that begins
///   there fails with an [IOException]. [#truncate] can only leave the size as it is or larger.
/// - There are no locks: [#lock] and [#tryLock] throw [UnsupportedOperationException]. Reservations
///   of the NVMe specification are the means for that, and not a channel's business.
/// - [#force] sends a flush, whatever its argument.
/// - A buffer belongs to the operation until it has ended. That includes an operation whose future
///   was cancelled, and one that was under way when the channel was closed: it completes with
///   [AsynchronousCloseException] when the device is done with the buffer, not before.
/// - Buffers of confined arenas can be written, not read into.
///
/// Completion handlers run on the executor the channel was opened with, by default each on a
/// virtual thread of its own, and may block.
///
/// Threads: any.
public final class DeviceFileChannel extends AsynchronousFileChannel {
    private static final Executor VIRTUAL_THREADS =
            task -> Thread.ofVirtual().name("verbena-handler").start(task);

    private final UnalignedAccess unaligned;
    private final ChannelState state;
    private final Executor executor;

    private DeviceFileChannel(BlockDevice device, Access access, Executor executor) {
        this.unaligned = new UnalignedAccess(device);
        this.state = new ChannelState(access);
        this.executor = executor;
    }

    /// Opens a channel whose handlers run on virtual threads.
    public static DeviceFileChannel open(BlockDevice device, Access access) {
        return open(device, access, VIRTUAL_THREADS);
    }

    /// Opens a channel.
    ///
    /// @param executor runs the completion handlers; it must not reject
    public static DeviceFileChannel open(BlockDevice device, Access access, Executor executor) {
        return new DeviceFileChannel(device, access, executor);
    }

    private interface Operation {
        CompletableFuture<Void> start(long position, List<MemorySegment> memory, long bytes);
    }

    @Override
    public Future<Integer> read(ByteBuffer target, long position) {
        return started(target, position, true);
    }

    @Override
    public Future<Integer> write(ByteBuffer source, long position) {
        return started(source, position, false);
    }

    @Override
    public <A extends @Nullable Object> void read(
            ByteBuffer target,
            long position,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        report(started(target, position, true), attachment, handler);
    }

    @Override
    public <A extends @Nullable Object> void write(
            ByteBuffer source,
            long position,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        report(started(source, position, false), attachment, handler);
    }

    private <A extends @Nullable Object> void report(
            CompletableFuture<Integer> result,
            A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        var _ =
                result.whenCompleteAsync(
                        (count, e) -> {
                            if (e == null) {
                                handler.completed(count, attachment);
                            } else {
                                handler.failed(cause(e), attachment);
                            }
                        },
                        executor);
    }

    static Throwable cause(Throwable e) {
        Throwable inner = e.getCause();
        return e instanceof CompletionException && inner != null ? inner : e;
    }

    private CompletableFuture<Integer> started(ByteBuffer buffer, long position, boolean isRead) {
        if (position < 0) {
            throw new IllegalArgumentException("Position " + position + " is negative");
        }
        if (isRead && buffer.isReadOnly()) {
            throw new IllegalArgumentException("The buffer of a read must not be read-only");
        }
        if (!isRead) {
            state.requireWritable();
        }
        if (!state.isOpen()) {
            return CompletableFuture.failedFuture(new ClosedChannelException());
        }
        int wanted = buffer.remaining();
        long left = Math.max(0, unaligned.device().byteSize() - position);
        if (wanted == 0) {
            return CompletableFuture.completedFuture(0);
        }
        if (left == 0) {
            return isRead
                    ? CompletableFuture.completedFuture(-1)
                    : CompletableFuture.failedFuture(beyondEnd(position));
        }
        int bytes = (int) Math.min(wanted, left);
        int start = buffer.position();
        Operation operation = isRead ? unaligned::read : unaligned::write;
        CompletableFuture<Void> ended;
        try {
            MemorySegment memory = MemorySegment.ofBuffer(buffer).asSlice(0, bytes);
            ended = operation.start(position, List.of(memory), bytes);
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            return CompletableFuture.failedFuture(e);
        }
        BiFunction<@Nullable Void, @Nullable Throwable, Integer> finish =
                (nothing, e) -> {
                    if (!state.isOpen()) {
                        throw new CompletionException(new AsynchronousCloseException());
                    }
                    if (e != null) {
                        throw new CompletionException(cause(e));
                    }
                    buffer.position(start + bytes);
                    return bytes;
                };
        return ended.handle(finish);
    }

    static IOException beyondEnd(long position) {
        return new IOException(
                "A write at "
                        + position
                        + " begins beyond the end of the device, which cannot grow");
    }

    @Override
    public long size() throws IOException {
        state.requireOpen();
        return unaligned.device().byteSize();
    }

    /// Only checks the size, see above.
    ///
    /// @throws UnsupportedOperationException when it is smaller than the device
    @Override
    public AsynchronousFileChannel truncate(long size) throws IOException {
        state.requireOpen();
        state.requireWritable();
        checkTruncate(size, unaligned.device().byteSize());
        return this;
    }

    static void checkTruncate(long size, long deviceBytes) {
        if (size < 0) {
            throw new IllegalArgumentException("Size " + size + " is negative");
        }
        if (size < deviceBytes) {
            throw new UnsupportedOperationException(
                    "A device of " + deviceBytes + " bytes cannot be truncated to " + size);
        }
    }

    @Override
    public void force(boolean metaData) throws IOException {
        state.requireOpen();
        unaligned.device().flush();
    }

    /// Not supported, see above.
    @Override
    public <A extends @Nullable Object> void lock(
            long position,
            long size,
            boolean shared,
            A attachment,
            CompletionHandler<FileLock, ? super A> handler) {
        throw noLocks();
    }

    /// Not supported, see above.
    @Override
    public Future<FileLock> lock(long position, long size, boolean shared) {
        throw noLocks();
    }

    /// Not supported, see above.
    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
        throw noLocks();
    }

    private static UnsupportedOperationException noLocks() {
        return new UnsupportedOperationException(
                "A block device has no file locks; hosts that share one coordinate by reservations"
                        + " or by other means");
    }

    @Override
    public boolean isOpen() {
        return state.isOpen();
    }

    /// Closes the channel, not its device.
    @Override
    public void close() {
        state.close();
    }

    /// Waits for an operation and tells its failure as an [IOException].
    static <T> T await(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(
                    "Interrupted during an operation; its buffer stays in use until it has ended");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                io.addSuppressed(new Exception("Called here"));
                throw io;
            }
            if (cause instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            throw new IOException("The operation failed", cause);
        }
    }
}
