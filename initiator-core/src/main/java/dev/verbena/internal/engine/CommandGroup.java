package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Several queues that are polled, and waited for, together.
///
/// Threads: one owner, who also owns the queues; [#wakeUp] from any thread.
public final class CommandGroup {
    private record Member(CommandQueue queue, CommandHandler handler) {}

    private final FabricGroup group;
    private final List<Member> members = new ArrayList<>();
    private final Thrown thrown = new Thrown();
    private boolean polling;

    public CommandGroup(FabricGroup group) {
        this.group = group;
    }

    /// Adds a queue whose fabric queue was connected into the group.
    ///
    /// @param handler of its completions, as long as the group polls
    public void add(CommandQueue queue, CommandHandler handler) {
        members.add(new Member(queue, Objects.requireNonNull(handler)));
        queue.joinGroup();
    }

    /// Takes a queue out, which will be closed.
    public void remove(CommandQueue queue) {
        members.removeIf(member -> member.queue == queue);
    }

    /// Refuses while completions are being delivered.
    ///
    /// @throws IllegalStateException when called from a handler
    public void requireIdle() {
        if (polling) {
            throw new IllegalStateException(
                    "A completion handler must not poll its own group, nor open or close a queue of"
                            + " it; do it after polling");
        }
    }

    /// Delivers completions of all queues, up to an internal batch. Queues that have failed are
    /// torn down here; an exception from a handler is thrown on when everything has been delivered.
    ///
    /// @return the number of events
    /// @throws IllegalStateException when called from a handler
    public int poll() {
        requireIdle();
        polling = true;
        int count;
        try {
            count = pollMembers();
        } finally {
            polling = false;
        }
        thrown.rethrow();
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
            for (int i = 0; i < members.size(); i++) {
                count += members.get(i).queue.deliverHeld();
            }
            count += group.poll();
        } catch (RuntimeException | Error e) {
            // The rest of the batch is lost: only their end ends the commands of the queues.
            broken("polling", e);
            if (e instanceof Error) {
                thrown.add(e);
            }
        }
        for (int i = 0; i < members.size(); i++) {
            count += end(members.get(i).queue);
        }
        return count;
    }

    /// Whatever one queue throws, the poll ends for the others too.
    private int end(CommandQueue queue) {
        int count = 0;
        try {
            count = queue.endGroupPoll();
            queue.rethrow();
        } catch (RuntimeException | Error e) {
            thrown.add(e);
        }
        return count;
    }

    private void broken(String doing, Throwable e) {
        for (int i = 0; i < members.size(); i++) {
            members.get(i).queue.broken(doing + " the group of", e);
        }
    }

    /// See [FabricGroup#hasCompletions]; a queue that has failed counts, and so does what was kept
    /// for the next poll.
    public boolean hasCompletions() {
        for (int i = 0; i < members.size(); i++) {
            if (members.get(i).queue.hasMore()) {
                return true;
            }
        }
        try {
            return group.hasCompletions();
        } catch (RuntimeException e) {
            broken("polling", e);
            return true;
        }
    }

    /// See [FabricGroup#arm].
    public void arm() {
        try {
            group.arm();
        } catch (RuntimeException e) {
            broken("arming", e);
        }
    }

    /// See [FabricGroup#block]. Returns at once when a queue has failed.
    public void block(long timeoutNanos) {
        for (int i = 0; i < members.size(); i++) {
            if (members.get(i).queue.hasMore()) {
                return;
            }
        }
        try {
            group.block(timeoutNanos);
        } catch (RuntimeException e) {
            broken("waiting on", e);
        }
    }

    /// See [FabricGroup#wakeUp].
    public void wakeUp() {
        group.wakeUp();
    }
}
