package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassthroughCommandTest {
    @ParameterizedTest
    @ValueSource(ints = {-1, 256})
    void opcodeOutOfRange_isRefused(int opcode) {
        assertThatThrownBy(() -> PassthroughCommand.of(opcode))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 1, 4, 9, 16})
    void dwordThatIsVerbenas_isRefused(int index) {
        assertThatThrownBy(() -> PassthroughCommand.of(2).withDword(index, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void dataAgainstTheOpcode_isRefused() {
        PassthroughCommand flush = PassthroughCommand.of(0x00);
        PassthroughCommand write = PassthroughCommand.of(0x01);
        PassthroughCommand read = PassthroughCommand.of(0x02);
        byte[] data = new byte[512];
        assertThatThrownBy(() -> flush.withData(data)).hasMessageContaining("NONE");
        assertThatThrownBy(() -> flush.withDataLength(4)).hasMessageContaining("NONE");
        assertThatThrownBy(() -> read.withData(data)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> write.withDataLength(4))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read.withDataLength(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(write.withData(data).toController()).isEqualTo(data).isNotSameAs(data);
        assertThat(read.withDataLength(512).fromControllerBytes()).isEqualTo(512);
    }

    @Test
    void change_leavesTheOriginal() {
        PassthroughCommand first = PassthroughCommand.of(2);
        PassthroughCommand second = first.withNamespaceId(7).withDword(15, 9);
        assertThat(first.namespaceId()).isZero();
        assertThat(first.dword(15)).isZero();
        assertThat(second.namespaceId()).isEqualTo(7);
        assertThat(second.dword(15)).isEqualTo(9);
    }
}
