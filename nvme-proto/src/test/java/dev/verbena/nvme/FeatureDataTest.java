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
            assertThat(Feature.dataBytes(feature, false)).as("get %x", feature).isEqualTo(bytes);
            assertThat(Feature.dataBytes(feature, true))
                    .as("set %x", feature)
                    .isEqualTo(feature == Feature.HOST_MEMORY_BUFFER ? 0 : bytes);
        }
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
