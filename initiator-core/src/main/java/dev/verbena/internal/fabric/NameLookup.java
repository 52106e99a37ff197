package dev.verbena.internal.fabric;

import dev.verbena.AddressUnreachableException;
import dev.verbena.internal.time.Time;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks a host name up. The system's resolver cannot be interrupted and waits as long as it likes,
/// so it works on a thread of its own; its caller waits as long as it has time.
///
/// Threads: any.
public final class NameLookup implements Destination.Lookup {
    /// Knows names.
    @FunctionalInterface
    public interface Names {
        /// All addresses of a name, best first.
        List<InetAddress> lookUp(String name) throws UnknownHostException;
    }

    /// One question to the resolver.
    private static final class Question implements Runnable {
        private final Names names;
        private final String name;
        private final Thread thread;
        private volatile List<InetAddress> found = List.of();
        private volatile @Nullable Exception failure;
        private volatile boolean answered;

        Question(Names names, String name) {
            this.names = names;
            this.name = name;
            this.thread = Time.newThread("verbena-lookup", this);
        }

        @Override
        public void run() {
            try {
                found = names.lookUp(name);
            } catch (UnknownHostException | RuntimeException e) {
                failure = e;
            } finally {
                answered = true;
            }
        }
    }

    private final String name;
    private final int port;
    private final Names names;

    /// The question that was asked last.
    private @Nullable Question asked;

    public NameLookup(String name, int port, Names names) {
        this.name = name;
        this.port = port;
        this.names = names;
    }

    @Override
    public List<InetSocketAddress> addresses(Deadline deadline)
            throws AddressUnreachableException, InterruptedIOException {
        Question question = question();
        try {
            var _ = Time.join(question.thread, Duration.ofNanos(deadline.remainingNanos()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while " + name + " was looked up");
        }
        Exception failure = question.failure;
        if (!question.answered) {
            throw unreachable(
                    name + " is not known: the name server has not answered in time", null);
        }
        if (failure != null || question.found.isEmpty()) {
            throw unreachable(
                    name + " is not known; check the spelling, or use the numeric address",
                    failure);
        }
        return question.found.stream()
                .map(address -> new InetSocketAddress(address, port))
                .toList();
    }

    /// A question that nobody has answered yet is not asked again.
    private synchronized Question question() {
        Question last = asked;
        if (last != null && !last.answered) {
            return last;
        }
        Question next = new Question(names, name);
        next.thread.start();
        asked = next;
        return next;
    }

    private AddressUnreachableException unreachable(String message, @Nullable Exception cause) {
        return new AddressUnreachableException(name + ":" + port, 0, message, cause);
    }
}
