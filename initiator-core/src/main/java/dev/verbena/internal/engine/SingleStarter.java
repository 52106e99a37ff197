package dev.verbena.internal.engine;

import dev.verbena.internal.engine.BouncePool.Buffer;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Starts requests that are one command whatever happens: compare and write, and raw commands.
///
/// Threads: the queue's owner.
final class SingleStarter {
    private final CommandStart start;
    private final CommandData data = new CommandData();
    private final CommandData second = new CommandData();

    SingleStarter(CommandStart start) {
        this.start = start;
    }

    /// See [CommandStarter#start].
    long compareAndWrite(DeviceRequest<?> request, NamespaceLimits limits, long to, Part part) {
        if (start.io.depth() < 2) {
            // Waiting for room would be for ever.
            request.failed(RequestErrors.pairWithoutRoom(request, to));
            return to;
        }
        MemorySegment write = Objects.requireNonNull(request.second());
        if (isTooLong(request, to, write)) {
            return to;
        }
        boolean accepted = false;
        data.clear();
        second.clear();
        try {
            if (whole(request, data, request.segment(), request.region(), true, part, false)
                    && whole(request, second, write, request.secondRegion(), true, part, true)) {
                accepted =
                        start.io.tryCompareAndWrite(
                                limits.namespaceId(),
                                request.byteOffset >> limits.blockShift(),
                                (int) (write.byteSize() >> limits.blockShift()),
                                request.flags,
                                data,
                                second,
                                part.index,
                                start.timeoutNanos);
            }
        } finally {
            if (!accepted) {
                data.release();
                second.release();
                part.releaseBuffers();
            }
        }
        return accepted ? to : CommandStarter.LATER;
    }

    /// See [CommandStarter#start].
    long raw(DeviceRequest<?> request, NamespaceLimits limits, long to, Part part) {
        if (isTooLong(request, to, request.segment())) {
            return to;
        }
        boolean accepted = false;
        MemorySegment entry = Objects.requireNonNull(request.entry());
        SubmissionEntry.namespaceId(entry, 0, limits.namespaceId());
        data.clear();
        try {
            MemorySegment segment = request.segment();
            if (segment.byteSize() == 0
                    || whole(
                            request,
                            data,
                            segment,
                            request.region(),
                            !request.fillsMemory(),
                            part,
                            false)) {
                accepted = start.io.tryRaw(entry, data, part.index, start.timeoutNanos);
            }
        } finally {
            if (!accepted) {
                data.release();
                part.releaseBuffers();
            }
        }
        return accepted ? to : CommandStarter.LATER;
    }

    /// Whether a command cannot move so much: then the request has failed. It was checked when it
    /// was handed over; the limit may have become smaller since.
    private boolean isTooLong(DeviceRequest<?> request, long to, MemorySegment segment) {
        int most = start.placement.transferBytesMax();
        if (segment.byteSize() <= most) {
            return false;
        }
        request.failed(RequestErrors.tooLong(request, to, segment.byteSize(), most));
        return true;
    }

    /// Adds a segment that cannot be cut, copied where it has to be.
    ///
    /// @return false when no buffer is free
    private boolean whole(
            DeviceRequest<?> request,
            CommandData target,
            MemorySegment segment,
            @Nullable Region region,
            boolean withContent,
            Part part,
            boolean isSecond) {
        int bytes = (int) segment.byteSize();
        if (region != null) {
            CommandStart.add(target, region, segment.address(), bytes);
            return true;
        }
        Buffer buffer = start.bounce.acquire(bytes);
        if (buffer == null) {
            return false;
        }
        if (isSecond) {
            part.second = buffer;
        } else {
            part.buffer = buffer;
        }
        if (withContent) {
            UserMemory.copy(segment, 0, buffer.segment(), buffer.offset(), bytes);
        } else {
            // A controller may fill less than all of it; what an earlier command left there is
            // nobody's business.
            buffer.segment().asSlice(buffer.offset(), bytes).fill((byte) 0);
        }
        CommandStart.add(target, buffer.region(), buffer.address(), bytes);
        start.countBounced(request, bytes);
        return true;
    }
}
