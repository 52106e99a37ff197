package dev.verbena.bench.verbs;

import dev.verbena.nvme.CompletionEntry;
import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.FabricsCommands;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.Property;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.Sgl;
import dev.verbena.verbs.Access;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
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
import dev.verbena.verbs.raw.RawMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/// The smallest NVMe queue over verbs-ffm: prebuilt requests, no engine, no deadlines, no checks
/// beyond the status. What `bench/nullfabric/floor.c` is in C.
///
/// Slot `i` of the sends carries capsule `i`, a read of 4 KiB into buffer `i`; slot `i` of the
/// receives takes response `i`, and has `i` with [#RECEIVE] as its id.
final class BareQueue implements AutoCloseable {
    static final long RECEIVE = 1L << 32;
    static final int READ_BYTES = 4096;

    private static final int CAPSULE_BYTES = 64;
    private static final int RESPONSE_BYTES = CompletionEntry.SIZE;
    private static final int BLOCK_BYTES = 512;
    private static final int ENABLE = 1 | 6 << 16 | 4 << 20;

    private final Arena arena = Arena.ofShared();
    private final EventChannel events = EventChannel.open();
    private final CmId id = events.createId();
    private final int depth;
    private final MemorySegment capsules;
    private final MemorySegment responses;
    private final MemorySegment data;
    private final ProtectionDomain domain;
    private final MemoryRegion capsuleRegion;
    private final MemoryRegion responseRegion;
    private final MemoryRegion dataRegion;
    private final CompletionQueue queue;
    private final QueuePair pair;
    private final SendSlots sends;
    private final ReceiveSlots receives;
    private final WorkCompletions batch;

    /// @param critical whether posts are critical calls
    BareQueue(InetSocketAddress target, int queueId, int controllerId, int depth, boolean critical)
            throws IOException {
        this.depth = depth;
        VerbsConnection.resolve(events, id, target);
        capsules = arena.allocate((long) depth * CAPSULE_BYTES, 4096);
        responses = arena.allocate((long) (depth + 1) * RESPONSE_BYTES, 4096);
        data = arena.allocate((long) depth * READ_BYTES, 4096);
        sends = SendSlots.allocate(arena, depth, 1);
        receives = ReceiveSlots.allocate(arena, depth + 1, 1);
        batch = WorkCompletions.allocate(arena, 2 * depth + 1);
        domain = id.context().allocateProtectionDomain();
        capsuleRegion = domain.register(capsules, 0);
        responseRegion = domain.register(responses, Access.LOCAL_WRITE);
        dataRegion =
                domain.register(
                        data, Access.LOCAL_WRITE | Access.REMOTE_READ | Access.REMOTE_WRITE);
        queue = id.context().createCompletionQueue(2 * depth + 2, null);
        QueuePairOptions options =
                new QueuePairOptions(queue, queue, depth + 1, depth + 1, 1, 1, 0, false);
        UnconnectedQueuePair raw = id.createQueuePair(domain, options.withCriticalPosts(critical));
        prepare(raw);
        byte[] request = RdmaPrivateData.encodeRequest(queueId, depth, depth - 1, controllerId);
        id.connect(new ConnectParameters(request, 1, 1, 7, 7));
        pair = raw.connected(VerbsConnection.expect(events, CmEvent.Established.class));
    }

    private void prepare(UnconnectedQueuePair raw) throws IOException {
        for (int i = 0; i < depth; i++) {
            sends.initialize(i, i, SendSlots.SEND, SendSlots.SIGNALED);
            long capsule = capsules.address() + (long) i * CAPSULE_BYTES;
            sends.segment(i, 0, capsule, CAPSULE_BYTES, capsuleRegion.localKey());
            sends.segmentCount(i, 1);
        }
        for (int i = 0; i <= depth; i++) {
            receives.initialize(i, RECEIVE | i);
            long response = responses.address() + (long) i * RESPONSE_BYTES;
            receives.segment(i, 0, response, RESPONSE_BYTES, responseRegion.localKey());
            receives.segmentCount(i, 1);
            check("ibv_post_recv", raw.postReceive(receives, i));
        }
    }

    /// An admin queue whose controller is enabled; its id is in `controllerId`.
    static BareQueue admin(
            InetSocketAddress target, Nqn subsystem, HostIdentity host, int[] controllerId)
            throws IOException {
        BareQueue admin = new BareQueue(target, 0, 0, 32, false);
        controllerId[0] =
                (int) admin.connect(0, ConnectData.CONTROLLER_ID_DYNAMIC, subsystem, host) & 0xFFFF;
        FabricsCommands.propertySet(admin.capsules, 0, 0, Property.CC, false, ENABLE);
        admin.command();
        return admin;
    }

    /// Sends the Fabrics Connect command.
    ///
    /// @return dwords 0 and 1 of the response
    long connect(int queueId, int controllerId, Nqn subsystem, HostIdentity host)
            throws IOException {
        ConnectData.encode(data, 0, host, controllerId, subsystem);
        FabricsCommands.connect(capsules, 0, 0, queueId, depth - 1, 0, 0);
        Sgl.keyed(capsules, 0, data.address(), ConnectData.SIZE, dataRegion.remoteKey());
        return command();
    }

    /// Sends capsule 0 and waits for the response.
    ///
    /// @return dwords 0 and 1 of the response
    long command() throws IOException {
        sends.flags(0, SendSlots.SIGNALED);
        sends.next(0, -1);
        check("ibv_post_send", pair.postSend(sends, 0));
        long result = 0;
        for (int seen = 0; seen < 2; ) {
            int n = queue.poll(batch);
            for (int i = 0; i < n; i++) {
                checkStatus(i);
                if ((batch.wrId(i) & RECEIVE) != 0) {
                    int slot = (int) batch.wrId(i);
                    long at = (long) slot * RESPONSE_BYTES;
                    int status = CompletionEntry.status(responses, at);
                    if (status != 0) {
                        throw new IOException("status " + Integer.toHexString(status));
                    }
                    result = CompletionEntry.result64(responses, at);
                    receives.next(slot, -1);
                    check("ibv_post_recv", pair.postReceive(receives, slot));
                }
            }
            seen += n;
        }
        return result;
    }

    /// Writes the command of a slot: a read of 4 KiB. By its address, as the library does: a
    /// segment of a shared arena would be checked to be alive with each of the eight writes.
    void buildRead(int slot, long block) {
        NvmCommands.keyed(
                RawMemory.ALL,
                RawMemory.address(capsules.address() + (long) slot * CAPSULE_BYTES),
                NvmOpcode.READ,
                slot,
                1,
                block,
                READ_BYTES / BLOCK_BYTES,
                0,
                data.address() + (long) slot * READ_BYTES,
                READ_BYTES,
                dataRegion.remoteKey());
    }

    /// The command a response answers.
    int commandOf(int receiveSlot) {
        return CompletionEntry.commandId(responses, (long) receiveSlot * RESPONSE_BYTES);
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

    CompletionQueue queue() {
        return queue;
    }

    QueuePair pair() {
        return pair;
    }

    void checkStatus(int i) throws IOException {
        if (batch.status(i) != WorkCompletionStatus.SUCCESS_VALUE) {
            throw new IOException(WorkCompletionStatus.describe(batch.status(i)));
        }
    }

    static void check(String call, int errno) throws IOException {
        if (errno != 0) {
            throw new IOException(call + " failed with errno " + errno);
        }
    }

    @Override
    public void close() {
        id.disconnect();
        pair.close();
        queue.close();
        capsuleRegion.close();
        responseRegion.close();
        dataRegion.close();
        domain.close();
        id.close();
        events.close();
        arena.close();
    }
}
