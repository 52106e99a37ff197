package dev.verbena.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.nvme.log.AnaLog;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// ANA logs that take many commands, and controllers that report strange things.
class AnaPagesTest {
    private static final int PIECE = 4096;

    private static byte[] log(int groups, int namespacesEach) {
        int size = 32 + 4 * namespacesEach;
        ByteBuffer log = ByteBuffer.allocate(16 + groups * size).order(ByteOrder.LITTLE_ENDIAN);
        log.putLong(0, 7).putShort(8, (short) groups);
        for (int i = 0; i < groups; i++) {
            int at = 16 + i * size;
            log.putInt(at, i + 1).putInt(at + 4, namespacesEach).put(at + 16, (byte) 1);
            for (int k = 0; k < namespacesEach; k++) {
                log.putInt(at + 32 + 4 * k, 1 + i * namespacesEach + k);
            }
        }
        return log.array();
    }

    private static byte[] part(byte[] log, long offset, int bytes) {
        int from = (int) Math.min(offset, log.length);
        return Arrays.copyOf(
                Arrays.copyOfRange(log, from, Math.min(log.length, from + bytes)), bytes);
    }

    @Test
    void thousandsOfGroups_areAllRead() throws Exception {
        byte[] log = log(60_000, 3);
        byte[] read = AnaPages.read((offset, bytes) -> part(log, offset, bytes), PIECE);
        assertThat(read).isEqualTo(log);
        assertThat(AnaLog.decode(MemorySegment.ofArray(read), 0xFFFF_FFFFL).groups())
                .hasSize(60_000);
    }

    @Test
    void oneGroupOfManyNamespaces_isReadWhole() throws Exception {
        byte[] log = log(1, 100_000);
        assertThat(AnaPages.read((offset, bytes) -> part(log, offset, bytes), PIECE))
                .isEqualTo(log);
    }

    @Test
    void logThatChangesMeanwhile_isReadAgain() throws Exception {
        byte[] log = log(1000, 0);
        int[] headers = {0};
        byte[] read =
                AnaPages.read(
                        (offset, bytes) -> {
                            if (offset == 0) {
                                log[0] = (byte) Math.min(5, headers[0]++);
                            }
                            return part(log, offset, bytes);
                        },
                        PIECE);
        assertThat(read).isEqualTo(log);
        assertThat(headers[0]).isGreaterThan(4);
    }

    @Test
    void logThatAlwaysChanges_isGivenUp() {
        byte[] log = log(1000, 0);
        assertThatThrownBy(() ->
                        AnaPages.read(
                                (offset, bytes) -> {
                                    log[0]++;
                                    return part(log, offset, bytes);
                                },
                                PIECE))
                .hasMessageContaining("changed each time");
    }

    @Test
    void numbersOfAbsurdSize_areAnError() {
        byte[] log = log(2, 1);
        ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN).putInt(16 + 4, -1);
        assertThatThrownBy(
                        () -> AnaPages.read((offset, bytes) -> part(log, offset, bytes), 1 << 20))
                .hasMessageContaining("more than 67108864 bytes");
    }

    @Test
    void offsetThatIsIgnored_isAnError() {
        byte[] log = log(1000, 0);
        assertThatThrownBy(() -> AnaPages.read((offset, bytes) -> part(log, 0, bytes), PIECE))
                .hasMessageContaining("ignores the offset");
    }
}
