package dev.verbena.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.fakes.FakeMemoryDomain;
import java.lang.foreign.Arena;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RegionLeaseTest {
    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final Region region = memory.register(Arena.ofAuto().allocate(4096));

    @Test
    void leasedUse_keepsRegionOpen() {
        RegionLease lease = region.lease();
        assertThat(lease.tryAcquire()).isTrue();
        assertThat(region.userCount()).isEqualTo(1);
        assertThat(memory.unregister(region)).isFalse();
        assertThat(lease.tryAcquire()).isTrue();
        lease.release();
        lease.release();
        assertThat(memory.unregister(region)).isTrue();
    }

    @Test
    void idleLease_keepsNothingOpen_andIsRefusedAfterwards() {
        RegionLease lease = region.lease();
        assertThat(memory.unregister(region)).isTrue();
        assertThat(lease.tryAcquire()).isFalse();
        assertThat(lease.userCount()).isZero();
    }

    @Test
    void countsOfRegionAndLeases_addUp() {
        RegionLease one = region.lease();
        RegionLease two = region.lease();
        assertThat(one.tryAcquire() && two.tryAcquire() && region.tryAcquire()).isTrue();
        assertThat(region.userCount()).isEqualTo(3);
        one.release();
        region.release();
        assertThat(memory.unregister(region)).isFalse();
        two.release();
        assertThat(memory.unregister(region)).isTrue();
    }

    @Test
    void leaseClosedInUse_keepsRegionForEver() {
        RegionLease lease = region.lease();
        assertThat(lease.tryAcquire()).isTrue();
        lease.close();
        assertThat(region.userCount()).isEqualTo(1);
        assertThat(memory.unregister(region)).isFalse();
    }

    @Test
    void removedDevice_keysComeAgainForTheSameRegion() {
        int key = region.controllerReadsKey();
        memory.detach();
        assertThat(region.controllerReadsKey()).isZero();
        assertThat(memory.registeredCount()).isZero();
        Region meanwhile = memory.register(Arena.ofAuto().allocate(4096));
        assertThat(meanwhile.localKey()).isZero();
        memory.attach();
        assertThat(memory.registeredCount()).isEqualTo(2);
        assertThat(region.controllerReadsKey()).isNotZero().isNotEqualTo(key);
        assertThat(meanwhile.localKey()).isNotZero();
        assertThat(memory.unregister(region)).isTrue();
        assertThat(memory.registeredCount()).isEqualTo(1);
    }

    /// A property, not a proof: the window that [ThreadBarrier] shuts is some nanoseconds wide.
    @Test
    void closingAgainstUse_neverClosesUnderAUser() throws Exception {
        int rounds = 300;
        AtomicInteger violations = new AtomicInteger();
        try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
            for (int i = 0; i < rounds; i++) {
                AtomicBoolean closed = new AtomicBoolean();
                Region shared =
                        new Region(Arena.ofAuto().allocate(64), 1, 2, 3, () -> closed.set(true));
                RegionLease lease = shared.lease();
                Future<?> owner =
                        threads.submit(() -> {
                            while (lease.tryAcquire()) {
                                if (closed.get()) {
                                    violations.incrementAndGet();
                                }
                                lease.release();
                            }
                        });
                while (!shared.closeIfUnused()) {
                    Thread.onSpinWait();
                }
                owner.get(30, TimeUnit.SECONDS);
            }
        }
        assertThat(violations).hasValue(0);
    }
}
