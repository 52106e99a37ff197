package dev.verbena.internal.engine;

import dev.verbena.internal.time.Time;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which workers take which requests. Replaced when the queues are, never changed.
///
/// Threads: any.
final class DeviceRoute {
    private static final DeviceWorker[] NOBODY = {};

    /// Nobody takes anything.
    static final DeviceRoute NONE = new DeviceRoute(NOBODY, NOBODY, NOBODY);

    private final DeviceWorker[] all;
    private final DeviceWorker[] readers;
    private final DeviceWorker[] writers;

    private DeviceRoute(DeviceWorker[] all, DeviceWorker[] readers, DeviceWorker[] writers) {
        this.all = all;
        this.readers = readers;
        this.writers = writers;
    }

    /// The first worker gets the first queue, and so on.
    static DeviceRoute of(List<DeviceWorker> workers, List<DeviceQueues.QueueOf> queues) {
        List<DeviceWorker> readers = new ArrayList<>();
        List<DeviceWorker> writers = new ArrayList<>();
        for (int i = 0; i < queues.size(); i++) {
            (queues.get(i).reads() ? readers : writers).add(workers.get(i));
        }
        DeviceWorker[] reading = readers.toArray(NOBODY);
        return new DeviceRoute(
                workers.subList(0, queues.size()).toArray(NOBODY),
                reading,
                writers.isEmpty() ? reading : writers.toArray(NOBODY));
    }

    DeviceWorker[] all() {
        return all;
    }

    DeviceWorker[] takers(boolean writes) {
        return writes ? writers : readers;
    }

    /// Whether a worker takes requests.
    boolean uses(DeviceWorker worker) {
        for (DeviceWorker one : all) {
            if (one == worker) {
                return true;
            }
        }
        return false;
    }

    /// The worker for a request of the calling thread: the requests of one thread keep to one
    /// queue. A stage on a worker's thread stays there: it must not wait for another.
    ///
    /// @return null when nobody takes requests
    @Nullable DeviceWorker pick(boolean writes, DeviceQueues queues) {
        DeviceWorker own = DeviceWorker.current();
        if (own != null && own.queues() == queues && uses(own)) {
            return own;
        }
        DeviceWorker[] takers = takers(writes);
        int count = takers.length;
        if (count <= 1) {
            return count == 0 ? null : takers[0];
        }
        // Of an int: a division of longs takes several times as long.
        int number = (int) Time.threadNumber() & Integer.MAX_VALUE;
        return takers[number % count];
    }
}
