package dev.verbena.bench.verbs;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.SendSlots;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Latency of SEND, as `ib_send_lat` measures it: two processes send each other one message after
/// the other; half of each round trip is a latency. Two terminals:
///
///     ping-pong --server 10.9.0.1
///     ping-pong 10.9.0.1
@Command(
        name = "ping-pong",
        mixinStandardHelpOptions = true,
        description = "Latency of SEND between two processes, over verbs-ffm alone.")
public final class PingPong implements Callable<Integer> {
    private static final double NANOS_PER_MICRO = 1000;

    @Mixin private MeasureOptions options = new MeasureOptions();

    private PingPong() {}

    public static void main(String... args) {
        System.exit(new CommandLine(new PingPong()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        options.check();
        if (options.depth() < 2 || options.depth() % options.signalEvery() != 0) {
            throw new IllegalArgumentException(
                    "--tx-depth must be 2 or more and a multiple of --cq-mod");
        }
        try (Peer peer = options.server() ? Peer.serve(options) : Peer.connect(options)) {
            long[] starts = new Run(peer, options).run();
            if (options.server()) {
                peer.awaitEnd();
            } else {
                peer.disconnect();
                print(starts);
            }
        }
        return 0;
    }

    /// The columns of ib_send_lat, in microseconds.
    private void print(long[] starts) {
        double[] latencies = new double[options.iterations()];
        for (int i = 0; i < latencies.length; i++) {
            latencies[i] = (starts[i + 1] - starts[i]) / 2.0 / NANOS_PER_MICRO;
        }
        double mean = Arrays.stream(latencies).average().orElse(0);
        Arrays.sort(latencies);
        int n = latencies.length;
        System.out.println(
                " #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]"
                        + "    99% percentile[usec]   99.9% percentile[usec]");
        System.out.printf(
                Locale.ROOT,
                " %-7d %d          %-7.2f        %-7.2f      %-7.2f            %-7.2f     %-7.2f"
                        + "                 %-7.2f%n",
                options.bytes(),
                n,
                latencies[0],
                latencies[n - 1],
                latencies[n / 2],
                mean,
                latencies[(int) Math.ceil(n * 0.99) - 1],
                latencies[(int) Math.ceil(n * 0.999) - 1]);
    }

    /// The loop itself; an object of its own so that it works on final fields.
    private static final class Run {
        private final Peer peer;
        private final MeasureOptions options;
        private final QueuePair pair;
        private final SendSlots sends;
        private final ReceiveSlots receives;
        private final int depth;
        private int sendSlot;
        private int receiveSlot;
        private int received;
        private int sendsOpen;

        Run(Peer peer, MeasureOptions options) {
            this.peer = peer;
            this.options = options;
            this.pair = peer.pair();
            this.sends = peer.sends();
            this.receives = peer.receives();
            this.depth = options.depth();
            int inline = options.bytes() <= options.inlineBytes() ? SendSlots.INLINE : 0;
            for (int i = 0; i < depth; i++) {
                boolean signalled = (i + 1) % options.signalEvery() == 0;
                sends.opcode(i, SendSlots.SEND);
                sends.flags(i, inline | (signalled ? SendSlots.SIGNALED : 0));
            }
        }

        /// @return when each message that counts was sent, and when the last answer had come
        long[] run() throws IOException {
            int total = options.warmUp() + options.iterations();
            long[] starts = new long[options.iterations() + 1];
            boolean first = !options.server();
            for (int i = 0; i < total; i++) {
                if (first) {
                    if (i >= options.warmUp()) {
                        starts[i - options.warmUp()] = System.nanoTime();
                    }
                    send();
                    // While the message is on its way: the receive of the one before.
                    repost();
                    receive();
                } else {
                    receive();
                    send();
                    repost();
                }
            }
            starts[options.iterations()] = System.nanoTime();
            while (sendsOpen >= options.signalEvery()) {
                reap();
            }
            return starts;
        }

        private void send() throws IOException {
            // As many as the send queue holds; by then one of them was signalled.
            while (sendsOpen == depth) {
                reap();
            }
            BareQueue.check("ibv_post_send", pair.postSend(sends, sendSlot));
            sendSlot = sendSlot + 1 == depth ? 0 : sendSlot + 1;
            sendsOpen++;
        }

        private void reap() throws IOException {
            sendsOpen -= peer.awaitSends() * options.signalEvery();
        }

        private void receive() throws IOException {
            int n = peer.awaitReceives();
            if (n != 1) {
                throw new IOException(n + " messages at once; the peer does not wait for answers");
            }
            received++;
        }

        private void repost() throws IOException {
            for (; received > 0; received--) {
                BareQueue.check("ibv_post_recv", pair.postReceive(receives, receiveSlot));
                receiveSlot = receiveSlot + 1 == depth ? 0 : receiveSlot + 1;
            }
        }
    }
}
