package dev.verbena.bench.verbs;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendSlots;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Bandwidth of RDMA WRITE, as `ib_write_bw` measures it: the client keeps its send queue full, the
/// server only lends its memory. Two terminals:
///
///     bandwidth --server --size 65536 10.9.0.1
///     bandwidth --size 65536 10.9.0.1
@Command(
        name = "bandwidth",
        mixinStandardHelpOptions = true,
        description = "Bandwidth of RDMA WRITE between two processes, over verbs-ffm alone.")
public final class Bandwidth implements Callable<Integer> {
    private static final double MEBI = 1 << 20;
    private static final double NANOS_PER_SECOND = 1e9;

    @Mixin private MeasureOptions options = new MeasureOptions();

    @Option(
            names = {"-l", "--post_list"},
            description = "requests chained in one post")
    private int chain = 1;

    private Bandwidth() {}

    public static void main(String... args) {
        System.exit(new CommandLine(new Bandwidth()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        options.check();
        if (chain < 1
                || options.depth() % chain != 0
                || options.depth() % options.signalEvery() != 0) {
            throw new IllegalArgumentException("--post_list and --cq-mod must divide --tx-depth");
        }
        try (Peer peer = options.server() ? Peer.serve(options) : Peer.connect(options)) {
            if (options.server()) {
                peer.awaitEnd();
                return 0;
            }
            Run run = new Run(peer, options, chain);
            run.write(options.warmUp());
            long start = System.nanoTime();
            int written = run.write(options.iterations());
            long nanos = System.nanoTime() - start;
            peer.disconnect();
            print(written, nanos);
        }
        return 0;
    }

    private void print(int written, long nanos) {
        double perSecond = written * NANOS_PER_SECOND / nanos;
        System.out.println(" #bytes     #iterations    BW average[MiB/sec]   MsgRate[Mpps]");
        System.out.printf(
                Locale.ROOT,
                " %-10d %-14d %-21.2f %.6f%n",
                options.bytes(),
                written,
                perSecond * options.bytes() / MEBI,
                perSecond / 1e6);
    }

    /// The loop itself.
    private static final class Run {
        private final Peer peer;
        private final QueuePair pair;
        private final SendSlots sends;
        private final int depth;
        private final int chain;
        private final int signalEvery;
        private int slot;
        private int open;

        Run(Peer peer, MeasureOptions options, int chain) {
            this.peer = peer;
            this.pair = peer.pair();
            this.sends = peer.sends();
            this.depth = options.depth();
            this.chain = chain;
            this.signalEvery = options.signalEvery();
            boolean inline = options.bytes() <= options.inlineBytes();
            for (int i = 0; i < sends.slotCount(); i++) {
                sends.opcode(i, SendSlots.RDMA_WRITE);
                sends.remote(i, peer.remote().address(), peer.remote().key());
                // Chains start at multiples of their length, and so do the groups of which the last
                // one is signalled.
                boolean signalled = (i + 1) % signalEvery == 0;
                sends.flags(
                        i, (signalled ? SendSlots.SIGNALED : 0) | (inline ? SendSlots.INLINE : 0));
                sends.next(i, (i + 1) % chain == 0 ? -1 : i + 1);
            }
        }

        /// Writes, and waits until all of it is done.
        ///
        /// @return how many there were: `count`, rounded up to whole rounds of the queue
        int write(int count) throws IOException {
            int rounded = Math.ceilDiv(count, depth) * depth;
            for (int posted = 0; posted < rounded; posted += chain) {
                while (open + chain > depth) {
                    reap();
                }
                BareQueue.check("ibv_post_send", pair.postSend(sends, slot));
                open += chain;
                slot = slot + chain == depth ? 0 : slot + chain;
            }
            while (open > 0) {
                reap();
            }
            return rounded;
        }

        private void reap() throws IOException {
            open -= peer.awaitSends() * signalEvery;
        }
    }
}
