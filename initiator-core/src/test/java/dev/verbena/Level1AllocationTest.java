package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.fakes.InstantQueue;
import dev.verbena.internal.engine.CommandLimits;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.DataPlacement;
import dev.verbena.internal.engine.QueueSettings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Contract 5: no allocation per I/O at level 1 in the steady state, whatever the command and the
/// way its data travels.
@Timeout(120)
class Level1AllocationTest {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;
    private static final int ROUNDS = 20_000;

    /// What one round may cost the runtime itself now and then, compiled or not, spread over the
    /// rounds: far less than the smallest object per round.
    private static final long SLACK_BYTES = ROUNDS * 8L;

    private interface Command {
        boolean start(IoQueue queue, long token) throws IOException;
    }

    private Level1Fixture f;

    @BeforeEach
    void open() throws IOException {
        f = Level1Fixture.open(x -> x.target.identify(1803, 4, 1));
    }

    @AfterEach
    void close() {
        f.close();
    }

    private IoQueue instant() {
        CommandLimits limits =
                CommandLimits.of(f.controller.identify(), null, f.controller.capabilities());
        QueueSettings settings =
                new QueueSettings(
                        DataPlacement.of(4160, 0, true, 5, 4, 1 << 20),
                        limits,
                        60_000_000_000L,
                        TimeoutPolicy.RECOVER,
                        WaitMode.EVENT);
        return new IoQueue(
                f.controller, new CommandQueue(new InstantQueue(32)), f.memory, settings);
    }

    private long bytesOf(Command command) throws IOException {
        IoQueue queue = instant();
        long[] sum = {0};
        CompletionHandler handler = (token, status, result) -> sum[0] += token + status;
        // The first rounds compile, and make the bounce pool.
        run(queue, handler, command);
        run(queue, handler, command);
        long before = allocatedBytes();
        run(queue, handler, command);
        long used = allocatedBytes() - before;
        assertThat(sum[0]).isEqualTo(3L * ROUNDS * (ROUNDS - 1) / 2);
        queue.close();
        return used;
    }

    /// By reflection, because the module under test has no use for the management modules.
    private static long allocatedBytes() {
        try {
            Object threads =
                    Class.forName("java.lang.management.ManagementFactory")
                            .getMethod("getThreadMXBean")
                            .invoke(null);
            return (long)
                    Class.forName("com.sun.management.ThreadMXBean")
                            .getMethod("getCurrentThreadAllocatedBytes")
                            .invoke(threads);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("This JVM does not count what threads allocate", e);
        }
    }

    private static void run(IoQueue queue, CompletionHandler handler, Command command)
            throws IOException {
        for (int i = 0; i < ROUNDS; i++) {
            while (!command.start(queue, i)) {
                queue.poll(handler);
            }
        }
        while (queue.inFlightCount() > 0) {
            queue.poll(handler);
        }
    }

    @Test
    void steadyState_allocatesNothing() throws IOException {
        Namespace ns = f.namespace;
        MemorySegment page = f.arena.allocate(16_384, 4096);
        BufferList list = new BufferList();
        BufferList many = new BufferList();
        BlockRanges ranges = new BlockRanges().add(0, 1).add(5, 5);
        CopySources sources = new CopySources().add(0, 1).add(5, 5);
        MemorySegment raw = f.arena.allocate(64, 64);
        dev.verbena.nvme.NvmCommands.read(raw, 0, 0, 1, 0, 1, 0);
        MemorySegment block = page.asSlice(0, 512);
        MemorySegment a = f.arena.allocate(4096, 64);
        MemorySegment b = f.arena.allocate(4096, 64);
        record Case(String name, Command command) {}
        for (Case each :
                List.of(
                        new Case("read", (q, t) -> q.tryRead(ns, 0, 32, page, t)),
                        new Case("write in capsule", (q, t) -> q.tryWrite(ns, 0, 1, page, t)),
                        new Case("write by key", (q, t) -> q.tryWrite(ns, 0, 32, page, t)),
                        new Case("compare", (q, t) -> q.tryCompare(ns, 0, 32, page, t, PLAIN)),
                        new Case(
                                "list",
                                (q, t) -> {
                                    list.clear();
                                    list.add(a).add(b);
                                    return q.tryRead(ns, 0, 16, list, t, PLAIN);
                                }),
                        new Case(
                                "bounced",
                                (q, t) -> {
                                    many.clear();
                                    many.add(a).add(b).add(a).add(b).add(a);
                                    return q.tryRead(ns, 0, 40, many, t, PLAIN);
                                }),
                        new Case("flush", (q, t) -> q.tryFlush(ns, t)),
                        new Case("zeroes", (q, t) -> q.tryWriteZeroes(ns, 0, 1, t, PLAIN)),
                        new Case("verify", (q, t) -> q.tryVerify(ns, 0, 1, t, PLAIN)),
                        new Case("deallocate", (q, t) -> q.tryDeallocate(ns, ranges, t, PLAIN)),
                        new Case("copy", (q, t) -> q.tryCopy(ns, 8, sources, t, PLAIN)),
                        new Case("raw", (q, t) -> q.tryRaw(raw, block, t, PLAIN)),
                        new Case(
                                "compare and write",
                                (q, t) ->
                                        q.tryCompareAndWrite(ns, 0, 1, block, block, t, PLAIN)))) {
            assertThat(bytesOf(each.command())).as(each.name()).isLessThan(SLACK_BYTES);
        }
    }

    @Test
    void latencyRecorder_allocatesNothingEither() throws IOException {
        Namespace ns = f.namespace;
        MemorySegment page = f.arena.allocate(4096, 4096);
        long[] sum = {0};
        LatencyRecorder recorder = (opcode, nanos) -> sum[0] += nanos;
        assertThat(
                        bytesOf((q, t) -> {
                            if (t == 0) {
                                q.recordLatency(recorder);
                            }
                            return q.tryRead(ns, 0, 8, page, t);
                        }))
                .isLessThan(SLACK_BYTES);
        assertThat(sum[0]).isPositive();
    }
}
