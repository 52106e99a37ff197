package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.TransportSpecificAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    @ParameterizedTest
    @CsvSource({
        "10.9.0.1, 10.9.0.1, 4420",
        "10.9.0.1:8009, 10.9.0.1, 8009",
        "storage.example.org:1, storage.example.org, 1",
        "storage, storage, 4420",
        "nvmf-rdma://10.9.0.1, 10.9.0.1, 4420",
        "NVMF-RDMA://10.9.0.1:65535/, 10.9.0.1, 65535",
        "' 10.9.0.1 ', 10.9.0.1, 4420",
        "fe80::1, fe80::1, 4420",
        "::1, ::1, 4420",
        "::ffff:10.9.0.1, ::ffff:10.9.0.1, 4420",
        "fe80::1%eth0, fe80::1%eth0, 4420",
        "[fe80::1], fe80::1, 4420",
        "[2001:db8::5]:4421, 2001:db8::5, 4421",
        "[fe80::1%eth0]:4421, fe80::1%eth0, 4421",
        "nvmf-rdma://[fe80::1%eth0]:4421, fe80::1%eth0, 4421",
    })
    void goodAddress_isSplit(String text, String traddr, int trsvcid) {
        assertThat(Target.parse(text)).isEqualTo(new Target(traddr, trsvcid));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ":",
                ":4420",
                "host:",
                "host:port",
                "host:-1",
                "host:44 20",
                "host name",
                "a:b:c",
                "10.0.0.1:44:20",
                "[fe80::1",
                "fe80::1]",
                "[]",
                "[10.0.0.1",
                "[zz::1]:4420",
                "user@host:4420",
                "host:4420/nqn.2014-08.org.example",
                "host?x=1",
                "host#x",
                "nvmf-rdma://",
                "nvmf-tcp://host",
                "http://host:80",
                "fe80::1%",
                "1:2:3:4:5:6:7:8:9",
                "::1::2",
            })
    void badAddress_isRefusedAndShown(String text) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + text + "\" is not a target address");
    }

    @ParameterizedTest
    @ValueSource(strings = {"host:0", "host:65536", "host:99999", "[::1]:70000"})
    void portOutOfRange_isRefused(String text) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1..65535");
    }

    @Test
    void emptyAddress_isRefused() {
        assertThatThrownBy(() -> Target.rdma(" ")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.9.0.1:8009", "[fe80::1%eth0]:4420", "[2001:db8::5]:4421", "a.b:1"})
    void text_isReadBackAsTheSame(String text) {
        assertThat(Target.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({
        "FE80::0001%eth0, fe80::1%eth0",
        "fe80:0:0:0:0:0:0:1%eth0, fe80::1%eth0",
        "[fe80::1%eth0], fe80::1%eth0",
        "fe80::1%eth0.100, fe80::1%eth0.100",
        "fe80::1%br-lan_1, fe80::1%br-lan_1",
        "fe80::1%7, fe80::1%7",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:DB8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "0:0:0:0:0:0:0:0, ::",
        "1::, 1::",
        "0000::1, ::1",
        "::ffff:10.9.0.1, 10.9.0.1",
        "::FFFF:0a09:0001, 10.9.0.1",
        "010.009.000.001, 10.9.0.1",
        "Storage_1.Example.ORG, storage_1.example.org",
        "my~host, my~host",
        "storage.example.org., storage.example.org.",
    })
    void spellings_areOneAddress(String text, String canonical) {
        Target target = Target.rdma(text, 4420);
        assertThat(target.traddr()).isEqualTo(canonical);
        assertThat(target).isEqualTo(Target.rdma(canonical, 4420));
        assertThat(Target.parse(text)).isEqualTo(target);
        assertThat(Target.parse(target.toString())).isEqualTo(target);
        assertThat(Target.parse("nvmf-rdma://" + target + "/")).isEqualTo(target);
    }

    @Test
    void portWithLeadingZeros_isTheSame() {
        assertThat(Target.parse("10.9.0.1:04420")).isEqualTo(Target.rdma("10.9.0.1"));
    }

    @ParameterizedTest
    @CsvSource({
        "999.1.1.1, four numbers",
        "10.9.1, four numbers",
        "host/x, no host name",
        "host name, no host name",
        "fe80::1%a/b, network interface",
        "fe80::1%sixteencharacter, network interface",
        "::ffff:10.9.0.1%eth0, IPv6 address only",
        "10.9.0.1%eth0, no host name",
        "[10.9.0.1], brackets are for IPv6",
    })
    void addressThatIsNone_isRefusedWithTheReason(String text, String reason) {
        assertThatThrownBy(() -> Target.rdma(text, 4420))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason)
                .hasMessageContaining(text);
    }

    private static DiscoveryEntry entry(int transport, String address, String service) {
        return new DiscoveryEntry(
                transport,
                1,
                2,
                0,
                1,
                0xFFFF,
                32,
                0,
                service,
                "nqn.2024-01.org.example:disk",
                address,
                new TransportSpecificAddress.Other(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "4420", " 4420 ", "04420"})
    void serviceOfAnEntry_isAPortOrTheUsualOne(String service) {
        assertThat(Target.of(entry(DiscoveryEntry.TRANSPORT_RDMA, "010.9.0.1", service)))
                .isEqualTo(Target.rdma("10.9.0.1", 4420));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rdma", "0", "65536", "-1", "+4420", "99999999999", "4 420"})
    void serviceOfAnEntryThatIsNone_isRefused(String service) {
        assertThatThrownBy(
                        () -> Target.of(entry(DiscoveryEntry.TRANSPORT_RDMA, "10.9.0.1", service)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(service);
    }

    @Test
    void entryOfAnotherTransport_isRefused() {
        assertThatThrownBy(() -> Target.of(entry(DiscoveryEntry.TRANSPORT_TCP, "10.9.0.1", "")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not reached over RDMA");
    }

    @Test
    void scope_isInheritedByLinkLocalAddressesWithoutOne() {
        assertThat(AddressText.onInterfaceOf("fe80::2", "fe80::1%eth0")).isEqualTo("fe80::2%eth0");
        assertThat(AddressText.onInterfaceOf("fe80::2%ib0", "fe80::1%eth0"))
                .isEqualTo("fe80::2%ib0");
        assertThat(AddressText.onInterfaceOf("2001:db8::1", "fe80::1%eth0"))
                .isEqualTo("2001:db8::1");
        assertThat(AddressText.onInterfaceOf("10.9.0.1", "fe80::1%eth0")).isEqualTo("10.9.0.1");
        assertThat(AddressText.onInterfaceOf("fe80::2", "10.9.0.1")).isEqualTo("fe80::2");
    }

    @Test
    void missingInterface_isNamed() {
        assertThatThrownBy(() -> AddressText.numeric("fe80::1%nosuch"))
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("\"nosuch\"")
                .hasMessageContaining("it has ");
        assertThatThrownBy(() -> AddressText.numeric("fe80::1%99999"))
                .isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("\"99999\"");
    }
}
