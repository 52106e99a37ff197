package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FeatureDataTest {
    /** Those with data, by the base specification and that of the NVM command set. */
    private static final Map<Integer, Integer> DATA =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry(0x03, 4096),
                            Map.entry(0x0C, 256),
                            Map.entry(0x0D, 4096),
                            Map.entry(0x0E, 8),
                            Map.entry(0x13, 512),
                            Map.entry(0x16, 512),
                            Map.entry(0x1C, 4096),
                            Map.entry(0x1F, 256),
                            Map.entry(0x78, 512),
                            Map.entry(0x79, 512),
                            Map.entry(0x7D, 4096),
                            Map.entry(0x7E, 4096),
                            Map.entry(0x7F, 4096),
                            Map.entry(0x81, 16)));

    @Test
    void everyFeature_hasTheDataOfTheTable() {
        for (int feature = 0; feature < 256; feature++) {
            int bytes = DATA.getOrDefault(feature, 0);
            assertThat(Feature.dataBytes(feature, false, 0)).as("get %x", feature).isEqualTo(bytes);
            assertThat(Feature.dataBytes(feature, true, 0))
                    .as("set %x", feature)
                    .isEqualTo(feature == Feature.HOST_MEMORY_BUFFER ? 0 : bytes);
        }
    }

    @Test
    void eventsOfFlexibleDataPlacement_haveAsMuchDataAsTheirCount() {
        int feature = Feature.FLEXIBLE_DATA_PLACEMENT_EVENTS;
        for (int count : new int[] {0, 1, 7, 255}) {
            // The placement handle below, reserved bits above.
            int dword11 = 0xA500_1234 | count << 16;
            assertThat(Feature.dataBytes(feature, false, dword11)).isEqualTo(2 * count);
            assertThat(Feature.dataBytes(feature, true, dword11)).isEqualTo(count);
        }
        assertThat(Feature.dataBytes(Feature.TIMESTAMP, false, -1)).isEqualTo(8);
    }

    @Test
    void everyFeatureOfTheSpecification_hasAName() {
        for (int feature = 1; feature <= 0x21; feature++) {
            assertThat(Feature.name(feature)).doesNotStartWith("Feature ");
        }
        DATA.keySet().forEach(it -> assertThat(Feature.name(it)).doesNotStartWith("Feature "));
    }

    @Test
    void featuresOfTheConnection_areThree() {
        for (int feature = 0; feature < 256; feature++) {
            assertThat(Feature.belongsToConnection(feature))
                    .isEqualTo(feature == 0x07 || feature == 0x0B || feature == 0x0F);
        }
    }
}
