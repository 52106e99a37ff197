package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.IdentifyNamespace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class NamespaceLimitsTest {
    private final byte[] namespace = new byte[4096];
    private final byte[] controller = new byte[4096];

    NamespaceLimitsTest() {
        put(namespace, 0, 1000, 8);
        put(namespace, 8, 1000, 8);
        put(namespace, 130, 12, 1);
    }

    private static void put(byte[] page, int offset, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            MemorySegment.ofArray(page)
                    .set(ValueLayout.JAVA_BYTE, offset + i, (byte) (value >>> (8 * i)));
        }
    }

    private NamespaceLimits limits(CommandLimits commands, int transferBytesMax) {
        return NamespaceLimits.of(
                3,
                IdentifyNamespace.decode(MemorySegment.ofArray(namespace)),
                IdentifyController.decode(MemorySegment.ofArray(controller)),
                commands,
                transferBytesMax);
    }

    private static CommandLimits commands(long bytesMax, int oncs, int formats) {
        return new CommandLimits(
                oncs,
                1,
                formats,
                bytesMax,
                bytesMax,
                bytesMax,
                bytesMax,
                256,
                Long.MAX_VALUE,
                Long.MAX_VALUE);
    }

    @Test
    void nothingReported_zeroesKeepToTheTransferLimitAndTheRestToTheCommandsField() {
        NamespaceLimits limits = limits(commands(Long.MAX_VALUE, 0, 0), 128 * 1024);
        assertThat(limits.blockSize()).isEqualTo(4096);
        assertThat(limits.byteSize()).isEqualTo(4096 * 1000);
        assertThat(limits.writeZeroesBlocks()).isEqualTo(32);
        assertThat(limits.deallocatingZeroesBlocks()).isEqualTo(32);
        assertThat(limits.verifyBlocks()).isEqualTo(65_536);
        assertThat(limits.uncorrectableBlocks()).isEqualTo(65_536);
        assertThat(limits.deallocateRangeBlocks()).isEqualTo(0xFFFF_FFFFL);
        assertThat(limits.copyRanges()).isZero();
        assertThat(limits.boundaryBlocks()).isZero();
        assertThat(limits.compareAndWriteBlocks()).isEqualTo(1);
    }

    @Test
    void limitsInBytes_becomeWholeBlocksAndAtLeastOne() {
        assertThat(limits(commands(10_000, 0, 0), 1 << 20).verifyBlocks()).isEqualTo(2);
        assertThat(limits(commands(100, 0, 0), 1 << 20).writeZeroesBlocks()).isEqualTo(1);
    }

    @Test
    void copyLimits_countOnlyWhenThereIsACopyOfFormatZero() {
        put(namespace, 74, 500, 2);
        put(namespace, 76, 100_000, 4);
        put(namespace, 80, 255, 1);
        assertThat(limits(commands(1, CommandLimits.COPY, 2), 4096).copyRanges()).isZero();
        NamespaceLimits limits = limits(commands(1, CommandLimits.COPY, 1), 4096);
        assertThat(limits.copyRanges()).isEqualTo(NamespaceLimits.COPY_RANGES_MAX);
        assertThat(limits.copyRangeBlocks()).isEqualTo(500);
        assertThat(limits.copyBlocks()).isEqualTo(100_000);
        put(namespace, 74, 0, 2);
        assertThat(limits(commands(1, CommandLimits.COPY, 1), 4096).copyRanges()).isZero();
    }

    @Test
    void atomicUnits_ofTheNamespaceCountWhereItSaysSo() {
        put(controller, 532, 7, 2);
        put(namespace, 38, 31, 2);
        assertThat(limits(commands(1, 0, 0), 1 << 20).compareAndWriteBlocks()).isEqualTo(8);
        put(namespace, 24, 2, 1);
        assertThat(limits(commands(1, 0, 0), 1 << 20).compareAndWriteBlocks()).isEqualTo(32);
        assertThat(limits(commands(1, 0, 0), 4 * 4096).compareAndWriteBlocks()).isEqualTo(4);
    }
}
