package dev.verbena.testkit.internal.wire;

import dev.verbena.testkit.Fault;
import dev.verbena.testkit.internal.wire.SimulatedDevice.Use;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The target's end of a connected queue pair: RDMA into and out of the host's memory, and
/// responses.
///
/// Threads: the scheduler's.
public final class TargetEnd {
    /// Memory of the host as an SGL descriptor names it.
    public record Remote(int key, long address, int bytes) {}

    private final int queueId;
    private final CardEnd host;
    private final TargetPort port;
    private final Scheduler scheduler;
    private final SimulatedDevice device;
    private final int depth;
    private @Nullable Object attachment;
    private boolean up = true;
    private int sqHead;

    TargetEnd(int queueId, int depth, CardEnd host, TargetPort port, SimulatedNetwork network) {
        this.queueId = queueId;
        this.depth = depth;
        this.host = host;
        this.port = port;
        this.scheduler = network.scheduler();
        this.device = network.device();
    }

    public int queueId() {
        return queueId;
    }

    /// Commands the host may have outstanding.
    public int depth() {
        return depth;
    }

    /// What the target keeps with the connection.
    public @Nullable Object attachment() {
        return attachment;
    }

    public void attach(Object value) {
        attachment = value;
    }

    public boolean isUp() {
        return up;
    }

    /// Takes a submission queue entry; the head pointer of the next response says so.
    ///
    /// @param entryCount of the submission queue
    public void advanceHead(int entryCount) {
        sqHead = (sqHead + 1) % entryCount;
    }

    /// The submission queue head pointer.
    public int head() {
        return sqHead;
    }

    List<Fault> faults(byte[] capsule) {
        return port.faults(this, capsule);
    }

    void deliver(byte[] capsule, List<Fault> faults) {
        if (up) {
            port.received(this, capsule, faults);
        }
    }

    /// Reads host memory, then goes on; not at all when the connection ends meanwhile.
    ///
    /// @param honest whether a correct initiator must allow it: a refusal is then a violation
    public void read(List<Remote> parts, BooleanSupplier honest, Consumer<byte[]> then) {
        later(
                "rdma read",
                () -> {
                    if (!host.beginDma()) {
                        return;
                    }
                    byte[] data;
                    try {
                        data = readNow(parts);
                    } catch (AccessRefusedException e) {
                        refused("RDMA READ", e, honest);
                        return;
                    } finally {
                        host.endDma();
                    }
                    then.accept(data);
                });
    }

    private byte[] readNow(List<Remote> parts) throws AccessRefusedException {
        int bytes = 0;
        for (Remote part : parts) {
            bytes += part.bytes();
        }
        byte[] data = new byte[bytes];
        int offset = 0;
        for (Remote part : parts) {
            byte[] piece =
                    device.read(part.key(), Use.CONTROLLER_READS, part.address(), part.bytes());
            System.arraycopy(piece, 0, data, offset, piece.length);
            offset += piece.length;
        }
        return data;
    }

    /// Writes host memory, then goes on. What is longer than a packet arrives in two pieces with
    /// time between them; once the first is under way the second comes as well, unless the queue
    /// pair is destroyed.
    ///
    /// @param data at most as long as the parts together; what is missing is not written
    public void write(List<Remote> parts, byte[] data, BooleanSupplier honest, Runnable then) {
        later(
                "rdma write",
                () -> {
                    if (!host.beginDma()) {
                        return;
                    }
                    int half = data.length <= 512 ? data.length : data.length / 2;
                    try {
                        writeNow(parts, data, 0, half);
                    } catch (AccessRefusedException e) {
                        host.endDma();
                        refused("RDMA WRITE", e, honest);
                        return;
                    }
                    if (half == data.length) {
                        host.endDma();
                        then.run();
                        return;
                    }
                    scheduler.schedule(
                            "rdma write, second half, q" + queueId(),
                            scheduler.jitterNanos(),
                            () -> secondHalf(parts, data, half, honest, then));
                });
    }

    private void secondHalf(
            List<Remote> parts, byte[] data, int from, BooleanSupplier honest, Runnable then) {
        if (host.isDestroyed()) {
            return;
        }
        try {
            writeNow(parts, data, from, data.length);
        } catch (AccessRefusedException e) {
            host.endDma();
            refused("RDMA WRITE", e, honest);
            return;
        }
        host.endDma();
        if (up) {
            then.run();
        }
    }

    private void writeNow(List<Remote> parts, byte[] data, int from, int to)
            throws AccessRefusedException {
        int start = 0;
        for (Remote part : parts) {
            int low = Math.max(from, start);
            int high = Math.min(to, start + part.bytes());
            if (low < high) {
                device.write(part.key(), part.address() + (low - start), data, low, high - low);
            }
            start += part.bytes();
        }
    }

    /// A work request of ours was refused by the host's card, which breaks the connection on both
    /// sides.
    private void refused(String what, AccessRefusedException e, BooleanSupplier honest) {
        String message = what + " on queue " + queueId() + " was refused: " + e.getMessage();
        scheduler.note(message);
        if (honest.getAsBoolean() && up && host.isUsable()) {
            device.violation(message + ", while the command is outstanding");
        }
        breakDown("a remote access error");
    }

    /// Sends a response.
    ///
    /// @param bytes 16 of them; what lies beyond `length` is what was in the host's memory before
    /// @param invalidate whether the host's card is told to invalidate `key`
    public void send(byte[] bytes, int length, boolean invalidate, int key) {
        if (!up) {
            return;
        }
        byte[] copy = bytes.clone();
        host.fromTarget(
                "response, q" + queueId(), () -> host.arrive(copy, length, invalidate, key));
    }

    private void later(String what, Runnable action) {
        scheduler.schedule(
                what + ", q" + queueId(),
                scheduler.jitterNanos(),
                () -> {
                    if (up) {
                        action.run();
                    }
                });
    }

    /// Disconnects in order.
    public void disconnect() {
        if (end()) {
            host.peerDisconnected();
        }
    }

    /// Breaks the connection: the host's card reports flushed work requests.
    public void breakDown(String why) {
        if (end()) {
            host.broken(why);
        }
    }

    /// The host's side went away.
    void endNow() {
        end();
    }

    private boolean end() {
        if (!up) {
            return false;
        }
        up = false;
        port.ended(this);
        return true;
    }

    @Override
    public String toString() {
        return "queue " + queueId();
    }
}
