package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A [Peer] in a JVM of its own, and the conversation with it. One [PeerConnection] at a time.
final class PeerProcess implements AutoCloseable {
    /// A JVM takes its time to start where the machine is emulated and busy.
    private static final long ANSWER_SECONDS = 90;

    private final Process process;
    private final PrintWriter commands;
    private final BufferedReader answers;
    private final InetSocketAddress address;

    PeerProcess() throws IOException {
        process = Jvm.startTestClass(Peer.class);
        commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        answers = process.inputReader(StandardCharsets.UTF_8);
        address = new InetSocketAddress(Loopback.address(), Integer.parseInt(answer()));
    }

    /// Where it listens.
    InetSocketAddress address() {
        return address;
    }

    void say(String command) {
        commands.println(command);
    }

    String answer() {
        CompletableFuture<String> line =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return String.valueOf(answers.readLine());
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        Jvm.THREADS);
        try {
            return line.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("no answer of the peer process", e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /// `kill -9`.
    void kill() {
        process.destroyForcibly();
    }

    /// Waits until it is gone.
    void awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() {
        commands.close();
        try {
            if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("the peer process did not end");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
