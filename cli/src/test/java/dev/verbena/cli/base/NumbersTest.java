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
        "0, 0",
        "0x1F, 31",
        "4294967295, -1",
        "0xffffffff, -1",
        "2147483648, -2147483648",
        "-0, 0"
    })
    void number32_isRead(String text, int value) {
        assertThat(new Numbers.Bits32().convert(text)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"0xffffffffffffffff, -1", "18446744073709551615, -1", "8, 8"})
    void number64_isRead(String text, long value) {
        assertThat(new Numbers.Bits64().convert(text)).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "0x",
                "--1",
                "-",
                "1 ",
                "+1",
                "4294967296",
                "-1",
                "-2147483649",
                "1k"
            })
    void somethingElse_isRefused(String text) {
        assertThatThrownBy(() -> new Numbers.Bits32().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void numberThatDoesNotFit_isToldWhatDoes() {
        assertThatThrownBy(() -> new Numbers.Bits4().convert("16"))
                .hasMessage("'16' does not fit 4 bits: it must be 0..15");
        assertThatThrownBy(() -> new Numbers.Positive().convert("0"))
                .hasMessage("'0' is out of range: it must be 1..2147483647");
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
