package dev.verbena.channel;

import dev.verbena.BlockDevice;
import dev.verbena.Durability;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Reads and writes any bytes of a device: whole blocks in place, the blocks at the edges through a
/// little memory of their own.
///
/// Threads: any.
final class UnalignedAccess {
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
        return locks.acquire(first, last, !aligned)
                .thenCompose(hold -> {
                    CompletableFuture<Void> written;
                    try {
                        written =
                                aligned
                                        ? device.writeAsync(position, sources, Durability.CACHED)
                                        : modify(position, sources, bytes, before, behind);
                    } catch (RuntimeException e) {
                        hold.release();
                        throw e;
                    }
                    return written.whenComplete((nothing, e) -> hold.release());
                });
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
