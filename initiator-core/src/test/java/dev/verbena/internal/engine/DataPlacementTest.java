package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.DataPlacement.BOUNCE;
import static dev.verbena.internal.engine.DataPlacement.IN_CAPSULE;
import static dev.verbena.internal.engine.DataPlacement.KEYED;
import static dev.verbena.internal.engine.DataPlacement.KEYED_LIST;
import static dev.verbena.internal.engine.DataPlacement.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.Sgl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataPlacementTest {
    private static final int SGES = 5;

    private static DataPlacement of(long capsuleBytes, int dataOffsetBytes) {
        return DataPlacement.of(capsuleBytes, dataOffsetBytes, true, SGES, 1, 1 << 20);
    }

    @Test
    void ioccsz4_leavesNoRoomInCapsule() {
        assertThat(of(4 * 16, 0)).isEqualTo(new DataPlacement(0, 0, 64, 1, 1 << 20));
    }

    @Test
    void ioccszOf4kPlusCommand_allows4k() {
        assertThat(of(4096 + 64, 0)).isEqualTo(new DataPlacement(4096, 4, 64, 1, 1 << 20));
    }

    @Test
    void icdoffNotZero_shiftsDataAndTakesRoom() {
        assertThat(of(4096 + 64, 512))
                .isEqualTo(new DataPlacement(4096 - 512, 4, 64 + 512, 1, 1 << 20));
    }

    @Test
    void icdoffTakesAllRoom_turnsInCapsuleOff() {
        assertThat(DataPlacement.of(4096 + 64, 4096, true, SGES, 1, 0))
                .isEqualTo(new DataPlacement(0, 0, 64, 1, Sgl.KEYED_LENGTH_MAX));
    }

    @Test
    void icdoffAtBound_isPadded() {
        DataPlacement placement = of(1 << 20, DataPlacement.DATA_OFFSET_BYTES_MAX);
        assertThat(placement.capsuleHeaderBytes())
                .isEqualTo(64 + DataPlacement.DATA_OFFSET_BYTES_MAX);
        assertThat(placement.slotBytes()).isEqualTo(placement.capsuleHeaderBytes());
        assertThat(placement.inCapsuleBytesMax()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {DataPlacement.DATA_OFFSET_BYTES_MAX + 16, 65_535 * 16, Integer.MAX_VALUE, -16})
    void hostileIcdoff_turnsInCapsuleOffInsteadOfAllocating(int offset) {
        DataPlacement placement = of(0xFFFF_FFFFL * 16, offset);
        assertThat(placement.inCapsuleBytesMax()).isZero();
        assertThat(placement.slotBytes()).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(longs = {0xFFFF_FFFFL * 16, Long.MAX_VALUE})
    void hostileIoccsz_isCutToWhatALengthHolds(long capsuleBytes) {
        assertThat(of(capsuleBytes, 0).inCapsuleBytesMax()).isEqualTo(Sgl.KEYED_LENGTH_MAX);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 16, 63, 64, -1, Long.MIN_VALUE + 64})
    void capsuleWithoutRoom_turnsInCapsuleOffAndListsToo(long capsuleBytes) {
        DataPlacement placement = DataPlacement.of(capsuleBytes, 0, true, SGES, 0, 0);
        assertThat(placement.inCapsuleBytesMax()).isZero();
        assertThat(placement.descriptorsMax()).isEqualTo(1);
    }

    @Test
    void offsetsNotAllowed_everythingBehindTheCommandIsOff() {
        DataPlacement placement = DataPlacement.of(1 << 20, 0, false, SGES, 16, 0);
        assertThat(placement.inCapsuleBytesMax()).isZero();
        assertThat(placement.descriptorsMax()).isEqualTo(1);
        assertThat(placement.slotBytes()).isEqualTo(64);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "2, 1", "5, 4", "17, 16", "30, 16"})
    void deviceSegments_limitThePiecesInCapsule(int sendSegments, int pieces) {
        assertThat(DataPlacement.of(8256, 0, true, sendSegments, 1, 0).inCapsuleSegmentsMax())
                .isEqualTo(pieces);
    }

    /// Capsule bytes, MSDBD, descriptors.
    @ParameterizedTest
    @CsvSource({
        "4160, 1, 1", "4160, 2, 2", "4160, 15, 15", "4160, 16, 16", "4160, 17, 16", "4160, 255, 16",
        "4160, 0, 16", "64, 16, 1", "79, 16, 1", "80, 16, 1", "96, 16, 2", "111, 0, 2",
        "320, 0, 16", "319, 0, 15", "4160, -1, 16"
    })
    void descriptors_areLimitedByMsdbdAndByTheCapsule(long capsuleBytes, int msdbd, int expected) {
        DataPlacement placement = DataPlacement.of(capsuleBytes, 0, true, SGES, msdbd, 0);
        assertThat(placement.descriptorsMax()).isEqualTo(expected);
        assertThat(placement.slotBytes()).isEqualTo(expected == 1 ? 64 : 64 + 16 * expected);
    }

    @Test
    void icdoff_turnsListsOff() {
        assertThat(DataPlacement.of(8256, 16, true, SGES, 16, 0).descriptorsMax()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40, 1L << 24})
    void mdtsWithoutUsableLimit_isTheKeyedLength(long transfer) {
        assertThat(DataPlacement.of(64, 0, true, SGES, 1, transfer).transferBytesMax())
                .isEqualTo(Sgl.KEYED_LENGTH_MAX);
    }

    @Test
    void withoutInCapsuleData_keepsListsAndTransferLimit() {
        assertThat(DataPlacement.of(4160, 0, true, SGES, 8, 8192).withoutInCapsuleData())
                .isEqualTo(new DataPlacement(0, 0, 64, 8, 8192));
    }

    @Test
    void oneKeyPerCommand_turnsListsOffAndKeepsTheRest() {
        assertThat(DataPlacement.of(4160, 0, true, SGES, 8, 8192).withOneKey())
                .isEqualTo(new DataPlacement(4096, 4, 64, 1, 8192));
    }

    /// For the controller, segments, bytes, way; with 4096 bytes and 4 pieces in a capsule and
    /// lists of 8.
    @ParameterizedTest
    @CsvSource({
        "true, 0, 0, " + NONE,
        "false, 0, 0, " + NONE,
        "true, 1, 512, " + IN_CAPSULE,
        "true, 1, 4096, " + IN_CAPSULE,
        "true, 1, 4097, " + KEYED,
        "true, 4, 4096, " + IN_CAPSULE,
        "true, 5, 4096, " + KEYED_LIST,
        "true, 4, 4608, " + KEYED_LIST,
        "true, 8, 65536, " + KEYED_LIST,
        "true, 9, 4096, " + BOUNCE,
        "true, 9, 65536, " + BOUNCE,
        "false, 1, 512, " + KEYED,
        "false, 1, 1048576, " + KEYED,
        "false, 2, 512, " + KEYED_LIST,
        "false, 8, 512, " + KEYED_LIST,
        "false, 9, 512, " + BOUNCE,
        "false, 16, 1048576, " + BOUNCE
    })
    void way_isTheFirstThatFits(boolean forController, int segments, int bytes, int way) {
        DataPlacement placement = new DataPlacement(4096, 4, 64, 8, 1 << 20);
        assertThat(placement.choose(forController, segments, bytes)).isEqualTo(way);
    }

    /// The same without in-capsule data, with one descriptor: a device without windows against
    /// Linux with an inline size of 0, or strict isolation.
    @ParameterizedTest
    @CsvSource({
        "true, 1, 512, " + KEYED,
        "true, 2, 512, " + BOUNCE,
        "false, 1, 512, " + KEYED,
        "false, 2, 512, " + BOUNCE
    })
    void oneDescriptor_leavesOneKeyOrACopy(
            boolean forController, int segments, int bytes, int way) {
        DataPlacement placement = new DataPlacement(0, 0, 64, 1, 1 << 20);
        assertThat(placement.choose(forController, segments, bytes)).isEqualTo(way);
    }
}
