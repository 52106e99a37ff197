package dev.verbena.nvme;

import static dev.verbena.nvme.Entries.dwords;
import static dev.verbena.nvme.Entries.encoded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class CommandEncodingTest {
    private static final String NO_SGL = "00000000 00000000 00000000 40000000";
    private static final String ZERO = "00000000";

    @Test
    void connect_hasFieldsAtTheirOffsets() {
        var entry = encoded((s, o) -> FabricsCommands.connect(s, o, 0x8001, 3, 127, 0x0C, 15_000));

        assertThat(dwords(entry))
                .isEqualTo(
                        "8001407f 00000001 "
                                + ZERO.repeat(1)
                                + " 00000000 00000000 00000000 "
                                + NO_SGL
                                + " 00030000 000c007f 00003a98 00000000 00000000 00000000");
    }

    @Test
    void propertyGet_namesSizeAndOffset() {
        assertThat(dwords(encoded((s, o) -> FabricsCommands.propertyGet(s, o, 7, 0, true))))
                .startsWith("0007407f 00000004 ")
                .endsWith(NO_SGL + " 00000001 00000000 00000000 00000000 00000000 00000000");
        assertThat(dwords(encoded((s, o) -> FabricsCommands.propertyGet(s, o, 7, 0x1C, false))))
                .endsWith(NO_SGL + " 00000000 0000001c 00000000 00000000 00000000 00000000");
    }

    @Test
    void propertySet_carriesValue() {
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        FabricsCommands.propertySet(
                                                s, o, 7, Property.CC, false, 0x460001))))
                .startsWith("0007407f 00000000 ")
                .endsWith(NO_SGL + " 00000000 00000014 00460001 00000000 00000000 00000000");
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        FabricsCommands.propertySet(
                                                s, o, 7, 8, true, 0x1122334455667788L))))
                .endsWith(NO_SGL + " 00000001 00000008 55667788 11223344 00000000 00000000");
    }

    @Test
    void propertySetOfFourBytesWithLargerValue_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        encoded((s, o) ->
                                FabricsCommands.propertySet(s, o, 7, 0x14, false, 1L << 32)))
                .withMessageContaining("4-byte property");
    }

    @Test
    void authentication_namesProtocolAndLength() {
        assertThat(dwords(encoded((s, o) -> FabricsCommands.authenticationSend(s, o, 1, 80))))
                .startsWith("0001407f 00000005 ")
                .endsWith(NO_SGL + " e9010100 00000050 00000000 00000000 00000000 00000000");
        assertThat(dwords(encoded((s, o) -> FabricsCommands.authenticationReceive(s, o, 1, 4096))))
                .startsWith("0001407f 00000006 ")
                .endsWith(NO_SGL + " e9010100 00001000 00000000 00000000 00000000 00000000");
    }

    @Test
    void disconnect_isEmpty() {
        assertThat(dwords(encoded((s, o) -> FabricsCommands.disconnect(s, o, 9))))
                .startsWith("0009407f 00000008 ")
                .endsWith(NO_SGL + (" " + ZERO).repeat(6));
    }

    @Test
    void identify_packsCnsControllerAndCommandSet() {
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        AdminCommands.identify(
                                                s, o, 1, 5, 9, 0xABCD, 2, 0x1234, 0x7F))))
                .startsWith("00014006 00000009 ")
                .endsWith(NO_SGL + " abcd0005 02001234 00000000 00000000 0000007f 00000000");
    }

    @Test
    void getLogPage_splitsDwordCountOverTwoFields() {
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        AdminCommands.getLogPage(
                                                s,
                                                o,
                                                1,
                                                -1,
                                                0x70,
                                                5,
                                                true,
                                                0x12345 * 4,
                                                0x1_0000_0004L,
                                                0xBEEF,
                                                2,
                                                3))))
                .startsWith("00014002 ffffffff ")
                .endsWith(NO_SGL + " 23448570 beef0001 00000004 00000001 02000003 00000000");
    }

    @Test
    void getLogPageOfOddLength_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        encoded((s, o) ->
                                AdminCommands.getLogPage(s, o, 1, 0, 2, 0, false, 511, 0)))
                .withMessageContaining("a multiple of 4");
    }

    @Test
    void features_packSaveAndSelect() {
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        AdminCommands.setFeatures(s, o, 1, 7, true, 0, 0x30003))))
                .startsWith("00014009 00000000 ")
                .endsWith(NO_SGL + " 80000007 00030003 00000000 00000000 00000000 00000000");
        assertThat(dwords(encoded((s, o) -> AdminCommands.getFeatures(s, o, 1, 0x0F, 3, 4, 5))))
                .startsWith("0001400a 00000004 ")
                .endsWith(NO_SGL + " 0000030f 00000005 00000000 00000000 00000000 00000000");
    }

    @Test
    void smallAdminCommands_haveTheirOpcodes() {
        assertThat(dwords(encoded((s, o) -> AdminCommands.keepAlive(s, o, 2))))
                .startsWith("00024018 00000000 ");
        assertThat(dwords(encoded((s, o) -> AdminCommands.asynchronousEventRequest(s, o, 3))))
                .startsWith("0003400c 00000000 ");
        assertThat(dwords(encoded((s, o) -> AdminCommands.abort(s, o, 4, 1, 0xFFFE))))
                .startsWith("00044008 ")
                .contains(NO_SGL + " fffe0001 ");
    }

    @Test
    void readAndWrite_carryLbaAndZeroBasedCount() {
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        NvmCommands.read(
                                                s, o, 0xFFFF, 1, 0x1_0000_0002L, 65536, 0))))
                .startsWith("ffff4002 00000001 ")
                .endsWith(NO_SGL + " 00000002 00000001 0000ffff 00000000 00000000 00000000");
        assertThat(
                        dwords(
                                encoded((s, o) ->
                                        NvmCommands.write(
                                                s,
                                                o,
                                                5,
                                                2,
                                                8,
                                                1,
                                                NvmCommands.FORCE_UNIT_ACCESS
                                                        | NvmCommands.LIMITED_RETRY))))
                .startsWith("00054001 00000002 ")
                .endsWith(NO_SGL + " 00000008 00000000 c0000000 00000000 00000000 00000000");
        assertThat(dwords(encoded((s, o) -> NvmCommands.flush(s, o, 5, -1))))
                .startsWith("00054000 ffffffff ");
    }

    @Test
    void blockCountOutOfRange_isRefused() {
        for (int count : new int[] {0, 65537, -1}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> encoded((s, o) -> NvmCommands.read(s, o, 1, 1, 0, count, 0)))
                    .withMessage("blockCount is " + count + ", must be between 1 and 65536");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> encoded((s, o) -> NvmCommands.read(s, o, 1, 1, 0, 1, 1)))
                .withMessageContaining("bits 15:0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> encoded((s, o) -> NvmCommands.flush(s, o, 0x10000, 1)))
                .withMessageContaining("commandId");
    }

    @Test
    void sglForms_writeTypeLengthAndKey() {
        MemorySegment entry = encoded((s, o) -> NvmCommands.read(s, o, 1, 1, 0, 1, 0));

        Sgl.keyed(entry, 0, 0x1122334455667788L, 0xABCDEF, 0xCAFEBABE);
        assertThat(dwords(entry)).contains(" 55667788 11223344 beabcdef 40cafeba ");
        assertThat(Sgl.keyedLength(entry, 24)).isEqualTo(0xABCDEF);
        assertThat(Sgl.key(entry, 24)).isEqualTo(0xCAFEBABE);
        assertThat(Sgl.address(entry, 24)).isEqualTo(0x1122334455667788L);
        assertThat(Sgl.type(entry, 24)).isEqualTo(Sgl.TYPE_KEYED);

        Sgl.keyedInvalidate(entry, 0, 1, 2, 3);
        assertThat(dwords(entry)).contains(" 00000001 00000000 03000002 4f000000 ");

        Sgl.inCapsule(entry, 0, 32, 4096);
        assertThat(dwords(entry)).contains(" 00000020 00000000 00001000 01000000 ");
        assertThat(Sgl.length(entry, 24)).isEqualTo(4096);

        Sgl.lastSegment(entry, 0, 0, 3);
        assertThat(dwords(entry)).contains(" 00000000 00000000 00000030 31000000 ");

        Sgl.none(entry, 0);
        assertThat(dwords(entry)).contains(" " + NO_SGL + " ");
    }

    @Test
    void bareDescriptors_haveTheirTypes() {
        MemorySegment list = MemorySegment.ofArray(new byte[48]);

        Sgl.dataBlockDescriptor(list, 0, 5, 6);
        Sgl.bitBucketDescriptor(list, 16, 7);
        Sgl.segmentDescriptor(list, 32, 64, 2);

        assertThat(Sgl.type(list, 0)).isEqualTo(Sgl.TYPE_DATA_BLOCK);
        assertThat(Sgl.type(list, 16)).isEqualTo(Sgl.TYPE_BIT_BUCKET);
        assertThat(Sgl.length(list, 16)).isEqualTo(7);
        assertThat(Sgl.type(list, 32)).isEqualTo(Sgl.TYPE_SEGMENT);
        assertThat(Sgl.length(list, 32)).isEqualTo(32);
    }

    @Test
    void keyedLengthBeyond24Bits_isRefused() {
        MemorySegment entry = encoded((s, o) -> NvmCommands.read(s, o, 1, 1, 0, 1, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Sgl.keyed(entry, 0, 0, 1 << 24, 0))
                .withMessageContaining("keyed SGL length");
    }

    @Test
    void fusedBits_surviveTheSgl() {
        MemorySegment entry = encoded((s, o) -> NvmCommands.write(s, o, 1, 1, 0, 1, 0));

        SubmissionEntry.fused(entry, 0, SubmissionEntry.FUSED_SECOND);
        Sgl.keyed(entry, 0, 1, 2, 3);

        assertThat(Entries.u8(entry, 1)).isEqualTo(0x42);
        assertThat(SubmissionEntry.fused(entry, 0)).isEqualTo(SubmissionEntry.FUSED_SECOND);
    }

    @Test
    void patchingAnEntry_changesOnlyItsField() {
        MemorySegment entry = encoded((s, o) -> NvmCommands.write(s, o, 1, 1, 0, 1, 0));

        SubmissionEntry.commandId(entry, 0, 0xFFFE);
        SubmissionEntry.opcode(entry, 0, 0xC1);
        SubmissionEntry.namespaceId(entry, 0, -1);
        SubmissionEntry.dword(entry, 0, 15, 0x12345678);

        assertThat(dwords(entry)).startsWith("fffe40c1 ffffffff ").endsWith(" 12345678");
        assertThat(SubmissionEntry.commandId(entry, 0)).isEqualTo(0xFFFE);
        assertThat(SubmissionEntry.opcode(entry, 0)).isEqualTo(0xC1);
        assertThat(SubmissionEntry.namespaceId(entry, 0)).isEqualTo(-1);
    }

    @Test
    void connectData_hasIdentitiesAtTheirOffsets() {
        var host =
                HostIdentity.of(
                        Nqn.of(
                                "nqn.2014-08.org.nvmexpress:uuid:01020304-0506-0708-090a-0b0c0d0e0f10"));
        byte[] data =
                encoded(
                        ConnectData.SIZE,
                        (s, o) ->
                                ConnectData.encode(
                                        s, o, host, 0xFFFF, Nqn.of("nqn.2016-06.io.spdk:cnode1")));

        assertThat(java.util.HexFormat.of().formatHex(data, 0, 18))
                .isEqualTo("0102030405060708090a0b0c0d0e0f10ffff");
        assertThat(new String(data, 256, 27, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("nqn.2016-06.io.spdk:cnode1\0");
        assertThat(new String(data, 512, 69, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo(host.hostNqn() + "\0");
        assertThat(data[1023]).isZero();
    }
}
