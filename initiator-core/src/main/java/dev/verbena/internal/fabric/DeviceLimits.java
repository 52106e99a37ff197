package dev.verbena.internal.fabric;

import java.io.IOException;

/// What a device has for one queue, compared with what a queue takes of it: the device itself only
/// answers EINVAL or ENOMEM.
///
/// @param deviceName for messages
/// @param workRequests most entries of a send or receive queue
/// @param completions most entries of a completion queue
record DeviceLimits(String deviceName, int workRequests, int completions) {
    /// @param entryCount of the submission queue
    /// @param binding whether each command binds a key of its own
    /// @throws IOException with the largest queue that fits
    void require(int queueId, int entryCount, boolean binding) throws IOException {
        if (fits(entryCount, binding)) {
            return;
        }
        int largest = entryCount;
        while (largest > 2 && !fits(largest, binding)) {
            largest--;
        }
        throw new IOException(
                "Queue %d of %d entries needs more than %s has (%d work requests in a queue, %d completions); %s"
                        .formatted(
                                queueId,
                                entryCount,
                                deviceName,
                                workRequests,
                                completions,
                                advice(largest, binding)));
    }

    private String advice(int largest, boolean binding) {
        String size = queueSize(largest, binding);
        return binding ? size + ", or the memory mode SLAB, which takes less" : size;
    }

    private String queueSize(int largest, boolean binding) {
        return fits(largest, binding)
                ? "use a queueSize or adminQueueSize of " + largest + " at most"
                : "no queue fits";
    }

    private boolean fits(int entryCount, boolean binding) {
        return SendRing.entryCount(entryCount, binding) <= workRequests
                && ReceiveRing.entryCount(entryCount) <= workRequests
                && QueueParts.groupEntries(entryCount, binding) <= completions;
    }
}
