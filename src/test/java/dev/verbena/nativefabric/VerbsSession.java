package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.FabricsCommands;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.Sgl;
import dev.verbena.verbs.Access;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.ConnectParameters;
import dev.verbena.verbs.EventChannel;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairOptions;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.SendSlots;
import dev.verbena.verbs.UnconnectedQueuePair;
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A queue pair connected to the null fabric's target with nothing but verbs-ffm, and a command to
/// move data with: the Fabrics Connect command, whose 1024 bytes the target reads by RDMA.
final class VerbsSession implements AutoCloseable {
    static final long SEND_ID = 1;
    static final long BIND_ID = 2;
    static final long INVALIDATE_ID = 3;
    static final long RECEIVE_ID = 100;

    private static final int SLOT_SEND = 0;
    private static final int SLOT_WINDOW = 1;
    private static final int RECEIVES = 8;
    private static final long CAPSULE = 0;
    private static final long RESPONSES = 1024;
    private static final long DATA = 4096;
    private static final long EVENT_NANOS = TimeUnit.SECONDS.toNanos(5);

    /// What a completion said.
    record Completion(long id, int status, int opcode, boolean invalidated, int key) {}

    private final Arena arena = Arena.ofShared();
    private final EventChannel events = EventChannel.open();
    private final CmId id = events.createId();
    private final MemorySegment memory = arena.allocate(8192, 4096);
    private final WorkCompletions batch = WorkCompletions.allocate(arena, 16);
    private final SendSlots sends = SendSlots.allocate(arena, 2, 1);
    private final ReceiveSlots receives = ReceiveSlots.allocate(arena, RECEIVES, 1);
    private final ProtectionDomain domain;
    private final MemoryRegion region;
    private final CompletionChannel channel;
    private final CompletionQueue queue;
    private final QueuePair pair;

    VerbsSession() {
        id.resolveAddress(
                null, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 4420), 2000);
        expect(CmEvent.AddressResolved.class);
        id.resolveRoute(2000);
        expect(CmEvent.RouteResolved.class);
        domain = id.context().allocateProtectionDomain();
        region = domain.register(memory, Access.LOCAL_WRITE | Access.REMOTE_READ | Access.MW_BIND);
        channel = id.context().createCompletionChannel();
        queue = id.context().createCompletionQueue(64, channel);
        UnconnectedQueuePair raw =
                id.createQueuePair(
                        domain, new QueuePairOptions(queue, queue, 16, RECEIVES, 1, 1, 0, false));
        for (int i = 0; i < RECEIVES; i++) {
            receives.initialize(i, RECEIVE_ID + i);
            receives.segment(i, 0, region.address() + RESPONSES + 16L * i, 16, region.localKey());
            receives.segmentCount(i, 1);
            assertThat(raw.postReceive(receives, i)).isZero();
        }
        byte[] request = RdmaPrivateData.encodeRequest(0, RECEIVES, RECEIVES - 1, 0);
        id.connect(new ConnectParameters(request, 1, 1, 7, 7));
        pair = raw.connected(expect(CmEvent.Established.class));
        ConnectData.encode(
                memory,
                DATA,
                HostIdentity.generate(),
                ConnectData.CONTROLLER_ID_DYNAMIC,
                Nqn.of(NullTarget.NQN));
    }

    CompletionChannel channel() {
        return channel;
    }

    CompletionQueue queue() {
        return queue;
    }

    ProtectionDomain domain() {
        return domain;
    }

    MemoryRegion region() {
        return region;
    }

    QueuePair pair() {
        return pair;
    }

    long dataAddress() {
        return region.address() + DATA;
    }

    /// Waits for an event of the connection.
    <T extends CmEvent> T expect(Class<T> type) {
        CmEvent event = events.poll(EVENT_NANOS);
        assertThat(event).isInstanceOf(type);
        return type.cast(event);
    }

    /// Sends Connect with its data under `key`.
    ///
    /// @param invalidate whether the target is asked to take the key back with its response
    void sendConnect(int key, boolean invalidate) {
        FabricsCommands.connect(memory, CAPSULE, 7, 0, RECEIVES - 1, 0, 0);
        if (invalidate) {
            Sgl.keyedInvalidate(memory, CAPSULE, dataAddress(), ConnectData.SIZE, key);
        } else {
            Sgl.keyed(memory, CAPSULE, dataAddress(), ConnectData.SIZE, key);
        }
        sends.initialize(SLOT_SEND, SEND_ID, SendSlots.SEND, SendSlots.SIGNALED);
        sends.segment(SLOT_SEND, 0, region.address() + CAPSULE, 64, region.localKey());
        sends.segmentCount(SLOT_SEND, 1);
        assertThat(pair.postSend(sends, SLOT_SEND)).isZero();
    }

    /// Binds a window to bytes at an address.
    ///
    /// @return its key
    int bind(MemoryWindow window, MemoryRegion over, long address, long length, int access) {
        int key = window.nextKey();
        sends.initialize(SLOT_WINDOW, BIND_ID, SendSlots.BIND_MW, SendSlots.SIGNALED);
        sends.bind(SLOT_WINDOW, window, key, over, address, length, access);
        assertThat(pair.postSend(sends, SLOT_WINDOW)).isZero();
        window.bindPosted(key);
        return key;
    }

    void invalidate(int key) {
        sends.initialize(SLOT_WINDOW, INVALIDATE_ID, SendSlots.LOCAL_INV, SendSlots.SIGNALED);
        sends.invalidateKey(SLOT_WINDOW, key);
        assertThat(pair.postSend(sends, SLOT_WINDOW)).isZero();
    }

    /// Waits for completions.
    List<Completion> complete(int count) {
        List<Completion> found = new ArrayList<>();
        long end = System.nanoTime() + EVENT_NANOS;
        while (found.size() < count && System.nanoTime() < end) {
            found.addAll(poll());
        }
        assertThat(found).hasSize(count);
        return found;
    }

    List<Completion> poll() {
        List<Completion> found = new ArrayList<>();
        int n = queue.poll(batch);
        for (int i = 0; i < n; i++) {
            found.add(
                    new Completion(
                            batch.wrId(i),
                            batch.status(i),
                            batch.opcode(i),
                            batch.keyInvalidated(i),
                            batch.invalidatedKey(i)));
        }
        return found;
    }

    @Override
    public void close() {
        id.disconnect();
        pair.close();
        queue.close();
        channel.close();
        region.close();
        domain.close();
        id.close();
        events.close();
        arena.close();
    }
}
