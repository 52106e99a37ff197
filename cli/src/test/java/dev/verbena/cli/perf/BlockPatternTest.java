package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class BlockPatternTest {
    private final BlockPattern pattern = new BlockPattern(7, 512);
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[4096]);

    @Test
    void written_isAsExpected() {
        pattern.fill(buffer, 100, 3);
        assertThat(pattern.check(buffer, 100, 3)).isNull();
        assertThat(pattern.check(buffer, 100, BlockPattern.ANY_GENERATION)).isNull();
    }

    @Test
    void everyByte_matters() {
        for (int at = 0; at < 4096; at++) {
            pattern.fill(buffer, 100, 3);
            byte old = buffer.get(ValueLayout.JAVA_BYTE, at);
            buffer.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ 0x10));
            assertThat(pattern.check(buffer, 100, 3))
                    .as("byte %d", at)
                    .startsWith("Wrong data in block " + (100 + at / 512) + ": ");
        }
    }

    @Test
    void staleContent_isNamedAsSuch() {
        pattern.fill(buffer, 100, 2);
        assertThat(pattern.check(buffer, 100, 3))
                .isEqualTo(
                        "Wrong data in block 100: it holds generation 2, the last one written is 3"
                                + " (stale data)");
    }

    @Test
    void contentOfAnotherBlock_isNamedAsSuch() {
        pattern.fill(buffer, 200, 1);
        assertThat(pattern.check(buffer, 100, 1))
                .isEqualTo(
                        "Wrong data in block 100: it holds what was written to block 200"
                                + " (generation 1)");
    }

    @Test
    void contentOfNobody_isNamedAsSuch() {
        assertThat(pattern.check(buffer, 100, 1)).contains("it holds no pattern of this command");
    }

    @Test
    void contentOfAnotherSeed_isFound() {
        new BlockPattern(8, 512).fill(buffer, 100, 1);
        assertThat(pattern.check(buffer, 100, 1)).contains("byte 24 of the block");
    }

    @Test
    void wordsOfABlock_differ() {
        pattern.fill(buffer, 0, 1);
        long[] words = buffer.asSlice(0, 512).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
        assertThat(java.util.Arrays.stream(words).distinct().count()).isEqualTo(64);
    }
}
