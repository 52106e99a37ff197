package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.ExtendedOps;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every layout and every constant that Java code uses, against what the C compiler says
/// (`abi/abi.c`).
class AbiTableTest {
    private static final AbiTable TABLE = AbiTable.committed(44);
    private static final AbiTable NEWER = AbiTable.committed(65);
    private static final String GENERATED = "dev.verbena.verbs.ffi.gen.";

    @TestFactory
    Stream<DynamicTest> generatedLayout_agreesWithTheCompiler() {
        return TABLE.sizes().keySet().stream()
                .map(type -> DynamicTest.dynamicTest(type, () -> requireAgreement(type)));
    }

    private static void requireAgreement(String type) throws ReflectiveOperationException {
        GroupLayout layout =
                (GroupLayout) Class.forName(GENERATED + type).getMethod("layout").invoke(null);
        assertThat(layout.byteSize()).as("size").isEqualTo(TABLE.sizes().get(type));
        assertThat(members(layout)).as("members").isEqualTo(TABLE.members().get(type));
    }

    /// Named members with those of anonymous unions; jextract calls the latter `$anon$…`.
    private static Map<String, AbiTable.Member> members(GroupLayout layout) {
        Map<String, AbiTable.Member> members = new LinkedHashMap<>();
        collect(layout, 0, members);
        return members;
    }

    private static void collect(
            GroupLayout layout, long base, Map<String, AbiTable.Member> members) {
        boolean union = layout instanceof java.lang.foreign.UnionLayout;
        long offset = base;
        for (MemoryLayout member : layout.memberLayouts()) {
            String name = member.name().orElse("");
            if (name.startsWith("$anon") && member instanceof GroupLayout group) {
                collect(group, offset, members);
            } else if (!(member instanceof PaddingLayout)) {
                members.put(name, new AbiTable.Member(offset, member.byteSize()));
            }
            offset += union ? 0 : member.byteSize();
        }
    }

    @Test
    void sendOpcodesAndFlags_agreeWithTheHeader() {
        requireConstants(
                "IBV_WR_",
                Map.of(
                        "RDMA_WRITE", SendSlots.RDMA_WRITE,
                        "RDMA_WRITE_WITH_IMM", SendSlots.RDMA_WRITE_WITH_IMM,
                        "SEND", SendSlots.SEND,
                        "SEND_WITH_IMM", SendSlots.SEND_WITH_IMM,
                        "RDMA_READ", SendSlots.RDMA_READ,
                        "ATOMIC_CMP_AND_SWP", SendSlots.ATOMIC_CMP_AND_SWP,
                        "ATOMIC_FETCH_AND_ADD", SendSlots.ATOMIC_FETCH_AND_ADD,
                        "LOCAL_INV", SendSlots.LOCAL_INV,
                        "BIND_MW", SendSlots.BIND_MW,
                        "SEND_WITH_INV", SendSlots.SEND_WITH_INV));
        requireConstants(
                "IBV_SEND_",
                Map.of(
                        "FENCE", SendSlots.FENCE,
                        "SIGNALED", SendSlots.SIGNALED,
                        "SOLICITED", SendSlots.SOLICITED,
                        "INLINE", SendSlots.INLINE));
    }

    @Test
    void completionOpcodesAndFlags_agreeWithTheHeader() {
        Map<String, Integer> expected =
                new LinkedHashMap<>(
                        Map.of(
                                "SEND", WorkCompletions.SEND,
                                "RDMA_WRITE", WorkCompletions.RDMA_WRITE,
                                "RDMA_READ", WorkCompletions.RDMA_READ,
                                "COMP_SWAP", WorkCompletions.COMP_SWAP,
                                "FETCH_ADD", WorkCompletions.FETCH_ADD,
                                "BIND_MW", WorkCompletions.BIND_MW,
                                "LOCAL_INV", WorkCompletions.LOCAL_INV,
                                "RECV", WorkCompletions.RECV,
                                "RECV_RDMA_WITH_IMM", WorkCompletions.RECV_RDMA_WITH_IMM));
        expected.put("WITH_IMM", WorkCompletions.WITH_IMM);
        expected.put("WITH_INV", WorkCompletions.WITH_INV);
        for (WorkCompletionStatus status : WorkCompletionStatus.values()) {
            if (status != WorkCompletionStatus.UNKNOWN) {
                expected.put(status.name(), status.value());
            }
        }
        requireConstants("IBV_WC_", expected);
    }

    @Test
    void accessFlags_agreeWithTheHeader() {
        requireConstants(
                "IBV_ACCESS_",
                Map.of(
                        "LOCAL_WRITE", Access.LOCAL_WRITE,
                        "REMOTE_WRITE", Access.REMOTE_WRITE,
                        "REMOTE_READ", Access.REMOTE_READ,
                        "REMOTE_ATOMIC", Access.REMOTE_ATOMIC,
                        "MW_BIND", Access.MW_BIND,
                        "ZERO_BASED", Access.ZERO_BASED,
                        "ON_DEMAND", Access.ON_DEMAND,
                        "HUGETLB", Access.HUGETLB,
                        "RELAXED_ORDERING", Access.RELAXED_ORDERING,
                        "OPTIONAL_RANGE", Access.OPTIONAL));
    }

    @Test
    void queuePairAndPortStates_agreeWithTheHeader() {
        Map<String, Integer> states = new LinkedHashMap<>();
        Arrays.stream(QueuePairState.values())
                .filter(state -> state != QueuePairState.UNKNOWN)
                .forEach(state -> states.put(state.name(), state.code()));
        requireConstants("IBV_QPS_", states);
        for (PortAttributes.State state : PortAttributes.State.values()) {
            if (state != PortAttributes.State.UNKNOWN) {
                assertThat(PortAttributes.State.of(constant("IBV_PORT_" + state))).isEqualTo(state);
            }
        }
        for (PortAttributes.LinkLayer layer : PortAttributes.LinkLayer.values()) {
            if (layer != PortAttributes.LinkLayer.UNKNOWN) {
                assertThat(PortAttributes.LinkLayer.of(constant("IBV_LINK_LAYER_" + layer)))
                        .isEqualTo(layer);
            }
        }
        assertThat(PortAttributes.mtuBytes(constant("IBV_MTU_256"))).isEqualTo(256);
        assertThat(PortAttributes.mtuBytes(constant("IBV_MTU_4096"))).isEqualTo(4096);
    }

    @Test
    void errnoValues_agreeWithTheSystem() {
        TABLE.constants().entrySet().stream()
                .filter(constant -> constant.getKey().matches("E[A-Z]+"))
                .forEach(constant ->
                        assertThat(Errno.name(constant.getValue().intValue()))
                                .isEqualTo(constant.getKey()));
        assertThat(Errno.EAGAIN).isEqualTo(constant("EAGAIN"));
        assertThat(Errno.ETIMEDOUT).isEqualTo(constant("ETIMEDOUT"));
    }

    @Test
    void deviceCapabilities_agreeWithTheHeader() {
        requireConstants(
                "IBV_DEVICE_",
                Map.of(
                        "MEM_MGT_EXTENSIONS", DeviceAttributes.MEM_MGT_EXTENSIONS,
                        "MEM_WINDOW_TYPE_2A", DeviceAttributes.MEM_WINDOW_TYPE_2A,
                        "MEM_WINDOW_TYPE_2B", DeviceAttributes.MEM_WINDOW_TYPE_2B));
    }

    @Test
    void connectionEvents_agreeWithTheHeader() {
        requireConstants(
                "RDMA_CM_EVENT_",
                Map.ofEntries(
                        Map.entry("ADDR_RESOLVED", CmEventDecoder.ADDR_RESOLVED),
                        Map.entry("ADDR_ERROR", CmEventDecoder.ADDR_ERROR),
                        Map.entry("ROUTE_RESOLVED", CmEventDecoder.ROUTE_RESOLVED),
                        Map.entry("ROUTE_ERROR", CmEventDecoder.ROUTE_ERROR),
                        Map.entry("CONNECT_REQUEST", CmEventDecoder.CONNECT_REQUEST),
                        Map.entry("CONNECT_RESPONSE", CmEventDecoder.CONNECT_RESPONSE),
                        Map.entry("CONNECT_ERROR", CmEventDecoder.CONNECT_ERROR),
                        Map.entry("UNREACHABLE", CmEventDecoder.UNREACHABLE),
                        Map.entry("REJECTED", CmEventDecoder.REJECTED),
                        Map.entry("ESTABLISHED", CmEventDecoder.ESTABLISHED),
                        Map.entry("DISCONNECTED", CmEventDecoder.DISCONNECTED),
                        Map.entry("DEVICE_REMOVAL", CmEventDecoder.DEVICE_REMOVAL),
                        Map.entry("ADDR_CHANGE", CmEventDecoder.ADDR_CHANGE),
                        Map.entry("TIMEWAIT_EXIT", CmEventDecoder.TIMEWAIT_EXIT)));
    }

    @Test
    void connectionOptionsAndAddresses_agreeWithTheHeader() {
        assertThat(CmOption.LEVEL_ID).isEqualTo(constant("RDMA_OPTION_ID"));
        assertThat(CmOption.TYPE_OF_SERVICE.number()).isEqualTo(constant("RDMA_OPTION_ID_TOS"));
        assertThat(CmOption.REUSE_ADDRESS.number()).isEqualTo(constant("RDMA_OPTION_ID_REUSEADDR"));
        assertThat(CmOption.ACK_TIMEOUT.number()).isEqualTo(constant("RDMA_OPTION_ID_ACK_TIMEOUT"));
        assertThat((int) SocketAddresses.AF_INET).isEqualTo(constant("AF_INET"));
        assertThat((int) SocketAddresses.AF_INET6).isEqualTo(constant("AF_INET6"));
        assertThat(CmId.RDMA_PS_TCP).isEqualTo(constant("RDMA_PS_TCP"));
    }

    @Test
    void asynchronousEvents_agreeWithTheHeader() {
        Map<String, AsyncEvent.QueuePairEventKind> queuePair =
                Map.of(
                        "QP_FATAL", AsyncEvent.QueuePairEventKind.FATAL,
                        "QP_REQ_ERR", AsyncEvent.QueuePairEventKind.REQUEST_ERROR,
                        "QP_ACCESS_ERR", AsyncEvent.QueuePairEventKind.ACCESS_ERROR,
                        "COMM_EST", AsyncEvent.QueuePairEventKind.COMMUNICATION_ESTABLISHED,
                        "SQ_DRAINED", AsyncEvent.QueuePairEventKind.SEND_QUEUE_DRAINED,
                        "PATH_MIG", AsyncEvent.QueuePairEventKind.PATH_MIGRATED,
                        "PATH_MIG_ERR", AsyncEvent.QueuePairEventKind.PATH_MIGRATION_FAILED,
                        "QP_LAST_WQE_REACHED",
                                AsyncEvent.QueuePairEventKind.LAST_WORK_REQUEST_REACHED);
        Map<String, AsyncEvent.PortEventKind> port =
                Map.of(
                        "PORT_ACTIVE", AsyncEvent.PortEventKind.ACTIVE,
                        "PORT_ERR", AsyncEvent.PortEventKind.ERROR,
                        "LID_CHANGE", AsyncEvent.PortEventKind.LID_CHANGED,
                        "PKEY_CHANGE", AsyncEvent.PortEventKind.PARTITION_KEYS_CHANGED,
                        "SM_CHANGE", AsyncEvent.PortEventKind.SUBNET_MANAGER_CHANGED,
                        "CLIENT_REREGISTER", AsyncEvent.PortEventKind.CLIENT_REREGISTRATION,
                        "GID_CHANGE", AsyncEvent.PortEventKind.GIDS_CHANGED);
        Map<String, Integer> expected =
                new LinkedHashMap<>(
                        Map.of(
                                "CQ_ERR", AsyncEventChannel.CQ_ERR,
                                "DEVICE_FATAL", AsyncEventChannel.DEVICE_FATAL,
                                "SRQ_ERR", AsyncEventChannel.SRQ_ERR,
                                "SRQ_LIMIT_REACHED", AsyncEventChannel.SRQ_LIMIT_REACHED));
        // Work queues are not wrapped; their event arrives as unknown.
        expected.put("WQ_FATAL", constant("IBV_EVENT_WQ_FATAL"));
        queuePair.forEach((name, kind) -> expected.put(name, kind.code()));
        port.forEach((name, kind) -> expected.put(name, kind.code()));
        requireConstants("IBV_EVENT_", expected);
    }

    @Test
    void remainingConstants_agreeWithTheHeader() {
        assertThat(NativeQueuePair.IBV_QPT_RC).isEqualTo(constant("IBV_QPT_RC"));
        assertThat(CompletionQueue.IBV_CQ_ATTR_MODERATE)
                .isEqualTo(constant("IBV_CQ_ATTR_MODERATE"));
        assertThat(ExtendedOps.VERBS_ABI_IS_EXTENDED)
                .isEqualTo(constant("__VERBS_ABI_IS_EXTENDED"));
        assertThat(SharedReceiveQueue.IBV_SRQ_LIMIT).isEqualTo(constant("IBV_SRQ_LIMIT"));
        assertThat(MemoryWindow.TYPE_2).isEqualTo(constant("IBV_MW_TYPE_2"));
        assertThat((int) Waiter.POLLIN).isEqualTo(constant("POLLIN"));
        assertThat(Waiter.EFD_CLOEXEC).isEqualTo(constant("EFD_CLOEXEC"));
        assertThat(Waiter.EFD_NONBLOCK).isEqualTo(constant("EFD_NONBLOCK"));
    }

    @Test
    void queuePairAttributeMasks_agreeWithTheHeader() {
        requireConstants(
                "IBV_QP_",
                Map.ofEntries(
                        Map.entry("STATE", QueuePairAttributes.STATE),
                        Map.entry("ACCESS_FLAGS", QueuePairAttributes.ACCESS_FLAGS),
                        Map.entry("PORT", QueuePairAttributes.PORT),
                        Map.entry("PATH_MTU", QueuePairAttributes.PATH_MTU),
                        Map.entry("TIMEOUT", QueuePairAttributes.TIMEOUT),
                        Map.entry("RETRY_CNT", QueuePairAttributes.RETRY_COUNT),
                        Map.entry("RNR_RETRY", QueuePairAttributes.RNR_RETRY),
                        Map.entry("MAX_QP_RD_ATOMIC", QueuePairAttributes.INITIATOR_DEPTH),
                        Map.entry("MIN_RNR_TIMER", QueuePairAttributes.MIN_RNR_TIMER),
                        Map.entry("MAX_DEST_RD_ATOMIC", QueuePairAttributes.RESPONDER_RESOURCES),
                        Map.entry("DEST_QPN", QueuePairAttributes.PEER_NUMBER)));
    }

    @Test
    void extendedCapabilities_agreeWithTheHeader() {
        assertThat(ExtendedDeviceAttributes.OnDemandPaging.SUPPORT)
                .isEqualTo(constant("IBV_ODP_SUPPORT"));
        assertThat(ExtendedDeviceAttributes.OnDemandPaging.SUPPORT_IMPLICIT)
                .isEqualTo(constant("IBV_ODP_SUPPORT_IMPLICIT"));
        requireConstants(
                "IBV_ODP_SUPPORT_",
                Map.of(
                        "IMPLICIT", ExtendedDeviceAttributes.OnDemandPaging.SUPPORT_IMPLICIT,
                        "SEND", 1,
                        "RECV", 2,
                        "WRITE", 4,
                        "READ", 8,
                        "ATOMIC", 16,
                        "SRQ_RECV", 32));
        assertThat(ExtendedDeviceAttributes.Atomicity.of(constant("IBV_ATOMIC_NONE")))
                .isEqualTo(ExtendedDeviceAttributes.Atomicity.NONE);
        assertThat(ExtendedDeviceAttributes.Atomicity.of(constant("IBV_ATOMIC_HCA")))
                .isEqualTo(ExtendedDeviceAttributes.Atomicity.DEVICE);
        assertThat(ExtendedDeviceAttributes.Atomicity.of(constant("IBV_ATOMIC_GLOB")))
                .isEqualTo(ExtendedDeviceAttributes.Atomicity.GLOBAL);
    }

    /// The libraries of a newer release fill and read the same structures.
    @Test
    void newerRelease_differsOnlyWhereItMayGrow() {
        assertThat(NEWER.constants()).isEqualTo(TABLE.constants());
        Map<String, Long> sizes = new LinkedHashMap<>(NEWER.sizes());
        // Grows at its end; RdmaContext.port allocates room for that.
        long port = TABLE.size("ibv_port_attr");
        assertThat(sizes.put("ibv_port_attr", port))
                .isBetween(port, port + RdmaContext.PORT_GROWTH_BYTES);
        // Grows at its front; ExtendedOps counts from its end.
        sizes.put("verbs_context", TABLE.size("verbs_context"));
        assertThat(sizes).isEqualTo(TABLE.sizes());
        assertThat(fromTheEnd(NEWER)).isEqualTo(fromTheEnd(TABLE));
        TABLE.members()
                .forEach((type, members) -> {
                    if (!type.equals("verbs_context")) {
                        assertThat(NEWER.members().get(type)).as(type).isEqualTo(members);
                    }
                });
    }

    private static Map<String, Long> fromTheEnd(AbiTable table) {
        Map<String, Long> distances = new LinkedHashMap<>();
        long size = table.size("verbs_context");
        table.members()
                .getOrDefault("verbs_context", Map.of())
                .forEach((name, member) -> distances.put(name, size - member.offset()));
        assertThat(distances).isNotEmpty();
        return distances;
    }

    /// All constants of a prefix, no more and no fewer.
    private static void requireConstants(String prefix, Map<String, Integer> expected) {
        Map<String, Integer> found = new LinkedHashMap<>();
        TABLE.constants()
                .forEach((name, value) -> {
                    if (name.startsWith(prefix)) {
                        found.put(name.substring(prefix.length()), value.intValue());
                    }
                });
        assertThat(expected).containsExactlyInAnyOrderEntriesOf(found);
    }

    private static int constant(String name) {
        Long value = TABLE.constants().get(name);
        assertThat(value).as(name).isNotNull();
        return value.intValue();
    }
}
