package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Libc;
import dev.verbena.verbs.ffi.gen.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Waits for one descriptor with a deadline, with a wake-up from other threads: `poll(2)` on it and
/// on an `eventfd(2)`.
///
/// One thread at a time waits. [#wakeUp()] must not overlap with [#close()]; its callers see to
/// that.
final class Waiter {
    static final short POLLIN = 1;
    static final int EFD_CLOEXEC = 02000000;
    static final int EFD_NONBLOCK = 04000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final int wakeUpFd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment polled;
    private final MemorySegment drained;
    private final MemorySegment one;

    /// @param fd the descriptor to wait for; not closed by this object
    Waiter(int fd) {
        this.polled = arena.allocate(2 * pollfd.sizeof(), 8);
        this.drained = arena.allocate(ValueLayout.JAVA_LONG);
        this.one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
        try {
            this.wakeUpFd = (int) Libc.EVENTFD.call(0, EFD_CLOEXEC | EFD_NONBLOCK);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
        watch(0, fd);
        watch(1, wakeUpFd);
    }

    private void watch(int index, int fd) {
        MemorySegment entry = pollfd.asSlice(polled, index);
        pollfd.fd(entry, fd);
        pollfd.events(entry, POLLIN);
    }

    /// The deadline of a wait that starts now. A time-out of 0 or less only looks.
    static long deadline(long timeoutNanos) {
        // Half the range, so that differences of nanoTime values cannot overflow.
        return System.nanoTime() + Math.clamp(timeoutNanos, 0, Long.MAX_VALUE / 2);
    }

    /// Waits until the descriptor is readable or in error, the deadline passes, or a wake-up comes.
    /// A wake-up that came before the wait ends it at once; it is used up by that.
    ///
    /// @return true when the descriptor is worth reading
    boolean await(long deadlineNanos) {
        while (true) {
            int errno = Libc.POLL.tryCall(polled.address(), 2, millisUntil(deadlineNanos));
            if (errno != 0 && errno != Errno.EINTR) {
                throw Errno.failure("poll", errno);
            }
            if (errno == 0) {
                if (pollfd.revents(pollfd.asSlice(polled, 0)) != 0) {
                    return true;
                }
                if (pollfd.revents(pollfd.asSlice(polled, 1)) != 0) {
                    // EAGAIN cannot happen, one thread reads; anything else would only make the
                    // next wait end early.
                    Libc.READ.tryCall(wakeUpFd, drained.address(), Long.BYTES);
                    return false;
                }
            }
            if (deadlineNanos - System.nanoTime() <= 0) {
                return false;
            }
        }
    }

    /// Rounded up: a wait must not end early and then spin for the rest.
    private static int millisUntil(long deadlineNanos) {
        long nanos = deadlineNanos - System.nanoTime();
        if (nanos <= 0) {
            return 0;
        }
        return (int) Math.min(Integer.MAX_VALUE, (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
    }

    /// Ends the present wait, or the next one. Any thread.
    void wakeUp() {
        // EAGAIN means that the counter is full of wake-ups nobody has seen yet: one more changes
        // nothing.
        int errno = Libc.WRITE.tryCall(wakeUpFd, one.address(), Long.BYTES);
        if (errno != 0 && errno != Errno.EAGAIN) {
            throw Errno.failure("write to an eventfd", errno);
        }
    }

    void close() {
        // close(2) of an eventfd releases the descriptor whatever it returns.
        Libc.CLOSE.tryCall(wakeUpFd);
        arena.close();
    }
}
