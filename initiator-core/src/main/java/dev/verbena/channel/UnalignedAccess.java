package dev.verbena.channel;

import dev.verbena.BlockDevice;
import dev.verbena.Durability;
import dev.verbena.internal.engine.DeviceQueues;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Reads and writes any bytes of a device: whole blocks in place, the blocks at the edges through a
/// little memory of their own.
///
/// Threads: any.
final class UnalignedAccess {
    /// Stands for the threads of the device: what it can reach, they can.
    private static final Thread ANOTHER_THREAD = Thread.ofPlatform().unstarted(() -> {});

    private final BlockDevice device;
    private final BlockLocks locks = new BlockLocks();

    UnalignedAccess(BlockDevice device) {
        this.device = device;
    }

    BlockDevice device() {
        return device;
    }

    /// Reads `bytes` bytes, as many as the segments together have.
    CompletableFuture<Void> read(long position, List<MemorySegment> targets, long bytes) {
        int blockSize = device.blockSize();
        int before = (int) (position % blockSize);
        int behind = (int) ((blockSize - (position + bytes) % blockSize) % blockSize);
        if (before + behind == 0) {
            return targets.size() == 1
                    ? device.readAsync(position, targets.getFirst())
                    : device.readAsync(position, targets);
        }
        List<MemorySegment> all = new ArrayList<>(targets.size() + 2);
        all.add(scratch(before));
        all.addAll(targets);
        all.add(scratch(behind));
        return device.readAsync(position - before, all);
    }

    private static MemorySegment scratch(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    /// Writes `bytes` bytes, as many as the segments together have.
    CompletableFuture<Void> write(long position, List<MemorySegment> sources, long bytes) {
        int blockSize = device.blockSize();
        int before = (int) (position % blockSize);
        int behind = (int) ((blockSize - (position + bytes) % blockSize) % blockSize);
        long first = position / blockSize;
        long last = (position + bytes - 1) / blockSize;
        boolean aligned = before + behind == 0;
        List<MemorySegment> reachable = reachable(sources);
        boolean mayBlock = !DeviceQueues.isAnyWorkerThread();
        return locks.acquire(first, last, !aligned, mayBlock)
                .thenCompose(hold -> {
                    try {
                        CompletableFuture<Void> written =
                                aligned
                                        ? device.writeAsync(position, reachable, Durability.CACHED)
                                        : modify(position, reachable, bytes, before, behind);
                        return written.whenComplete((nothing, e) -> hold.release());
                    } catch (Throwable e) {
                        // Errors too: whoever waits for the range would wait for ever.
                        hold.release();
                        throw e;
                    }
                });
    }

    /// Copies what is confined to the calling thread: it may be written later, on another one.
    private static List<MemorySegment> reachable(List<MemorySegment> sources) {
        if (sources.stream().allMatch(UnalignedAccess::canBeReached)) {
            return sources;
        }
        List<MemorySegment> all = new ArrayList<>(sources);
        all.replaceAll(segment ->
                canBeReached(segment)
                        ? segment
                        : MemorySegment.ofArray(segment.toArray(ValueLayout.JAVA_BYTE)));
        return all;
    }

    /// Whether the threads of a device can work with a segment.
    static boolean canBeReached(MemorySegment segment) {
        return segment.isAccessibleBy(ANOTHER_THREAD);
    }

    private CompletableFuture<Void> modify(
            long position, List<MemorySegment> sources, long bytes, int before, int behind) {
        int blockSize = device.blockSize();
        long start = position - before;
        long end = position + bytes + behind;
        boolean oneBlock = end - start == blockSize;
        @Nullable MemorySegment head = before > 0 || oneBlock ? scratch(blockSize) : null;
        @Nullable MemorySegment tail = behind > 0 && !oneBlock ? scratch(blockSize) : head;
        CompletableFuture<Void> headRead = readEdge(start, head);
        CompletableFuture<Void> tailRead =
                oneBlock || behind == 0 ? headRead : readEdge(end - blockSize, tail);
        return CompletableFuture.allOf(headRead, tailRead)
                .thenCompose(nothing -> {
                    List<MemorySegment> all = new ArrayList<>(sources.size() + 2);
                    if (head != null && before > 0) {
                        all.add(head.asSlice(0, before));
                    }
                    all.addAll(sources);
                    if (tail != null && behind > 0) {
                        all.add(tail.asSlice((long) blockSize - behind, behind));
                    }
                    return device.writeAsync(start, all, Durability.CACHED);
                });
    }

    private CompletableFuture<Void> readEdge(long offset, @Nullable MemorySegment block) {
        return block == null
                ? CompletableFuture.completedFuture(null)
                : device.readAsync(offset, block);
    }
}
