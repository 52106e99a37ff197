package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One end of a connection in a test: a queue pair with everything below it, and 64 KiB of memory
/// registered with all rights.
final class Side implements AutoCloseable {
    static final int MEMORY_BYTES = 64 * 1024;
    static final int RECEIVE_BYTES = 1024;
    static final int ALL_ACCESS =
            Access.LOCAL_WRITE
                    | Access.REMOTE_READ
                    | Access.REMOTE_WRITE
                    | Access.REMOTE_ATOMIC
                    | Access.MW_BIND;

    /// Sends use the first half of the memory, receives the second.
    static final int RECEIVES_AT = MEMORY_BYTES / 2;

    final Arena arena = Arena.ofShared();
    final CmId id;
    final ProtectionDomain domain;
    final CompletionQueue queue;
    final MemorySegment memory;
    final MemoryRegion region;
    final SendSlots sends;
    final ReceiveSlots receives;
    final WorkCompletions batch;
    final UnconnectedQueuePair unconnected;
    private final @Nullable SharedReceiveQueue shared;
    private @Nullable QueuePair pair;

    Side(CmId id, LoopbackOptions options) {
        this.id = id;
        RdmaContext context = id.context();
        domain = context.allocateProtectionDomain();
        queue = context.createCompletionQueue(options.completions(), null);
        memory = arena.allocate(MEMORY_BYTES, 4096);
        region = domain.register(memory, ALL_ACCESS);
        shared = options.sharedReceives() ? domain.createSharedReceiveQueue(16, 1) : null;
        unconnected =
                id.createQueuePair(
                        domain,
                        new QueuePairOptions(queue, queue, options.depth(), 16, 4, 1, 64, false)
                                .withCriticalPosts(options.criticalPosts()),
                        shared);
        sends = SendSlots.allocate(arena, 64, 4);
        receives = ReceiveSlots.allocate(arena, 16, 1);
        batch = WorkCompletions.allocate(arena, 64);
        for (int i = 0; i < options.receives(); i++) {
            postReceive(i, options.receiveBytes());
        }
    }

    void postReceive(int slot, int bytes) {
        receives.initialize(slot, receiveId(slot));
        receives.segment(
                slot,
                0,
                region.address() + RECEIVES_AT + (long) slot * RECEIVE_BYTES,
                bytes,
                region.localKey());
        receives.segmentCount(slot, 1);
        int errno;
        if (shared != null) {
            errno = shared.postReceive(receives, slot);
        } else {
            errno =
                    pair != null
                            ? pair.postReceive(receives, slot)
                            : unconnected.postReceive(receives, slot);
        }
        assertThat(errno).isZero();
    }

    static long receiveId(int slot) {
        return 1000L + slot;
    }

    void established(CmEvent.Established event) {
        pair = unconnected.connected(event);
    }

    SharedReceiveQueue sharedReceives() {
        if (shared == null) {
            throw new IllegalStateException("has receives of its own");
        }
        return shared;
    }

    QueuePair pair() {
        if (pair == null) {
            throw new IllegalStateException("not connected");
        }
        return pair;
    }

    /// Binds a window to part of this side's memory and waits for that.
    ///
    /// @return the window's key
    int bind(MemoryWindow window, int offset, int bytes, int access) {
        int key = window.nextKey();
        sends.initialize(40, 40, SendSlots.BIND_MW, SendSlots.SIGNALED);
        sends.bind(40, window, key, region, region.address() + offset, bytes, access);
        post(40);
        window.bindPosted(key);
        assertThat(success().opcode()).isEqualTo(WorkCompletions.BIND_MW);
        assertThat(window.key()).isEqualTo(key);
        return key;
    }

    /// Invalidates a key of this side and waits for that.
    void invalidate(int key) {
        sends.initialize(41, 41, SendSlots.LOCAL_INV, SendSlots.SIGNALED);
        sends.invalidateKey(41, key);
        post(41);
        assertThat(success().opcode()).isEqualTo(WorkCompletions.LOCAL_INV);
    }

    /// Waits until the queue pair is in error: what the other side does is seen a moment later.
    void awaitError() {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (pair().state() != QueuePairState.ERR) {
            assertThat(System.nanoTime()).as("time until ERR").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /// Fills a slot with a signalled request over `bytes` of this side's memory from `offset`.
    void prepare(int slot, int opcode, int offset, int bytes) {
        sends.initialize(slot, slot, opcode, SendSlots.SIGNALED);
        sends.segment(slot, 0, region.address() + offset, bytes, region.localKey());
        sends.segmentCount(slot, 1);
    }

    void post(int slot) {
        assertThat(pair().postSend(sends, slot)).isZero();
    }

    void fill(int offset, int bytes, int seed) {
        for (int i = 0; i < bytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, offset + i, pattern(seed, i));
        }
    }

    void requirePattern(int offset, int bytes, int seed) {
        for (int i = 0; i < bytes; i++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, offset + i))
                    .as("byte %d", i)
                    .isEqualTo(pattern(seed, i));
        }
    }

    private static byte pattern(int seed, int i) {
        return (byte) (seed * 31 + i * 7 + (i >> 8));
    }

    /// A completion, copied out of the batch.
    record Completion(
            long wrId,
            WorkCompletionStatus status,
            int opcode,
            int byteLength,
            int flags,
            int immediateOrKey,
            int queuePairNumber) {}

    /// Polls until so many completions have come.
    List<Completion> completions(int count) {
        List<Completion> taken = new ArrayList<>();
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (taken.size() < count) {
            int n = queue.poll(batch, Math.min(batch.capacity(), count - taken.size()));
            for (int i = 0; i < n; i++) {
                taken.add(
                        new Completion(
                                batch.wrId(i),
                                WorkCompletionStatus.of(batch.status(i)),
                                batch.opcode(i),
                                batch.byteLength(i),
                                batch.flags(i),
                                batch.invalidatedKey(i),
                                batch.queuePairNumber(i)));
            }
            if (n == 0) {
                assertThat(System.nanoTime())
                        .as("time until %d completions, have %s", count, taken)
                        .isLessThan(deadline);
                Thread.onSpinWait();
            }
        }
        return taken;
    }

    /// The completion of one work request; others that come first, flushed receives for example,
    /// are passed over.
    Completion completionOf(long wrId) {
        while (true) {
            Completion completion = completion();
            if (completion.wrId() == wrId) {
                return completion;
            }
        }
    }

    Completion completion() {
        return completions(1).getFirst();
    }

    Completion success() {
        Completion completion = completion();
        assertThat(completion.status()).isEqualTo(WorkCompletionStatus.SUCCESS);
        return completion;
    }

    /// That nothing more has completed.
    void requireIdle() {
        assertThat(queue.poll(batch)).isZero();
    }

    @Override
    public void close() {
        Lifecycle.all(
                () -> {
                    if (pair != null) {
                        pair.close();
                    }
                },
                unconnected::close,
                () -> {
                    if (shared != null) {
                        shared.close();
                    }
                },
                region::close,
                queue::close,
                domain::close,
                id::close,
                arena::close);
    }
}
