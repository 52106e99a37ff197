package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The thread that owns a device's queue: takes requests from any thread, cuts them into commands,
/// waits for answers.
///
/// Threads: [#submit], [#fail] and [#close] from any thread.
public final class DeviceWorker {
    /// Requests that can wait; a caller that finds the inbox full waits for a place.
    public static final int INBOX_MAX = 1024;

    /// Empty polls before the thread sleeps. A short spin saves the wake-up when answers come
    /// within microseconds; a long one would take the processor from the target on a small machine.
    private static final int SPINS = 32;

    /// Cycles between two looks at the deadlines while the device is busy.
    private static final int CYCLES_PER_DEADLINE_CHECK = 4096;

    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final CommandQueue commands;
    private final MemoryDomain memory;
    private final long timeoutNanos;
    private final Consumer<FabricFailure> onLoss;
    private final Runnable onEnd;
    private final BlockingQueue<DeviceRequest> inbox = new ArrayBlockingQueue<>(INBOX_MAX);
    private final RequestRunner requests;
    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean sleeping;

    /// Set before the worker looks into the inbox for the last time: whoever puts a request there
    /// afterwards has to look himself.
    private volatile boolean ended;

    /// Starts the thread. The worker owns `commands` from now on; not when this throws.
    ///
    /// @param timeoutNanos longest time for one command, and for a caller to wait for a place in
    ///   the inbox
    /// @param onLoss told once, on the worker's thread, when the queue was lost
    /// @param onEnd runs last, on the worker's thread, when the queue is gone
    /// @throws IllegalArgumentException when not even one block fits a command
    public DeviceWorker(
            String name,
            CommandQueue commands,
            MemoryDomain memory,
            DataPlacement placement,
            int namespaceId,
            int blockSize,
            long timeoutNanos,
            Consumer<FabricFailure> onLoss,
            Runnable onEnd) {
        this.commands = commands;
        this.memory = memory;
        this.timeoutNanos = timeoutNanos;
        this.onLoss = onLoss;
        this.onEnd = onEnd;
        this.requests =
                new RequestRunner(
                        commands, memory, placement, namespaceId, blockSize, timeoutNanos);
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
        thread.start();
    }

    /// Hands a request over; waits while the inbox is full, but not on the worker's own thread,
    /// which would wait for itself. The request's future tells the outcome, also of failures found
    /// here.
    public void submit(DeviceRequest request) {
        request.hold(memory);
        try {
            if (closing || !offer(request)) {
                refuse(request);
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            request.failed(
                    new InterruptedIOException(
                            "Interrupted while waiting for a place in the device's queue"));
            request.end();
            return;
        }
        if (sleeping) {
            commands.wakeUp();
        }
        if (ended) {
            // It ended between the check and the offer; nobody else will look into the inbox.
            failWaiting();
        }
    }

    private boolean offer(DeviceRequest request) throws InterruptedException {
        // At first without waiting: only a wait can be interrupted.
        return inbox.offer(request)
                || (!isCurrentThread() && inbox.offer(request, timeoutNanos, TimeUnit.NANOSECONDS));
    }

    /// Whether the caller runs on the worker's thread, in a stage attached to a request's future.
    public boolean isCurrentThread() {
        return Thread.currentThread().equals(thread);
    }

    /// Whether memory of a segment can be reached by the worker.
    public boolean canAccess(MemorySegment segment) {
        return segment.isAccessibleBy(thread);
    }

    /// Transfers that went through a bounce buffer.
    public long bouncedCount() {
        return requests.bouncedCount();
    }

    /// Gives the queue up. Any thread.
    public void fail(FabricFailure failure) {
        commands.fail(failure);
    }

    /// Ends the worker after the requests it has; bounded by their time-outs. On the worker's own
    /// thread it only starts to end.
    public void close() {
        closing = true;
        commands.wakeUp();
        boolean interrupted = false;
        while (thread.isAlive() && !isCurrentThread()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // Yielding is a hint here, no synchronisation: it lets a target on the same few processors run.
    @SuppressWarnings("ThreadPriorityCheck")
    private void run() {
        try {
            int idle = 0;
            int cycles = 0;
            while (commands.failure() == null) {
                if (++cycles == CYCLES_PER_DEADLINE_CHECK) {
                    cycles = 0;
                    commands.checkDeadlines(System.nanoTime());
                }
                int work = takeRequests() + requests.start();
                commands.ring();
                work += requests.poll();
                if (work > 0) {
                    idle = 0;
                } else if (closing && inbox.isEmpty() && commands.inFlightCount() == 0) {
                    break;
                } else if (++idle > SPINS) {
                    sleep();
                } else {
                    Thread.yield();
                }
            }
            requests.poll();
        } catch (Throwable e) {
            // Errors too: a thread that ends silently would leave every caller waiting.
            LOG.log(Level.ERROR, "A device ends because of an error in Verbena", e);
            commands.fail(
                    new FabricFailure(
                            FabricFailure.Kind.TRANSPORT_ERROR, "an internal error: " + e));
        } finally {
            end();
        }
    }

    private void sleep() {
        commands.checkDeadlines(System.nanoTime());
        commands.arm();
        sleeping = true;
        // What completed or was asked for before this moment wakes nobody. Requests that cannot be
        // taken yet are no reason to stay awake: a completion has to make room for them.
        boolean canTake = requests.hasRoom() && !inbox.isEmpty();
        if (!commands.hasCompletions() && !canTake && commands.failure() == null) {
            commands.block(IDLE_NANOS);
        }
        sleeping = false;
    }

    private int takeRequests() {
        int taken = 0;
        while (requests.hasRoom()) {
            DeviceRequest request = inbox.poll();
            if (request == null) {
                break;
            }
            requests.add(request);
            taken++;
        }
        return taken;
    }

    private IOException refusal() {
        FabricFailure failure = commands.failure();
        if (failure != null && failure.kind() != FabricFailure.Kind.CLOSED) {
            return RequestErrors.lost("The device is unusable: ", failure);
        }
        return closing
                ? new IOException("The device is closed")
                : new IOException(
                        "The device did not take the request in time: "
                                + INBOX_MAX
                                + " others are waiting");
    }

    private void end() {
        FabricFailure failure = commands.failure();
        closing = true;
        attempt("closing its queue", requests::closeQueue);
        requests.end(this::refuse);
        ended = true;
        failWaiting();
        attempt("releasing its buffers", requests::close);
        if (failure != null) {
            attempt("reporting the loss", () -> onLoss.accept(failure));
        }
        attempt("leaving its controller", onEnd);
    }

    private static void attempt(String what, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            // The steps after it have to be taken all the same.
            LOG.log(Level.ERROR, "The end of a device: " + what + " failed", e);
        }
    }

    private void failWaiting() {
        for (DeviceRequest request = inbox.poll(); request != null; request = inbox.poll()) {
            refuse(request);
        }
    }

    private void refuse(DeviceRequest request) {
        request.failed(refusal());
        request.end();
    }
}
