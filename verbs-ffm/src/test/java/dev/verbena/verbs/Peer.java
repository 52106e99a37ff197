package dev.verbena.verbs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// The other end of connections in a process of its own, for [PeerProcess]: listens, accepts one
/// connection after the other with the address and key of its memory as private data, and does what
/// its standard input says, one line of answer for each line.
public final class Peer {
    private static final int WINDOW = 8;

    private final BufferedReader commands;
    private final Side side;
    private final Map<Integer, MemoryWindow> windows = new HashMap<>();

    private Peer(BufferedReader commands, Side side) {
        this.commands = commands;
        this.side = side;
    }

    /// Prints the port; then for each connection `connected`, the answers, and `closed`.
    public static void main(String[] arguments) throws IOException {
        BufferedReader commands =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Loopback.Network network = new Loopback.Network()) {
            InetSocketAddress at = network.listening();
            System.out.println(at.getPort());
            // Whoever wants another connection says so first, so that the end can be told from it.
            while ("connect".equals(commands.readLine())) {
                CmEvent.ConnectRequest request = network.request();
                try (Side side = new Side(request.id(), LoopbackOptions.defaults())) {
                    request.id().accept(withMemory(side.region));
                    side.established(network.expect(side.id, CmEvent.Established.class));
                    System.out.println("connected");
                    new Peer(commands, side).serve();
                    side.id.disconnect();
                }
                System.out.println("closed");
            }
        }
    }

    private static ConnectParameters withMemory(MemoryRegion region) {
        ConnectParameters plain = Loopback.parameters(7);
        byte[] memory =
                ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                        .putLong(region.address())
                        .putInt(region.remoteKey())
                        .array();
        return new ConnectParameters(
                memory,
                plain.responderResources(),
                plain.initiatorDepth(),
                plain.retryCount(),
                plain.rnrRetryCount());
    }

    private void serve() throws IOException {
        try {
            String line = commands.readLine();
            while (line != null && !line.equals("bye")) {
                System.out.println(answer(line.split(" ", -1)));
                line = commands.readLine();
            }
        } finally {
            windows.values().forEach(MemoryWindow::close);
        }
    }

    private String answer(String[] words) {
        try {
            return run(words);
        } catch (AssertionError | RuntimeException e) {
            return "failed: " + e;
        }
    }

    private static int number(String[] words, int index) {
        return Integer.parseInt(words[index]);
    }

    private String run(String[] words) {
        switch (words[0]) {
            case "fill" -> side.fill(number(words, 1), number(words, 2), number(words, 3));
            case "check" ->
                    side.requirePattern(number(words, 1), number(words, 2), number(words, 3));
            case "completion" -> {
                Side.Completion c = side.completion();
                return "%d %s %d %d %d"
                        .formatted(
                                c.wrId(),
                                c.status(),
                                c.opcode(),
                                c.byteLength(),
                                c.immediateOrKey());
            }
            case "send" -> {
                side.prepare(0, SendSlots.SEND, 0, number(words, 1));
                side.post(0);
                side.success();
            }
            case "bind" -> {
                MemoryWindow window = side.domain.allocateMemoryWindow();
                int key = side.bind(window, number(words, 1), number(words, 2), number(words, 3));
                windows.put(key, window);
                return Integer.toString(key);
            }
            case "invalidate" -> side.invalidate(number(words, 1));
            case "await-error" -> side.awaitError();
            case "load" -> load(Long.parseLong(words[1]), number(words, 2));
            default -> throw new IllegalArgumentException("unknown: " + words[0]);
        }
        return "ok";
    }

    /// Writes into the other process's memory until the connection ends.
    private void load(long address, int key) {
        System.out.println("ok");
        for (int i = 0; i < WINDOW; i++) {
            side.prepare(i, SendSlots.RDMA_WRITE, 1024 * i, 1024);
            side.sends.remote(i, address + 1024L * i, key);
            side.post(i);
        }
        Side.Completion done = side.completion();
        while (done.status() == WorkCompletionStatus.SUCCESS) {
            side.post((int) done.wrId());
            done = side.completion();
        }
    }
}
