package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Errno;
import org.junit.jupiter.api.Test;

/// Type 2 memory windows: bound, used, invalidated from either side, refused afterwards.
class MemoryWindowTest extends LeakCheckedTest {
    private static final int OFFSET = 4096;
    private static final int LENGTH = 2048;

    private static int bind(Side side, MemoryWindow window, int access) {
        return side.bind(window, OFFSET, LENGTH, access);
    }

    private static void read(Loopback loopback, int key, int offset, int bytes) {
        loopback.active.prepare(0, SendSlots.RDMA_READ, 0, bytes);
        loopback.active.sends.remote(0, loopback.passive.region.address() + offset, key);
        loopback.active.post(0);
    }

    private static void requireRefused(Loopback loopback, int key) {
        read(loopback, key, OFFSET, 16);
        requireRefused(loopback);
    }

    /// Slot 0 is refused, and both queue pairs are in error.
    private static void requireRefused(Loopback loopback) {
        assertThat(loopback.active.completionOf(0).status())
                .isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        assertThat(loopback.active.pair().state()).isEqualTo(QueuePairState.ERR);
        loopback.passive.awaitError();
        assertThat(loopback.passive.completion().status())
                .isEqualTo(WorkCompletionStatus.WR_FLUSH_ERR);
    }

    @Test
    void boundWindow_givesAccessToItsPart() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            loopback.passive.fill(OFFSET, LENGTH, 3);
            int key = bind(loopback.passive, window, Access.REMOTE_READ);
            read(loopback, key, OFFSET, LENGTH);
            loopback.active.success();
            loopback.active.requirePattern(0, LENGTH, 3);
        }
    }

    @Test
    void windowNotBound_givesNoAccess() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            requireRefused(loopback, window.key());
        }
    }

    @Test
    void accessBeyondTheWindow_isRefused() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            int key = bind(loopback.passive, window, Access.REMOTE_READ);
            // rdma_rxe (up to Linux 6.12 at least) holds an access against the bounds of the
            // region, not of the window.
            boolean softRoce = loopback.softRoce();
            int end = softRoce ? Side.MEMORY_BYTES : OFFSET + LENGTH;
            read(loopback, key, end - 15, 16);
            requireRefused(loopback);
        }
    }

    @Test
    void writeThroughReadWindow_isRefused() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            int key = bind(loopback.passive, window, Access.REMOTE_READ);
            loopback.active.prepare(0, SendSlots.RDMA_WRITE, 0, 16);
            loopback.active.sends.remote(0, loopback.passive.region.address() + OFFSET, key);
            loopback.active.post(0);
            requireRefused(loopback);
        }
    }

    @Test
    void localInvalidation_endsAccess() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            int key = bind(loopback.passive, window, Access.REMOTE_READ);
            read(loopback, key, OFFSET, 16);
            loopback.active.success();
            loopback.passive.invalidate(key);
            requireRefused(loopback, key);
        }
    }

    @Test
    void remoteInvalidation_endsAccessAndIsReported() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            int key = bind(loopback.passive, window, Access.REMOTE_READ);
            loopback.active.fill(0, 16, 6);
            loopback.active.prepare(1, SendSlots.SEND_WITH_INV, 0, 16);
            loopback.active.sends.invalidateKey(1, key);
            loopback.active.post(1);
            Side.Completion received = loopback.passive.success();
            assertThat(loopback.passive.batch.keyInvalidated(0)).isTrue();
            assertThat(received.immediateOrKey()).isEqualTo(key);
            assertThat(received.byteLength()).isEqualTo(16);
            loopback.passive.requirePattern(Side.RECEIVES_AT, 16, 6);
            loopback.active.success();
            requireRefused(loopback, key);
        }
    }

    @Test
    void invalidatedWindow_canBeBoundAgainUnderANewKey() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            int first = bind(loopback.passive, window, Access.REMOTE_READ);
            loopback.passive.invalidate(first);
            int second = bind(loopback.passive, window, Access.REMOTE_READ);
            assertThat(second).isNotEqualTo(first);
            read(loopback, second, OFFSET, 16);
            loopback.active.success();
            requireRefused(loopback, first);
        }
    }

    @Test
    void bindOutsideTheRegion_isRefusedBeforePosting() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            MemoryRegion region = loopback.passive.region;
            long[][] outside = {
                {region.address() - 1, 16},
                {region.address(), region.byteSize() + 1},
                {region.address() + region.byteSize() - 15, 16},
                {region.address(), 0},
                {region.address(), -1},
                {Long.MAX_VALUE, Long.MAX_VALUE},
            };
            for (long[] part : outside) {
                assertThatThrownBy(() ->
                                loopback.passive.sends.bind(
                                        40,
                                        window,
                                        window.nextKey(),
                                        region,
                                        part[0],
                                        part[1],
                                        Access.REMOTE_READ))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> window.bindPosted(window.key() ^ 0x100))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void regionWithBoundWindow_cannotBeDeregistered() {
        try (Loopback loopback = Loopback.open();
                MemoryWindow window = loopback.passive.domain.allocateMemoryWindow()) {
            int key = bind(loopback.passive, window, Access.REMOTE_READ);
            assertThatThrownBy(loopback.passive.region::close)
                    .isInstanceOf(RdmaException.class)
                    .satisfies(e ->
                            assertThat(((RdmaException) e).errno())
                                    .isIn(Errno.EBUSY, Errno.EINVAL));
            // Refused means open: the window still works.
            read(loopback, key, OFFSET, 16);
            loopback.active.success();
        }
    }
}
