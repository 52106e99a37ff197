package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Two connected queue pairs in this process, over the device's own address.
final class Loopback implements AutoCloseable {
    static final int TIMEOUT_MILLIS = 20_000;
    static final long EVENT_NANOS = Duration.ofSeconds(60).toNanos();

    /// Event channel and listener, for tests that connect step by step.
    static final class Network implements AutoCloseable {
        final EventChannel channel = EventChannel.open();
        final CmId listener = channel.createId();
        private final Deque<CmEvent> waiting = new ArrayDeque<>();

        Network() {
            listener.bind(new InetSocketAddress(address(), 0));
            listener.listen(8);
        }

        /// The address the listener is at.
        InetSocketAddress listening() {
            InetSocketAddress local = listener.localAddress();
            assertThat(local).isNotNull();
            return local;
        }

        /// An identifier with address and route resolved.
        CmId resolved(InetSocketAddress destination) {
            return resolved(destination, 0);
        }

        CmId resolved(InetSocketAddress destination, int ackTimeout) {
            CmId id = channel.createId();
            id.resolveAddress(null, destination, TIMEOUT_MILLIS);
            expect(id, CmEvent.AddressResolved.class);
            if (ackTimeout > 0) {
                id.ackTimeout(ackTimeout);
            }
            id.resolveRoute(TIMEOUT_MILLIS);
            expect(id, CmEvent.RouteResolved.class);
            return id;
        }

        CmEvent.ConnectRequest request() {
            return expect(null, CmEvent.ConnectRequest.class);
        }

        /// The next event of an identifier; those of others wait.
        <T extends CmEvent> T expect(@Nullable CmId id, Class<T> type) {
            CmEvent event = next(id);
            assertThat(event).isInstanceOf(type);
            return type.cast(event);
        }

        /// The next event of an identifier, null for a connection request; those of others wait.
        CmEvent next(@Nullable CmId id) {
            for (CmEvent event : waiting) {
                if (isFor(event, id)) {
                    waiting.remove(event);
                    return event;
                }
            }
            while (true) {
                CmEvent event = channel.poll(EVENT_NANOS);
                assertThat(event).as("an event for %s", id).isNotNull();
                if (isFor(event, id)) {
                    return event;
                }
                waiting.add(event);
            }
        }

        private static boolean isFor(CmEvent event, @Nullable CmId id) {
            return id == null ? event instanceof CmEvent.ConnectRequest : event.id() == id;
        }

        @Override
        public void close() {
            Lifecycle.all(listener::close, channel::close);
        }
    }

    final Network network;
    final Side active;
    final Side passive;

    private Loopback(Network network, Side active, Side passive) {
        this.network = network;
        this.active = active;
        this.passive = passive;
    }

    /// The device's address; `VERBENA_RDMA_ADDRESS` when it is not the rig's.
    static String address() {
        String address = System.getenv("VERBENA_RDMA_ADDRESS");
        return address != null ? address : "10.9.0.1";
    }

    static Loopback open() {
        return open(LoopbackOptions.defaults());
    }

    /// Whether this is rdma_rxe, which deviates from the specification in places.
    boolean softRoce() {
        return active.id.context().deviceName().startsWith("rxe");
    }

    /// Three retries: to rdma_rxe seven means without end.
    static ConnectParameters parameters(int rnrRetryCount) {
        return new ConnectParameters(new byte[0], 4, 4, 3, rnrRetryCount);
    }

    static Loopback open(LoopbackOptions options) {
        Network network = new Network();
        CmId id = network.resolved(network.listening(), options.ackTimeout());
        Side active = new Side(id, options);
        id.connect(parameters(options.rnrRetryCount()));
        CmEvent.ConnectRequest request = network.request();
        Side passive = new Side(request.id(), options);
        request.id().accept(parameters(options.rnrRetryCount()));
        active.established(network.expect(id, CmEvent.Established.class));
        passive.established(network.expect(request.id(), CmEvent.Established.class));
        return new Loopback(network, active, passive);
    }

    @Override
    public void close() {
        Lifecycle.all(
                active.id::disconnect,
                passive.id::disconnect,
                active::close,
                passive::close,
                network::close);
    }
}
