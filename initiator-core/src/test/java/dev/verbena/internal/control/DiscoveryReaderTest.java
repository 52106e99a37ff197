package dev.verbena.internal.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiscoveryReaderTest {
    private record Read(boolean retain, int bytes, long offset) {}

    /// A log that may change between reads.
    private static final class Log implements DiscoveryReader.Source {
        final List<Read> reads = new ArrayList<>();
        long generation;
        long count;
        int format;

        /// Header reads after which the log changes, from the first.
        int changes;

        @Override
        public MemorySegment read(boolean retainEvent, int bytes, long offset) {
            reads.add(new Read(retainEvent, bytes, offset));
            ByteBuffer page = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (offset == 0) {
                page.putLong(0, generation).putLong(8, count).putShort(16, (short) format);
                if (changes > 0) {
                    changes--;
                    generation++;
                }
            } else {
                for (int i = 0; i < bytes; i += 1024) {
                    // PORTID tells which entry it is.
                    page.putShort(i + 4, (short) ((offset + i) / 1024 - 1));
                }
            }
            return MemorySegment.ofArray(page.array());
        }

        DiscoveryReader.Log readAll() throws IOException {
            return new DiscoveryReader(this, "192.0.2.1:4420").read();
        }
    }

    private final Log log = new Log();

    @Test
    void emptyLog_isTwoHeaderReads() throws IOException {
        assertThat(log.readAll().entries()).isEmpty();
        assertThat(log.reads).containsExactly(new Read(true, 1024, 0), new Read(false, 1024, 0));
    }

    @Test
    void sevenEntries_areReadInPiecesAndOnlyLastHeaderReadRearms() throws IOException {
        log.count = 7;
        assertThat(log.readAll().entries())
                .extracting(entry -> entry.portId())
                .containsExactly(0, 1, 2, 3, 4, 5, 6);
        assertThat(log.reads)
                .containsExactly(
                        new Read(true, 1024, 0),
                        new Read(true, 4096, 1024),
                        new Read(true, 3072, 1024 + 4096),
                        new Read(false, 1024, 0));
    }

    @Test
    void generationChangesOnce_everythingIsReadAgain() throws IOException {
        log.count = 1;
        log.changes = 1;
        DiscoveryReader.Log read = log.readAll();
        assertThat(read.header().generationCounter()).isEqualTo(1);
        assertThat(log.reads).filteredOn(r -> r.offset() > 0).hasSize(2);
    }

    @Test
    void generationKeepsChanging_isGivenUpAfterBound() {
        log.count = 1;
        log.changes = Integer.MAX_VALUE;
        assertThatThrownBy(log::readAll)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("192.0.2.1:4420")
                .hasMessageContaining("changed 10 times");
        assertThat(log.reads).filteredOn(r -> r.offset() > 0).hasSize(10);
    }

    @Test
    void countChangesWithoutGeneration_isReadAgain() throws IOException {
        DiscoveryReader.Source growing =
                (retain, bytes, offset) -> {
                    MemorySegment page = log.read(retain, bytes, offset);
                    log.count = 3;
                    return page;
                };
        assertThat(new DiscoveryReader(growing, "x").read().entries()).hasSize(3);
    }

    @Test
    void generationWrapsToNegative_isJustANumber() throws IOException {
        log.generation = -1;
        assertThat(log.readAll().header().generationCounter()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {DiscoveryReader.ENTRY_COUNT_MAX + 1, 1L << 32, Long.MAX_VALUE, 1L << 63, -1})
    void hostileCount_isRefusedBeforeAnyEntryIsRead(long count) {
        log.count = count;
        assertThatThrownBy(log::readAll)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(Long.toUnsignedString(count) + " entries");
        assertThat(log.reads).hasSize(1);
    }

    @Test
    void hostileCountInSecondHeader_isRefused() {
        DiscoveryReader.Source growing =
                (retain, bytes, offset) -> {
                    MemorySegment page = log.read(retain, bytes, offset);
                    log.count = Long.MIN_VALUE;
                    return page;
                };
        assertThatThrownBy(() -> new DiscoveryReader(growing, "x").read())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("9223372036854775808 entries");
    }

    @Test
    void countAtBound_isRead() throws IOException {
        log.count = DiscoveryReader.ENTRY_COUNT_MAX;
        assertThat(log.readAll().entries()).hasSize(DiscoveryReader.ENTRY_COUNT_MAX);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 0x7FFF, 0xFFFF})
    void unknownRecordFormat_isAnIoExceptionThatNamesIt(int format) {
        log.format = format;
        assertThatThrownBy(log::readAll)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("192.0.2.1:4420")
                .hasMessageContaining("format")
                .hasMessageContaining(Integer.toString(format));
    }

    @Test
    void sourceFails_isPassedOn() {
        IOException lost = new IOException("lost");
        DiscoveryReader.Source broken =
                (retain, bytes, offset) -> {
                    throw lost;
                };
        assertThatThrownBy(() -> new DiscoveryReader(broken, "x").read()).isSameAs(lost);
    }

    // Extended entries: each says how long it is.

    /// A log in memory, of which reads beyond the end give zeroes.
    private static DiscoveryReader.Source extended(ByteBuffer log) {
        return (retainEvent, bytes, offset) -> {
            byte[] page = new byte[bytes];
            int from = (int) Math.min(offset, log.capacity());
            log.get(from, page, 0, Math.min(bytes, log.capacity() - from));
            return MemorySegment.ofArray(page);
        };
    }

    private static ByteBuffer extendedLog(int count, int... totalLengths) {
        ByteBuffer log = ByteBuffer.allocate(16 * 1024).order(ByteOrder.LITTLE_ENDIAN);
        log.putLong(0, 1).putLong(8, count).put(18, (byte) 1);
        int at = 1024;
        for (int i = 0; i < totalLengths.length; i++) {
            log.putShort(at + 4, (short) (i + 1)).putInt(at + 1024, totalLengths[i]);
            log.putShort(at + 1028, (short) 1);
            // A symbolic name that fills the entry.
            log.putShort(at + 1032, (short) 2)
                    .putShort(at + 1034, (short) (totalLengths[i] - 1036));
            log.put(at + 1036, (byte) ('a' + i));
            at += totalLengths[i] + 3 & ~3;
        }
        return log;
    }

    @Test
    void extendedEntries_areFoundByTheLengthOfThoseBefore() throws IOException {
        ByteBuffer log = extendedLog(3, 1037, 1100, 4096);
        DiscoveryReader.Log read = new DiscoveryReader(extended(log), "192.0.2.1:4420").read();
        assertThat(read.entries()).extracting(entry -> entry.portId()).containsExactly(1, 2, 3);
        assertThat(read.extensions())
                .extracting(extension ->
                        extension.orElseThrow().attributes().getFirst().text().charAt(0))
                .containsExactly('a', 'b', 'c');
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 1024, 1031, 4097, 1 << 20, -1, Integer.MIN_VALUE})
    void extendedEntryOfImpossibleLength_isRefused(int length) {
        ByteBuffer log = extendedLog(2, 1040, 1040);
        log.putInt(1024 + 1040 + 1024, length);
        assertThatThrownBy(() -> new DiscoveryReader(extended(log), "192.0.2.1:4420").read())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("192.0.2.1:4420")
                .hasMessageContaining("length");
    }

    @Test
    void extendedLogShorterThanItsCount_isRefused() {
        ByteBuffer log = extendedLog(3, 1040, 1040);
        assertThatThrownBy(() -> new DiscoveryReader(extended(log), "192.0.2.1:4420").read())
                .isInstanceOf(IOException.class);
    }
}
