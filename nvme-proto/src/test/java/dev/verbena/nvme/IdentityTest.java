package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityTest {
    private static final UUID SOME = UUID.fromString("12345678-1234-5678-9abc-def012345678");
    private static final UUID OTHER = UUID.fromString("00000000-0000-0000-0000-000000000001");

    @TempDir Path root;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nqn.2014-08.org.nvmexpress.discovery",
                "nqn.2016-06.io.spdk:cnode1",
                "nqn.1994-11.com.samsung:nvme:PM1733:2.5-inch:S4YNNE0N800123      ",
                "nqn.2019-08.org.qemu:verbena",
                "nqn.2014-08.org.nvmexpress:uuid:12345678-1234-5678-9ABC-def012345678",
                "nqn.2001-12.de.xn--bcher-kva:Bücher"
            })
    void wellFormedName_isAccepted(String text) {
        assertThat(Nqn.of(text)).hasToString(text);
        assertThat(Nqn.of(text).irregularity()).isEmpty();
    }

    /** Every second guide to Linux' target has such names, and shipped products. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "testnqn|expected nqn.yyyy-mm",
                "blktests-subsystem-1|expected nqn.yyyy-mm",
                "NQN.2016-06.io.spdk:cnode1|expected nqn.yyyy-mm",
                "nqn.16-06.io.spdk:cnode1|expected nqn.yyyy-mm",
                "nqn.2016-00.io.spdk:cnode1|month is 00",
                "nqn.2016-13.io.spdk:cnode1|month is 13",
                "nqn.2016-06..spdk:cnode1|is not a domain label",
                "nqn.2016-06.io.-spdk:cnode1|is not a domain label",
                "nqn.2016-06.io.sp_dk:cnode1|is not a domain label",
                "nqn.2016-06.io.spdk:|nothing follows the colon",
                "nqn.2014-08.org.nvmexpress:uuid:12345678|no UUID of 36 characters",
            })
    void irregularName_isUsableAndSaysWhichRuleItBreaks(String text, String message) {
        Nqn name = Nqn.of(text);
        assertThat(name).hasToString(text);
        assertThat(name.irregularity())
                .hasValueSatisfying(rule -> assertThat(rule).contains(message));
        assertThat(name.uuid()).isEmpty();
        assertThat(HostIdentity.of(name).hostId().version()).isEqualTo(3);
    }

    @Test
    void nameThatCannotBeSent_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.of(""))
                .withMessageContaining("it is empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.of("test\0nqn"))
                .withMessageContaining("it contains a NUL");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.of("nqn.2016-06.io.spdk:a\ud800"))
                .withMessageContaining("surrogate");
    }

    @Test
    void nameWithControlCharacter_isUsableAndShownSafely() {
        Nqn name = Nqn.of("nqn.2016-06.io.spdk:a\u001b[2J");
        assertThat(name).hasToString("nqn.2016-06.io.spdk:a\\x1B[2J");
        assertThat(name.bytes()).hasSize(25).contains(0x1B);
        assertThat(name.irregularity()).contains("it contains a control character");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.of("\u001b[2J".repeat(60)))
                .withMessageNotContaining("\u001b");
    }

    @Test
    void nameOf223Bytes_isTheLongest() {
        String prefix = "nqn.2016-06.io.spdk:";
        assertThat(Nqn.of(prefix + "x".repeat(203)).bytes()).hasSize(223);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.of(prefix + "x".repeat(204)))
                .withMessageContaining("224 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Nqn.of(prefix + "x".repeat(202) + "ü"))
                .withMessageContaining("224 bytes");
    }

    @Test
    void uuidName_andUuid_convertBothWays() {
        assertThat(Nqn.ofUuid(SOME).uuid()).contains(SOME);
        assertThat(Nqn.DISCOVERY.uuid()).isEmpty();
    }

    @Test
    void identityFromUuidName_usesThatUuid() {
        HostIdentity identity = HostIdentity.of(Nqn.ofUuid(SOME));

        assertThat(identity.hostId()).isEqualTo(SOME);
        assertThat(HexFormat.of().formatHex(identity.hostIdBytes()))
                .isEqualTo("12345678123456789abcdef012345678");
    }

    @Test
    void identityFromOtherName_isStable() {
        Nqn name = Nqn.of("nqn.2016-06.io.spdk:host1");
        assertThat(HostIdentity.of(name)).isEqualTo(HostIdentity.of(name));
        assertThat(HostIdentity.of(name).hostId().version()).isEqualTo(3);
    }

    @Test
    void nilIdentifier_isRefusedOrReplaced() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostIdentity.of(Nqn.ofUuid(SOME), new UUID(0, 0)))
                .withMessageContaining("nil UUID");
        assertThat(HostIdentity.of(Nqn.ofUuid(new UUID(0, 0))).hostId())
                .isNotEqualTo(new UUID(0, 0));
    }

    @Test
    void generatedIdentities_differ() {
        assertThat(HostIdentity.generate()).isNotEqualTo(HostIdentity.generate());
    }

    @Test
    void systemWithBothFiles_usesBoth() throws IOException {
        write("etc/nvme/hostnqn", Nqn.ofUuid(SOME) + "\n");
        write("etc/nvme/hostid", OTHER + "\n");

        assertThat(HostIdentity.system(root)).isEqualTo(HostIdentity.of(Nqn.ofUuid(SOME), OTHER));
    }

    @Test
    void systemWithOneFile_derivesTheOther() throws IOException {
        write("etc/nvme/hostid", SOME.toString().toUpperCase(java.util.Locale.ROOT));
        assertThat(HostIdentity.system(root)).isEqualTo(HostIdentity.of(Nqn.ofUuid(SOME)));

        Files.delete(root.resolve("etc/nvme/hostid"));
        write("etc/nvme/hostnqn", Nqn.ofUuid(OTHER).value());
        assertThat(HostIdentity.system(root)).isEqualTo(HostIdentity.of(Nqn.ofUuid(OTHER)));
    }

    @Test
    void systemWithDamagedFile_isAnErrorNamingIt() throws IOException {
        write("etc/nvme/hostid", "1-1-1-1-1");
        assertThatIllegalStateException()
                .isThrownBy(() -> HostIdentity.system(root))
                .withMessageContaining("etc/nvme/hostid")
                .withMessageContaining("does not hold a UUID");

        write("etc/nvme/hostid", "no uuid");
        assertThatIllegalStateException()
                .isThrownBy(() -> HostIdentity.system(root))
                .withMessageContaining("does not hold a UUID");

        write("etc/nvme/hostid", new UUID(0, 0).toString());
        assertThatIllegalStateException()
                .isThrownBy(() -> HostIdentity.system(root))
                .withMessageContaining("nil UUID");

        Files.delete(root.resolve("etc/nvme/hostid"));
        write("etc/nvme/hostnqn", "x".repeat(224));
        assertThatIllegalStateException()
                .isThrownBy(() -> HostIdentity.system(root))
                .withMessageContaining("etc/nvme/hostnqn");
    }

    @Test
    void systemWithIrregularHostName_usesIt() throws IOException {
        write("etc/nvme/hostnqn", "myhost\n");
        assertThat(HostIdentity.system(root)).isEqualTo(HostIdentity.of(Nqn.of("myhost")));
    }

    /// Boards whose maker never set a UUID share it with all others of their series.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000000-0000-0000-0000-000000000000",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
                "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
                "11111111-1111-1111-1111-111111111111",
                "03000200-0400-0500-0006-000700080009",
                "00020003-0004-0005-0006-000700080009",
                "12345678-1234-5678-90AB-CDDEEFAABBCC",
                "78563412-3412-7856-90ab-cddeefaabbcc",
                "00112233-4455-6677-8899-aabbccddeeff",
                "33221100-5544-7766-8899-aabbccddeeff",
                "01234567-89ab-cdef-0123-456789abcdef",
                "4c4c4544-0000-2010-8020-80c04f202020",
                "Not Settable",
                "To Be Filled By O.E.M."
            })
    void placeholderOfABoardMaker_isNobodysIdentity(String uuid) throws IOException {
        write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        HostIdentity fromMachine = HostIdentity.system(root);
        write("sys/class/dmi/id/product_uuid", uuid + "\n");
        assertThat(HostIdentity.system(root)).isEqualTo(fromMachine);
    }

    @Test
    void machineIdThatWasNeverSet_isNobodysIdentity() throws IOException {
        write("etc/machine-id", "0".repeat(32) + "\n");
        assertThat(HostIdentity.system(root)).isNotEqualTo(HostIdentity.system(root));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\nSECOND\n", "   \nSECOND\n", "# a comment\nSECOND\n"})
    void configuredFileWithoutAFirstLine_isAnErrorNamingFileAndLine(String content)
            throws IOException {
        write("sys/class/dmi/id/product_uuid", SOME + "\n");
        for (String file : List.of("etc/nvme/hostnqn", "etc/nvme/hostid")) {
            String second = file.endsWith("hostid") ? OTHER.toString() : Nqn.ofUuid(OTHER).value();
            write(file, content.replace("SECOND", second));
            assertThatIllegalStateException()
                    .isThrownBy(() -> HostIdentity.system(root))
                    .withMessageContaining(file)
                    .withMessageContaining("line 1");
            Files.delete(root.resolve(file));
        }
    }

    @Test
    void systemWithUnreadableFile_isAnErrorNamingIt() throws IOException {
        Files.createDirectories(root.resolve("etc/nvme/hostnqn"));
        assertThatIllegalStateException()
                .isThrownBy(() -> HostIdentity.system(root))
                .withMessageContaining("etc/nvme/hostnqn")
                .withMessageContaining("cannot be read");
    }

    @Test
    void systemWithoutFiles_usesProductUuidThenMachineId() throws IOException {
        write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        HostIdentity fromMachine = HostIdentity.system(root);
        assertThat(fromMachine).isEqualTo(HostIdentity.system(root));
        assertThat(fromMachine.hostNqn().value()).doesNotContain("01234567");

        write("sys/class/dmi/id/product_uuid", "00000000-0000-0000-0000-000000000000");
        assertThat(HostIdentity.system(root)).isEqualTo(fromMachine);

        write("sys/class/dmi/id/product_uuid", SOME + "\n");
        assertThat(HostIdentity.system(root)).isEqualTo(HostIdentity.of(Nqn.ofUuid(SOME)));
    }

    @Test
    void systemWithoutAnything_isRandom() {
        assertThat(HostIdentity.system(root)).isNotEqualTo(HostIdentity.system(root));
    }

    private void write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
