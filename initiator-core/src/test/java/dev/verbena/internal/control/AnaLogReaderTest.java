package dev.verbena.internal.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.log.AnaLog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Logs of every shape, read in pieces of every size from controllers of every kind.
class AnaLogReaderTest {
    private static final int GROUPS_MAX = 1000;

    /// A controller with a log; strict about where it is read.
    private static final class Log implements AnaLogReader.Source {
        private final Random random;
        private List<int[]> groups = new ArrayList<>();
        private int changeCount;
        private int changesLeft;
        private int bytesMax = Integer.MAX_VALUE;
        private boolean ignoresOffset;
        private int reads;
        private int armingReads;

        Log(Random random) {
            this.random = random;
            change();
        }

        /// Each group: id, state, namespaces.
        private void change() {
            changeCount++;
            groups = new ArrayList<>();
            int count = random.nextInt(30);
            for (int i = 0; i < count; i++) {
                int[] group = new int[2 + random.nextInt(20)];
                group[0] = 10 * i + 1 + random.nextInt(10);
                group[1] = 1 + random.nextInt(4);
                for (int j = 2; j < group.length; j++) {
                    group[j] = 1 + random.nextInt(100_000);
                }
                groups.add(group);
            }
        }

        private byte[] bytes(boolean groupsOnly) {
            int size = AnaLog.HEADER_SIZE;
            for (int[] group : groups) {
                size += AnaLog.GROUP_SIZE + (groupsOnly ? 0 : 4 * (group.length - 2));
            }
            ByteBuffer log = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
            log.putLong(changeCount).putShort((short) groups.size()).position(16);
            for (int[] group : groups) {
                int at = log.position();
                log.putInt(group[0]).putInt(groupsOnly ? 0 : group.length - 2);
                log.putLong(changeCount).put((byte) group[1]).position(at + 32);
                for (int j = 2; j < group.length && !groupsOnly; j++) {
                    log.putInt(group[j]);
                }
            }
            return log.array();
        }

        @Override
        public MemorySegment read(boolean groupsOnly, boolean retainEvent, int bytes, long offset) {
            reads++;
            if (!retainEvent) {
                armingReads++;
            }
            if (changesLeft > 0 && random.nextInt(3) == 0) {
                changesLeft--;
                change();
            }
            byte[] log = bytes(groupsOnly);
            int from = ignoresOffset ? 0 : (int) offset;
            assertThat(from % 4).isZero();
            if (changesLeft == 0 && changeCount == 1) {
                assertThat(from).as("past the end").isLessThan(log.length);
            } else if (from > log.length) {
                from = log.length;
            }
            byte[] part = new byte[bytes];
            int there = Math.min(Math.min(bytes, log.length - from), bytesMax);
            System.arraycopy(log, from, part, 0, there);
            return MemorySegment.ofArray(part);
        }

        AnaLog whole(boolean groupsOnly) {
            return AnaLog.decode(MemorySegment.ofArray(bytes(groupsOnly)), GROUPS_MAX);
        }
    }

    private static AnaLog read(Log log, long expected, int pieceMax) throws IOException {
        return new AnaLogReader(log, GROUPS_MAX, expected, pieceMax).read();
    }

    @Test
    void anyLogInAnyPieces_isReadWholeAndNeverPastItsEnd() throws IOException {
        for (int seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            Log log = new Log(random);
            int piece = 128 + random.nextInt(2000);
            AnaLog read = read(log, 16 + random.nextInt(3000), piece);
            assertThat(read).as("seed " + seed).isEqualTo(log.whole(false));
            assertThat(log.armingReads).as("the event comes again").isEqualTo(1);
        }
    }

    @Test
    void controllerThatReturnsLess_isReadFromThere() throws IOException {
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            Log log = new Log(random);
            // More than is read twice, or it could not go on.
            log.bytesMax = 100 + 4 * random.nextInt(125);
            assertThat(read(log, 16 + random.nextInt(3000), 1 << 20))
                    .as("seed " + seed)
                    .isEqualTo(log.whole(false));
        }
    }

    @Test
    void controllerThatIgnoresTheOffset_isReadAtOnceOrWithoutItsNamespaces() throws IOException {
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            Log log = new Log(random);
            log.ignoresOffset = true;
            int piece = 16 + 32 * log.groups.size() + 32 + random.nextInt(2000);
            AnaLog read = read(log, 16, piece & ~3);
            assertThat(read)
                    .as("seed " + seed)
                    .isEqualTo(log.whole(log.bytes(false).length > (piece & ~3)));
        }
    }

    @Test
    void logThatChanges_isOneOfThoseItWas() throws IOException {
        for (int seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            Log log = new Log(random);
            log.changesLeft = random.nextInt(4);
            AnaLog read = read(log, 16 + random.nextInt(500), 128 + random.nextInt(500));
            assertThat(read.groups())
                    .as("seed " + seed)
                    .allMatch(group -> group.changeCount() == read.changeCount());
        }
    }

    @Test
    void logThatNeverRests_isGivenUpAfterABoundedNumberOfCommands() {
        Log log = new Log(new Random(3));
        log.changesLeft = Integer.MAX_VALUE;
        assertThatThrownBy(
                        () -> {
                            for (int i = 0; i < 1000; i++) {
                                read(log, 16, 128);
                            }
                        })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("changed");
        assertThat(log.reads).isLessThan(1000 * 1000);
    }

    @Test
    void hostileLogs_endWithAMessageAndFewCommands() throws IOException {
        for (int seed = 0; seed < 5000; seed++) {
            Random random = new Random(seed);
            byte[] bytes = new Log(random).bytes(false);
            for (int i = random.nextInt(6); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            int[] reads = {0};
            AnaLogReader.Source source =
                    (groupsOnly, retainEvent, count, offset) -> {
                        assertThat(++reads[0]).isLessThan(200);
                        return MemorySegment.ofArray(
                                Arrays.copyOf(
                                        Arrays.copyOfRange(
                                                bytes,
                                                (int) Math.min(offset, bytes.length),
                                                bytes.length),
                                        count));
                    };
            try {
                var _ = new AnaLogReader(source, GROUPS_MAX, 1000, 256).read();
            } catch (WireFormatException e) {
                assertThat(e).hasMessageStartingWith("ANA Log: ");
            }
        }
    }

    /// One more namespace with each command: every one of them is progress.
    @Test
    void logThatComesByDrops_isGivenUpAfterABoundedNumberOfCommands() {
        int[] reads = {0};
        AnaLogReader.Source source =
                (groupsOnly, retainEvent, count, offset) -> {
                    int known = 12 + reads[0]++;
                    ByteBuffer log =
                            ByteBuffer.allocate(16 + 32 + 4 * known).order(ByteOrder.LITTLE_ENDIAN);
                    log.putLong(1).putShort((short) 1).position(16);
                    log.putInt(1).putInt(1_000_000).putLong(1).put((byte) 1).position(16 + 32);
                    for (int id = 1; id <= known; id++) {
                        log.putInt(id);
                    }
                    int from = (int) Math.min(offset, log.capacity());
                    return MemorySegment.ofArray(
                            Arrays.copyOf(
                                    Arrays.copyOfRange(log.array(), from, log.capacity()), count));
                };
        assertThatThrownBy(() -> new AnaLogReader(source, GROUPS_MAX, 4096, 4096).read())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("commands");
        assertThat(reads[0]).isLessThanOrEqualTo(AnaLogReader.COMMANDS_MAX);
    }

    @Test
    void logOfManyThousandGroups_takesFewCommands() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16 + 36 * 20_000).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(1).putShort((short) 20_000).position(16);
        for (int id = 1; id <= 20_000; id++) {
            int at = bytes.position();
            bytes.putInt(id).putInt(1).putLong(1).put((byte) 1).position(at + 32);
            bytes.putInt(id);
        }
        int[] reads = {0};
        AnaLogReader.Source source =
                (groupsOnly, retainEvent, count, offset) -> {
                    reads[0]++;
                    byte[] part = new byte[count];
                    int there = Math.min(count, bytes.capacity() - (int) offset);
                    bytes.get((int) offset, part, 0, there);
                    return MemorySegment.ofArray(part);
                };
        assertThat(new AnaLogReader(source, 65_535, 4096, 1 << 17).read().groups()).hasSize(20_000);
        assertThat(reads[0]).isLessThan(20);
    }
}
