package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "512,512",
        "4k,4096",
        "4K,4096",
        "128KiB,131072",
        "1m,1048576",
        "2G,2147483648",
        "8388607t,9223370937343148032"
    })
    void size_isReadAsFioReadsIt(String text, long bytes) {
        assertThat(Quantity.parseBytes(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "-4k", "4x", "4.5k", "8388608t", "99999999999999999999"})
    void size_thatIsNone_isRefusedWithAnExample(String text) {
        assertThatThrownBy(() -> Quantity.parseBytes(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "' is no size; write it like 4096, 4k");
    }

    @ParameterizedTest
    @CsvSource({"30,30000", "30s,30000", "500ms,500", "2m,120000", "1h,3600000", "0,0"})
    void time_isReadAsFioReadsIt(String text, long milliseconds) {
        assertThat(Quantity.parseTime(text)).isEqualTo(Duration.ofMillis(milliseconds));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "-1", "1d", "0.5s", "999999999999h"})
    void time_thatIsNone_isRefusedWithAnExample(String text) {
        assertThatThrownBy(() -> Quantity.parseTime(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write it like 30, 30s");
    }

    @Test
    void latencies_haveThreeDigitsAndAUnit() {
        assertThat(Quantity.nanos(163)).isEqualTo("163 ns");
        assertThat(Quantity.nanos(564_300)).isEqualTo("564 µs");
        assertThat(Quantity.nanos(2_910_000)).isEqualTo("2.91 ms");
        assertThat(Quantity.nanos(80_200_000)).isEqualTo("80.2 ms");
        assertThat(Quantity.nanos(3_000_000_000L)).isEqualTo("3 s");
    }

    @Test
    void sizes_haveTheLargestWholeUnit() {
        assertThat(Quantity.bytes(512)).isEqualTo("512 B");
        assertThat(Quantity.bytes(4096)).isEqualTo("4 KiB");
        assertThat(Quantity.bytes(6144)).isEqualTo("6 KiB");
        assertThat(Quantity.bytes(1 << 20)).isEqualTo("1 MiB");
    }
}
