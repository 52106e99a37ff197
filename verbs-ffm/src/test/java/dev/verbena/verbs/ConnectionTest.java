package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Errno;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The connection manager, both sides.
class ConnectionTest extends LeakCheckedTest {
    private static final byte[] QUESTION = {1, 2, 3, 4, 5, 6, 7};
    private static final byte[] ANSWER = {9, 8, 7};

    /// A side with no receives, for tests that never send.
    private static Side side(CmId id) {
        return new Side(id, LoopbackOptions.defaults().withReceives(0, 0));
    }

    private static byte[] head(byte[] data, int length) {
        assertThat(data.length).isGreaterThanOrEqualTo(length);
        return Arrays.copyOf(data, length);
    }

    @Test
    void connect_exchangesPrivateDataAndDepths() {
        try (Loopback.Network network = new Loopback.Network();
                Side active = side(network.resolved(network.listening()))) {
            active.id.connect(new ConnectParameters(QUESTION, 3, 2, 7, 5));
            CmEvent.ConnectRequest request = network.request();
            assertThat(request.listener()).isSameAs(network.listener);
            assertThat(head(request.privateData(), QUESTION.length)).isEqualTo(QUESTION);
            assertThat(request.responderResources()).isEqualTo(2);
            assertThat(request.initiatorDepth()).isEqualTo(3);
            assertThat(request.rnrRetryCount()).isEqualTo(5);
            try (Side passive = side(request.id())) {
                request.id().accept(new ConnectParameters(ANSWER, 2, 3, 7, 5));
                CmEvent.Established established =
                        network.expect(active.id, CmEvent.Established.class);
                assertThat(head(established.privateData(), ANSWER.length)).isEqualTo(ANSWER);
                passive.established(network.expect(passive.id, CmEvent.Established.class));
                assertThat(active.id.remoteAddress()).isEqualTo(network.listening());
                assertThat(active.id.localAddress()).isEqualTo(passive.id.remoteAddress());
                assertThat(active.id.port()).isEqualTo(1);
            }
        }
    }

    @Test
    void reject_bringsReasonAndPrivateData() {
        try (Loopback.Network network = new Loopback.Network();
                Side active = side(network.resolved(network.listening()))) {
            active.id.connect(Loopback.parameters(7));
            CmEvent.ConnectRequest request = network.request();
            request.id().reject(ANSWER);
            CmEvent.Rejected rejected = network.expect(active.id, CmEvent.Rejected.class);
            assertThat(rejected.reason()).isEqualTo(RejectReason.CONSUMER_DEFINED);
            assertThat(rejected.reasonName()).isEqualTo("rejected by the application");
            assertThat(head(rejected.privateData(), ANSWER.length)).isEqualTo(ANSWER);
            request.id().close();
        }
    }

    @Test
    void requestClosedUnanswered_isRejected() {
        try (Loopback.Network network = new Loopback.Network();
                Side active = side(network.resolved(network.listening()))) {
            active.id.connect(Loopback.parameters(7));
            network.request().id().close();
            network.expect(active.id, CmEvent.Rejected.class);
        }
    }

    @Test
    void closedPort_isRejectedAsInvalidServiceId() {
        try (Loopback.Network network = new Loopback.Network()) {
            InetSocketAddress closed = new InetSocketAddress(Loopback.address(), 1);
            try (Side active = side(network.resolved(closed))) {
                active.id.connect(Loopback.parameters(7));
                CmEvent.Rejected rejected = network.expect(active.id, CmEvent.Rejected.class);
                assertThat(rejected.reason()).isEqualTo(RejectReason.INVALID_SERVICE_ID);
                assertThat(rejected.reasonName()).contains("nothing listens there");
            }
        }
    }

    @Test
    void unreachableAddress_endsInAddressErrorWithinTheTimeout() {
        try (Loopback.Network network = new Loopback.Network();
                CmId id = network.channel.createId()) {
            long start = System.nanoTime();
            id.resolveAddress(null, new InetSocketAddress("10.9.0.77", 4420), 1000);
            CmEvent.AddressError error = network.expect(id, CmEvent.AddressError.class);
            assertThat(error.status()).isNegative();
            assertThat(error.errnoName()).isIn("ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH");
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(Duration.ofSeconds(20));
        }
    }

    @Test
    void addressWithoutRdmaDevice_failsWithAPreciseError() {
        try (Loopback.Network network = new Loopback.Network();
                CmId id = network.channel.createId()) {
            assertThatThrownBy(() -> id.bind(new InetSocketAddress("192.0.2.55", 0)))
                    .isInstanceOf(RdmaException.class)
                    .satisfies(e ->
                            assertThat(((RdmaException) e).errno())
                                    .isIn(Errno.ENODEV, Errno.EADDRNOTAVAIL));
        }
    }

    @Test
    void listenerClosedUnderPendingConnect_endsTheConnect() {
        try (EventChannel channel = EventChannel.open();
                Loopback.Network network = new Loopback.Network()) {
            CmId listener = channel.createId();
            listener.bind(new InetSocketAddress(Loopback.address(), 0));
            listener.listen(1);
            InetSocketAddress at = listener.localAddress();
            assertThat(at).isNotNull();
            try (Side active = side(network.resolved(at))) {
                active.id.connect(Loopback.parameters(7));
                // The request arrives at a channel nobody polls.
                listener.close();
                CmEvent end = network.next(active.id);
                assertThat(end)
                        .isInstanceOfAny(
                                CmEvent.Rejected.class,
                                CmEvent.Unreachable.class,
                                CmEvent.ConnectError.class);
                assertThat(channel.poll(0)).isNull();
            }
        }
    }

    @Test
    void disconnect_reachesBothSidesAndFlushes() {
        try (Loopback loopback = Loopback.open()) {
            loopback.active.id.disconnect();
            loopback.network.expect(loopback.passive.id, CmEvent.Disconnected.class);
            // The answer; without it the active side would hear nothing until its own time-out.
            loopback.passive.id.disconnect();
            loopback.network.expect(loopback.active.id, CmEvent.Disconnected.class);
            assertThat(loopback.active.completions(8))
                    .extracting(Side.Completion::status)
                    .containsOnly(WorkCompletionStatus.WR_FLUSH_ERR);
            loopback.active.id.disconnect();
            loopback.active.id.disconnect();
        }
    }

    @Test
    void disconnectBeforeConnect_doesNothing() {
        try (Loopback.Network network = new Loopback.Network();
                CmId id = network.channel.createId()) {
            id.disconnect();
        }
    }

    @Test
    void connectTwice_isRefused() {
        try (Loopback loopback = Loopback.open()) {
            assertThatThrownBy(() -> loopback.active.id.connect(Loopback.parameters(7)))
                    .isInstanceOf(RdmaException.class)
                    .hasMessageStartingWith("rdma_connect: EINVAL");
        }
    }

    @Test
    void contextBeforeResolution_isRefused() {
        try (Loopback.Network network = new Loopback.Network();
                CmId id = network.channel.createId()) {
            assertThatThrownBy(id::context)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("has no device yet");
            assertThat(id.remoteAddress()).isNull();
        }
    }

    @Test
    void options_areTakenBeforeTheRoute() {
        try (Loopback.Network network = new Loopback.Network();
                CmId id = network.channel.createId()) {
            id.typeOfService(96);
            id.resolveAddress(null, network.listening(), Loopback.TIMEOUT_MILLIS);
            network.expect(id, CmEvent.AddressResolved.class);
            id.ackTimeout(15);
            assertThatThrownBy(() -> id.typeOfService(256))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> id.ackTimeout(32))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> id.resolveRoute(0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void sourceAddress_isUsed() {
        try (Loopback.Network network = new Loopback.Network();
                CmId id = network.channel.createId()) {
            id.resolveAddress(
                    new InetSocketAddress(Loopback.address(), 0),
                    network.listening(),
                    Loopback.TIMEOUT_MILLIS);
            network.expect(id, CmEvent.AddressResolved.class);
            InetSocketAddress local = id.localAddress();
            assertThat(local).isNotNull();
            assertThat(local.getAddress().getHostAddress()).isEqualTo(Loopback.address());
        }
    }

    @Test
    void linkLocalIpv6_connectsWithItsScopeOnly() throws SocketException {
        Inet6Address linkLocal = linkLocalOfDevice();
        try (Loopback.Network network = new Loopback.Network();
                CmId listener = network.channel.createId();
                CmId unscoped = network.channel.createId()) {
            listener.bind(new InetSocketAddress(linkLocal, 0));
            listener.listen(1);
            InetSocketAddress at = listener.localAddress();
            assertThat(at).isNotNull();
            InetAddress bare = withoutScope(linkLocal);
            assertThatThrownBy(() ->
                            unscoped.resolveAddress(
                                    null,
                                    new InetSocketAddress(bare, at.getPort()),
                                    Loopback.TIMEOUT_MILLIS))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("needs a scope");
            InetSocketAddress scoped = new InetSocketAddress(linkLocal, at.getPort());
            try (Side active = side(network.resolved(scoped))) {
                active.id.connect(Loopback.parameters(7));
                CmEvent.ConnectRequest request = network.request();
                assertThat(request.listener()).isSameAs(listener);
                request.id().reject(ANSWER);
                network.expect(active.id, CmEvent.Rejected.class);
                request.id().close();
            }
        }
    }

    private static Inet6Address linkLocalOfDevice() throws SocketException {
        return NetworkInterface.networkInterfaces()
                .filter(netdev ->
                        netdev.inetAddresses()
                                .anyMatch(address ->
                                        address.getHostAddress().equals(Loopback.address())))
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> address.isLinkLocalAddress() && address instanceof Inet6Address)
                .map(Inet6Address.class::cast)
                .findFirst()
                .orElseThrow(() -> new AssertionError("the device has no link-local address"));
    }

    private static InetAddress withoutScope(Inet6Address address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
