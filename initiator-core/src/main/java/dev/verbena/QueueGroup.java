package dev.verbena;

import dev.verbena.internal.engine.CommandGroup;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.Thrown;
import dev.verbena.internal.engine.WaitPolicy;
import dev.verbena.internal.fabric.FabricGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Several I/O queues that one thread polls, and waits for, at the cost of one: they complete into
/// one completion queue of the device.
///
/// ```java
/// try (QueueGroup group = controller.newQueueGroup(8)) {
///     IoQueue first = controller.openQueue(group);
///     IoQueue second = controller.openQueue(group);
///     while (running) {
///         // first.tryRead(…), second.tryWrite(…)
///         group.pollOrWait(handler, 1_000_000);
///     }
///     first.close();
///     second.close();
/// }
/// ```
///
/// Queues of other controllers may join when they are reached by the same device. Everything an
/// [IoQueue] says about completions, time-outs and statistics holds for queues of a group too; only
/// polling and waiting are the group's. Completions that come while a queue of the group is opened
/// or closed are delivered by the next [#poll]; until then their commands count as in flight.
///
/// Threads: one owner, who also owns the queues and opens and closes them; [#wakeUp] any. The group
/// has no thread of its own: whoever calls [#poll] drives it.
public final class QueueGroup implements AutoCloseable {
    /// Most queues of one group.
    public static final int QUEUES_MAX = 256;

    /// Takes the completions of a group.
    ///
    /// As [CompletionHandler], with the queue the command belongs to.
    @FunctionalInterface
    public interface Handler {
        /// See [CompletionHandler#completed].
        void completed(IoQueue queue, long token, int status, long result);

        /// See [CompletionHandler#expired].
        default void expired(IoQueue queue, long token) {}
    }

    /// Before the first poll nothing is delivered.
    private static final Handler NOBODY = (queue, token, status, result) -> {};

    private final FabricGroup fabric;
    private final CommandGroup commands;
    private final List<IoQueue> queues = new ArrayList<>();
    private final Waiting waiting = new Waiting();
    private WaitPolicy wait;
    private final Thrown thrown = new Thrown();
    private Handler handler = NOBODY;
    private boolean closed;

    QueueGroup(FabricGroup fabric, WaitMode waitMode) {
        this.fabric = fabric;
        this.commands = new CommandGroup(fabric);
        this.wait = new WaitPolicy(waitMode, WaitPolicy.SPIN_NANOS_DEFAULT);
    }

    /// Where the queues of this group are connected to.
    ///
    /// @throws IllegalStateException when called from a handler: connecting polls
    FabricGroup fabric() {
        requireOpen();
        commands.requireIdle();
        return fabric;
    }

    /// The queue has been connected into [#fabric].
    void opened(IoQueue queue, CommandQueue itsCommands) {
        commands.add(itsCommands, queue.joinGroup(this, new Member(queue)));
        queues.add(queue);
    }

    /// The queue has been closed.
    void closed(IoQueue queue, CommandQueue itsCommands) {
        commands.remove(itsCommands);
        queues.remove(queue);
    }

    /// The open queues of the group, a copy.
    public List<IoQueue> queues() {
        return List.copyOf(queues);
    }

    /// Sends what is waiting on all queues, and delivers completions of all, up to an internal
    /// batch.
    ///
    /// @return the number of fabric events handled; 0 means that there was nothing to do
    /// @throws IllegalStateException when called from a handler, or the group is closed
    public int poll(Handler handler) {
        requireOpen();
        // Refused in the middle of a batch, before anything is touched: the rest of it is for the
        // handler of that poll.
        commands.requireIdle();
        submit();
        this.handler = handler;
        int count = 1;
        try {
            count = commands.poll();
        } catch (RuntimeException | Error e) {
            thrown.add(e);
        }
        // By index: an iterator would be allocated per poll.
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).polled(count, thrown);
        }
        thrown.rethrow();
        return count;
    }

    /// Sends what `try…` has accepted on all queues since the last call.
    public void submit() {
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).submit();
        }
    }

    /// Sends what is waiting, and waits until there may be something to poll, [#wakeUp] is called,
    /// or the time is over, in the way [#waitMode] says. It may return early.
    ///
    /// @param timeoutNanos nothing is waited for at 0 or less
    public void await(long timeoutNanos) {
        requireOpen();
        submit();
        boolean slept = wait.await(waiting, timeoutNanos);
        for (int i = 0; i < queues.size() && slept; i++) {
            queues.get(i).slept();
        }
    }

    /// Polls; when there was nothing, waits as [#await] does, and polls once more.
    ///
    /// @param timeoutNanos longest time to wait
    /// @return the number of fabric events handled
    public int pollOrWait(Handler handler, long timeoutNanos) {
        int count = poll(handler);
        if (count == 0 && timeoutNanos > 0) {
            await(timeoutNanos);
            count = poll(handler);
        }
        return count;
    }

    /// Ends [#await] early. Any thread.
    public void wakeUp() {
        commands.wakeUp();
    }

    /// How [#await] and [#pollOrWait] wait; at first as the connect options say.
    public WaitMode waitMode() {
        return wait.mode();
    }

    /// Chooses another way to wait.
    ///
    /// @param spin longest time that [WaitMode#ADAPTIVE] spins before it sleeps; the others do not
    ///   use it
    public void waitMode(WaitMode mode, Duration spin) {
        wait = new WaitPolicy(mode, spin.toNanos());
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The group is closed");
        }
    }

    /// Releases the group. Idempotent.
    ///
    /// @throws IllegalStateException while queues of it are open; then nothing has changed
    /// @throws RuntimeException when the device does not let go of the completion queue; calling
    ///   this again tries it again
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!queues.isEmpty()) {
            throw new IllegalStateException("Close the queues of the group first: " + queues);
        }
        fabric.close();
        closed = true;
    }

    /// Hands completions of one queue to the group's handler.
    private final class Member implements CompletionHandler {
        private final IoQueue queue;

        private Member(IoQueue queue) {
            this.queue = queue;
        }

        @Override
        public void completed(long token, int status, long result) {
            handler.completed(queue, token, status, result);
        }

        @Override
        public void expired(long token) {
            handler.expired(queue, token);
        }
    }

    private final class Waiting implements WaitPolicy.Source {
        @Override
        public boolean isReady() {
            return commands.hasCompletions();
        }

        @Override
        public void arm() {
            commands.arm();
        }

        @Override
        public void block(long timeoutNanos) {
            long most = timeoutNanos;
            for (int i = 0; i < queues.size(); i++) {
                most = queues.get(i).blockNanos(most);
            }
            commands.block(most);
        }
    }
}
