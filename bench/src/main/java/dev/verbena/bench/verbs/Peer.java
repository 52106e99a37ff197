package dev.verbena.bench.verbs;

import dev.verbena.verbs.Access;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.ConnectParameters;
import dev.verbena.verbs.EventChannel;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairOptions;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.SendSlots;
import dev.verbena.verbs.UnconnectedQueuePair;
import dev.verbena.verbs.WorkCompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One side of a connection between two processes: a queue pair with a completion queue for sends
/// and one for receives, each with a channel where events are wanted, and one registered buffer.
final class Peer implements AutoCloseable {
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int ACCEPT_MILLIS = 180_000;
    private static final int PRIVATE_BYTES = Long.BYTES + 2 * Integer.BYTES;

    /// What both sides have to know of each other's buffer.
    record Buffer(long address, int key, int bytes) {
        byte[] encode() {
            return ByteBuffer.allocate(PRIVATE_BYTES)
                    .putLong(address)
                    .putInt(key)
                    .putInt(bytes)
                    .array();
        }

        static Buffer decode(byte[] privateData) throws IOException {
            if (privateData.length < PRIVATE_BYTES) {
                throw new IOException("the peer sent no buffer with its connection data");
            }
            ByteBuffer fields = ByteBuffer.wrap(privateData);
            return new Buffer(fields.getLong(), fields.getInt(), fields.getInt());
        }
    }

    private final EventChannel events;
    private final @Nullable CmId listener;
    private final CmId id;
    private final Arena arena = Arena.ofShared();
    private final ProtectionDomain domain;
    private final MemoryRegion region;
    private final @Nullable CompletionChannel sendChannel;
    private final @Nullable CompletionChannel receiveChannel;
    private final CompletionQueue sendQueue;
    private final CompletionQueue receiveQueue;
    private final UnconnectedQueuePair raw;
    private final SendSlots sends;
    private final ReceiveSlots receives;
    private final WorkCompletions batch;
    private @Nullable QueuePair pair;
    private Buffer remote = new Buffer(0, 0, 0);

    private Peer(EventChannel events, @Nullable CmId listener, CmId id, MeasureOptions options) {
        this.events = events;
        this.listener = listener;
        this.id = id;
        int depth = options.depth();
        MemorySegment memory = arena.allocate(Math.max(options.bytes(), 1), 4096);
        sends = SendSlots.allocate(arena, depth, 1);
        receives = ReceiveSlots.allocate(arena, depth, 1);
        batch = WorkCompletions.allocate(arena, Math.min(depth, 64));
        domain = id.context().allocateProtectionDomain();
        region = domain.register(memory, Access.LOCAL_WRITE | Access.REMOTE_WRITE);
        sendChannel = options.events() ? id.context().createCompletionChannel() : null;
        receiveChannel = options.events() ? id.context().createCompletionChannel() : null;
        sendQueue = id.context().createCompletionQueue(depth, sendChannel);
        receiveQueue = id.context().createCompletionQueue(depth, receiveChannel);
        QueuePairOptions wanted =
                new QueuePairOptions(
                        sendQueue, receiveQueue, depth, depth, 1, 1, options.inlineBytes(), false);
        raw = id.createQueuePair(domain, wanted.withCriticalPosts(options.critical()));
        for (int i = 0; i < depth; i++) {
            sends.segment(i, 0, region.address(), options.bytes(), region.localKey());
            sends.segmentCount(i, 1);
            receives.segment(i, 0, region.address(), options.bytes(), region.localKey());
            receives.segmentCount(i, 1);
            receives.next(i, i + 1 < depth ? i + 1 : -1);
        }
    }

    /// Waits for a client and takes it.
    static Peer serve(MeasureOptions options) throws IOException {
        EventChannel events = EventChannel.open();
        CmId listener = events.createId();
        listener.reuseAddress(true);
        listener.bind(options.address());
        listener.listen(1);
        System.out.println("listening on " + options.address());
        CmEvent.ConnectRequest request =
                VerbsConnection.expect(events, CmEvent.ConnectRequest.class, ACCEPT_MILLIS);
        Peer peer = new Peer(events, listener, request.id(), options);
        peer.remote = Buffer.decode(request.privateData());
        if (peer.remote.bytes() != options.bytes()) {
            request.id().reject(new byte[0]);
            throw new IOException("the client's messages have " + peer.remote.bytes() + " bytes");
        }
        peer.postAllReceives();
        peer.id.accept(peer.parameters());
        peer.established(VerbsConnection.expect(events, CmEvent.Established.class));
        return peer;
    }

    /// Connects to a server.
    static Peer connect(MeasureOptions options) throws IOException {
        EventChannel events = EventChannel.open();
        CmId id = events.createId();
        VerbsConnection.resolve(events, id, options.address());
        Peer peer = new Peer(events, null, id, options);
        peer.postAllReceives();
        id.connect(peer.parameters());
        CmEvent.Established event = VerbsConnection.expect(events, CmEvent.Established.class);
        peer.remote = Buffer.decode(event.privateData());
        peer.established(event);
        return peer;
    }

    private ConnectParameters parameters() {
        Buffer mine = new Buffer(region.address(), region.remoteKey(), (int) region.byteSize());
        return new ConnectParameters(mine.encode(), 1, 1, 7, 7);
    }

    private void established(CmEvent.Established event) {
        pair = raw.connected(event);
    }

    private void postAllReceives() throws IOException {
        BareQueue.check("ibv_post_recv", raw.postReceive(receives, 0));
        for (int i = 0; i < receives.slotCount(); i++) {
            receives.next(i, -1);
        }
    }

    QueuePair pair() {
        if (pair == null) {
            throw new IllegalStateException("not connected");
        }
        return pair;
    }

    SendSlots sends() {
        return sends;
    }

    ReceiveSlots receives() {
        return receives;
    }

    WorkCompletions batch() {
        return batch;
    }

    Buffer remote() {
        return remote;
    }

    /// Takes at least one completion of a send; polls or sleeps as the options say.
    int awaitSends() throws IOException {
        return await(sendQueue, sendChannel);
    }

    /// Takes at least one received message.
    int awaitReceives() throws IOException {
        return await(receiveQueue, receiveChannel);
    }

    private int await(CompletionQueue queue, @Nullable CompletionChannel channel)
            throws IOException {
        int n = queue.poll(batch);
        if (n == 0 && channel != null) {
            n = sleep(queue, channel);
        } else if (n == 0) {
            n = spin(queue);
        }
        for (int i = 0; i < n; i++) {
            if (batch.status(i) != WorkCompletionStatus.SUCCESS_VALUE) {
                throw new IOException(WorkCompletionStatus.describe(batch.status(i)));
            }
        }
        return n;
    }

    private int spin(CompletionQueue queue) throws IOException {
        long deadline = 0;
        for (int round = 1; ; round++) {
            int n = queue.poll(batch);
            if (n > 0) {
                return n;
            }
            if ((round & 0xFFFF) == 0) {
                long now = System.nanoTime();
                deadline = deadline == 0 ? now + WAIT_NANOS : deadline;
                if (now - deadline > 0) {
                    throw new IOException("the peer has been silent for 10 seconds");
                }
            }
        }
    }

    private int sleep(CompletionQueue queue, CompletionChannel channel) throws IOException {
        long deadline = System.nanoTime() + WAIT_NANOS;
        while (true) {
            queue.requestNotification(false);
            int n = queue.poll(batch);
            if (n > 0) {
                return n;
            }
            if (!channel.await(deadline - System.nanoTime())) {
                throw new IOException("the peer has been silent for 10 seconds");
            }
        }
    }

    /// Waits until the other side has disconnected.
    void awaitEnd() throws IOException {
        VerbsConnection.expect(events, CmEvent.Disconnected.class, ACCEPT_MILLIS);
    }

    void disconnect() {
        id.disconnect();
    }

    @Override
    public void close() {
        if (pair != null) {
            pair.close();
        } else {
            raw.close();
        }
        sendQueue.close();
        receiveQueue.close();
        if (sendChannel != null) {
            sendChannel.close();
        }
        if (receiveChannel != null) {
            receiveChannel.close();
        }
        region.close();
        domain.close();
        id.close();
        if (listener != null) {
            listener.close();
        }
        events.close();
        arena.close();
    }
}
