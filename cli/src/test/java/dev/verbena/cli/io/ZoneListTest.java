package dev.verbena.cli.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.zns.ZoneReport;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Reports of zones that take many commands, and controllers that report strange things.
class ZoneListTest {
    private static final int ZONE_BLOCKS = 0x1000;
    private static final int PIECE = 64 + 100 * 64;

    /// A controller with so many zones.
    private static ZoneList.Report zones(long count, List<Integer> sizes) {
        return (start, bytes) -> {
            sizes.add(bytes);
            ByteBuffer report = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
            long first = Long.divideUnsigned(start, ZONE_BLOCKS);
            report.putLong(0, Math.max(0, count - first));
            for (int i = 0; i < bytes / 64 - 1 && first + i < count; i++) {
                report.put(64 + i * 64, (byte) 2);
                report.putLong(64 + i * 64 + 16, (first + i) * ZONE_BLOCKS);
            }
            return report.array();
        };
    }

    private static ZoneList.Question question(long start, int countMax) {
        return new ZoneList.Question(start, ZONE_BLOCKS, 0, countMax, PIECE, false);
    }

    private static ZoneReport decoded(ZoneList list) {
        return ZoneReport.decode(MemorySegment.ofArray(list.bytes()), 0);
    }

    @Test
    void tenThousandZones_areAllThere() throws Exception {
        ZoneList list = ZoneList.read(zones(10_000, new ArrayList<>()), question(0, -1));
        assertThat(list.missing()).isNull();
        ZoneReport report = decoded(list);
        assertThat(report.zoneCount()).isEqualTo(10_000);
        assertThat(report.zones()).hasSize(10_000);
        for (int i = 0; i < 10_000; i++) {
            assertThat(report.zones().get(i).startLba()).isEqualTo((long) i * ZONE_BLOCKS);
        }
    }

    @Test
    void limit_isKeptOverSeveralCommands() throws Exception {
        List<Integer> sizes = new ArrayList<>();
        ZoneList list = ZoneList.read(zones(10_000, sizes), question(3 * ZONE_BLOCKS + 5, 250));
        assertThat(list.missing()).isNull();
        assertThat(decoded(list).zones()).hasSize(250);
        assertThat(decoded(list).zones().getFirst().startLba()).isEqualTo(3 * ZONE_BLOCKS);
        assertThat(decoded(list).zones().getLast().startLba()).isEqualTo(252 * ZONE_BLOCKS);
        assertThat(sizes).containsExactly(PIECE, PIECE, 64 + 50 * 64);
    }

    @Test
    void noZone_isAnEmptyReport() throws Exception {
        ZoneList list = ZoneList.read(zones(0, new ArrayList<>()), question(0, -1));
        assertThat(list.missing()).isNull();
        assertThat(decoded(list).zones()).isEmpty();
    }

    @Test
    void controllerThatClaimsMoreThanItReports_isSaid() throws Exception {
        for (boolean always : new boolean[] {true, false}) {
            ZoneList.Report report =
                    (start, bytes) -> {
                        byte[] data = zones(150, new ArrayList<>()).read(start, bytes);
                        if (always || start == 0) {
                            ByteBuffer.wrap(data).putLong(0, -1);
                        }
                        return data;
                    };
            ZoneList list = ZoneList.read(report, question(0, -1));
            assertThat(decoded(list).zones()).hasSize(150);
            assertThat(list.missing())
                    .contains(
                            always
                                    ? "behind number 150"
                                    : "18446744073709551465 of 18446744073709551615 zones");
        }
    }

    @Test
    void zonesThatDoNotAscend_areShownUntilThereAndSaid() throws Exception {
        ZoneList.Report circle = (start, bytes) -> zones(10_000, new ArrayList<>()).read(0, bytes);
        ZoneList list = ZoneList.read(circle, question(0, -1));
        assertThat(decoded(list).zones()).hasSize(100);
        assertThat(list.missing()).contains("do not ascend");
    }

    @Test
    void zonesWithoutEnd_areBounded() throws Exception {
        ZoneList.Report endless =
                (start, bytes) -> zones(Long.MAX_VALUE, new ArrayList<>()).read(start, bytes);
        ZoneList list =
                ZoneList.read(
                        endless,
                        new ZoneList.Question(0, ZONE_BLOCKS, 0, -1, 64 + 4096 * 64, false));
        assertThat(list.bytes()).hasSize(64 + ZoneList.ZONES_MAX * 64);
        assertThat(list.missing()).contains("more than 1048576");
    }

    @Test
    void partialReport_countsWhatIsInIt() throws Exception {
        ZoneList.Report partial =
                (start, bytes) -> {
                    byte[] data = zones(250, new ArrayList<>()).read(start, bytes);
                    ByteBuffer counted = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
                    counted.putLong(0, Math.min(counted.getLong(0), bytes / 64 - 1));
                    return data;
                };
        ZoneList list =
                ZoneList.read(partial, new ZoneList.Question(0, ZONE_BLOCKS, 0, -1, PIECE, true));
        assertThat(list.missing()).isNull();
        assertThat(decoded(list).zoneCount()).isEqualTo(250);
        assertThat(decoded(list).zones()).hasSize(250);
    }

    @Test
    void failingCommand_fails() {
        org.assertj.core.api.Assertions.assertThatThrownBy(() ->
                        ZoneList.read(
                                (start, bytes) -> {
                                    throw new IOException("gone");
                                },
                                question(0, -1)))
                .hasMessage("gone");
    }
}
