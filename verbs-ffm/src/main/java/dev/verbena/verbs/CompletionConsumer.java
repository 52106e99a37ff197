package dev.verbena.verbs;

/// Takes completions that another call polled, see [QueuePair#drain].
@FunctionalInterface
public interface CompletionConsumer {
    /// Looks at one completion.
    ///
    /// @param batch valid until this returns
    /// @param index of the completion in the batch
    void completed(WorkCompletions batch, int index);
}
