package dev.verbena.internal.engine;

import dev.verbena.internal.engine.BouncePool.Buffer;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import java.util.Objects;

/// Starts commands that exchange blocks and memory: reads, writes, compares.
///
/// Data is copied when its memory is not registered, and when it lies in more pieces than one
/// command may name: several small commands would cost more than the copy.
///
/// Threads: the queue's owner. Allocates nothing for data in one registered segment.
final class TransferStarter {
    /// A command for registered memory that ends early because the next piece of memory cannot be
    /// named moves at least this; less is copied together with what follows.
    static final int DIRECT_BYTES_MIN = 16 * 1024;

    private final CommandStart start;
    private final CommandData data = new CommandData();

    TransferStarter(CommandStart start) {
        this.start = start;
    }

    /// See [CommandStarter#start].
    long start(DeviceRequest<?> request, NamespaceLimits limits, long from, long to, Part part) {
        int bytes = pieceBytes(request, limits, from, to);
        data.clear();
        int direct = direct(request, limits, from, bytes);
        if (direct > 0) {
            return transferred(request, limits, from, direct, part);
        }
        int piece = Math.min(bytes, bounceBytesMax(limits));
        Buffer buffer = start.bounce.acquire(piece);
        if (buffer == null) {
            return CommandStarter.LATER;
        }
        long reached = CommandStarter.LATER;
        try {
            if (request.kind != DeviceRequest.Kind.READ) {
                copyIn(request, from, piece, buffer);
            }
            CommandStart.add(data, buffer.region(), buffer.address(), piece);
            reached = transferred(request, limits, from, piece, part);
        } finally {
            bounced(request, part, buffer, piece, reached != CommandStarter.LATER);
        }
        return reached;
    }

    private void bounced(
            DeviceRequest<?> request, Part part, Buffer buffer, int bytes, boolean accepted) {
        if (accepted) {
            part.buffer = buffer;
            start.countBounced(request, bytes);
        } else {
            buffer.release();
        }
    }

    /// Most bytes of the next command: limits of the controller and of the namespace.
    private int pieceBytes(DeviceRequest<?> request, NamespaceLimits limits, long from, long to) {
        int shift = limits.blockShift();
        long most =
                Math.min(start.placement.transferBytesMax() >> shift, NvmCommands.BLOCK_COUNT_MAX);
        long bytes = Math.min(to - from, most << shift);
        int boundary = limits.boundaryBlocks();
        if (boundary > 0) {
            long boundaryBytes = (long) boundary << shift;
            bytes = Math.min(bytes, boundaryBytes - (request.byteOffset + from) % boundaryBytes);
        }
        if (bytes <= 0) {
            throw new IllegalStateException(
                    "a block of "
                            + limits.blockSize()
                            + " bytes does not fit a command of up to "
                            + start.placement.transferBytesMax());
        }
        return (int) Math.min(bytes, Integer.MAX_VALUE >> shift << shift);
    }

    private static int bounceBytesMax(NamespaceLimits limits) {
        return Math.max(BouncePool.LARGE_BYTES, limits.blockSize());
    }

    /// Adds registered memory of the request to the command's data.
    ///
    /// @return the bytes added, whole blocks; 0 when the data has to be copied
    private int direct(DeviceRequest<?> request, NamespaceLimits limits, long from, int bytes) {
        Scatter scatter = request.scatter();
        if (scatter == null) {
            Region region = request.region();
            if (region == null) {
                return 0;
            }
            CommandStart.add(data, region, request.segment().address() + from, bytes);
            return bytes;
        }
        int most = segmentsMax(request, bytes);
        int index = scatter.indexOf(from);
        int last = index;
        while (last < scatter.count()
                && last - index < most
                && scatter.region(last) != null
                && scatter.start(last) < from + bytes) {
            last++;
        }
        if (last == index) {
            return 0;
        }
        int run = (int) Math.min(bytes, scatter.end(last - 1) - from);
        run = run >> limits.blockShift() << limits.blockShift();
        if (run == 0 || (run < bytes && run < DIRECT_BYTES_MIN)) {
            return 0;
        }
        addRun(scatter, index, from, run);
        return run;
    }

    private int segmentsMax(DeviceRequest<?> request, int bytes) {
        return request.kind != DeviceRequest.Kind.READ
                        && bytes <= start.placement.inCapsuleBytesMax()
                ? Math.max(start.placement.inCapsuleSegmentsMax(), start.placement.descriptorsMax())
                : start.placement.descriptorsMax();
    }

    private void addRun(Scatter scatter, int first, long from, int bytes) {
        try {
            long at = from;
            for (int i = first; at < from + bytes; i++) {
                long end = Math.min(scatter.end(i), from + bytes);
                long address = scatter.segment(i).address() + (at - scatter.start(i));
                CommandStart.add(
                        data, Objects.requireNonNull(scatter.region(i)), address, (int) (end - at));
                at = end;
            }
        } catch (RuntimeException e) {
            data.release();
            throw e;
        }
    }

    private static void copyIn(DeviceRequest<?> request, long from, int bytes, Buffer buffer) {
        Scatter scatter = request.scatter();
        if (scatter == null) {
            UserMemory.copy(request.segment(), from, buffer.segment(), buffer.offset(), bytes);
        } else {
            scatter.gather(from, bytes, buffer.segment(), buffer.offset());
        }
    }

    /// Copies what a bounced command has read to where the caller wants it.
    static void copyOut(DeviceRequest<?> request, Part part, Buffer buffer) {
        Scatter scatter = request.scatter();
        long bytes =
                request.kind == DeviceRequest.Kind.RAW
                        ? request.segment().byteSize()
                        : part.to - part.from;
        if (scatter == null) {
            UserMemory.copy(buffer.segment(), buffer.offset(), request.segment(), part.from, bytes);
        } else {
            scatter.scatter(part.from, (int) bytes, buffer.segment(), buffer.offset());
        }
    }

    private long transferred(
            DeviceRequest<?> request, NamespaceLimits limits, long from, int bytes, Part part) {
        int shift = limits.blockShift();
        boolean accepted = false;
        try {
            accepted =
                    start.io.tryRanged(
                            request.kind.opcode(),
                            limits.namespaceId(),
                            (request.byteOffset + from) >> shift,
                            bytes >> shift,
                            request.flags,
                            data,
                            part.index,
                            start.timeoutNanos);
        } finally {
            if (!accepted) {
                data.release();
            }
        }
        return accepted ? from + bytes : CommandStarter.LATER;
    }
}
