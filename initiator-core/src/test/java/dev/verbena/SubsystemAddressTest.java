package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubsystemAddressTest {
    private static final String NQN = "nqn.2016-06.io.spdk:cnode1";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nvmf-rdma://10.9.0.1:4420/" + NQN,
                "nvmf-rdma://10.9.0.1:4420/" + NQN + "/1",
                "nvmf-rdma://[fe80::1%eth0]:4421/" + NQN + "/4294967294",
                "nvmf-rdma://host.example:4420/" + NQN + "/with/slash/7",
                "nvmf-rdma://10.9.0.1:4420/testnqn",
                "nvmf-rdma://10.9.0.1:4420/testnqn/1",
                // A name that ends as if it named a namespace.
                "nvmf-rdma://10.9.0.1:4420/testnqn/1/",
                "nvmf-rdma://10.9.0.1:4420/testnqn/1/2",
                "nvmf-rdma://10.9.0.1:4420/testnqn//",
            })
    void address_isReadAndWrittenBack(String text) {
        assertThat(SubsystemAddress.parse(text)).hasToString(text);
    }

    @Test
    void partsWithDefaults_areFilledIn() {
        SubsystemAddress address = SubsystemAddress.parse("NVMF-RDMA://host/" + NQN + "/3");
        assertThat(address.target()).isEqualTo(Target.rdma("host", 4420));
        assertThat(address.nqn()).isEqualTo(NQN);
        assertThat(address.namespaceId()).contains(3);
        assertThat(SubsystemAddress.parse("nvmf-rdma://host/" + NQN).namespaceId()).isEmpty();
    }

    @Test
    void slashBehindTheName_saysThatNoNamespaceFollows() {
        SubsystemAddress address = SubsystemAddress.parse("nvmf-rdma://host/testnqn/1/");
        assertThat(address.nqn()).isEqualTo("testnqn/1");
        assertThat(address.namespaceId()).isEmpty();
        assertThat(SubsystemAddress.parse("nvmf-rdma://host/testnqn/").nqn()).isEqualTo("testnqn");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "host/" + NQN,
                "nvme+tcp://host/" + NQN,
                "nvmf-rdma://host",
                "nvmf-rdma:///" + NQN,
                "nvmf-rdma://host/",
                "nvmf-rdma://host:0/" + NQN,
                "nvmf-rdma://host/" + NQN + "/0",
                "nvmf-rdma://host/" + NQN + "/4294967295",
                "nvmf-rdma://host/" + NQN + "/4294967296",
                "nvmf-rdma://host//",
                "nvmf-rdma://host//1"
            })
    void anythingElse_isRefused(String text) {
        assertThatThrownBy(() -> SubsystemAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
