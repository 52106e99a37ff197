package dev.verbena;

import dev.verbena.internal.engine.DeviceContext;
import dev.verbena.internal.engine.DeviceQueues;
import dev.verbena.internal.engine.DeviceRequest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A namespace as a block device: bytes in, bytes out, any thread.
///
/// Offsets and lengths are bytes and multiples of [#blockSize]; for others see
/// `dev.verbena.channel`. Memory of a [DmaArena] of the same controller is used in place; any other
/// memory, heap arrays included, is copied through registered buffers. Requests of any length are
/// cut into commands the controller accepts; they are not atomic as a whole, see [#geometry].
///
/// All devices of a controller share its I/O queues. The requests of one thread use one queue;
/// nothing is said about the order in which they are carried out.
///
/// Requests are started by the calling thread itself where nobody else works with its queue, and
/// whoever waits, in a blocking method or with `join` or `get` on the future, looks for answers
/// meanwhile, for everybody: what is answered soon crosses no thread. After a short time, which
/// adapts, it sleeps, and is woken by whoever finds its answer. The blocking methods suit virtual
/// threads: waiting looks for 10 microseconds at most, then parks the thread and nothing else.
///
/// The `…Async` methods return at once, unless 1024 requests are waiting for the queue already:
/// then they wait for a place, up to the I/O time-out. Where callers have joined their futures so
/// far, a command may stay unsent, while others are under way, until somebody waits, 16 have come
/// together, or 0.2 milliseconds are over; so late, too, the answer to one that nobody waits for
/// may be found, until the device has learned that nobody does.
///
/// Stages attached to futures without an executor run on the queue's own thread, which serves other
/// devices too, and must not block it: requests that nobody waits for, and other stages, have to
/// wait for it. One that does block it is named in the log when it keeps something from closing. A
/// stage that is attached at the moment its request completes may run on the completing thread, one
/// that is attached later runs on the attaching one, as with any [CompletableFuture].
///
/// A future that is cancelled or timed out does not end its command: the buffer stays in use until
/// the command has ended, and a [DmaArena] refuses to close until then.
///
/// While the connection is lost requests wait for the next. Those that were under way are sent
/// again, unless their repetition could do harm: compare and write, copies onto their own sources
/// and raw commands fail. So does a command that is not answered within the I/O time-out.
///
/// A device stays with the content it was opened on, and never follows its namespace id to another.
/// When the controller says that the namespace was removed, that its id belongs to another content
/// (UUID, NGUID or EUI64), or that it was formatted in another way, nothing more is sent: requests
/// fail with an [IOException] that says so, those that waited or were under way included, also
/// where that is found at a reconnect. Then open it again. A namespace that is absent right after a
/// reconnect may be one that its target has not configured yet: requests wait for it for up to 30
/// seconds ([ConnectOptions#ctrlLossTimeout] where that is less), or fail after
/// [ConnectOptions#fastIoFailTimeout]; when it comes back with the same identity the device goes
/// on, and when it does not come back the device is lost. A namespace without any identity is the
/// same as long as each inventory finds it, with the same size and format, under its id.
///
/// All methods throw, or complete their future with:
///
/// - [IllegalArgumentException], always thrown: offset, length or buffer do not fit
/// - [UnsupportedOperationException], always thrown: the controller does not have the command
/// - [NvmeException]: the controller reports an error, and repeating the command did not help
/// - [CommandTimeoutException]: it does not answer in time
/// - [ConnectionLostException]: the connection broke and cannot be, or is not, restored
/// - [InterruptedIOException]: the thread was interrupted; the request goes on and its buffer stays
///   in use until it ends
///
/// Threads: any.
public final class BlockDevice implements AutoCloseable {
    /// How much longer than its requests' time-outs a device may take to close.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger("dev.verbena.device");

    private final Controller controller;
    private final DeviceQueues queues;
    private final DeviceContext context;
    private final BlockRequests requests;

    /// The same for callers that wait.
    private final BlockRequests waited;

    private final BoundNamespace bound;
    private final Duration ioTimeout;
    private final Consumer<BlockDevice> onClose;

    /// @param bound the namespace
    /// @param onClose told once the last request has ended
    BlockDevice(
            Controller controller,
            BoundNamespace bound,
            DeviceQueues queues,
            Duration ioTimeout,
            Consumer<BlockDevice> onClose) {
        this.controller = controller;
        this.bound = bound;
        this.queues = queues;
        this.ioTimeout = ioTimeout;
        this.onClose = onClose;
        this.context = bound.context();
        this.requests = new BlockRequests(queues, context, false);
        this.waited = new BlockRequests(queues, context, true);
    }

    /// The namespace, as it was when the controller was last asked.
    public Namespace namespace() {
        return bound.namespace();
    }

    BoundNamespace bound() {
        return bound;
    }

    /// Bytes of a block; offsets and lengths are multiples of it.
    public int blockSize() {
        return context.lastLimits().blockSize();
    }

    /// Bytes of the device. Changes when the namespace is resized.
    public long byteSize() {
        return context.lastLimits().byteSize();
    }

    /// Block size, atomic units, boundaries and preferences.
    public BlockGeometry geometry() {
        return BlockGeometry.of(namespace().identify(), controller.identify());
    }

    /// Memory for this device's requests; see [Controller#newArena].
    public DmaArena newArena(long byteSize) {
        return controller.newArena(byteSize);
    }

    // Reading and writing.

    /// Reads until `buffer` is full.
    ///
    /// @param offset position on the device in bytes
    /// @param buffer at least one block long
    public void read(long offset, MemorySegment buffer) throws IOException {
        if (waited.canReach(buffer)) {
            await(waited.read(offset, buffer), "read");
            return;
        }
        // Confined to the calling thread: read into a copy that the queues' threads can reach.
        BlockRequests.checkWritable(buffer);
        waited.checkRange(offset, buffer.byteSize());
        MemorySegment copy = BlockRequests.heapCopy(buffer, false);
        await(waited.read(offset, copy), "read");
        buffer.copyFrom(copy);
    }

    /// Reads from the buffer's position to its limit; the position then is the limit.
    public void read(long offset, ByteBuffer buffer) throws IOException {
        read(offset, MemorySegment.ofBuffer(buffer));
        buffer.position(buffer.limit());
    }

    /// Reads until all buffers are full, one after the other. Their lengths may be anything; only
    /// their sum is a multiple of [#blockSize].
    public void read(long offset, List<MemorySegment> buffers) throws IOException {
        await(waited.read(offset, buffers), "read");
    }

    /// Starts to read. The future completes when the data is there.
    ///
    /// @throws IllegalArgumentException also when the buffer is confined to one thread
    public CompletableFuture<Void> readAsync(long offset, MemorySegment buffer) {
        return requests.read(offset, buffer);
    }

    /// Starts to read from the buffer's position to its limit, which do not change.
    public CompletableFuture<Void> readAsync(long offset, ByteBuffer buffer) {
        return requests.read(offset, MemorySegment.ofBuffer(buffer));
    }

    /// Starts to read into several buffers.
    public CompletableFuture<Void> readAsync(long offset, List<MemorySegment> buffers) {
        return requests.read(offset, buffers);
    }

    /// Writes all of `buffer`.
    ///
    /// @param offset position on the device in bytes
    /// @param buffer at least one block long
    public void write(long offset, MemorySegment buffer) throws IOException {
        write(offset, buffer, Durability.CACHED);
    }

    /// Writes all of `buffer`.
    public void write(long offset, MemorySegment buffer, Durability durability) throws IOException {
        await(waited.write(offset, buffer, durability), "write");
    }

    /// Writes from the buffer's position to its limit; the position then is the limit.
    public void write(long offset, ByteBuffer buffer) throws IOException {
        write(offset, MemorySegment.ofBuffer(buffer));
        buffer.position(buffer.limit());
    }

    /// Writes all buffers, one after the other. Their lengths may be anything; only their sum is a
    /// multiple of [#blockSize].
    public void write(long offset, List<MemorySegment> buffers) throws IOException {
        await(waited.write(offset, buffers, Durability.CACHED), "write");
    }

    /// Starts to write. The buffer must not change until the future completes.
    public CompletableFuture<Void> writeAsync(long offset, MemorySegment buffer) {
        return requests.write(offset, buffer, Durability.CACHED);
    }

    /// Starts to write. The buffer must not change until the future completes.
    public CompletableFuture<Void> writeAsync(
            long offset, MemorySegment buffer, Durability durability) {
        return requests.write(offset, buffer, durability);
    }

    /// Starts to write from the buffer's position to its limit, which do not change.
    public CompletableFuture<Void> writeAsync(long offset, ByteBuffer buffer) {
        return requests.write(offset, MemorySegment.ofBuffer(buffer), Durability.CACHED);
    }

    /// Starts to write several buffers.
    public CompletableFuture<Void> writeAsync(
            long offset, List<MemorySegment> buffers, Durability durability) {
        return requests.write(offset, buffers, durability);
    }

    /// Makes what was written durable, where the controller has a volatile write cache.
    public void flush() throws IOException {
        await(waited.flush(), "flush");
    }

    /// Starts a flush.
    public CompletableFuture<Void> flushAsync() {
        return requests.flush();
    }

    /// Compares the device's content with `content`.
    ///
    /// @throws NvmeException when they differ: Compare Failure (SCT 2h, SC 85h)
    public void compare(long offset, MemorySegment content) throws IOException {
        await(waited.compare(offset, content), "compare");
    }

    /// Starts to compare; see [#compare].
    public CompletableFuture<Void> compareAsync(long offset, MemorySegment content) {
        return requests.compare(offset, content);
    }

    /// Writes `content` if the device holds `expected` there, as one atomic step: a fused pair of
    /// commands that is never cut, of [BlockGeometry#compareAndWriteBytesMax] at most.
    ///
    /// @throws NvmeException when the device holds something else: Compare Failure (SCT 2h, SC 85h)
    public void compareAndWrite(long offset, MemorySegment expected, MemorySegment content)
            throws IOException {
        await(waited.compareAndWrite(offset, expected, content), "compare and write");
    }

    /// Starts to compare and write; see [#compareAndWrite].
    public CompletableFuture<Void> compareAndWriteAsync(
            long offset, MemorySegment expected, MemorySegment content) {
        return requests.compareAndWrite(offset, expected, content);
    }

    // Blocks without data.

    /// Fills blocks with zeroes, without sending them.
    public void writeZeroes(long offset, long length) throws IOException {
        await(waited.writeZeroes(offset, length, false), "write of zeroes");
    }

    /// Starts to fill blocks with zeroes.
    ///
    /// @param mayDeallocate whether the controller may give the blocks up, which then read as
    ///   zeroes
    public CompletableFuture<Void> writeZeroesAsync(
            long offset, long length, boolean mayDeallocate) {
        return requests.writeZeroes(offset, length, mayDeallocate);
    }

    /// Tells the controller that blocks are not needed any more. It may ignore that; what they hold
    /// afterwards is up to it.
    public void deallocate(long offset, long length) throws IOException {
        deallocate(List.of(new ByteRange(offset, length)));
    }

    /// Tells the controller that blocks are not needed any more; see [#deallocate(long, long)].
    public void deallocate(List<ByteRange> ranges) throws IOException {
        await(waited.deallocate(ranges), "deallocation");
    }

    /// Starts to deallocate.
    public CompletableFuture<Void> deallocateAsync(List<ByteRange> ranges) {
        return requests.deallocate(ranges);
    }

    /// Copies blocks within the device, without moving them through this host.
    ///
    /// @param sources written one after the other
    /// @param destination where the first of them goes. When it overlaps the sources, what it holds
    ///   in the end is only defined as far as the copy is one command
    public void copy(List<ByteRange> sources, long destination) throws IOException {
        await(waited.copy(sources, destination), "copy");
    }

    /// Starts to copy; see [#copy].
    public CompletableFuture<Void> copyAsync(List<ByteRange> sources, long destination) {
        return requests.copy(sources, destination);
    }

    /// Lets the controller check that blocks can be read, without moving their content.
    public void verify(long offset, long length) throws IOException {
        await(waited.verify(offset, length), "verification");
    }

    /// Starts to verify; see [#verify].
    public CompletableFuture<Void> verifyAsync(long offset, long length) {
        return requests.verify(offset, length);
    }

    /// Destroys the content of blocks: reading them fails until they are written. For tests of
    /// error handling.
    public void writeUncorrectable(long offset, long length) throws IOException {
        await(waited.writeUncorrectable(offset, length), "write of uncorrectable blocks");
    }

    /// Starts to destroy the content of blocks; see [#writeUncorrectable].
    public CompletableFuture<Void> writeUncorrectableAsync(long offset, long length) {
        return requests.writeUncorrectable(offset, length);
    }

    /// Sends one I/O command as it is, except for its command id, namespace and data pointer. It is
    /// neither cut nor repeated.
    ///
    /// @param entry the command, 64 bytes; the opcode's bits 1:0 tell the direction of the data
    /// @param data null for none
    /// @return dwords 0 and 1 of the completion
    public CompletableFuture<Long> commandAsync(MemorySegment entry, @Nullable MemorySegment data) {
        return requests.command(entry, data);
    }

    /// Sends one I/O command and waits for it; see [#commandAsync].
    public long command(MemorySegment entry, @Nullable MemorySegment data) throws IOException {
        return await(waited.command(entry, data), "command");
    }

    private static <T> T await(DeviceRequest<T> request, String what) throws IOException {
        try {
            request.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(
                    "Interrupted during a "
                            + what
                            + "; its buffer stays in use until it has ended");
        }
        if (!request.isCompletedExceptionally()) {
            return request.resultNow();
        }
        Throwable cause = request.exceptionNow();
        if (cause instanceof IOException io) {
            // Where the caller waited belongs into the trace, not only the queue's thread.
            io.addSuppressed(new Exception("Called here"));
            throw io;
        }
        throw new IOException("The " + what + " failed", cause);
    }

    // State.

    /// Commands of this device whose data was copied because of where its memory is.
    public long bouncedCount() {
        return context.bouncedCount();
    }

    /// Counts of all block devices of the controller, which share its queues.
    public DeviceStatistics statistics() {
        return queues.statistics();
    }

    /// Whether the caller runs on the thread of a queue, in a stage attached to a future.
    boolean isOwnThread() {
        return queues.isWorkerThread();
    }

    /// Waits for the requests that were accepted; the queues stay with the controller. Idempotent.
    /// In a stage that runs on the thread of a queue, it only starts to close. The wait is bounded:
    /// after twice the I/O time-out, when a user's stage blocks the thread of a queue or the
    /// connection does not come back, it is logged and left to itself.
    @Override
    public void close() {
        if (bound.close()) {
            queues.reconsider();
        }
        if (!isOwnThread()
                && !context.awaitEnded(ioTimeout.multipliedBy(2).plus(PATIENCE).toNanos())) {
            LOG.log(
                    Level.WARNING,
                    context.outstandingCount()
                            + " requests to "
                            + this
                            + " have not ended; their buffers stay in use until they do.\n"
                            + queues.describeThreads());
        }
        onClose.accept(this);
    }

    /// The namespace and its subsystem.
    @Override
    public String toString() {
        return namespace() + " of " + controller.subsystemNqn();
    }
}
