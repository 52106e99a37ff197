package dev.verbena.fakes;

import dev.verbena.nvme.Property;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A controller with one namespace in memory, as far as the initiator needs one. Behaves well until
/// a test tells it otherwise.
///
/// Threads: answers on the thread that rings.
public final class FakeTarget implements BiConsumer<FakeFabricQueue, SentCapsule> {
    /// Takes commands instead of the controller.
    public interface Interceptor {
        /// Offers a command.
        ///
        /// @return whether the command was taken; if not the controller answers
        boolean take(FakeFabricQueue queue, SentCapsule capsule);
    }

    public static final int FABRICS = 0x7F;
    public static final int KEEP_ALIVE = 0x18;
    public static final int IDENTIFY = 0x06;
    public static final int GET_LOG_PAGE = 0x02;
    public static final int SET_FEATURES = 0x09;
    public static final int EVENT_REQUEST = 0x0C;
    public static final int BLOCK_SIZE = 512;

    private final FakeMemoryDomain memory;
    private final FakeNamespace namespace;
    private final byte[] identifyController = new byte[4096];
    private final byte[] identifyNamespace = new byte[4096];
    private byte[] namespaces = list(1);
    private byte[] discoveryLog = new byte[1024];
    private long capabilities = 127 | (1L << 24) | (1L << 37);
    private int configuration;
    private int controllerId = 5;
    private int queuesGranted = 8;
    private int connectAttributes;
    private boolean shutsDown = true;
    private boolean becomesReady = true;
    private @Nullable Interceptor interceptor;
    private final Queue<EventRequest> eventRequests = new ArrayDeque<>();
    private final List<SentCapsule> seen = new ArrayList<>();

    /// A target for queues whose memory is in `memory`.
    public FakeTarget(FakeMemoryDomain memory, int blockCount) {
        this.memory = memory;
        this.namespace = new FakeNamespace(memory, BLOCK_SIZE, blockCount);
        identify(77, 5, 1); // MDTS: 128 KiB
        identify(78, controllerId, 2); // CNTLID
        identify(320, 10, 2); // KAS
        identify(514, 64, 2); // MAXCMD
        identify(516, 1, 4); // NN
        identify(536, (1 << 2) | (1 << 20), 4); // SGLS: keyed, in-capsule offset
        identify(1792, (64 + 4096) / 16, 4); // IOCCSZ
        identify(1796, 1, 4); // IORCSZ
        namespace(0, blockCount, 8);
        namespace(8, blockCount, 8);
        namespace(104, 0x7665_7262_656e_6101L, 8); // NGUID
        namespace(130, 9, 1); // LBADS
    }

    /// A field of Identify Controller.
    public void identify(int offset, long value, int bytes) {
        put(identifyController, offset, value, bytes);
    }

    /// A field of Identify Namespace.
    public void namespace(int offset, long value, int bytes) {
        put(identifyNamespace, offset, value, bytes);
    }

    private static void put(byte[] target, int offset, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            target[offset + i] = (byte) (value >>> (8 * i));
        }
    }

    /// A list of namespace ids as Identify returns it.
    public static byte[] list(int... ids) {
        byte[] bytes = new byte[4096];
        for (int i = 0; i < ids.length; i++) {
            put(bytes, 4 * i, ids[i], 4);
        }
        return bytes;
    }

    public synchronized void namespaces(byte[] list) {
        namespaces = list;
    }

    public synchronized void discoveryLog(byte[] log) {
        discoveryLog = log;
    }

    public synchronized void capabilities(long value) {
        capabilities = value;
    }

    public synchronized void queuesGranted(int value) {
        queuesGranted = value;
    }

    public synchronized void connectAttributes(int value) {
        connectAttributes = value;
    }

    public synchronized void shutsDown(boolean value) {
        shutsDown = value;
    }

    public synchronized void becomesReady(boolean value) {
        becomesReady = value;
    }

    /// Takes some commands instead of the controller; null for none.
    public synchronized void intercept(@Nullable Interceptor value) {
        interceptor = value;
    }

    /// Answers some commands with an error.
    public void refuse(Predicate<SentCapsule> which, int status, long result) {
        intercept((queue, capsule) -> {
            if (!which.test(capsule)) {
                return false;
            }
            queue.respond(capsule, status, result);
            return true;
        });
    }

    /// Never answers some commands.
    public void ignore(Predicate<SentCapsule> which) {
        intercept((queue, capsule) -> which.test(capsule));
    }

    public synchronized List<SentCapsule> seen() {
        return List.copyOf(seen);
    }

    public byte[] disk() {
        return namespace.disk();
    }

    public static boolean isConnect(SentCapsule capsule) {
        return capsule.opcode() == FABRICS && capsule.u8(4) == 1;
    }

    public static boolean isPropertyGet(SentCapsule capsule) {
        return capsule.opcode() == FABRICS && capsule.u8(4) == 4;
    }

    public static boolean isPropertySet(SentCapsule capsule) {
        return capsule.opcode() == FABRICS && capsule.u8(4) == 0;
    }

    @Override
    public void accept(FakeFabricQueue queue, SentCapsule capsule) {
        @Nullable Interceptor first;
        synchronized (this) {
            seen.add(capsule);
            first = interceptor;
        }
        if (first != null && first.take(queue, capsule)) {
            return;
        }
        synchronized (this) {
            if (capsule.opcode() == FABRICS) {
                fabrics(queue, capsule);
            } else if (queue.queueId() == 0) {
                admin(queue, capsule);
            } else {
                io(queue, capsule);
            }
        }
    }

    private void fabrics(FakeFabricQueue queue, SentCapsule capsule) {
        if (isConnect(capsule)) {
            byte[] data = memory.rdmaRead(capsule.sglKey(), capsule.sglAddress(), 1024);
            if (data.length != capsule.sglLength()) {
                throw new AssertionError("Connect data of " + capsule.sglLength());
            }
            queue.respond(capsule, 0, connectAttributes | controllerId);
        } else if (isPropertySet(capsule)) {
            if (capsule.u32(44) == Property.CC) {
                configuration = (int) capsule.u64(48);
            }
            queue.respond(capsule, 0, 0);
        } else {
            queue.respond(capsule, 0, property(capsule.u32(44)));
        }
    }

    private long property(int offset) {
        return switch (offset) {
            case Property.CAP -> capabilities;
            case Property.VS -> 0x0002_0000;
            case Property.CC -> configuration;
            case Property.CSTS -> {
                boolean enabled = (configuration & 1) != 0;
                boolean stopping = ((configuration >>> 14) & 3) != 0;
                int shutdown = shutsDown ? 2 : 1;
                yield (enabled && becomesReady ? 1 : 0) | (stopping ? shutdown << 2 : 0);
            }
            default -> 0;
        };
    }

    private void admin(FakeFabricQueue queue, SentCapsule capsule) {
        switch (capsule.opcode()) {
            case IDENTIFY -> {
                switch (capsule.u8(40)) {
                    case 0 -> answer(queue, capsule, identifyNamespace);
                    case 1 -> answer(queue, capsule, identifyController);
                    case 2 -> answer(queue, capsule, namespaces);
                    case 3 -> answer(queue, capsule, new byte[4096]);
                    default -> queue.respond(capsule, 0x4002, 0);
                }
            }
            case GET_LOG_PAGE -> {
                int bytes = ((capsule.u32(40) >>> 16) + 1) * 4;
                int offset = (int) capsule.u64(48);
                byte[] part = new byte[bytes];
                System.arraycopy(discoveryLog, offset, part, 0, bytes);
                answer(queue, capsule, part);
            }
            case SET_FEATURES ->
                    queue.respond(
                            capsule, 0, (queuesGranted - 1) | ((long) (queuesGranted - 1) << 16));
            case KEEP_ALIVE -> queue.respond(capsule, 0, 0);
            case EVENT_REQUEST -> eventRequests.add(new EventRequest(queue, capsule));
            default -> queue.respond(capsule, 0x4001, 0);
        }
    }

    private record EventRequest(FakeFabricQueue queue, SentCapsule capsule) {}

    /// Reports an event; false when no request for one is outstanding.
    public boolean report(int dword0) {
        EventRequest request;
        synchronized (this) {
            eventRequests.removeIf(r -> r.queue().failure() != null);
            request = eventRequests.poll();
        }
        if (request != null) {
            request.queue().respond(request.capsule(), 0, dword0);
        }
        return request != null;
    }

    private void answer(FakeFabricQueue queue, SentCapsule capsule, byte[] data) {
        if (data.length != capsule.sglLength()) {
            throw new AssertionError("Buffer of " + capsule.sglLength() + " for " + data.length);
        }
        memory.rdmaWrite(capsule.sglKey(), capsule.sglAddress(), data);
        queue.respond(capsule, 0, 0);
    }

    private void io(FakeFabricQueue queue, SentCapsule capsule) {
        queue.respond(capsule, namespace.execute(capsule), 0);
    }
}
