package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.rdma_conn_param;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Addresses, connection parameters and reject reasons: values that cross the native edge.
class ConnectionValuesTest {
    @Test
    void connectParameters_encodeEveryField() {
        byte[] data = {1, 2, 3};
        ConnectParameters parameters = new ConnectParameters(data, 255, 128, 7, 6);
        data[0] = 99;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = parameters.encode(arena);
            assertThat(rdma_conn_param.private_data_len(encoded)).isEqualTo((byte) 3);
            assertThat(
                            Native.at(rdma_conn_param.private_data(encoded).address(), 3)
                                    .toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(1, 2, 3);
            assertThat(rdma_conn_param.responder_resources(encoded)).isEqualTo((byte) 255);
            assertThat(rdma_conn_param.initiator_depth(encoded)).isEqualTo((byte) 128);
            assertThat(rdma_conn_param.retry_count(encoded)).isEqualTo((byte) 7);
            assertThat(rdma_conn_param.rnr_retry_count(encoded)).isEqualTo((byte) 6);
        }
    }

    @Test
    void connectParametersOutOfRange_areRefused() {
        byte[] none = {};
        assertThatThrownBy(() -> new ConnectParameters(new byte[256], 0, 0, 0, 0))
                .hasMessage("privateData length 256 is not within 0 to 255");
        assertThatThrownBy(() -> new ConnectParameters(none, 256, 0, 0, 0))
                .hasMessage("responderResources 256 is not within 0 to 255");
        assertThatThrownBy(() -> new ConnectParameters(none, 0, -1, 0, 0))
                .hasMessage("initiatorDepth -1 is not within 0 to 255");
        assertThatThrownBy(() -> new ConnectParameters(none, 0, 0, 8, 0))
                .hasMessage("retryCount 8 is not within 0 to 7");
        assertThatThrownBy(() -> new ConnectParameters(none, 0, 0, 0, 8))
                .hasMessage("rnrRetryCount 8 is not within 0 to 7");
    }

    @Test
    void connectParameters_hidePrivateDataAndCompareByContents() {
        ConnectParameters one = new ConnectParameters(new byte[] {42, 43}, 1, 2, 3, 4);
        assertThat(one)
                .isEqualTo(new ConnectParameters(new byte[] {42, 43}, 1, 2, 3, 4))
                .hasSameHashCodeAs(new ConnectParameters(new byte[] {42, 43}, 1, 2, 3, 4))
                .isNotEqualTo(new ConnectParameters(new byte[] {42, 44}, 1, 2, 3, 4));
        assertThat(one.toString()).contains("2 bytes").doesNotContain("42");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.9.0.1", "255.255.255.255", "::1", "2001:db8::17", "fd00::1"})
    void socketAddress_survivesEncodingAndDecoding(String host) throws UnknownHostException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 65_000);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment storage = arena.allocate(128, 8);
            storage.copyFrom(SocketAddresses.encode(address, arena));
            assertThat(SocketAddresses.decode(storage)).isEqualTo(address);
        }
    }

    @Test
    void socketAddress_keepsTheScope() throws UnknownHostException {
        byte[] host = InetAddress.getByName("fe80::1").getAddress();
        InetSocketAddress address =
                new InetSocketAddress(Inet6Address.getByAddress(null, host, 7), 1);
        assertThat(SocketAddresses.lacksScope(address.getAddress())).isFalse();
        assertThat(SocketAddresses.lacksScope(InetAddress.getByName("fe80::1"))).isTrue();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment storage = arena.allocate(128, 8);
            storage.copyFrom(SocketAddresses.encode(address, arena));
            InetSocketAddress decoded = SocketAddresses.decode(storage);
            assertThat(decoded).isNotNull();
            assertThat(((Inet6Address) decoded.getAddress()).getScopeId()).isEqualTo(7);
        }
    }

    @Test
    void socketAddressOfAnotherFamily_isNull() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(SocketAddresses.decode(arena.allocate(128, 8))).isNull();
        }
    }

    @Test
    void unresolvedHostName_isRefused() {
        try (Arena arena = Arena.ofConfined()) {
            InetSocketAddress address = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
            assertThatThrownBy(() -> SocketAddresses.encode(address, arena))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is not resolved");
        }
    }

    @Test
    void rejectReason_isTotal() {
        assertThat(RejectReason.name(8)).isEqualTo("invalid service id: nothing listens there");
        assertThat(RejectReason.name(28)).isEqualTo("rejected by the application");
        assertThat(RejectReason.name(34)).isEqualTo("reason 34");
        assertThat(RejectReason.name(-1)).isEqualTo("reason -1");
    }

    @Test
    void gid_printsEightGroupsAndKnowsIpv4() throws UnknownHostException {
        Gid gid = Gid.of(InetAddress.getByName("2001:db8::17").getAddress());
        assertThat(gid).hasToString("2001:0db8:0000:0000:0000:0000:0000:0017");
        Gid mapped = new Gid(0, 0x0000_ffff_0a09_0001L);
        assertThat(mapped.address()).isEqualTo(InetAddress.getByName("10.9.0.1"));
        assertThat(new Gid(0, 0).isZero()).isTrue();
        assertThat(mapped.isZero()).isFalse();
    }
}
