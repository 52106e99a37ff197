package dev.verbena.internal.engine;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.NvmeException;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The thread that owns a device's queue: takes requests from any thread, cuts them into commands, waits for answers.
///
/// Threads: [#submit], [#fail] and [#close] from any thread.
public final class DeviceWorker {
    /// Requests that can wait; a caller that finds the inbox full waits for a place.
    public static final int INBOX_MAX = 1024;

    /// Empty polls before the thread sleeps. A short spin saves the wake-up when answers come within microseconds; a
    /// long one would take the processor from the target on a small machine.
    private static final int SPINS = 32;

    /// Cycles between two looks at the deadlines while the device is busy.
    private static final int CYCLES_PER_DEADLINE_CHECK = 4096;

    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final CommandQueue commands;
    private final IoCommands io;
    private final MemoryDomain memory;
    private final int namespaceId;
    private final int blockSize;
    private final int commandBytesMax;
    private final long timeoutNanos;
    private final Consumer<FabricFailure> onLoss;
    private final BlockingQueue<DeviceRequest> inbox = new ArrayBlockingQueue<>(INBOX_MAX);
    private final Deque<DeviceRequest> starting = new ArrayDeque<>();
    private final BouncePool bounce;
    private final Part[] parts;
    private final int[] freeParts;
    private int freePartCount;
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean sleeping;
    private volatile long bouncedCount;

    /// What one command of a request moves.
    private static final class Part {
        @Nullable DeviceRequest request;
        int bounceBuffer = -1;
        long offset;
        int bytes;
    }

    public DeviceWorker(
            String name,
            CommandQueue commands,
            MemoryDomain memory,
            DataPlacement placement,
            int namespaceId,
            int blockSize,
            long timeoutNanos,
            Consumer<FabricFailure> onLoss) {
        this.commands = commands;
        this.io = new IoCommands(commands, placement, timeoutNanos);
        this.memory = memory;
        this.namespaceId = namespaceId;
        this.blockSize = blockSize;
        this.timeoutNanos = timeoutNanos;
        this.onLoss = onLoss;
        long blocksMax =
                Math.min(placement.transferBytesMax() / blockSize, NvmCommands.BLOCK_COUNT_MAX);
        this.commandBytesMax = (int) Math.min(blocksMax * blockSize, Integer.MAX_VALUE);
        this.bounce = new BouncePool(memory);
        this.parts = new Part[commands.depth()];
        this.freeParts = new int[parts.length];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = new Part();
            freeParts[i] = i;
        }
        freePartCount = parts.length;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
        thread.start();
    }

    /// Hands a request over; waits while the inbox is full. The request's future tells the outcome, also of failures
    /// found here.
    public void submit(DeviceRequest request) {
        try {
            if (closing || !inbox.offer(request, timeoutNanos, TimeUnit.NANOSECONDS)) {
                request.future.completeExceptionally(refusal());
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            request.future.completeExceptionally(
                    new java.io.InterruptedIOException(
                            "Interrupted while waiting for a place in the device's queue"));
            return;
        }
        if (sleeping) {
            commands.wakeUp();
        }
        if (!thread.isAlive()) {
            // It ended between the check and the offer; nobody else will look into the inbox.
            failWaiting();
        }
    }

    /// Whether memory of a segment can be reached by the worker.
    public boolean canAccess(MemorySegment segment) {
        return segment.isAccessibleBy(thread);
    }

    /// Transfers that went through a bounce buffer.
    public long bouncedCount() {
        return bouncedCount;
    }

    /// Gives the queue up. Any thread.
    public void fail(FabricFailure failure) {
        commands.fail(failure);
    }

    /// Ends the worker after the requests it has; bounded by their time-outs.
    public void close() {
        closing = true;
        commands.wakeUp();
        boolean interrupted = false;
        while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // Yielding is a hint here, no synchronisation: it lets a target on the same few processors run.
    @SuppressWarnings("ThreadPriorityCheck")
    private void run() {
        try {
            int idle = 0;
            int cycles = 0;
            while (commands.failure() == null) {
                if (++cycles == CYCLES_PER_DEADLINE_CHECK) {
                    cycles = 0;
                    commands.checkDeadlines(System.nanoTime());
                }
                int work = takeRequests() + startCommands();
                commands.ring();
                work += commands.poll(this::completed);
                if (work > 0) {
                    idle = 0;
                } else if (closing && inbox.isEmpty() && commands.inFlightCount() == 0) {
                    break;
                } else if (++idle > SPINS) {
                    sleep();
                } else {
                    Thread.yield();
                }
            }
            commands.poll(this::completed);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "A device ends because of an error in Verbena", e);
            commands.fail(
                    new FabricFailure(
                            FabricFailure.Kind.TRANSPORT_ERROR, "an internal error: " + e));
        } finally {
            end();
        }
    }

    private void sleep() {
        commands.arm();
        sleeping = true;
        // What completed or was asked for before this moment wakes nobody.
        if (!commands.hasCompletions() && inbox.isEmpty() && commands.failure() == null) {
            commands.checkDeadlines(System.nanoTime());
            commands.block(IDLE_NANOS);
        }
        sleeping = false;
    }

    private int takeRequests() {
        int taken = 0;
        while (starting.size() < parts.length) {
            DeviceRequest request = inbox.poll();
            if (request == null) {
                break;
            }
            starting.add(request);
            taken++;
        }
        return taken;
    }

    private int startCommands() {
        int started = 0;
        while (true) {
            DeviceRequest request = starting.peek();
            if (request == null || !startNext(request)) {
                return started;
            }
            started++;
            if (request.fullyStarted) {
                starting.remove();
                request.finishIfDone();
            }
        }
    }

    /// Starts the next command of a request.
    ///
    /// @return false when slots or bounce buffers are missing at the moment
    private boolean startNext(DeviceRequest request) {
        if (commands.freeCount() == 0) {
            return false;
        }
        int index = freeParts[freePartCount - 1];
        Part part = parts[index];
        try {
            boolean accepted =
                    request.kind == DeviceRequest.Kind.FLUSH
                            ? startFlush(request, index)
                            : startTransfer(request, part, index);
            if (!accepted) {
                return false;
            }
        } catch (RuntimeException e) {
            // The caller's memory is gone, or cannot be registered: an error of this request only.
            request.failed(
                    new IOException("The memory of the request cannot be used: " + e.getMessage(), e));
            request.fullyStarted = true;
            return true;
        }
        part.request = request;
        request.running++;
        freePartCount--;
        return true;
    }

    private boolean startFlush(DeviceRequest request, int index) {
        request.fullyStarted = true;
        return io.tryFlush(namespaceId, index);
    }

    private boolean startTransfer(DeviceRequest request, Part part, int index) {
        long left = request.byteSize - request.started;
        int bytes = (int) Math.min(left, commandBytesMax);
        Region region = registered(request, bytes);
        long address;
        if (region != null) {
            part.bounceBuffer = -1;
            address = request.segment.address() + request.started;
        } else {
            bytes = bouncePiece(left);
            region = bounce.region();
            int buffer = bounce.acquire();
            if (buffer < 0) {
                return false;
            }
            MemorySegment target = bounce.buffer(buffer, bytes);
            if (request.kind == DeviceRequest.Kind.WRITE) {
                try {
                    target.copyFrom(request.segment.asSlice(request.started, bytes));
                } catch (RuntimeException e) {
                    bounce.release(buffer);
                    throw e;
                }
            }
            region.tryAcquire();
            part.bounceBuffer = buffer;
            address = target.address();
            // Written by this thread only.
            long bouncedSoFar = bouncedCount;
            bouncedCount = bouncedSoFar + 1;
        }
        part.offset = request.started;
        part.bytes = bytes;
        long lba = (request.byteOffset + request.started) / blockSize;
        int blocks = bytes / blockSize;
        if (request.kind == DeviceRequest.Kind.READ) {
            io.tryRead(namespaceId, lba, blocks, region, address, bytes, index);
        } else {
            io.tryWrite(namespaceId, lba, blocks, region, address, bytes, index);
        }
        request.started += bytes;
        request.fullyStarted = request.started == request.byteSize;
        return true;
    }

    /// Bytes of the next bounced command: whole blocks that fit a buffer.
    private int bouncePiece(long left) {
        int most = Math.min(BouncePool.BUFFER_BYTES, commandBytesMax);
        return (int) Math.min(left, most / blockSize * (long) blockSize);
    }

    private @Nullable Region registered(DeviceRequest request, int bytes) {
        if (!request.segment.isNative()) {
            return null;
        }
        Region region = memory.find(request.segment.address() + request.started, bytes);
        return region != null && region.tryAcquire() ? region : null;
    }

    private void completed(long token, int slot, int status, long result) {
        int index = (int) token;
        Part part = parts[index];
        DeviceRequest request = part.request;
        if (request == null) {
            throw new IllegalStateException("A completion for part " + index + ", which is free");
        }
        if (status != 0) {
            request.failed(error(request, part, status));
        } else if (part.bounceBuffer >= 0 && request.kind == DeviceRequest.Kind.READ) {
            copyOut(request, part);
        }
        if (part.bounceBuffer >= 0) {
            bounce.release(part.bounceBuffer);
            part.bounceBuffer = -1;
        }
        part.request = null;
        freeParts[freePartCount++] = index;
        request.running--;
        request.finishIfDone();
    }

    private void copyOut(DeviceRequest request, Part part) {
        try {
            request.segment
                    .asSlice(part.offset, part.bytes)
                    .copyFrom(bounce.buffer(part.bounceBuffer, part.bytes));
        } catch (RuntimeException e) {
            request.failed(
                    new IOException("The memory of the request cannot be used: " + e.getMessage(), e));
        }
    }

    private Exception error(DeviceRequest request, Part part, int status) {
        FabricFailure failure = commands.failure();
        if (failure != null && status == CommandQueue.STATUS_HOST_ABORTED) {
            return lost(describe(request, part) + " was not answered: ", failure);
        }
        return new NvmeException(status, describe(request, part));
    }

    private String describe(DeviceRequest request, Part part) {
        return switch (request.kind) {
            case FLUSH -> "A flush of namespace " + Integer.toUnsignedString(namespaceId);
            case READ, WRITE ->
                    (request.kind == DeviceRequest.Kind.READ ? "A read of " : "A write of ")
                            + part.bytes / blockSize
                            + " blocks at LBA "
                            + (request.byteOffset + part.offset) / blockSize
                            + " of namespace "
                            + Integer.toUnsignedString(namespaceId);
        };
    }

    private static IOException lost(String what, FabricFailure failure) {
        return failure.kind() == FabricFailure.Kind.TIMED_OUT
                ? new CommandTimeoutException(what + failure.message())
                : new ConnectionLostException(what + failure.message());
    }

    private IOException refusal() {
        FabricFailure failure = commands.failure();
        if (failure != null && failure.kind() != FabricFailure.Kind.CLOSED) {
            return lost("The device is unusable: ", failure);
        }
        return closing
                ? new IOException("The device is closed")
                : new IOException(
                        "The device did not take the request in time: "
                                + INBOX_MAX
                                + " others are waiting");
    }

    private void end() {
        FabricFailure failure = commands.failure();
        closing = true;
        commands.close(this::completed);
        for (DeviceRequest request : starting) {
            request.failed(refusal());
            request.fullyStarted = true;
            request.finishIfDone();
        }
        starting.clear();
        failWaiting();
        bounce.close();
        if (failure != null) {
            onLoss.accept(failure);
        }
    }

    private void failWaiting() {
        for (DeviceRequest request = inbox.poll(); request != null; request = inbox.poll()) {
            request.future.completeExceptionally(refusal());
        }
    }
}
