package dev.verbena.internal.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeMemoryDomain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RegionTest {
    private final AtomicInteger deregistered = new AtomicInteger();
    private final MemorySegment segment = Arena.ofAuto().allocate(4096);
    private final Region region = new Region(segment, 1, 2, 3, deregistered::incrementAndGet);

    @Test
    void rangesAtTheEdges_areInsideOrOutside() {
        long start = segment.address();
        assertThat(region.contains(start, 4096)).isTrue();
        assertThat(region.contains(start + 4095, 1)).isTrue();
        assertThat(region.contains(start + 4096, 1)).isFalse();
        assertThat(region.contains(start - 1, 1)).isFalse();
        assertThat(region.contains(start - 1, 4097)).isFalse();
        assertThat(region.contains(start, 4097)).isFalse();
        assertThat(region.contains(start + 1, 4096)).isFalse();
    }

    @Test
    void lengthsThatOverflow_areOutside() {
        long start = segment.address();
        assertThat(region.contains(start, -1)).isFalse();
        assertThat(region.contains(start + 1, Long.MAX_VALUE)).isFalse();
        assertThat(region.contains(start, Long.MIN_VALUE)).isFalse();
        assertThat(region.contains(Long.MIN_VALUE, 1)).isFalse();
        assertThat(region.contains(Long.MAX_VALUE, 1)).isFalse();
        assertThat(region.contains(-1, 1)).isFalse();
    }

    @Test
    void closeWhileUsed_isRefusedAndChangesNothing() {
        assertThat(region.tryAcquire()).isTrue();
        assertThat(region.closeIfUnused()).isFalse();
        assertThat(deregistered).hasValue(0);
        assertThat(region.tryAcquire()).isTrue();
        assertThat(region.userCount()).isEqualTo(2);
        region.release();
        region.release();
        assertThat(region.closeIfUnused()).isTrue();
        assertThat(deregistered).hasValue(1);
    }

    @Test
    void closedRegion_takesNoUser() {
        assertThat(region.closeIfUnused()).isTrue();
        assertThat(region.tryAcquire()).isFalse();
        assertThat(region.tryAcquire()).isFalse();
        assertThat(region.userCount()).isZero();
    }

    @Test
    void closeTwice_deregistersOnce() {
        assertThat(region.closeIfUnused()).isTrue();
        assertThat(region.closeIfUnused()).isTrue();
        assertThat(deregistered).hasValue(1);
    }

    @Test
    void deregisterFails_regionStaysClosedAndIsTriedAgain() {
        AtomicBoolean refuse = new AtomicBoolean(true);
        Region stubborn =
                new Region(
                        segment,
                        1,
                        2,
                        3,
                        () -> {
                            if (refuse.get()) {
                                throw new IllegalStateException("EBUSY");
                            }
                            deregistered.incrementAndGet();
                        });
        assertThatThrownBy(stubborn::closeIfUnused).hasMessage("EBUSY");
        assertThat(stubborn.tryAcquire()).isFalse();
        // Not "closed already": the memory is still known to the device.
        assertThatThrownBy(stubborn::closeIfUnused).hasMessage("EBUSY");
        refuse.set(false);
        assertThat(stubborn.closeIfUnused()).isTrue();
        assertThat(deregistered).hasValue(1);
    }

    @Test
    void acquireAgainstClose_neverBothSucceed() throws Exception {
        FakeMemoryDomain memory = new FakeMemoryDomain();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 300; round++) {
                Region contended = memory.register(segment);
                AtomicBoolean closed = new AtomicBoolean();
                AtomicInteger wrong = new AtomicInteger();
                Callable<Void> user =
                        () -> {
                            for (int i = 0; i < 100; i++) {
                                if (contended.tryAcquire()) {
                                    // While a user is counted the region cannot be closed.
                                    if (closed.get()) {
                                        wrong.incrementAndGet();
                                    }
                                    contended.release();
                                }
                            }
                            return null;
                        };
                Callable<Void> closer =
                        () -> {
                            while (!memory.unregister(contended)) {
                                Thread.onSpinWait();
                            }
                            closed.set(true);
                            return null;
                        };
                List<Future<Void>> all = new ArrayList<>();
                all.add(threads.submit(user));
                all.add(threads.submit(user));
                all.add(threads.submit(closer));
                for (Future<Void> future : all) {
                    future.get();
                }
                assertThat(wrong).hasValue(0);
                assertThat(contended.tryAcquire()).isFalse();
            }
        }
        assertThat(memory.registeredCount()).isZero();
    }
}
