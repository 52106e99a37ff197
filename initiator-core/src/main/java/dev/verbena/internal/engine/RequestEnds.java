package dev.verbena.internal.engine;

import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Completes the requests of one worker that have ended. Stages that users have attached to their
/// futures run on the worker's own thread, whoever found the answer: there they find no lock but
/// their own.
///
/// Threads: [#finish], [#isHandedOver] any; the rest the worker's.
final class RequestEnds {
    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final DeviceWorker worker;

    /// Requests that others have completed and whose stages run on the worker's thread, the
    /// youngest first.
    private final AtomicReference<@Nullable DeviceRequest<?>> handedOver = new AtomicReference<>();

    private static final VarHandle RUNNING;

    static {
        try {
            RUNNING = MethodHandles.lookup().findVarHandle(RequestEnds.class, "running", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// 1 while stages of users run on the worker's thread; written by that.
    private int running;

    RequestEnds(DeviceWorker worker) {
        this.worker = worker;
    }

    /// Completes requests.
    ///
    /// @param over linked by [DeviceRequest#next]; null for none
    void finish(@Nullable DeviceRequest<?> over) {
        if (over == null) {
            return;
        }
        if (Thread.currentThread().equals(worker.thread()) && running == 0) {
            runStages(over);
            return;
        }
        DeviceRequest<?> withStages = completeAllWithoutStages(over);
        if (withStages != null && handOver(withStages)) {
            worker.wake();
        }
    }

    /// On the worker's thread. Without the fence of a volatile store: who looks for it may come
    /// late.
    private void runStages(@Nullable DeviceRequest<?> over) {
        RUNNING.setOpaque(this, 1);
        try {
            completeAll(over);
        } finally {
            RUNNING.setOpaque(this, 0);
        }
    }

    /// Whether stages of users run on the worker's thread, as far as is known.
    boolean isRunning() {
        return (int) RUNNING.getOpaque(this) != 0;
    }

    /// @return whether the worker has to be woken: whoever was first has done it for the others
    private boolean handOver(DeviceRequest<?> list) {
        boolean first = false;
        DeviceRequest<?> request = list;
        while (request != null) {
            DeviceRequest<?> after = request.next;
            DeviceRequest<?> before;
            do {
                before = handedOver.get();
                request.next = before;
            } while (!handedOver.compareAndSet(before, request));
            first |= before == null;
            request = after;
        }
        if (worker.hasEnded()) {
            runHandedOver();
        }
        return first;
    }

    /// Whether stages wait for the worker's thread.
    boolean isHandedOver() {
        return handedOver.get() != null;
    }

    /// Runs the stages that wait, the oldest first. Also for whoever finds that the worker has
    /// ended.
    void runHandedOver() {
        DeviceRequest<?> reversed = handedOver.getAndSet(null);
        DeviceRequest<?> list = null;
        while (reversed != null) {
            DeviceRequest<?> before = reversed.next;
            reversed.next = list;
            list = reversed;
            reversed = before;
        }
        if (Thread.currentThread().equals(worker.thread()) && running == 0) {
            runStages(list);
        } else {
            completeAll(list);
        }
    }

    // Lists of requests.

    /// Of requests that have ended, those for which a thread sleeps or a stage is to run.
    static int awaitedCount(DeviceRequest<?> chain) {
        int count = 0;
        for (DeviceRequest<?> request = chain; request != null; request = request.next) {
            if (request.isAwaited()) {
                count++;
            }
        }
        return count;
    }

    /// Completes requests that have ended, and counts that. Runs stages of users: not to be called
    /// by the owner of a queue.
    static void completeAll(@Nullable DeviceRequest<?> chain) {
        DeviceRequest<?> request = chain;
        int count = 0;
        while (request != null) {
            // It may be in another list as soon as it is complete.
            DeviceRequest<?> after = request.next;
            DeviceContext context = request.context;
            request.next = null;
            complete(request);
            count++;
            if (after == null || after.context != context) {
                context.ended(count);
                count = 0;
            }
            request = after;
        }
    }

    private static void complete(DeviceRequest<?> request) {
        try {
            request.completeNow();
        } catch (Throwable e) {
            // What a stage throws becomes the outcome of that stage; this is something else, such
            // as a stack that is at its end. The others have to be told.
            LOG.log(Level.ERROR, "Completing a request of a device failed", e);
        }
    }

    /// The same for those only to which nobody has attached a stage.
    ///
    /// @return the others, in order
    private static @Nullable DeviceRequest<?> completeAllWithoutStages(DeviceRequest<?> chain) {
        DeviceRequest<?> plain = null;
        DeviceRequest<?> lastPlain = null;
        DeviceRequest<?> others = null;
        DeviceRequest<?> lastOther = null;
        DeviceRequest<?> request = chain;
        while (request != null) {
            DeviceRequest<?> after = request.next;
            request.next = null;
            if (request.getNumberOfDependents() == 0) {
                plain = lastPlain == null ? request : plain;
                lastPlain = append(lastPlain, request);
            } else {
                others = lastOther == null ? request : others;
                lastOther = append(lastOther, request);
            }
            request = after;
        }
        completeAll(plain);
        return others;
    }

    private static DeviceRequest<?> append(
            @Nullable DeviceRequest<?> last, DeviceRequest<?> request) {
        if (last != null) {
            last.next = request;
        }
        return request;
    }

    /// Makes one list of two.
    static @Nullable DeviceRequest<?> link(
            @Nullable DeviceRequest<?> first, @Nullable DeviceRequest<?> second) {
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        DeviceRequest<?> last = first;
        for (DeviceRequest<?> n = last.next; n != null; n = last.next) {
            last = n;
        }
        last.next = second;
        return first;
    }
}
