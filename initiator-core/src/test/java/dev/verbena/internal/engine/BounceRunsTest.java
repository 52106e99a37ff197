package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmeStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BounceRunsTest {
    private final FakeMemoryDomain memory = new FakeMemoryDomain();

    @ParameterizedTest
    @CsvSource({
        "512, 1048576",
        "1048576, 1048576",
        "1048577, 2097152",
        "16777215, 16777216",
    })
    void pool_holdsTheLargestCommand(int transferBytesMax, int poolBytes) {
        BounceRuns runs = new BounceRuns(memory, 4, transferBytesMax);
        assertThat(runs.poolBytes()).isEqualTo(poolBytes);
        assertThat(memory.registeredCount()).isZero();
        int run = runs.acquire(transferBytesMax);
        assertThat(run).isZero();
        runs.release(run);
        runs.close();
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void randomRuns_neverOverlap_andAreNeverRefusedWhileThereIsRoom() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        BounceRuns runs = new BounceRuns(memory, 4, 1);
        int unit = runs.poolBytes() / BounceRuns.RUNS_MAX;
        BitSet used = new BitSet();
        record Taken(int run, int units) {}
        List<Taken> taken = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (random.nextBoolean() && !taken.isEmpty()) {
                Taken back = taken.remove(random.nextInt(taken.size()));
                runs.release(back.run());
                used.clear(back.run(), back.run() + back.units());
                continue;
            }
            int units = random.nextInt(8) == 0 ? 1 + random.nextInt(64) : 1 + random.nextInt(4);
            int bytes = (units - 1) * unit + 1 + random.nextInt(unit);
            int run = runs.acquire(bytes);
            if (run < 0) {
                assertThat(hasRoom(used, units)).as("seed %d", seed).isFalse();
                continue;
            }
            assertThat(used.get(run, run + units).isEmpty()).as("seed %d", seed).isTrue();
            used.set(run, run + units);
            assertThat(used.length()).isLessThanOrEqualTo(64);
            taken.add(new Taken(run, units));
            assertThat(runs.unitsInUse()).isEqualTo(used.cardinality());
        }
        runs.close();
    }

    private static boolean hasRoom(BitSet used, int units) {
        for (int at = used.nextClearBit(0); at + units <= 64; at++) {
            if (used.get(at, at + units).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void bytesOutsideThePool_areRefused() {
        BounceRuns runs = new BounceRuns(memory, 4, 1);
        assertThatThrownBy(() -> runs.acquire(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> runs.acquire(runs.poolBytes() + 1))
                .isInstanceOf(IllegalArgumentException.class);
        runs.close();
    }

    @Test
    void targetThatIsGone_givesTheRunAndTheRegionBack() {
        BounceRuns runs = new BounceRuns(memory, 4, 1);
        Region user = memory.register(Arena.ofAuto().allocate(64));
        assertThat(user.tryAcquire()).isTrue();
        Arena gone = Arena.ofShared();
        MemorySegment target = gone.allocate(64);
        int run = runs.acquire(64);
        runs.target(run, target, 64, user);
        runs.begun(2, run);
        gone.close();
        assertThat(runs.ended(2, 0)).isEqualTo(NvmeStatus.of(0, 4, true).value());
        assertThat(user.userCount()).isZero();
        assertThat(runs.unitsInUse()).isZero();
        runs.close();
    }

    @Test
    void runOfTwoCommands_isTakenBackWithTheSecond() {
        BounceRuns runs = new BounceRuns(memory, 4, 1);
        int run = runs.acquire(64);
        runs.begun(2, run);
        runs.begun(0, run);
        assertThat(runs.ended(2, 0)).isZero();
        assertThat(runs.unitsInUse()).isEqualTo(1);
        assertThat(runs.ended(0, 0x285)).isEqualTo(0x285);
        assertThat(runs.unitsInUse()).isZero();
        runs.close();
    }

    @Test
    void poolTheDeviceRefusesToRelease_isReleasedAtTheNextClose() {
        BounceRuns runs = new BounceRuns(memory, 4, 1);
        runs.release(runs.acquire(64));
        memory.failDeregister(new IllegalStateException("busy"));
        assertThatThrownBy(runs::close).hasMessage("busy");
        assertThat(memory.registeredCount()).isEqualTo(1);
        memory.failDeregister(null);
        runs.close();
        assertThat(memory.registeredCount()).isZero();
        runs.close();
    }

    @Test
    void memoryTheDeviceMayReach_isKept() {
        BounceRuns runs = new BounceRuns(memory, 4, 1);
        CommandData data = new CommandData();
        runs.describe(runs.acquire(512), 0, 512, data);
        // The command's hold is never given back.
        runs.close();
        assertThat(memory.registeredCount()).isEqualTo(1);
        data.region(0).segment().fill((byte) 1); // still allocated
    }
}
