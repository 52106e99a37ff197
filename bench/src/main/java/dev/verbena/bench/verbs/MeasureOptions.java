package dev.verbena.bench.verbs;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What [PingPong] and [Bandwidth] have in common; names where possible as in perftest.
final class MeasureOptions {
    @Parameters(
            paramLabel = "ADDRESS",
            description = "of the RDMA device to serve on, or of the server")
    private String address = "";

    @Option(
            names = {"-p", "--port"},
            description = "default: ${DEFAULT-VALUE}")
    private int port = 18515;

    @Option(names = "--server", description = "serve one client, then end")
    private boolean server;

    @Option(
            names = {"-s", "--size"},
            description = "bytes of a message; both sides alike")
    private int bytes = 64;

    @Option(
            names = {"-n", "--iters"},
            description = "messages that count; both sides alike")
    private int iterations = 5000;

    @Option(names = "--warm-up", description = "messages before those that count; both sides alike")
    private int warmUp = 2000;

    @Option(
            names = {"-t", "--tx-depth"},
            description = "requests outstanding")
    private int depth = 128;

    @Option(
            names = {"-Q", "--cq-mod"},
            description = "one send in this many is signalled")
    private int signalEvery = 1;

    @Option(
            names = {"-I", "--inline_size"},
            description = "messages up to this size are sent inline")
    private int inlineBytes;

    @Option(
            names = {"-e", "--events"},
            description = "sleep on completion channels instead of polling")
    private boolean events;

    @Option(names = "--critical", description = "posts as critical calls; not for soft devices")
    private boolean critical;

    /// @throws UnknownHostException when the name is not known
    InetSocketAddress address() throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getAllByName(address)[0], port);
    }

    boolean server() {
        return server;
    }

    int bytes() {
        return bytes;
    }

    int iterations() {
        return iterations;
    }

    int warmUp() {
        return warmUp;
    }

    int depth() {
        return depth;
    }

    int signalEvery() {
        return signalEvery;
    }

    int inlineBytes() {
        return inlineBytes;
    }

    boolean events() {
        return events;
    }

    boolean critical() {
        return critical;
    }

    /// @throws IllegalArgumentException when a value is out of range; the message names it
    void check() {
        require(bytes >= 1, "--size must be 1 or more");
        require(iterations >= 1 && warmUp >= 0, "--iters must be 1 or more, --warm-up 0 or more");
        require(depth >= 1 && depth <= 16_384, "--tx-depth must be 1 to 16384");
        require(
                signalEvery >= 1 && signalEvery <= depth,
                "--cq-mod must be 1 to the depth, or the send queue fills up for ever");
        require(inlineBytes >= 0, "--inline_size must be 0 or more");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
