package dev.verbena.verbs;

import org.jspecify.annotations.Nullable;

/// What a device reports on its own account (`struct ibv_async_event`, `ibv_get_async_event(3)`). A
/// copy: it stays valid.
public sealed interface AsyncEvent {
    /// A completion queue is broken, usually because it overran: no completion can be trusted any
    /// more.
    ///
    /// @param queue null when it is closed already
    record CompletionQueueError(@Nullable CompletionQueue queue) implements AsyncEvent {}

    /// Something about a queue pair.
    record QueuePairEvent(QueuePairEventKind kind, int queuePairNumber) implements AsyncEvent {}

    /// Fewer receives are left than [SharedReceiveQueue#limit(int)] asked for.
    ///
    /// @param queue null when it is closed already
    record SharedReceiveQueueLimit(@Nullable SharedReceiveQueue queue) implements AsyncEvent {}

    /// A shared receive queue is broken.
    ///
    /// @param queue null when it is closed already
    record SharedReceiveQueueError(@Nullable SharedReceiveQueue queue) implements AsyncEvent {}

    /// Something about a port.
    ///
    /// @param port counted from 1
    record PortEvent(PortEventKind kind, int port) implements AsyncEvent {}

    /// The device failed or is being removed: everything on it must be closed.
    record DeviceFatal() implements AsyncEvent {}

    /// An event this library does not know.
    ///
    /// @param code of `enum ibv_event_type`
    record Unknown(int code) implements AsyncEvent {}

    /// What happened to a queue pair.
    enum QueuePairEventKind {
        /// It is in error and cannot be used.
        FATAL(1),
        /// The peer sent something invalid.
        REQUEST_ERROR(2),
        /// The peer violated access rights.
        ACCESS_ERROR(3),
        /// The first message came before the connection manager's word.
        COMMUNICATION_ESTABLISHED(4),
        SEND_QUEUE_DRAINED(5),
        PATH_MIGRATED(6),
        PATH_MIGRATION_FAILED(7),
        /// In error, and the last receive from its shared queue has completed.
        LAST_WORK_REQUEST_REACHED(16);

        private final int code;

        QueuePairEventKind(int code) {
            this.code = code;
        }

        static @Nullable QueuePairEventKind of(int code) {
            for (QueuePairEventKind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return null;
        }

        int code() {
            return code;
        }
    }

    /// What happened to a port.
    enum PortEventKind {
        ACTIVE(9),
        /// It cannot carry traffic.
        ERROR(10),
        LID_CHANGED(11),
        PARTITION_KEYS_CHANGED(12),
        SUBNET_MANAGER_CHANGED(13),
        CLIENT_REREGISTRATION(17),
        GIDS_CHANGED(18);

        private final int code;

        PortEventKind(int code) {
            this.code = code;
        }

        static @Nullable PortEventKind of(int code) {
            for (PortEventKind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return null;
        }

        int code() {
            return code;
        }
    }
}
