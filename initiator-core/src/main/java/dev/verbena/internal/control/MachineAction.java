package dev.verbena.internal.control;

import org.jspecify.annotations.Nullable;

/// What to do about something that happened to a controller.
sealed interface MachineAction {
    /// Starts an attempt to connect; ends with CONNECTED or CONNECT_FAILED.
    record Connect(int connection) implements MachineAction {}

    /// Hurries a running attempt to its end.
    record CancelConnect() implements MachineAction {}

    /// The connection is of no use from now on: nothing is sent any more.
    record Suspend(String reason) implements MachineAction {}

    /// Takes the connection down; ends with TORN_DOWN.
    record TearDown(TearDownMode mode) implements MachineAction {}

    /// The connection is made: requests that wait are sent.
    record Resume() implements MachineAction {}

    /// Requests that wait fail, and new ones do so at once, until the next [Resume].
    record FailRequests(String reason) implements MachineAction {}

    /// Sends the event of the timer after a while; one that runs starts anew.
    record StartTimer(Timer timer, long delayNanos) implements MachineAction {}

    record StopTimer(Timer timer) implements MachineAction {}

    /// It is over: everything is released.
    ///
    /// @param reason null when it was closed
    record Finish(@Nullable String reason) implements MachineAction {}

    /// The timers, each with the event it sends.
    enum Timer {
        RETRY(MachineEvent.Kind.RETRY_DUE),
        FAST_FAIL(MachineEvent.Kind.FAST_FAIL_DUE),
        LOSS(MachineEvent.Kind.LOSS_DUE);

        private final MachineEvent.Kind event;

        Timer(MachineEvent.Kind event) {
            this.event = event;
        }

        MachineEvent due() {
            return new MachineEvent.Plain(event);
        }
    }

    /// How a connection is taken down.
    enum TearDownMode {
        /// The peer may be gone: nothing is asked of it.
        LOST,
        /// The controller is disabled first (CC.EN).
        RESET,
        /// The controller is shut down first (CC.SHN).
        SHUTDOWN
    }
}
