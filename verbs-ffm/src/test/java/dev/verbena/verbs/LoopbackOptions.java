package dev.verbena.verbs;

/// How a [Loopback] is set up.
///
/// @param depth send work requests per side
/// @param completions entries of each side's completion queue
/// @param receives posted before connecting, on either side, 0 to 16
/// @param receiveBytes size of each
/// @param rnrRetryCount of either side
/// @param sharedReceives receives come from a shared queue
/// @param ackTimeout exponent, 0 for the default
/// @param criticalPosts see [QueuePairOptions#withCriticalPosts(boolean)]
record LoopbackOptions(
        int depth,
        int completions,
        int receives,
        int receiveBytes,
        int rnrRetryCount,
        boolean sharedReceives,
        int ackTimeout,
        boolean criticalPosts) {
    static LoopbackOptions defaults() {
        return new LoopbackOptions(16, 64, 8, Side.RECEIVE_BYTES, 7, false, 0, false);
    }

    LoopbackOptions withReceives(int count, int bytes) {
        return new LoopbackOptions(
                depth,
                completions,
                count,
                bytes,
                rnrRetryCount,
                sharedReceives,
                ackTimeout,
                criticalPosts);
    }

    LoopbackOptions withRnrRetryCount(int count) {
        return new LoopbackOptions(
                depth,
                completions,
                receives,
                receiveBytes,
                count,
                sharedReceives,
                ackTimeout,
                criticalPosts);
    }

    LoopbackOptions withCompletions(int count) {
        return new LoopbackOptions(
                depth,
                count,
                receives,
                receiveBytes,
                rnrRetryCount,
                sharedReceives,
                ackTimeout,
                criticalPosts);
    }

    LoopbackOptions withSharedReceives() {
        return new LoopbackOptions(
                depth,
                completions,
                receives,
                receiveBytes,
                rnrRetryCount,
                true,
                ackTimeout,
                criticalPosts);
    }

    LoopbackOptions withAckTimeout(int exponent) {
        return new LoopbackOptions(
                depth,
                completions,
                receives,
                receiveBytes,
                rnrRetryCount,
                sharedReceives,
                exponent,
                criticalPosts);
    }

    LoopbackOptions withCriticalPosts() {
        return new LoopbackOptions(
                depth,
                completions,
                receives,
                receiveBytes,
                rnrRetryCount,
                sharedReceives,
                ackTimeout,
                true);
    }
}
