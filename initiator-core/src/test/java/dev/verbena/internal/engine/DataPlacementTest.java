package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.Sgl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataPlacementTest {
    @Test
    void ioccsz4_leavesNoRoomInCapsule() {
        DataPlacement placement = DataPlacement.of(4 * 16, 0, true, 1 << 20);
        assertThat(placement).isEqualTo(new DataPlacement(0, 64, 1 << 20));
    }

    @Test
    void ioccszOf4kPlusCommand_allows4k() {
        DataPlacement placement = DataPlacement.of(4096 + 64, 0, true, 1 << 20);
        assertThat(placement).isEqualTo(new DataPlacement(4096, 64, 1 << 20));
    }

    @Test
    void icdoffNotZero_shiftsDataAndTakesRoom() {
        DataPlacement placement = DataPlacement.of(4096 + 64, 512, true, 1 << 20);
        assertThat(placement).isEqualTo(new DataPlacement(4096 - 512, 64 + 512, 1 << 20));
    }

    @Test
    void icdoffTakesAllRoom_turnsInCapsuleOff() {
        assertThat(DataPlacement.of(4096 + 64, 4096, true, 0))
                .isEqualTo(new DataPlacement(0, 64, Sgl.KEYED_LENGTH_MAX));
    }

    @Test
    void icdoffAtBound_isPadded() {
        DataPlacement placement =
                DataPlacement.of(1 << 20, DataPlacement.DATA_OFFSET_BYTES_MAX, true, 0);
        assertThat(placement.capsuleHeaderBytes())
                .isEqualTo(64 + DataPlacement.DATA_OFFSET_BYTES_MAX);
        assertThat(placement.inCapsuleBytesMax()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {DataPlacement.DATA_OFFSET_BYTES_MAX + 16, 65_535 * 16, Integer.MAX_VALUE, -16})
    void hostileIcdoff_turnsInCapsuleOffInsteadOfAllocating(int offset) {
        DataPlacement placement = DataPlacement.of(0xFFFF_FFFFL * 16, offset, true, 0);
        assertThat(placement.inCapsuleBytesMax()).isZero();
        assertThat(placement.capsuleHeaderBytes()).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(longs = {0xFFFF_FFFFL * 16, Long.MAX_VALUE})
    void hostileIoccsz_isCutToWhatALengthHolds(long capsuleBytes) {
        assertThat(DataPlacement.of(capsuleBytes, 0, true, 0).inCapsuleBytesMax())
                .isEqualTo(Sgl.KEYED_LENGTH_MAX);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 16, 63, 64, -1, Long.MIN_VALUE + 64})
    void capsuleWithoutRoom_turnsInCapsuleOff(long capsuleBytes) {
        assertThat(DataPlacement.of(capsuleBytes, 0, true, 0).inCapsuleBytesMax()).isZero();
    }

    @Test
    void inCapsuleNotAllowed_isOffWhateverTheSize() {
        assertThat(DataPlacement.of(1 << 20, 0, false, 0).inCapsuleBytesMax()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40, 1L << 24})
    void mdtsWithoutUsableLimit_isTheKeyedLength(long transfer) {
        assertThat(DataPlacement.of(64, 0, true, transfer).transferBytesMax())
                .isEqualTo(Sgl.KEYED_LENGTH_MAX);
    }

    @Test
    void withoutInCapsuleData_keepsTransferLimit() {
        assertThat(DataPlacement.of(4160, 256, true, 8192).withoutInCapsuleData())
                .isEqualTo(new DataPlacement(0, 64, 8192));
    }
}
