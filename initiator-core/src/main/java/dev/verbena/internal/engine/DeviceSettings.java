package dev.verbena.internal.engine;

import dev.verbena.TimeoutPolicy;
import dev.verbena.WaitMode;
import java.time.Duration;
import java.util.function.IntSupplier;
import java.util.function.IntUnaryOperator;

/// What a user can choose about the queues of block devices, and what the controller adds.
///
/// @param ioTimeout longest time for one command, and for a caller to wait for a place in the inbox
/// @param timeoutPolicy what happens when a command is not answered in that time
/// @param retryCountMax times one command is sent again because its status allows it
/// @param accessWaitMillis longest time for a group of namespaces to be reached again (ANATT); 0
///   where the controller does not say
/// @param retryDelayMillis delay a controller means by a retry delay index, 0..3 (CRD, CRDT)
public record DeviceSettings(
        Duration ioTimeout,
        TimeoutPolicy timeoutPolicy,
        WaitMode waitMode,
        int retryCountMax,
        IntSupplier accessWaitMillis,
        IntUnaryOperator retryDelayMillis) {
    /// What Linux does (`nvme_core.max_retries`).
    public static final int RETRY_COUNT_MAX = 5;
}
