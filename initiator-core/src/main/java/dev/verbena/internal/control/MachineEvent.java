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

    /// What the end of an attempt says about the next one.
    enum Outlook {
        /// It may succeed.
        OPEN,
        /// The target says that it cannot (DNR, wrong secret). So does one that is being set up.
        REFUSED,
        /// It cannot, for a reason on this side, or one that time does not change.
        HOPELESS
    }

    /// An attempt to connect failed.
    ///
    /// @param delayNanosMin wait the controller asked for (CRD), 0 for none
    record ConnectFailed(String reason, Outlook outlook, long delayNanosMin)
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
