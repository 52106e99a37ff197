package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Several queues that are polled, and waited for, together.
///
/// Threads: one owner, who also owns the queues; [#wakeUp] from any thread.
public final class CommandGroup {
    private record Member(CommandQueue queue, CommandHandler handler) {}

    private final FabricGroup group;
    private final List<Member> members = new ArrayList<>();
    private boolean polling;

    public CommandGroup(FabricGroup group) {
        this.group = group;
    }

    /// Adds a queue whose fabric queue was connected into the group.
    ///
    /// @param handler of its completions, as long as the group polls
    public void add(CommandQueue queue, CommandHandler handler) {
        members.add(new Member(queue, Objects.requireNonNull(handler)));
    }

    /// Takes a queue out, which will be closed.
    public void remove(CommandQueue queue) {
        members.removeIf(member -> member.queue == queue);
    }

    /// Delivers completions of all queues, up to an internal batch. Queues that have failed are
    /// torn down here; an exception from a handler is thrown on when everything has been delivered.
    ///
    /// @return the number of events
    /// @throws IllegalStateException when called from a handler
    public int poll() {
        if (polling) {
            throw new IllegalStateException("A completion handler must not poll its own group");
        }
        polling = true;
        int count;
        try {
            count = pollMembers();
        } finally {
            polling = false;
        }
        rethrow();
        return count;
    }

    private int pollMembers() {
        // By index: an iterator would be allocated per poll.
        for (int i = 0; i < members.size(); i++) {
            Member member = members.get(i);
            member.queue.beginGroupPoll(member.handler);
        }
        int count = 0;
        try {
            count = group.poll();
        } catch (RuntimeException e) {
            for (int i = 0; i < members.size(); i++) {
                members.get(i).queue.broken("polling the group of", e);
            }
        }
        for (int i = 0; i < members.size(); i++) {
            count += members.get(i).queue.endGroupPoll();
        }
        return count;
    }

    private void rethrow() {
        RuntimeException first = null;
        for (int i = 0; i < members.size(); i++) {
            first = add(first, members.get(i).queue);
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable RuntimeException add(
            @Nullable RuntimeException first, CommandQueue queue) {
        try {
            queue.rethrow();
        } catch (RuntimeException e) {
            if (first == null) {
                return e;
            }
            first.addSuppressed(e);
        }
        return first;
    }

    /// See [FabricGroup#hasCompletions]; a queue that has failed counts.
    public boolean hasCompletions() {
        for (int i = 0; i < members.size(); i++) {
            if (members.get(i).queue.isFailing()) {
                return true;
            }
        }
        return group.hasCompletions();
    }

    /// See [FabricGroup#arm].
    public void arm() {
        group.arm();
    }

    /// See [FabricGroup#block].
    public void block(long timeoutNanos) {
        group.block(timeoutNanos);
    }

    /// See [FabricGroup#wakeUp].
    public void wakeUp() {
        group.wakeUp();
    }
}
