package dev.verbena.internal.engine;

import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// What waits for a namespace that is away, out of the way of the requests of other namespaces.
///
/// Threads: the queue's owner.
final class AwayRequests {
    /// Requests that can wait here.
    static final int REQUESTS_MAX = SharedQueue.INBOX_MAX;

    /// Requests of which not all commands have been started.
    private final List<DeviceRequest<?>> requests = new ArrayList<>();

    /// Pieces to send again.
    private final List<Part> parts = new ArrayList<>();

    boolean isEmpty() {
        return requests.isEmpty() && parts.isEmpty();
    }

    /// Keeps a request.
    ///
    /// @return false when there is no room
    boolean add(DeviceRequest<?> request) {
        return requests.size() < REQUESTS_MAX && requests.add(request);
    }

    /// Keeps a piece of a request. There is room: its command had some.
    void add(Part part) {
        parts.add(part);
    }

    /// Gives everything back to where it was, in its order and before what is there.
    void giveBack(Deque<DeviceRequest<?>> starting, Repeats repeats) {
        for (int i = requests.size() - 1; i >= 0; i--) {
            starting.addFirst(requests.get(i));
        }
        for (int i = parts.size() - 1; i >= 0; i--) {
            repeats.addFirst(parts.get(i));
        }
        requests.clear();
        parts.clear();
    }
}
