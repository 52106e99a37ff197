package dev.verbena.internal.control;

/// What can happen to a controller.
sealed interface MachineEvent {
    /// The row of the table.
    Kind kind();

    /// The rows of the table.
    enum Kind {
        OPEN,
        CONNECTED,
        CONNECT_FAILED,
        LOST,
        RESET,
        TORN_DOWN,
        RETRY_DUE,
        FAST_FAIL_DUE,
        LOSS_DUE,
        CLOSE
    }

    /// An event that is only its kind.
    record Plain(Kind kind) implements MachineEvent {}

    /// An attempt to connect failed.
    ///
    /// @param retryable false when the same attempt cannot succeed (DNR, wrong secret)
    /// @param delayNanosMin wait the controller asked for (CRD), 0 for none
    record ConnectFailed(String reason, boolean retryable, long delayNanosMin)
            implements MachineEvent {
        @Override
        public Kind kind() {
            return Kind.CONNECT_FAILED;
        }
    }

    /// A connection broke.
    ///
    /// @param connection the number the [MachineAction.Connect] had that made it
    record Lost(int connection, String reason) implements MachineEvent {
        @Override
        public Kind kind() {
            return Kind.LOST;
        }
    }
}
