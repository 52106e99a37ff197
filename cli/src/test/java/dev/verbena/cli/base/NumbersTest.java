package dev.verbena.cli.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class NumbersTest {
    @ParameterizedTest
    @CsvSource({
        "0, 32, 0",
        "0x1F, 32, 31",
        "4294967295, 32, 4294967295",
        "0xffffffff, 32, 4294967295",
        "-1, 32, -1",
        "-2147483648, 32, -2147483648",
        "0xffffffffffffffff, 64, -1",
        "18446744073709551615, 64, -1"
    })
    void number_isRead(String text, int bits, long value) {
        assertThat(Numbers.parse(text, bits)).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "0x", "--1", "-", "1 ", "+1", "4294967296", "-2147483649", "1k"})
    void somethingElse_isRefused(String text) {
        assertThatThrownBy(() -> Numbers.parse(text, 32))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void dump_showsPlaceBytesAndCharacters() {
        byte[] data = new byte[18];
        data[0] = 'A';
        data[17] = (byte) 0xFF;
        assertThat(Output.hexDump(data).lines())
                .containsExactly(
                        "       0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f",
                        "0000: 41 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
                                + " \"A...............\"",
                        "0010: 00 ff                                           \"..\"");
    }
}
