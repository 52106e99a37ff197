package dev.verbena.internal.control;

import dev.verbena.ConnectOptions;
import dev.verbena.ConnectStatusException;
import dev.verbena.ConnectionLostException;
import dev.verbena.Namespace;
import dev.verbena.internal.engine.CommandLimits;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.DataPlacement;
import dev.verbena.internal.engine.QueueSettings;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricGroup;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.Version;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One connection to a controller, from connect to loss: what was learnt about the controller, and
/// its I/O queues. A reconnect makes a new one.
///
/// Threads: any.
public final class Session {
    static final int COMMAND_SEQUENCE_ERROR = 0x00C;
    private static final long REUSE_PAUSE_NANOS = 20_000_000;

    private final int connection;
    private final Association association;
    private final IdentifyController identify;
    private final Version version;
    private final List<Namespace> namespaces;
    private final QueueSettings settings;
    private final QueueIds queueIds;

    /// Abort commands under way.
    private final AtomicInteger aborts = new AtomicInteger();

    private volatile @Nullable FabricFailure failure;

    Session(
            int connection,
            Association association,
            IdentifyController identify,
            CommandLimits limits,
            Version version,
            int ioQueueCount,
            List<Namespace> namespaces) {
        this.connection = connection;
        this.association = association;
        this.identify = identify;
        this.version = version;
        this.queueIds = new QueueIds(ioQueueCount);
        this.namespaces = namespaces;
        ConnectOptions options = association.parameters().options();
        this.settings =
                new QueueSettings(
                        placement(association, identify),
                        limits,
                        options.ioTimeout().toNanos(),
                        options.timeoutPolicy(),
                        options.waitMode());
    }

    private static DataPlacement placement(Association association, IdentifyController identify) {
        DataPlacement placement =
                DataPlacement.of(
                        identify.ioCommandCapsuleBytes(),
                        identify.inCapsuleDataOffsetBytes(),
                        identify.inCapsuleOffsetSupported(),
                        association.sendSegmentMax(),
                        identify.maximumDataBlockDescriptors(),
                        identify.maximumTransferBytes(association.capabilities()));
        return association.parameters().options().inCapsuleData()
                ? placement
                : placement.withoutInCapsuleData();
    }

    /// Which connection of the controller this is.
    public int connection() {
        return connection;
    }

    public Association association() {
        return association;
    }

    public AdminCalls calls() {
        return new AdminCalls(association);
    }

    public IdentifyController identify() {
        return identify;
    }

    public Version version() {
        return version;
    }

    /// I/O queues that can be open at the same time.
    public int ioQueueCount() {
        return queueIds.count();
    }

    /// The namespaces as they were at connect.
    public List<Namespace> namespaces() {
        return namespaces;
    }

    /// What all I/O queues have in common.
    public QueueSettings settings() {
        return settings;
    }

    public DataPlacement placement() {
        return settings.placement();
    }

    /// Why the connection is of no use any more; null while it works.
    public @Nullable FabricFailure failure() {
        FabricFailure own = failure;
        return own == null ? association.failure() : own;
    }

    /// Opens no more queues. The admin queue stays, so that the controller can be asked to end. The
    /// first reason stays.
    public synchronized void suspend(FabricFailure why) {
        if (failure == null) {
            failure = why;
        }
        queueIds.end();
    }

    /// Connects several I/O queues, as many at the same time as the options allow.
    ///
    /// @return `count` queues, by id
    /// @throws IOException when one cannot be connected; then none is left
    public List<CommandQueue> openQueues(int count) throws IOException {
        int parallelism = Math.min(count, association.parameters().options().connectParallelism());
        List<CommandQueue> opened = new ArrayList<>();
        AtomicInteger left = new AtomicInteger(count);
        AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        try {
            while (threads.size() < parallelism) {
                Thread thread =
                        Time.newThread(
                                "verbena-connect-queues",
                                () -> openWhileLeft(left, failed, opened));
                thread.start();
                threads.add(thread);
            }
        } catch (OutOfMemoryError e) {
            // Fewer threads take longer; without one, this is one.
            if (threads.isEmpty()) {
                openWhileLeft(left, failed, opened);
            }
        }
        boolean interrupted = join(threads);
        Throwable why = interrupted ? new InterruptedIOException("Interrupted") : failed.get();
        if (why == null) {
            opened.sort(Comparator.comparingInt(CommandQueue::queueId));
            return opened;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        opened.forEach(this::discard);
        throw why instanceof IOException io ? io : new IOException("Connecting failed", why);
    }

    private void openWhileLeft(
            AtomicInteger left,
            AtomicReference<@Nullable Throwable> failed,
            List<CommandQueue> opened) {
        while (failed.get() == null && left.getAndDecrement() > 0) {
            try {
                CommandQueue queue = openQueue();
                synchronized (opened) {
                    opened.add(queue);
                }
            } catch (Throwable e) {
                // Errors too: a queue that is missing would not be noticed.
                failed.compareAndSet(null, e);
            }
        }
    }

    /// Waits for the threads; an interrupt is passed on to them, so that they end soon.
    private static boolean join(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                    threads.forEach(Thread::interrupt);
                }
            }
        }
        return interrupted;
    }

    /// Closes a queue nobody uses, and gives its id back.
    public void discard(CommandQueue queue) {
        int queueId = queue.queueId();
        queue.close((token, slot, status, result) -> {});
        released(queueId);
    }

    /// Asks the controller to abort a command. Advice only: whether it was followed shows in the
    /// command's own end. Nothing is sent when the controller's limit (ACL) is reached.
    public void abort(int queueId, int commandId) {
        if (aborts.incrementAndGet() > identify.acl() + 1) {
            aborts.decrementAndGet();
            return;
        }
        var _ =
                association
                        .admin()
                        .submit(
                                AdminCommand.withoutData(
                                        "Abort",
                                        association.adminDeadline(),
                                        (capsule, offset, id) ->
                                                AdminCommands.abort(
                                                        capsule, offset, id, queueId, commandId)))
                        .whenComplete((answer, e) -> aborts.decrementAndGet());
    }

    /// Connects an I/O queue with a free id; [#released] gives the id back.
    ///
    /// @throws IOException when all are in use, or the controller refuses
    public CommandQueue openQueue() throws IOException {
        return openQueue(null);
    }

    /// Connects an I/O queue with a free id into a group; null for none.
    public CommandQueue openQueue(@Nullable FabricGroup group) throws IOException {
        int queueId = takeQueueId();
        CommandQueue commands = null;
        try {
            commands = connectQueue(queueId, group);
            FabricFailure lost = failure;
            if (lost != null) {
                // It was connected in the moment the connection broke.
                commands.fail(lost);
            }
            return commands;
        } finally {
            queueIds.connected(queueId, commands != null);
        }
    }

    private CommandQueue connectQueue(int queueId, @Nullable FabricGroup group) throws IOException {
        int entries =
                Math.min(
                        association.parameters().options().queueSize(),
                        association.capabilities().maximumQueueEntries());
        int outstandingMax = identify.maximumOutstandingCommands();
        if (outstandingMax > 0) {
            // One entry of a ring stays empty.
            entries = Math.min(entries, outstandingMax + 1);
        }
        Deadline deadline = Deadline.after(association.parameters().options().connectTimeout());
        while (true) {
            try {
                return association.openIoQueue(
                        queueId, Math.max(2, entries), placement().slotBytes(), group);
            } catch (ConnectStatusException e) {
                // Linux's target releases a closed queue in its own time, and until then refuses
                // another with its id that way.
                if (!queueIds.wasReleased(queueId)
                        || e.status().typeAndCode() != COMMAND_SEQUENCE_ERROR
                        || deadline.expired()) {
                    throw e;
                }
            }
            Time.parkNanos(this, REUSE_PAUSE_NANOS);
        }
    }

    private int takeQueueId() throws IOException {
        int queueId = queueIds.take();
        if (queueId != QueueIds.NONE) {
            return queueId;
        }
        if (queueIds.isEnding()) {
            throw lostException();
        }
        throw new IOException(
                "All "
                        + ioQueueCount()
                        + " I/O queues the controller granted are open; close one, or connect with"
                        + " a larger ioQueues option");
    }

    /// Queues that can still be opened.
    public int freeQueueCount() {
        return queueIds.freeCount();
    }

    /// A queue is closed; its id can be used again.
    public void released(int queueId) {
        queueIds.release(queueId);
    }

    /// What to tell those who want to use a connection that is gone.
    public ConnectionLostException lostException() {
        FabricFailure why = failure();
        return new ConnectionLostException(
                why == null
                        ? "The controller is closed"
                        : "The connection to "
                                + association.address()
                                + " is lost: "
                                + why.message());
    }

    /// Opens no more queues, and waits for those that other threads are connecting: they find the
    /// session ending and take them down again. Bounded by the time a queue has to connect.
    public void end() {
        queueIds.end();
        queueIds.awaitConnected(
                association
                        .parameters()
                        .options()
                        .connectTimeout()
                        .plus(CommandQueue.DRAIN_TIMEOUT));
    }

    /// Whether no more queues are opened.
    public boolean isEnding() {
        return queueIds.isEnding();
    }

    /// Time the controller asks for to shut down (RTD3E).
    public Duration shutdownTimeout() {
        return Duration.ofMillis(identify.rtd3EntryMicros() / 1000);
    }
}
