package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Cuts requests into commands and puts their answers together again.
///
/// Threads: the queue's owner; [#bouncedCount] any.
final class RequestRunner {
    private final CommandQueue commands;
    private final IoCommands io;
    private final int namespaceId;
    private final int blockSize;
    private final int commandBytesMax;
    private final long timeoutNanos;
    private final CommandData data = new CommandData();
    private final CommandHandler handler = this::completed;
    private final Deque<DeviceRequest> starting = new ArrayDeque<>();
    private final BouncePool bounce;
    private final Part[] parts;
    private final int[] freeParts;
    private int freePartCount;
    private volatile long bouncedCount;

    /// What one command of a request moves.
    private static final class Part {
        @Nullable DeviceRequest request;
        int bounceBuffer = -1;
        long offset;
        int bytes;
    }

    /// @throws IllegalArgumentException when not even one block fits a command
    RequestRunner(
            CommandQueue commands,
            MemoryDomain memory,
            DataPlacement placement,
            int namespaceId,
            int blockSize,
            long timeoutNanos) {
        if (blockSize > placement.transferBytesMax()) {
            throw new IllegalArgumentException(
                    "A block of "
                            + blockSize
                            + " bytes does not fit a command of up to "
                            + placement.transferBytesMax());
        }
        this.commands = commands;
        this.io = new IoCommands(commands, placement);
        this.timeoutNanos = timeoutNanos;
        this.namespaceId = namespaceId;
        this.blockSize = blockSize;
        long blocksMax =
                Math.min(placement.transferBytesMax() / blockSize, NvmCommands.BLOCK_COUNT_MAX);
        this.commandBytesMax = (int) Math.min(blocksMax * blockSize, Integer.MAX_VALUE);
        this.bounce = new BouncePool(memory, blockSize);
        this.parts = new Part[commands.depth()];
        this.freeParts = new int[parts.length];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = new Part();
            freeParts[i] = i;
        }
        freePartCount = parts.length;
    }

    /// Whether [#add] takes another request. One that waits for a slot is enough to keep the queue
    /// full.
    boolean hasRoom() {
        return starting.size() < parts.length;
    }

    void add(DeviceRequest request) {
        starting.add(request);
    }

    /// Commands that went through a bounce buffer.
    long bouncedCount() {
        return bouncedCount;
    }

    /// Starts what can be started at the moment; the caller rings.
    ///
    /// @return the number of steps taken
    int start() {
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
        if (request.hasFailed()) {
            // The rest would be carried out for nothing.
            request.fullyStarted = true;
            return true;
        }
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
        } catch (RuntimeException | OutOfMemoryError e) {
            // The caller's memory is gone, or cannot be registered: an error of this request only.
            request.failed(
                    new IOException(
                            "The memory of the request cannot be used: " + e.getMessage(), e));
            request.fullyStarted = true;
            return true;
        }
        part.request = request;
        request.running++;
        freePartCount--;
        return true;
    }

    private boolean startFlush(DeviceRequest request, int index) {
        request.fullyStarted = io.tryFlush(namespaceId, index, timeoutNanos);
        return request.fullyStarted;
    }

    private boolean startTransfer(DeviceRequest request, Part part, int index) {
        Region region = request.region();
        if (region != null) {
            int bytes = (int) Math.min(request.byteSize - request.started, commandBytesMax);
            long address = request.segment.address() + request.started;
            return startCommand(request, part, index, region, address, bytes);
        }
        // May fail, so it comes before anything is taken.
        Region pool = bounce.region();
        int buffer = bounce.acquire();
        if (buffer < 0) {
            return false;
        }
        boolean accepted = false;
        try {
            int bytes = bouncePiece(request.byteSize - request.started);
            MemorySegment target = bounce.buffer(buffer, bytes);
            if (request.kind == DeviceRequest.Kind.WRITE) {
                target.copyFrom(request.segment.asSlice(request.started, bytes));
            }
            accepted = startCommand(request, part, index, pool, target.address(), bytes);
        } finally {
            if (accepted) {
                part.bounceBuffer = buffer;
                countBounced();
            } else {
                bounce.release(buffer);
            }
        }
        return accepted;
    }

    private boolean startCommand(
            DeviceRequest request, Part part, int index, Region region, long address, int bytes) {
        long lba = (request.byteOffset + request.started) / blockSize;
        int blocks = bytes / blockSize;
        if (!region.tryAcquire()) {
            throw new IllegalStateException("its registration has ended with the connection");
        }
        boolean accepted = false;
        data.clear().add(region, address, bytes);
        try {
            accepted =
                    request.kind == DeviceRequest.Kind.READ
                            ? io.tryRead(namespaceId, lba, blocks, 0, data, index, timeoutNanos)
                            : io.tryWrite(namespaceId, lba, blocks, 0, data, index, timeoutNanos);
        } finally {
            if (!accepted) {
                data.release();
            }
        }
        if (accepted) {
            part.offset = request.started;
            part.bytes = bytes;
            request.started += bytes;
            request.fullyStarted = request.started == request.byteSize;
        }
        return accepted;
    }

    /// Only the worker's thread counts, others read.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void countBounced() {
        bouncedCount++;
    }

    /// Bytes of the next bounced command: whole blocks that fit a buffer.
    private int bouncePiece(long left) {
        int most = Math.min(bounce.bufferBytes(), commandBytesMax);
        return (int) Math.min(left, most / blockSize * (long) blockSize);
    }

    /// See [CommandQueue#poll].
    int poll() {
        return io.poll(handler);
    }

    /// Closes the queue.
    void closeQueue() {
        io.close(handler);
    }

    /// Takes the completions of the queue; see [CommandHandler].
    private void completed(long token, int slot, int status, long result) {
        int index = (int) token;
        Part part = parts[index];
        DeviceRequest request = part.request;
        if (request == null) {
            throw new IllegalStateException("A completion for part " + index + ", which is free");
        }
        if (status != 0) {
            String what =
                    RequestErrors.describe(
                            request, part.offset, part.bytes, blockSize, namespaceId);
            request.failed(RequestErrors.of(status, commands.failure(), what));
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
                    new IOException(
                            "The memory of the request cannot be used: " + e.getMessage(), e));
        }
    }

    /// Ends every request that is left; the queue has been closed.
    ///
    /// @param refuse fails a request and ends it
    void end(Consumer<DeviceRequest> refuse) {
        for (Part part : parts) {
            // None, unless an error in this class kept a completion from being handled.
            if (part.request != null) {
                refuse.accept(part.request);
            }
        }
        starting.forEach(refuse);
        starting.clear();
    }

    /// Frees the buffers; the queue has been closed.
    void close() {
        bounce.close();
    }
}
