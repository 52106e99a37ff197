package dev.verbena;

import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.DataPlacement;
import dev.verbena.internal.engine.DeviceRequest;
import dev.verbena.internal.engine.DeviceWorker;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// A namespace as a block device: bytes in, bytes out, any thread.
///
/// Offsets and lengths are bytes and multiples of [#blockSize]. Memory of a [DmaArena] of the same
/// controller is used in place; any other memory, heap arrays included, is copied through
/// registered buffers. Requests of any length are cut into commands the controller accepts; they
/// are not atomic as a whole.
///
/// The blocking methods suit virtual threads: waiting parks the thread. The `…Async` methods return
/// at once, unless more than 1024 requests are waiting: then they wait for a place, up to the I/O
/// time-out. Stages attached to their futures without an executor run on the device's own thread
/// and must not block it.
///
/// A future that is cancelled or timed out does not end its command: the buffer stays in use until
/// the command has ended, and a [DmaArena] refuses to close until then.
///
/// Threads: any.
public final class BlockDevice implements AutoCloseable {
    private final Controller controller;
    private final Namespace namespace;
    private final DeviceWorker worker;

    BlockDevice(
            Controller controller,
            Namespace namespace,
            CommandQueue commands,
            MemoryDomain memory,
            DataPlacement placement,
            Duration ioTimeout) {
        this.controller = controller;
        this.namespace = namespace;
        int queueId = commands.queueId();
        this.worker =
                new DeviceWorker(
                        "verbena-io-" + commands.queueId(),
                        commands,
                        memory,
                        placement,
                        namespace.id(),
                        namespace.blockSize(),
                        ioTimeout.toNanos(),
                        failure -> controller.lost(this, failure),
                        () -> controller.closed(this, queueId));
    }

    public Namespace namespace() {
        return namespace;
    }

    /// Bytes of a block; offsets and lengths are multiples of it.
    public int blockSize() {
        return namespace.blockSize();
    }

    /// Bytes of the device.
    public long byteSize() {
        return namespace.byteSize();
    }

    /// Memory for this device's requests; see [Controller#newArena].
    public DmaArena newArena(long byteSize) {
        return controller.newArena(byteSize);
    }

    /// Reads until `buffer` is full.
    ///
    /// @param offset position on the device in bytes, a multiple of [#blockSize]
    /// @param buffer a multiple of [#blockSize] long, at least one block
    /// @throws IllegalArgumentException when offset or length do not fit the device
    /// @throws NvmeException when the controller reports an error
    /// @throws CommandTimeoutException when it does not answer in time
    /// @throws ConnectionLostException when the connection broke
    public void read(long offset, MemorySegment buffer) throws IOException {
        checkRange(offset, buffer, true);
        if (worker.canAccess(buffer)) {
            await(start(DeviceRequest.Kind.READ, offset, buffer), "read");
            return;
        }
        // Confined to the calling thread: read into a copy that the worker can reach.
        MemorySegment copy = heapCopy(buffer, false);
        await(start(DeviceRequest.Kind.READ, offset, copy), "read");
        buffer.copyFrom(copy);
    }

    /// Writes all of `buffer`. Errors as for [#read].
    public void write(long offset, MemorySegment buffer) throws IOException {
        await(writeAsync(offset, buffer), "write");
    }

    /// Makes what was written durable, where the controller has a volatile write cache.
    public void flush() throws IOException {
        await(flushAsync(), "flush");
    }

    /// Starts to read. The future completes when the data is there, or exceptionally as for
    /// [#read].
    ///
    /// @throws IllegalArgumentException when offset or length do not fit, or the buffer is confined
    ///   to one thread
    public CompletableFuture<Void> readAsync(long offset, MemorySegment buffer) {
        checkRange(offset, buffer, true);
        if (!worker.canAccess(buffer)) {
            throw new IllegalArgumentException(
                    "The buffer is confined to its thread; use a shared arena, a DmaArena or an"
                            + " array, or the blocking read");
        }
        return start(DeviceRequest.Kind.READ, offset, buffer);
    }

    /// Starts to write. The buffer must not change until the future completes.
    public CompletableFuture<Void> writeAsync(long offset, MemorySegment buffer) {
        checkRange(offset, buffer, false);
        MemorySegment source = worker.canAccess(buffer) ? buffer : heapCopy(buffer, true);
        return start(DeviceRequest.Kind.WRITE, offset, source);
    }

    /// Starts a flush.
    public CompletableFuture<Void> flushAsync() {
        return start(DeviceRequest.Kind.FLUSH, 0, MemorySegment.NULL);
    }

    private CompletableFuture<Void> start(
            DeviceRequest.Kind kind, long offset, MemorySegment buffer) {
        DeviceRequest request = new DeviceRequest(kind, offset, buffer);
        worker.submit(request);
        return request.future();
    }

    private static MemorySegment heapCopy(MemorySegment buffer, boolean withContent) {
        if (buffer.byteSize() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "The buffer is confined to its thread and too large to copy; use a shared arena"
                            + " or a DmaArena");
        }
        return MemorySegment.ofArray(
                withContent
                        ? buffer.toArray(ValueLayout.JAVA_BYTE)
                        : new byte[(int) buffer.byteSize()]);
    }

    private void checkRange(long offset, MemorySegment buffer, boolean isRead) {
        long bytes = buffer.byteSize();
        int blockSize = namespace.blockSize();
        if (offset < 0
                || bytes == 0
                || offset % blockSize != 0
                || bytes % blockSize != 0
                || offset > byteSize() - bytes) {
            throw new IllegalArgumentException(
                    bytes
                            + " bytes at "
                            + offset
                            + " do not fit a device of "
                            + byteSize()
                            + " bytes; offset and length must be multiples of "
                            + blockSize);
        }
        if (isRead && buffer.isReadOnly()) {
            throw new IllegalArgumentException("The buffer of a read must not be read-only");
        }
    }

    private static void await(CompletableFuture<Void> future, String what) throws IOException {
        try {
            future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(
                    "Interrupted during a "
                            + what
                            + "; its buffer stays in use until it has ended");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                // Where the caller waited belongs into the trace, not only the device's thread.
                io.addSuppressed(new Exception("Called here"));
                throw io;
            }
            throw new IOException("The " + what + " failed", cause);
        }
    }

    /// Commands whose data was copied because its memory is not registered.
    public long bouncedCount() {
        return worker.bouncedCount();
    }

    void fail(FabricFailure failure) {
        worker.fail(failure);
    }

    /// Whether the caller runs on the device's own thread, in a stage attached to a future.
    boolean isOwnThread() {
        return worker.isCurrentThread();
    }

    /// Waits for the requests that were accepted, then disconnects the queue. Idempotent. In a
    /// stage that runs on the device's own thread, it only starts to close.
    @Override
    public void close() {
        worker.close();
    }

    /// The namespace and its subsystem.
    @Override
    public String toString() {
        return namespace + " of " + controller.subsystemNqn();
    }
}
