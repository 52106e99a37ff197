package dev.verbena.bench.verbs;

import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.SendSlots;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What one SEND and its response cost in verbs-ffm: post, poll, look at the response, post the
/// receive again. Over the null fabric, whose `floor` does the same work in C: see
/// `bench/nullfabric/compare`.
///
/// One send in [#signalEvery] is signalled; `build` writes the 64 bytes of the command each time.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // made in connect()
public class PostPollBenchmark {
    private static final int CHAIN = 32;
    private static final int DEPTH = 128;
    private static final long BLOCKS_MASK = 0x1FFFF;

    /// Posts as critical calls.
    @Param({"false", "true"})
    public boolean critical;

    @Param({"false", "true"})
    public boolean build;

    @Param({"16"})
    public int signalEvery = 16;

    private BareQueue admin;
    private BareQueue bare;
    private SendSlots sends;
    private ReceiveSlots receives;
    private WorkCompletions batch;
    private CompletionQueue queue;
    private QueuePair pair;
    private int unsignalled;
    private long random = 88172645463325252L;
    private final int[] free = new int[CHAIN];
    private int freeCount;

    @Setup
    public void connect() throws IOException {
        InetSocketAddress target =
                new InetSocketAddress(
                        InetAddress.ofLiteral(System.getProperty("bench.traddr", "127.0.0.1")),
                        Integer.getInteger("bench.trsvcid", 4420));
        Nqn subsystem =
                Nqn.of(System.getProperty("bench.nqn", "nqn.2026-01.invalid.nullfabric:cnode1"));
        HostIdentity host = HostIdentity.generate();
        int[] controllerId = new int[1];
        admin = BareQueue.admin(target, subsystem, host, controllerId);
        bare = new BareQueue(target, 1, controllerId[0], DEPTH, critical);
        bare.connect(1, controllerId[0], subsystem, host);
        sends = bare.sends();
        receives = bare.receives();
        batch = bare.batch();
        queue = bare.queue();
        pair = bare.pair();
        for (int i = 0; i < CHAIN; i++) {
            bare.buildRead(i, 8L * i);
            free[freeCount++] = i;
        }
    }

    @TearDown
    public void close() {
        bare.close();
        admin.close();
    }

    /// One at a time.
    @Benchmark
    public int depth1() throws IOException {
        int slot = free[--freeCount];
        prepare(slot);
        sends.next(slot, -1);
        BareQueue.check("ibv_post_send", pair.postSend(sends, slot));
        int done = 0;
        while (done == 0) {
            int n = queue.poll(batch);
            for (int i = 0; i < n; i++) {
                bare.checkStatus(i);
                long id = batch.wrId(i);
                if ((id & BareQueue.RECEIVE) != 0) {
                    int receive = (int) id;
                    free[freeCount++] = bare.commandOf(receive);
                    done++;
                    receives.next(receive, -1);
                    BareQueue.check("ibv_post_recv", pair.postReceive(receives, receive));
                }
            }
        }
        return done;
    }

    /// 32 as one chain, their receives as one chain.
    @Benchmark
    @OperationsPerInvocation(CHAIN)
    public int depth32() throws IOException {
        int first = -1;
        int last = -1;
        while (freeCount > 0) {
            int slot = free[--freeCount];
            prepare(slot);
            if (first < 0) {
                first = slot;
            } else {
                sends.next(last, slot);
            }
            last = slot;
        }
        sends.next(last, -1);
        BareQueue.check("ibv_post_send", pair.postSend(sends, first));
        while (freeCount < CHAIN) {
            collect();
        }
        return freeCount;
    }

    private void collect() throws IOException {
        int n = queue.poll(batch);
        int first = -1;
        int last = -1;
        for (int i = 0; i < n; i++) {
            bare.checkStatus(i);
            long id = batch.wrId(i);
            if ((id & BareQueue.RECEIVE) == 0) {
                continue;
            }
            int receive = (int) id;
            free[freeCount++] = bare.commandOf(receive);
            if (first < 0) {
                first = receive;
            } else {
                receives.next(last, receive);
            }
            last = receive;
        }
        if (last >= 0) {
            receives.next(last, -1);
            BareQueue.check("ibv_post_recv", pair.postReceive(receives, first));
        }
    }

    private void prepare(int slot) {
        if (build) {
            random ^= random << 13;
            random ^= random >>> 7;
            random ^= random << 17;
            bare.buildRead(slot, (random & BLOCKS_MASK) << 3);
        }
        boolean signalled = ++unsignalled >= signalEvery;
        sends.flags(slot, signalled ? SendSlots.SIGNALED : 0);
        if (signalled) {
            unsignalled = 0;
        }
    }
}
