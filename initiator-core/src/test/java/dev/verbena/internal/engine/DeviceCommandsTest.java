package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.QueueFixture.BLOCK;
import static dev.verbena.internal.engine.QueueFixture.failureOf;
import static dev.verbena.internal.engine.QueueFixture.get;
import static dev.verbena.internal.engine.QueueFixture.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.verbena.NvmeException;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests other than reads and writes; the limits are those of [QueueFixture#limits].
@Timeout(60)
class DeviceCommandsTest {
    private final QueueFixture fixture = new QueueFixture().start(1);

    @AfterEach
    void close() {
        fixture.close();
    }

    private DeviceRequest<Void> ranges(
            DeviceRequest.Kind kind, long destinationBlock, int flags, long... blockPairs) {
        long[] pairs = Arrays.stream(blockPairs).map(b -> b * BLOCK).toArray();
        long total = 0;
        for (int i = 1; i < pairs.length; i += 2) {
            total += pairs[i];
        }
        return fixture.submit(
                new DeviceRequest<Void>(
                                fixture.context,
                                kind,
                                destinationBlock * BLOCK,
                                total,
                                MemorySegment.NULL)
                        .flags(flags)
                        .ranges(pairs, true));
    }

    @Test
    void flush_isOneCommandWithoutData() throws Exception {
        get(fixture.flush());
        assertThat(fixture.fabric(0).lastSent().opcode()).isZero();
        assertThat(fixture.fabric(0).lastSent().sglLength()).isZero();
    }

    @Test
    void writeZeroes_isCutAtItsOwnLimit() throws Exception {
        Arrays.fill(fixture.target.disk(), (byte) 1);
        get(fixture.blocks(DeviceRequest.Kind.WRITE_ZEROES, 2, 40));
        assertThat(fixture.target.seen())
                .extracting(c -> c.opcode(), c -> c.u64(40), c -> (c.u32(48) & 0xFFFF) + 1)
                .containsExactly(tuple(8, 2L, 16), tuple(8, 18L, 16), tuple(8, 34L, 8));
        assertThat(Arrays.copyOfRange(fixture.target.disk(), 2 * BLOCK, 42 * BLOCK))
                .containsOnly(0);
        assertThat(fixture.target.disk()[2 * BLOCK - 1]).isEqualTo((byte) 1);
        assertThat(fixture.target.disk()[42 * BLOCK]).isEqualTo((byte) 1);
    }

    @Test
    void writeZeroesThatMayDeallocate_hasItsOwnLimitAndFlag() throws Exception {
        get(
                fixture.submit(
                        new DeviceRequest<Void>(
                                        fixture.context,
                                        DeviceRequest.Kind.WRITE_ZEROES,
                                        0,
                                        40L * BLOCK,
                                        MemorySegment.NULL)
                                .flags(NvmCommands.DEALLOCATE)));
        assertThat(fixture.target.seen())
                .hasSize(2)
                .allMatch(c -> (c.u32(48) & NvmCommands.DEALLOCATE) != 0);
    }

    @Test
    void verifyAndWriteUncorrectable_areCutAtTheirLimits() throws Exception {
        get(fixture.blocks(DeviceRequest.Kind.VERIFY, 0, 25));
        get(fixture.blocks(DeviceRequest.Kind.WRITE_UNCORRECTABLE, 3, 12));
        assertThat(fixture.target.seen())
                .extracting(c -> c.opcode(), c -> (c.u32(48) & 0xFFFF) + 1)
                .containsExactly(
                        tuple(NvmOpcode.VERIFY, 10),
                        tuple(NvmOpcode.VERIFY, 10),
                        tuple(NvmOpcode.VERIFY, 5),
                        tuple(NvmOpcode.WRITE_UNCORRECTABLE, 5),
                        tuple(NvmOpcode.WRITE_UNCORRECTABLE, 5),
                        tuple(NvmOpcode.WRITE_UNCORRECTABLE, 2));
        assertThat(failureOf(fixture.blocks(DeviceRequest.Kind.VERIFY, 0, 25)))
                .isInstanceOf(NvmeException.class)
                .hasMessageContaining("Unrecovered Read Error");
        get(fixture.write(3, MemorySegment.ofArray(random(12 * BLOCK))));
        get(fixture.blocks(DeviceRequest.Kind.VERIFY, 0, 25));
    }

    @Test
    void deallocation_isCutByRangesBlocksPerRangeAndBlocks() throws Exception {
        Arrays.fill(fixture.target.disk(), (byte) 1);
        // 4 ranges, 100 blocks each, 250 together at most.
        get(
                ranges(
                        DeviceRequest.Kind.DEALLOCATE,
                        0,
                        NvmCommands.ATTRIBUTE_DEALLOCATE,
                        1000,
                        260,
                        0,
                        1,
                        10,
                        1,
                        20,
                        1,
                        30,
                        1,
                        40,
                        1));
        assertThat(fixture.target.seen())
                .extracting(c -> (c.u32(40) & 0xFF) + 1, c -> c.u32(44))
                .containsExactly(tuple(3, 4), tuple(4, 4), tuple(2, 4));
        byte[] disk = fixture.target.disk();
        for (int block : new int[] {0, 10, 20, 30, 40, 1000, 1100, 1259}) {
            assertThat(disk[block * BLOCK]).as("block " + block).isZero();
        }
        for (int block : new int[] {1, 9, 11, 999, 1260}) {
            assertThat(disk[block * BLOCK]).as("block " + block).isEqualTo((byte) 1);
        }
        // All of the list travels, whatever the number of ranges.
        assertThat(fixture.target.seen()).allMatch(c -> c.sglLength() == 4096);
    }

    @Test
    void copy_isCutByRangesBlocksPerRangeAndBlocks() throws Exception {
        byte[] data = random(100 * BLOCK);
        System.arraycopy(data, 0, fixture.target.disk(), 0, data.length);
        // 3 ranges, 7 blocks each, 15 together at most.
        get(ranges(DeviceRequest.Kind.COPY, 1000, 0, 0, 20, 50, 2, 60, 30));
        byte[] expected = new byte[52 * BLOCK];
        System.arraycopy(data, 0, expected, 0, 20 * BLOCK);
        System.arraycopy(data, 50 * BLOCK, expected, 20 * BLOCK, 2 * BLOCK);
        System.arraycopy(data, 60 * BLOCK, expected, 22 * BLOCK, 30 * BLOCK);
        assertThat(Arrays.copyOfRange(fixture.target.disk(), 1000 * BLOCK, (1000 + 52) * BLOCK))
                .isEqualTo(expected);
        assertThat(fixture.target.seen()).allMatch(c -> (c.u32(48) & 0xFF) < 3);
    }

    private DeviceRequest<Void> compareAndWrite(long block, byte[] expected, byte[] content) {
        return fixture.submit(
                new DeviceRequest<Void>(
                                fixture.context,
                                DeviceRequest.Kind.COMPARE_AND_WRITE,
                                block * BLOCK,
                                1,
                                MemorySegment.ofArray(expected))
                        .second(MemorySegment.ofArray(content)));
    }

    @Test
    void compareAndWrite_isAFusedPairThatWritesOnlyWhenEqual() throws Exception {
        byte[] first = random(BLOCK);
        byte[] next = random(BLOCK + 1);
        next = Arrays.copyOf(next, BLOCK);
        get(fixture.write(7, MemorySegment.ofArray(first)));
        get(compareAndWrite(7, first, next));
        assertThat(fixture.target.seen().subList(1, 3))
                .extracting(c -> c.opcode(), c -> c.u8(1) & 3)
                .containsExactly(tuple(NvmOpcode.COMPARE, 1), tuple(NvmOpcode.WRITE, 2));
        assertThat(failureOf(compareAndWrite(7, first, new byte[BLOCK])))
                .isInstanceOfSatisfying(
                        NvmeException.class,
                        e -> assertThat(e.status().typeAndCode()).isEqualTo(0x285));
        byte[] back = new byte[BLOCK];
        get(fixture.read(7, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(next);
    }

    @Test
    void rawCommands_returnTheResultAndMoveData() throws Exception {
        byte[] data = random(4 * BLOCK);
        System.arraycopy(data, 0, fixture.target.disk(), 0, data.length);
        MemorySegment entry = MemorySegment.ofArray(new byte[64]);
        NvmCommands.read(entry, 0, 0, 1, 0, 4, 0);
        byte[] back = new byte[data.length];
        DeviceRequest<Long> request =
                fixture.submit(
                        new DeviceRequest<Long>(
                                        fixture.context,
                                        DeviceRequest.Kind.RAW,
                                        0,
                                        1,
                                        MemorySegment.ofArray(back))
                                .entry(entry));
        assertThat(get(request)).isZero();
        assertThat(back).isEqualTo(data);

        entry.set(ValueLayout.JAVA_BYTE, 0, (byte) 0xC0);
        assertThat(
                        failureOf(
                                fixture.submit(
                                        new DeviceRequest<Long>(
                                                        fixture.context,
                                                        DeviceRequest.Kind.RAW,
                                                        0,
                                                        1,
                                                        MemorySegment.NULL)
                                                .entry(entry))))
                .isInstanceOf(NvmeException.class)
                .hasMessageContaining("Invalid Command Opcode");
    }

    @Test
    void rawCommandThatHasBecomeTooLong_failsWithoutMemoryForIt() throws Exception {
        MemorySegment entry = MemorySegment.ofArray(new byte[64]);
        NvmCommands.read(entry, 0, 0, 1, 0, 4, 0);
        int registered = fixture.memory.registeredCount();
        DeviceRequest<Long> request =
                fixture.submit(
                        new DeviceRequest<Long>(
                                        fixture.context,
                                        DeviceRequest.Kind.RAW,
                                        0,
                                        1,
                                        MemorySegment.ofArray(new byte[9 * QueueFixture.BLOCK]))
                                .entry(entry));
        assertThat(failureOf(request))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("one command to this controller can move 4096");
        assertThat(fixture.memory.registeredCount()).isEqualTo(registered);
    }
}
