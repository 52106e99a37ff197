package dev.verbena;

/// Counts of a controller's block devices since the first was opened: all of them share the I/O
/// queues, so they are counted together.
///
/// Taken while the queues work: each count is exact, but not all are of the same instant.
///
/// @param requestCount requests that have ended, successfully or not
/// @param failedCount of these, with an error
/// @param commandCount commands sent for them, repeats included
/// @param bouncedCount commands whose data was copied, because its memory is not registered or its
///   pieces do not fit one command
/// @param bouncedBytes bytes of that data
/// @param retriedCount commands sent again because their NVMe status allows it
/// @param repeatedCount commands sent again because the connection broke under them
/// @param retryRefusedCount commands that were not sent again although their status allows it,
///   because the budget was spent
/// @param retryBudget repeats the queues may make at this moment before commands fail instead; 256
///   per queue when nothing has gone wrong lately
/// @param waitCount times a queue's thread went to sleep
/// @param pollCount times a queue was asked for completions
/// @param emptyPollCount of these, without any
/// @param queueCount queues in use; 0 while the connection is lost
/// @param inboxWaitCount times a caller had to wait because 1024 requests were waiting already
/// @param expiredCount commands that were not answered in their time; see [TimeoutPolicy]
public record DeviceStatistics(
        long requestCount,
        long failedCount,
        long commandCount,
        long bouncedCount,
        long bouncedBytes,
        long retriedCount,
        long repeatedCount,
        long retryRefusedCount,
        long retryBudget,
        long waitCount,
        long pollCount,
        long emptyPollCount,
        int queueCount,
        long inboxWaitCount,
        long expiredCount) {}
