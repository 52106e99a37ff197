package dev.verbena.internal.control;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/// When a Keep Alive command is due. A calculation only; the admin queue's thread asks it.
///
/// Without traffic based keep alive a command is sent every half of the time-out. With it
/// (CTRATT.TBKAS) every quarter is looked whether a command that was **sent after the look before**
/// has been answered; then the controller has seen this host, and the command is spared. The answer
/// to an older command would prove nothing. Admin commands tell by themselves ([#answered]), I/O
/// commands are asked about at each look.
final class KeepAliveTimer {
    private long intervalNanos;
    private long timeoutNanos;
    private boolean trafficBased;
    private long dueNanos;
    private long lastLookNanos;
    private boolean sawTraffic;
    private boolean running;
    private BooleanSupplier otherTraffic = () -> false;

    /// Starts to count.
    ///
    /// @param timeout what the controller really uses
    /// @param otherTraffic whether any other command that was sent since it was last asked has been
    ///   answered
    void start(
            Duration timeout, boolean trafficBased, BooleanSupplier otherTraffic, long nowNanos) {
        this.otherTraffic = otherTraffic;
        timeoutNanos = timeout.toNanos();
        this.trafficBased = trafficBased;
        intervalNanos = timeoutNanos / (trafficBased ? 4 : 2);
        lastLookNanos = nowNanos;
        sawTraffic = false;
        dueNanos = nowNanos;
    }

    boolean isStarted() {
        return intervalNanos > 0;
    }

    /// Longest time for the answer to a Keep Alive command.
    long timeoutNanos() {
        return timeoutNanos;
    }

    /// Another command was answered.
    ///
    /// @param submittedNanos when it was sent
    void answered(long submittedNanos) {
        if (submittedNanos - lastLookNanos > 0) {
            sawTraffic = true;
        }
    }

    /// Whether a command has to be sent now. Says so once; [#finished] follows.
    boolean take(long nowNanos) {
        if (!isStarted() || running || nowNanos - dueNanos < 0) {
            return false;
        }
        // Asked in any case: it compares with the last time it was asked.
        boolean sawOther = trafficBased && otherTraffic.getAsBoolean();
        boolean spared = trafficBased && (sawOther || sawTraffic);
        sawTraffic = false;
        lastLookNanos = nowNanos;
        dueNanos = nowNanos + intervalNanos;
        running = !spared;
        return running;
    }

    /// The command could not be sent after all: it is due at once.
    void notSent(long nowNanos) {
        running = false;
        dueNanos = nowNanos;
    }

    /// The command was answered.
    void finished() {
        running = false;
    }

    /// Nanoseconds until there is something to do; [Long#MAX_VALUE] while a command runs.
    long leftNanos(long nowNanos) {
        return isStarted() && !running ? Math.max(0, dueNanos - nowNanos) : Long.MAX_VALUE;
    }
}
