package dev.verbena.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeMemoryDomain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class MemoryDomainTest {
    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final MemorySegment all = Arena.ofAuto().allocate(16 * 4096, 4096);

    private Region register(int firstPage, int pages) {
        return memory.register(all.asSlice(firstPage * 4096L, pages * 4096L));
    }

    private long page(int number) {
        return all.address() + number * 4096L;
    }

    @Test
    void emptyDomain_findsNothing() {
        assertThat(memory.find(page(0), 1)).isNull();
    }

    @Test
    void severalRegions_eachIsFoundAndGapsAreNot() {
        Region c = register(10, 1);
        Region a = register(1, 2);
        Region b = register(3, 2); // adjacent to a
        assertThat(memory.find(page(1), 8192)).isSameAs(a);
        assertThat(memory.find(page(3) - 1, 1)).isSameAs(a);
        assertThat(memory.find(page(3), 1)).isSameAs(b);
        assertThat(memory.find(page(10), 4096)).isSameAs(c);
        assertThat(memory.find(page(0), 1)).isNull();
        assertThat(memory.find(page(1) - 1, 1)).isNull();
        assertThat(memory.find(page(5), 1)).isNull();
        assertThat(memory.find(page(11), 1)).isNull();
    }

    @Test
    void rangeAcrossAdjacentRegions_isNotFound() {
        register(1, 2);
        register(3, 2);
        assertThat(memory.find(page(2), 8192)).isNull();
    }

    @Test
    void hostileRange_isNotFound() {
        register(1, 2);
        assertThat(memory.find(page(1), Long.MAX_VALUE)).isNull();
        assertThat(memory.find(page(1), -1)).isNull();
        assertThat(memory.find(Long.MIN_VALUE, 1)).isNull();
        assertThat(memory.find(-1, 4096)).isNull();
    }

    @Test
    void unregisterWhileUsed_isRefusedAndRegionIsStillFound() {
        Region a = register(1, 2);
        assertThat(a.tryAcquire()).isTrue();
        assertThat(memory.unregister(a)).isFalse();
        assertThat(memory.find(page(1), 1)).isSameAs(a);
        a.release();
        assertThat(memory.unregister(a)).isTrue();
        assertThat(memory.find(page(1), 1)).isNull();
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void unregisterTwice_isHarmless() {
        Region a = register(1, 2);
        Region b = register(5, 1);
        assertThat(memory.unregister(a)).isTrue();
        assertThat(memory.unregister(a)).isTrue();
        assertThat(memory.find(page(5), 1)).isSameAs(b);
        assertThat(memory.deregisterCalls()).isEqualTo(1);
    }

    @Test
    void deviceRefusesToDeregister_isToldAndTriedAgain() {
        Region a = register(1, 2);
        memory.failDeregister(new IllegalStateException("EBUSY"));
        assertThatThrownBy(() -> memory.unregister(a)).hasMessage("EBUSY");
        assertThat(memory.registeredCount()).isEqualTo(1);
        memory.failDeregister(null);
        assertThat(memory.unregister(a)).isTrue();
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void deviceRefusesToRegister_nothingIsLeft() {
        memory.failRegister(new IllegalStateException("memlock"));
        assertThatThrownBy(() -> register(1, 2)).hasMessage("memlock");
        memory.failRegister(null);
        assertThat(memory.find(page(1), 1)).isNull();
        assertThat(register(1, 2)).isNotNull();
    }

    @Test
    void closedDomain_registersNothingAndHasReleasedAll() {
        register(1, 1);
        register(2, 1);
        memory.close();
        assertThat(memory.registeredCount()).isZero();
        assertThat(memory.regionsLeft()).isZero();
        assertThatThrownBy(() -> register(3, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void closeWhileOneIsUsed_keepsOnlyThatOne() {
        Region used = register(1, 1);
        register(2, 1);
        assertThat(used.tryAcquire()).isTrue();
        memory.close();
        assertThat(memory.regionsLeft()).isEqualTo(1);
        assertThat(memory.registeredCount()).isEqualTo(1);
        used.release();
        assertThat(memory.unregister(used)).isTrue();
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void closeWhenDeviceRefusesOne_isCountedAndDoesNotThrow() {
        register(1, 1);
        register(2, 1);
        memory.failDeregister(new IllegalStateException("EBUSY"));
        memory.close();
        assertThat(memory.regionsLeft()).isEqualTo(2);
        assertThat(memory.deregisterCalls()).isEqualTo(2);
    }
}
