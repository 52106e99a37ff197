package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.Nqn;
import org.junit.jupiter.api.Test;

class IrregularNamesTest {
    private final IrregularNames names = new IrregularNames();

    @Test
    void irregularName_isWarnedOfOnce() {
        assertThat(names.warnOf("subsystem", Nqn.of("testnqn"))).isTrue();
        assertThat(names.warnOf("subsystem", Nqn.of("testnqn"))).isFalse();
        assertThat(names.warnOf("subsystem", Nqn.of("other"))).isTrue();
    }

    @Test
    void wellFormedName_isNotWarnedOf() {
        assertThat(names.warnOf("subsystem", Nqn.DISCOVERY)).isFalse();
    }

    @Test
    void namesWithoutEnd_areRememberedToABound() {
        for (int i = 0; i < IrregularNames.COUNT_MAX; i++) {
            assertThat(names.warnOf("subsystem", Nqn.of("name" + i))).isTrue();
        }
        assertThat(names.warnOf("subsystem", Nqn.of("one more"))).isFalse();
    }
}
