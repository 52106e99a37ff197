package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Discovery log entries with values that the target at hand does not send. */
class DiscoveryTest {
    private static MemorySegment memory(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    private static void set(MemorySegment segment, long offset, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            segment.set(ValueLayout.JAVA_BYTE, offset + i, (byte) bytes[i]);
        }
    }

    private static void set(MemorySegment segment, long offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    @Test
    void discoveryExtension_isReadWithinItsLength() {
        MemorySegment entry = memory(1024 + 8 + 20 + 9);
        set(entry, 1024, 8 + 20 + 9, 4, 0, 0, 2);
        set(entry, 1032, 1, 0, 16, 0, 0xAA);
        set(entry, 1052, 2, 0, 5, 0);
        set(entry, 1056, "rack\u0007");
        DiscoveryExtension extension = DiscoveryExtension.decode(entry, 0);

        assertThat(extension.totalLength()).isEqualTo(1061);
        assertThat(extension.attributes()).hasSize(2);
        assertThat(extension.attributes().getFirst().value()).isEqualTo("aa" + "00".repeat(15));
        assertThat(extension.attributes().getLast().text()).isEqualTo("rack\\x07");

        assertExtensionRefused(entry, 1028, 3, "attribute 2 at offset 1061 has no header");
        assertExtensionRefused(entry, 1054, 6, "attribute 1 at offset 1052 has 6 bytes");
        assertExtensionRefused(entry, 1024, 38, "length at offset 1024 is 1062");
        assertExtensionRefused(entry, 1024, 7, "length at offset 1024 is 1031");
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> DiscoveryExtension.decode(memory(1031), 0));
    }

    @Test
    void reservationReport_listsWhatFits() {
        MemorySegment report = memory(ReservationReport.byteSize(2) + 63);
        set(report, 0, 5, 0, 0, 0, 3, 4, 0, 0, 0, 1);
        set(report, 64, 0xFF, 0xFF, 1);
        set(report, 64 + 8, 0xEF, 0xBE);
        set(report, 64 + 16, 1, 2, 3);
        ReservationReport decoded = ReservationReport.decode(report);

        assertThat(decoded.generation()).isEqualTo(5);
        assertThat(decoded.type()).isEqualTo(ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY);
        assertThat(decoded.registrantCount()).isEqualTo(4);
        assertThat(decoded.registrants()).hasSize(2);
        assertThat(decoded.registrants().getFirst())
                .isEqualTo(
                        new ReservationReport.Registrant(
                                0xFFFF, true, 0xBEEF, "010203" + "00".repeat(13)));
        assertThat(decoded.toText()).contains("rkey       : beef").contains("regctlext[1]");
        assertThat(decoded.toJson()).contains("\"hostid\": \"01020300");
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> ReservationReport.decode(memory(63)));
        assertThat(ReservationType.of(7)).isEqualTo(ReservationType.UNKNOWN);
        assertThat(ReservationType.of(-1)).isEqualTo(ReservationType.UNKNOWN);
        assertThat(ReservationType.of(0).code()).isZero();
        assertThat(ReservationType.of(1)).hasToString("Write Exclusive");
    }

    private static void assertExtensionRefused(
            MemorySegment entry, long offset, int value, String message) {
        MemorySegment copy = MemorySegment.ofArray(entry.toArray(ValueLayout.JAVA_BYTE));
        set(copy, offset, value);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> DiscoveryExtension.decode(copy, 0))
                .withMessageContaining(message);
    }

    @Test
    void discoveryEntryWithOddValues_showsThemAll() {
        MemorySegment bytes = memory(1024);
        set(bytes, 0, 9, 9, 9, 9, 1, 0, 0xFF, 0xFF, 32, 0, 0xFF, 0);
        set(bytes, 32, "44\u001b[2J  ");
        set(bytes, 256, "nqn.evil\n");
        set(bytes, 512, "10.0.0.1");
        set(bytes, 768, 1, 2);
        DiscoveryEntry entry = DiscoveryEntry.decode(bytes, 0);

        assertThat(entry.toString())
                .isEqualTo(
                        """
                        trtype:  unrecognized (9)
                        adrfam:  unrecognized (9)
                        subtype: unrecognized (9)
                        treq:    unrecognized (9)
                        portid:  1
                        trsvcid: 44\\x1B[2J
                        subnqn:  nqn.evil\\x0A
                        traddr:  10.0.0.1
                        eflags:  no cdc connectivity, unrecognized (248)
                        tsas:    0102\
                        """);
        assertThat(entry.isReferral()).isFalse();
        DiscoveryLogHeader header = new DiscoveryLogHeader(-1, 1, 0, 0, 0);
        assertThat(DiscoveryLogText.toJson(header, List.of(entry)))
                .contains("\"genctr\": 18446744073709551615")
                .contains("\"tsas\": \"0102\"");
    }

    @ParameterizedTest
    @CsvSource({
        "0, pcie, 0, pci, 1, discovery subsystem referral, 0, not specified",
        "1, rdma, 1, ipv4, 2, nvme subsystem, 1, required",
        "2, fc, 4, fibre-channel, 3, current discovery subsystem, 2, not required",
        "3, tcp, 2, ipv6, 2, nvme subsystem, 5, 'required, sq flow control disable supported'",
        "254, loop, 3, infiniband, 2, nvme subsystem, 6,"
                + " 'not required, sq flow control disable supported'"
    })
    void discoveryWords_areNvmeClis(
            int transport,
            String transportWord,
            int family,
            String familyWord,
            int subsystem,
            String subsystemWord,
            int requirements,
            String requirementsWord) {
        MemorySegment bytes = memory(1024);
        set(bytes, 0, transport, family, subsystem, requirements);
        set(bytes, 512, "x");
        assertThat(DiscoveryEntry.decode(bytes, 0).toString())
                .contains("trtype:  " + transportWord + "\n")
                .contains("adrfam:  " + familyWord + "\n")
                .contains("subtype: " + subsystemWord + "\n")
                .contains("treq:    " + requirementsWord + "\n")
                .contains("eflags:  none");
        set(bytes, 512, 0);
        assertThat(DiscoveryEntry.decode(bytes, 0).toString()).contains("adrfam:  \n");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 'explicit discovery connections, duplicate discovery information, no cdc connectivity'",
        "2, no cdc connectivity",
        "3, 'explicit discovery connections, duplicate discovery information, no cdc connectivity'"
    })
    void flagsOfDiscoveryServices_areWordsOfTheirEntriesOnly(int type, String words) {
        MemorySegment bytes = memory(1024);
        set(bytes, 0, 1, 1, type, 0);
        set(bytes, 10, 7);
        assertThat(DiscoveryEntry.decode(bytes, 0).toString()).contains("eflags:  " + words + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 'rdma_prtype: not specified|rdma_qptype: connected|rdma_cms:    rdma-cm'",
        "1, 2, 'rdma_prtype: infiniband|rdma_qptype: datagram|rdma_cms:    unrecognized (2)'",
        "1, 3, 'rdma_prtype: roce|rdma_qptype: unrecognized (3)|rdma_cms:    unrecognized (3)'",
        "1, 4, 'rdma_prtype: roce-v2'",
        "1, 5, 'rdma_prtype: iwarp'",
        "1, 6, 'rdma_prtype: unrecognized (6)|rdma_pkey: 0x0006'",
        "3, 0, 'sectype: none'",
        "3, 1, 'sectype: tls'",
        "3, 2, 'sectype: tls13'",
        "3, 3, 'sectype: unrecognized (3)'"
    })
    void transportSpecificWords_areNvmeClis(int transport, int value, String lines) {
        MemorySegment bytes = memory(1024);
        set(bytes, 0, transport);
        set(bytes, 768, value, value, value, 0, 0, 0, 0, 0, value);
        DiscoveryEntry entry = DiscoveryEntry.decode(bytes, 0);
        assertThat(entry.toString()).contains(lines.split("\\|"));
        String json =
                DiscoveryLogText.toJson(new DiscoveryLogHeader(0, 1, 0, 0, 0), List.of(entry));
        assertThat(json).contains(transport == 3 ? "sectype" : "rdma_pkey");
    }

    @Test
    void discoveryHeaderOfAnotherFormat_isRefused() {
        MemorySegment header = memory(24);
        set(header, 16, 1);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> DiscoveryLogHeader.decode(header))
                .withMessageContaining("record format at offset 16 is 1");
    }
}
