package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DmaArenaTest {
    private final FakeMemoryDomain memory = new FakeMemoryDomain();

    private Region regionOf(MemorySegment segment) {
        return Objects.requireNonNull(memory.find(segment.address(), segment.byteSize()));
    }

    @Test
    void pieces_areAlignedZeroedDisjointAndRegistered() {
        try (DmaArena arena = new DmaArena(memory, 3 * 4096)) {
            MemorySegment first = arena.allocate(100, 1);
            MemorySegment second = arena.allocate(4096, 4096);
            assertThat(second.address() % 4096).isZero();
            assertThat(second.address()).isGreaterThanOrEqualTo(first.address() + 100);
            assertThat(second.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThat(regionOf(first)).isSameAs(regionOf(second));
            assertThat(arena.byteSize()).isEqualTo(3 * 4096);
        }
        assertThat(memory.registeredCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0})
    void sizeOutOfRange_isRefused(long byteSize) {
        assertThatThrownBy(() -> new DmaArena(memory, byteSize))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(memory.registeredCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {4097, Long.MAX_VALUE, Long.MAX_VALUE - 4095})
    void pieceLargerThanRest_isRefusedAndNothingIsTaken(long byteSize) {
        try (DmaArena arena = new DmaArena(memory, 4096)) {
            assertThatThrownBy(() -> arena.allocate(byteSize, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("4096 left");
            assertThat(arena.allocate(4096, 1).byteSize()).isEqualTo(4096);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 3, Long.MIN_VALUE})
    void badAlignment_isRefused(long alignment) {
        try (DmaArena arena = new DmaArena(memory, 4096)) {
            assertThatThrownBy(() -> arena.allocate(1, alignment))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void hugeAlignment_isRefusedInsteadOfOverflowing() {
        try (DmaArena arena = new DmaArena(memory, 4096)) {
            assertThatThrownBy(() -> arena.allocate(1, 1L << 62))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(arena.allocate(4096, 1).byteSize()).isEqualTo(4096);
        }
    }

    @Test
    void closeWhileUsed_isRefusedAndMemoryStays() {
        DmaArena arena = new DmaArena(memory, 4096);
        MemorySegment segment = arena.allocate(512, 1);
        Region region = regionOf(segment);
        assertThat(region.tryAcquire()).isTrue();
        assertThatThrownBy(arena::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1 commands still use");
        segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        assertThat(arena.scope().isAlive()).isTrue();
        region.release();
        arena.close();
        assertThat(arena.scope().isAlive()).isFalse();
    }

    @Test
    void deviceRefusesToDeregister_memoryIsNotFreedEvenBySecondClose() {
        DmaArena arena = new DmaArena(memory, 4096);
        memory.failDeregister(new IllegalStateException("EBUSY"));
        assertThatThrownBy(arena::close).hasMessage("EBUSY");
        assertThatThrownBy(arena::close).hasMessage("EBUSY");
        assertThat(arena.scope().isAlive()).isTrue();
        memory.failDeregister(null);
        arena.close();
        assertThat(arena.scope().isAlive()).isFalse();
    }

    @Test
    void closedTwice_isHarmless() {
        DmaArena arena = new DmaArena(memory, 4096);
        arena.close();
        arena.close();
        assertThat(memory.deregisterCalls()).isEqualTo(1);
    }

    @Test
    void allocateAfterClose_isRefused() {
        DmaArena arena = new DmaArena(memory, 4096);
        arena.close();
        assertThatThrownBy(() -> arena.allocate(1, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void domainClosedFirst_arenaStillFreesItsMemory() {
        DmaArena arena = new DmaArena(memory, 4096);
        memory.close();
        assertThat(arena.scope().isAlive()).isTrue();
        arena.close();
        assertThat(arena.scope().isAlive()).isFalse();
        assertThat(memory.deregisterCalls()).isEqualTo(1);
    }

    @Test
    void cannotBeRegistered_reasonIsThrown() {
        memory.failRegister(new IllegalStateException("memlock"));
        assertThatThrownBy(() -> new DmaArena(memory, 4096)).hasMessage("memlock");
    }
}
