package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
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

    @Test
    void unknownName_saysSoWithAdvice() {
        assertThatThrownBy(() -> Target.rdma("no-such-host.invalid").resolve())
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("no-such-host.invalid is not known");
    }

    @Test
    void numericAddress_isResolved() throws Exception {
        assertThat(Target.rdma("127.0.0.1", 9).resolve())
                .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 9));
    }
}
