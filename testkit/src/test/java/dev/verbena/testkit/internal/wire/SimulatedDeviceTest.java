package dev.verbena.testkit.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.internal.memory.Region;
import dev.verbena.testkit.internal.wire.SimulatedDevice.Use;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Keys allow what they are for, as long as they live, and nothing else.
class SimulatedDeviceTest {
    private static final int BYTES = 256;

    private final Arena arena = Arena.ofShared();
    private final SimulatedDevice device = new SimulatedDevice();
    private final SimulatedMemoryDomain domain = new SimulatedMemoryDomain(device);
    private final MemorySegment memory = arena.allocate(BYTES, 64);
    private final long address = memory.address();
    private final Region region = domain.register(memory);

    @AfterEach
    void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Test
    void rightKey_movesData() throws Exception {
        memory.set(ValueLayout.JAVA_BYTE, 5, (byte) 7);
        assertThat(device.read(region.controllerReadsKey(), Use.CONTROLLER_READS, address + 5, 1))
                .containsExactly(7);
        device.write(region.controllerWritesKey(), address + 9, new byte[] {1, 2, 3}, 1, 2);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 9)).isEqualTo((byte) 2);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 10)).isEqualTo((byte) 3);
    }

    @Test
    void keyOfTheOtherDirection_isRefused() {
        assertRefused(region.controllerWritesKey(), address, 1, "allows CONTROLLER_WRITES");
        assertRefused(region.localKey(), address, 1, "allows LOCAL");
        assertThatThrownBy(
                        () -> device.write(region.controllerReadsKey(), address, new byte[1], 0, 1))
                .isInstanceOf(AccessRefusedException.class);
    }

    @ParameterizedTest
    @CsvSource({"-1, 1", "256, 1", "255, 2", "0, 257", "-1000000, 1", "0, -1"})
    void outOfBounds_isRefused(long offset, int bytes) {
        assertRefused(region.controllerReadsKey(), address + offset, bytes, "covers 256 bytes");
    }

    @Test
    void unknownKey_isRefused() {
        assertRefused(0x55, address, 1, "unknown");
    }

    @Test
    void closedRegion_isRefused() {
        int key = region.controllerReadsKey();
        assertThat(domain.unregister(region)).isTrue();
        assertRefused(key, address, 1, "no longer valid");
        assertThat(device.keyCount()).isZero();
    }

    @Test
    void memoryFreedWhileRegistered_isAViolation() {
        arena.close();
        assertRefused(region.controllerReadsKey(), address, 1, "freed");
        assertThat(device.violations()).singleElement().asString().contains("freed");
    }

    @Test
    void window_isValidUntilItIsInvalidated() throws Exception {
        int key = device.newWindowIndex() + 1;
        device.bind(key, memory.asSlice(64, 64), Use.CONTROLLER_READS);
        assertThat(device.read(key, Use.CONTROLLER_READS, address + 64, 64)).hasSize(64);
        assertRefused(key, address, 1, "covers 64 bytes");
        device.invalidate(key);
        assertRefused(key, address + 64, 1, "no longer valid");
        assertThatThrownBy(() -> device.invalidate(key)).isInstanceOf(AccessRefusedException.class);
    }

    @Test
    void keyOfARegion_cannotBeInvalidated() {
        assertThatThrownBy(() -> device.invalidate(region.controllerReadsKey()))
                .isInstanceOf(AccessRefusedException.class)
                .hasMessageContaining("not a window's");
    }

    @Test
    void removedDevice_refusesEverything() {
        device.removed();
        assertRefused(region.controllerReadsKey(), address, 1, "removed");
        assertThatThrownBy(() -> device.register(memory, Use.LOCAL))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void listener_hearsOfEachAccessThatIsAllowed() throws Exception {
        List<String> heard = new ArrayList<>();
        device.listen((at, bytes, write) -> heard.add(at - address + "+" + bytes + write));
        device.write(region.controllerWritesKey(), address, new byte[4], 0, 4);
        device.read(region.localKey(), Use.LOCAL, address + 8, 2);
        assertRefused(region.localKey(), address, 1, "allows LOCAL");
        assertThat(heard).containsExactly("0+4true", "8+2false");
    }

    private void assertRefused(int key, long at, int bytes, String why) {
        assertThatThrownBy(() -> device.read(key, Use.CONTROLLER_READS, at, bytes))
                .isInstanceOf(AccessRefusedException.class)
                .hasMessageContaining(why);
    }
}
