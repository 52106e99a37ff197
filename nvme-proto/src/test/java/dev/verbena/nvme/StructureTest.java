package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.verbena.nvme.AsynchronousEvent.Kind;
import dev.verbena.nvme.FeatureValues.FeatureCapabilities;
import dev.verbena.nvme.FeatureValues.HostBehavior;
import dev.verbena.nvme.FeatureValues.QueueCounts;
import dev.verbena.nvme.FeatureValues.Timestamp;
import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Json;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Structures of the base package that no controller at hand fills completely. */
class StructureTest {
    private static MemorySegment memory(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    private static void set(MemorySegment segment, long offset, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            segment.set(ValueLayout.JAVA_BYTE, offset + i, (byte) bytes[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0x010300, PERSISTENT_INTERNAL_ERROR",
        "0x010000, ERROR",
        "0x010500, ERROR",
        "0x010600, UNKNOWN",
        "0x020101, HEALTH",
        "0x020301, UNKNOWN",
        "0x040002, NAMESPACE_ATTRIBUTE_CHANGED",
        "0x000102, FIRMWARE_ACTIVATION_STARTING",
        "0x000202, TELEMETRY_LOG_CHANGED",
        "0x0C0302, ANA_CHANGE",
        "0x000402, PREDICTABLE_LATENCY_LOG_CHANGED",
        "0x000502, LBA_STATUS_ALERT",
        "0x000602, ENDURANCE_GROUP_LOG_CHANGED",
        "0xBFEF02, ZONE_DESCRIPTOR_CHANGED",
        "0x70F002, DISCOVERY_LOG_CHANGED",
        "0x001002, UNKNOWN",
        "0x000003, SUBSYSTEM_SHUTDOWN",
        "0x000103, UNKNOWN",
        "0x000004, UNKNOWN",
        "0x800006, RESERVATION_LOG_AVAILABLE",
        "0x810106, SANITIZE_COMPLETED",
        "0x810206, SANITIZE_UNEXPECTED_DEALLOCATION",
        "0x000306, UNKNOWN",
        "0xC00007, VENDOR",
        "0x000005, UNKNOWN"
    })
    void event_isNamed(String dword0, Kind kind) {
        AsynchronousEvent event = new AsynchronousEvent(Integer.decode(dword0));
        assertThat(event.kind()).isEqualTo(kind);
        assertThat(event.toString()).contains(kind.name()).contains("type " + event.type());
        assertThat(event.logPage()).isEqualTo(Integer.decode(dword0) >>> 16);
    }

    @Test
    void featureValues_packAndUnpack() {
        assertThat(QueueCounts.of(0x0002_0007)).isEqualTo(new QueueCounts(8, 3));
        assertThat(new QueueCounts(8, 3).dword11()).isEqualTo(0x0002_0007);
        assertThat(new QueueCounts(8, 3).pairs()).isEqualTo(3);
        assertThatIllegalArgumentException().isThrownBy(() -> new QueueCounts(0, 1).dword11());

        FeatureCapabilities all = new FeatureCapabilities(7);
        assertThat(List.of(all.saveable(), all.namespaceSpecific(), all.changeable()))
                .containsOnly(true);
        FeatureCapabilities none = new FeatureCapabilities(0);
        assertThat(List.of(none.saveable(), none.namespaceSpecific(), none.changeable()))
                .containsOnly(false);

        for (HostBehavior behavior :
                List.of(
                        new HostBehavior(true, false, true),
                        new HostBehavior(false, true, false))) {
            byte[] bytes = Entries.encoded(FeatureValues.HOST_BEHAVIOR_SIZE, behavior::encode);
            assertThat(HostBehavior.decode(MemorySegment.ofArray(bytes))).isEqualTo(behavior);
        }
        Timestamp time = new Timestamp(0x0000_FFFF_FFFF_FFFFL, 0);
        byte[] bytes = Entries.encoded(FeatureValues.TIMESTAMP_SIZE, time::encode);
        assertThat(Timestamp.decode(MemorySegment.ofArray(bytes))).isEqualTo(time);
        set(MemorySegment.ofArray(bytes), 6, 3);
        assertThat(Timestamp.decode(MemorySegment.ofArray(bytes)).attributes()).isEqualTo(3);

        HostIdentity host = HostIdentity.of(Nqn.ofUuid(new UUID(0x0102030405060708L, -1)));
        assertThat(
                        Entries.encoded(
                                FeatureValues.HOST_IDENTIFIER_SIZE,
                                (s, o) -> FeatureValues.hostIdentifier(s, o, host)))
                .isEqualTo(host.hostIdBytes());
    }

    @Test
    void namespaceList_mustAscend() {
        MemorySegment list = memory(4096);
        set(list, 0, 2, 0, 0, 0, 2);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> ActiveNamespaceList.decode(list))
                .withMessageContaining("entry at offset 4 is 2");
        MemorySegment full = memory(4096);
        for (int i = 0; i < 1024; i++) {
            full.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, Integer.MAX_VALUE + i);
        }
        assertThat(ActiveNamespaceList.decode(full)).hasSize(1024);
        assertThat(ActiveNamespaceList.decode(memory(4096))).isEmpty();
    }

    @Test
    void controllerListWithTooLargeCount_isRefused() {
        MemorySegment list = memory(4096);
        set(list, 0, 0x00, 0x08);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> ControllerList.decode(list))
                .withMessageContaining("is 2048, expected at most 2047");
    }

    @Test
    void namespaceDescriptors_areReadInAnyMixture() {
        MemorySegment list = memory(4096);
        set(list, 0, 1, 8, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
        set(list, 12, 2, 16, 0, 0, 9);
        set(list, 32, 3, 16, 0, 0, 1);
        set(list, 52, 0x77, 2, 0, 0, 0xAB, 0xCD);
        set(list, 58, 4, 1, 0, 0, 2);
        NamespaceDescriptors descriptors = NamespaceDescriptors.decode(list);

        assertThat(descriptors.eui64()).contains("0102030405060708");
        assertThat(descriptors.nguid()).contains("09" + "00".repeat(15));
        assertThat(descriptors.uuid()).contains(new UUID(1L << 56, 0));
        assertThat(descriptors.commandSet()).isEqualTo(CommandSet.ZONED);
        assertThat(descriptors.toText()).contains("unknown : abcd").contains("csi     : 0x2");
        assertThat(descriptors.toJson()).contains("\"loc\": 58");
        assertThat(NamespaceDescriptors.decode(memory(4096)).commandSet()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, 16, expected 8", "2, 8, expected 16", "3, 15, expected 16", "4, 2, expected 1"})
    void namespaceDescriptorOfWrongLength_isRefused(int type, int length, String message) {
        MemorySegment list = memory(4096);
        set(list, 0, type, length);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> NamespaceDescriptors.decode(list))
                .withMessageContaining("length at offset 1 is " + length)
                .withMessageContaining(message);
    }

    @Test
    void namespaceDescriptorBeyondTheEnd_isRefused() {
        MemorySegment list = memory(4096);
        for (int at = 0; at < 4080; at += 255) {
            set(list, at, 0x77, 251);
        }
        set(list, 4080, 0x77, 13);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> NamespaceDescriptors.decode(list))
                .withMessageContaining("only 12 bytes are left");
        set(list, 4080, 0x77, 12);
        assertThat(NamespaceDescriptors.decode(list).descriptors()).hasSize(17);
    }

    @Test
    void namespaceWithManyFormats_usesTheUpperIndexBits() {
        MemorySegment bytes = memory(4096);
        set(bytes, 0, 1);
        set(bytes, 25, 63);
        set(bytes, 26, 0x33);
        set(bytes, 128 + 4 * 0x13, 8, 0, 12, 2);
        IdentifyNamespace namespace = IdentifyNamespace.decode(bytes);
        assertThat(namespace.formats()).hasSize(64);
        assertThat(namespace.formattedIndex()).isEqualTo(0x13);
        assertThat(namespace.blockSize()).isEqualTo(4096);
        assertThat(namespace.metadataSize()).isEqualTo(8);
        assertThat(namespace.extendedMetadata()).isTrue();
        assertThat(namespace.format()).isEqualTo(new LbaFormat(8, 12, 2));
        assertThat(namespace.toString()).contains("1 blocks of 4096 bytes");

        set(bytes, 25, 0);
        set(bytes, 26, 1);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> IdentifyNamespace.decode(bytes))
                .withMessageContaining("selects LBA format 1, only 1 are listed");
    }

    @Test
    void namespaceWithoutUsableBlocks_hasBlockSizeZero() {
        for (int exponent : new int[] {0, 8, 31, 255}) {
            MemorySegment bytes = memory(4096);
            set(bytes, 0, 1);
            set(bytes, 130, exponent);
            assertThat(IdentifyNamespace.decode(bytes).blockSize()).isZero();
        }
        IdentifyNamespace inactive = IdentifyNamespace.decode(memory(4096));
        assertThat(inactive.isActive()).isFalse();
        assertThat(inactive.blockSize()).isZero();
        assertThat(inactive.metadataSize()).isZero();
        assertThat(inactive).hasToString("IdentifyNamespace[not active]");
        MemorySegment unlisted = memory(4096);
        set(unlisted, 26, 7);
        assertThat(IdentifyNamespace.decode(unlisted).format()).isEqualTo(new LbaFormat(0, 0, 0));
        assertThat(new LbaFormat(0, 0, 0).blockSize()).isZero();
        assertThat(new LbaFormat(0, 63, 0).blockSize()).isZero();
        assertThat(new LbaFormat(0, 12, 0).blockSize()).isEqualTo(4096);
    }

    @Test
    void transferLimit_isInPagesOfTheController() {
        MemorySegment bytes = memory(4096);
        Capabilities large = new Capabilities(4L << 48);
        assertThat(IdentifyController.decode(bytes).maximumTransferBytes(large))
                .isEqualTo(Long.MAX_VALUE);
        set(bytes, 77, 5);
        assertThat(IdentifyController.decode(bytes).maximumTransferBytes(large))
                .isEqualTo(65536 << 5);
        set(bytes, 77, 255);
        assertThat(IdentifyController.decode(bytes).maximumTransferBytes(large))
                .isEqualTo(Long.MAX_VALUE);
        assertThat(NvmIdentifyController.limitBytes(0, large)).isEqualTo(Long.MAX_VALUE);
        assertThat(NvmIdentifyController.limitBytes(36, large)).isEqualTo(Long.MAX_VALUE);
        assertThat(NvmIdentifyController.limitBytes(3, large)).isEqualTo(65536 << 3);
    }

    @Test
    void retryDelays_areCountedFromOne() {
        MemorySegment bytes = memory(4096);
        set(bytes, 128, 1, 0, 2, 0, 3, 0);
        IdentifyController controller = IdentifyController.decode(bytes);
        assertThat(controller.commandRetryDelayMillis(0)).isZero();
        assertThat(controller.commandRetryDelayMillis(1)).isEqualTo(100);
        assertThat(controller.commandRetryDelayMillis(3)).isEqualTo(300);
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> controller.commandRetryDelayMillis(4));
    }

    @Test
    void powerStates_areBoundedAndShown() {
        MemorySegment bytes = memory(4096);
        set(bytes, 263, 255);
        set(bytes, 2048, 0xC4, 0x09, 0, 3, 1, 0, 0, 0);
        set(bytes, 2048 + 16, 100, 0, 0x40, 0, 200, 0, 0x83);
        set(bytes, 2048 + 32 + 16, 1, 0, 0xC0);
        IdentifyController controller = IdentifyController.decode(bytes);
        assertThat(controller.powerStateDescriptors()).hasSize(32);
        assertThat(controller.toText())
                .contains("ps      0 : mp:0.2500W non-operational enlat:1")
                .contains("idle_power:0.0100W active_power:2.00W")
                .contains("active_power_workload:3")
                .contains("idle_power:1 (reserved scale)");
    }

    @Test
    void fieldsOfNewerRevisions_areShownOnlyWhereSet() {
        MemorySegment bytes = memory(4096);
        assertThat(IdentifyController.decode(bytes).values()).doesNotContainKey("ccrl");
        set(bytes, 1807, 4);
        IdentifyController controller = IdentifyController.decode(bytes);
        assertThat(controller.values()).containsEntry("ccrl", 4L);
        assertThat(controller.toText()).contains("ccrl      : 4\n");
    }

    @Test
    void equality_isThatOfClassAndBytes() {
        MemorySegment bytes = memory(4096);
        Object controller = IdentifyController.decode(bytes);
        Object namespace = IdentifyNamespace.decode(bytes);
        assertThat(controller.equals(namespace)).isFalse();
        assertThat(controller.equals("")).isFalse();
        set(bytes, 0, 1);
        assertThat(controller.equals(IdentifyController.decode(bytes))).isFalse();
        assertThat(IdentifyController.decode(bytes).byteSize()).isEqualTo(4096);
        assertThat(IdentifyController.decode(bytes).toByteArray()[0]).isEqualTo((byte) 1);
    }

    @Test
    void malformedFieldTable_isRefused() {
        for (String table :
                List.of(
                        "a 0 1",
                        "a 0 1 dec later more",
                        "a 0 2 dec\nb 1 1 dec",
                        "a 0 1 dec\na 1 1 dec",
                        "a 0 1 no")) {
            assertThatIllegalArgumentException().isThrownBy(() -> FieldTable.of(table));
        }
        assertThat(FieldTable.of("a 4 2 dec\nb 0 1 hex").end()).isEqualTo(6);
    }

    @Test
    void json_escapesWhatItMust() {
        Map<String, Object> values =
                Map.of(
                        "k\"",
                        List.of(
                                "a\\\n\t\u0001\ud800é",
                                true,
                                new BigInteger("18446744073709551615"),
                                Map.of(),
                                List.of()));
        assertThat(JsonReader.read(Json.write(values))).isEqualTo(values);
    }

    @Test
    void wireText_neverHidesOrSteers() {
        byte[] raw = {
            'a', 0x7F, (byte) 0xC3, (byte) 0xA9, (byte) 0xE2, (byte) 0x80, (byte) 0xAE, ' ', ' '
        };
        Bytes bytes = Bytes.copy(raw);
        assertThat(bytes.ascii(0, 9)).isEqualTo("a\\x7F\\xC3\\xA9\\xE2\\x80\\xAE");
        assertThat(bytes.utf8(0, 9)).isEqualTo("a\\x7Fé\\u{202e}");
        assertThat(bytes.utf8(0, 3)).isEqualTo("a\\x7F\\xC3");
        assertThat(bytes.padded(0, 9)).endsWith("  ");
        assertThat(bytes.slice(1, 2).size()).isEqualTo(2);
        assertThat(bytes).hasToString("9 bytes").isNotEqualTo("x");
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> bytes.slice(8, 2))
                .withMessageContaining("outside 9");
    }
}
