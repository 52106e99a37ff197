package dev.verbena.testkit;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the target knows about one queue pair.
final class TargetQueue {
    /// Entries of the submission queue, as the Connect command said; 0 before.
    int entryCount;

    /// Null before the Connect command.
    @Nullable TargetController controller;

    /// Of the authentication that goes on, as the host numbers it.
    int transaction;

    /// Messages of an authentication that the host was given.
    int messages;

    /// The first half of a fused pair, which waits for the second.
    @Nullable TargetCommand fusedFirst;

    private final Map<Integer, TargetCommand> outstanding = new LinkedHashMap<>();

    /// Remembers a command; false when its id is in use.
    boolean begin(TargetCommand command) {
        return outstanding.putIfAbsent(command.id, command) == null;
    }

    boolean end(TargetCommand command) {
        return outstanding.remove(command.id, command);
    }

    Collection<TargetCommand> outstanding() {
        return outstanding.values();
    }

    boolean isOutstanding(TargetCommand command) {
        return command.equals(outstanding.get(command.id));
    }
}
