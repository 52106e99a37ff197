package dev.verbena.internal.engine;

import dev.verbena.TimeoutPolicy;
import dev.verbena.WaitMode;

/// What is the same for every I/O queue of a controller.
///
/// @param placement how data may travel
/// @param limits which commands there are, and how large they may be
/// @param timeoutNanos default time for an answer, more than 0
/// @param timeoutPolicy what happens when there is none
/// @param waitMode how the owner waits, unless it chooses otherwise
public record QueueSettings(
        DataPlacement placement,
        CommandLimits limits,
        long timeoutNanos,
        TimeoutPolicy timeoutPolicy,
        WaitMode waitMode) {}
