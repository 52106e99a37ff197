package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nativefabric.VerbsSession.Completion;
import dev.verbena.verbs.Access;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.WorkCompletionStatus;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Memory windows and completion channels with verbs-ffm alone. The command that uses a window is
/// Fabrics Connect: the target has to read its data through the window.
@NullFabricTest
class VerbsOverNullFabricTest {
    private static final int SUCCESS = WorkCompletionStatus.SUCCESS_VALUE;
    private static final int FLUSHED = WorkCompletionStatus.FLUSHED_VALUE;
    private static final int DATA_BYTES = 1024;

    private static int boundKey(VerbsSession session, MemoryWindow window) {
        int key =
                session.bind(
                        window,
                        session.region(),
                        session.dataAddress(),
                        DATA_BYTES,
                        Access.REMOTE_READ);
        assertBindStatus(session, SUCCESS);
        return key;
    }

    private static void assertBindStatus(VerbsSession session, int status) {
        Completion bind = session.complete(1).getFirst();
        assertThat(bind.id()).isEqualTo(VerbsSession.BIND_ID);
        assertThat(bind.status()).isEqualTo(status);
    }

    /// The target could not read the data: it hung up, and everything posted was flushed.
    private static void assertRefused(VerbsSession session) {
        session.expect(CmEvent.Disconnected.class);
        List<Completion> flushed = session.complete(1 + 8);
        assertThat(flushed)
                .filteredOn(c -> c.id() >= VerbsSession.RECEIVE_ID)
                .hasSize(8)
                .allMatch(c -> c.status() == FLUSHED);
    }

    @Test
    void window_bound_isUsedByTheTarget() {
        try (VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow()) {
            session.sendConnect(boundKey(session, window), false);
            List<Completion> both = session.complete(2);
            assertThat(both).allMatch(c -> c.status() == SUCCESS && !c.invalidated());
        }
    }

    @Test
    void window_invalidatedByTheResponse_isNamedInTheCompletion_andDeadAfterwards() {
        try (VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow()) {
            int key = boundKey(session, window);
            session.sendConnect(key, true);
            List<Completion> both = session.complete(2);
            assertThat(both)
                    .filteredOn(Completion::invalidated)
                    .hasSize(1)
                    .allMatch(c -> c.key() == key && c.id() >= VerbsSession.RECEIVE_ID);
            // Taken back once: there is nothing left to invalidate.
            session.invalidate(key);
            Completion second =
                    session.complete(1 + 7).stream()
                            .filter(c -> c.id() == VerbsSession.INVALIDATE_ID)
                            .findFirst()
                            .orElseThrow();
            assertThat(second.status()).isNotEqualTo(SUCCESS);
        }
    }

    @Test
    void window_invalidatedLocally_isRefusedToTheTarget() {
        try (VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow()) {
            int key = boundKey(session, window);
            session.invalidate(key);
            assertThat(session.complete(1).getFirst().status()).isEqualTo(SUCCESS);
            session.sendConnect(key, false);
            assertRefused(session);
        }
    }

    @Test
    void window_withoutTheRight_isRefusedToTheTarget() {
        try (VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow()) {
            int key =
                    session.bind(
                            window,
                            session.region(),
                            session.dataAddress(),
                            DATA_BYTES,
                            Access.REMOTE_WRITE);
            assertBindStatus(session, SUCCESS);
            session.sendConnect(key, false);
            assertRefused(session);
        }
    }

    @Test
    void window_shorterThanTheData_isRefusedToTheTarget() {
        try (VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow()) {
            int key =
                    session.bind(
                            window,
                            session.region(),
                            session.dataAddress(),
                            DATA_BYTES - 1,
                            Access.REMOTE_READ);
            assertBindStatus(session, SUCCESS);
            session.sendConnect(key, false);
            assertRefused(session);
        }
    }

    @Test
    void window_boundAgainWithoutInvalidation_fails() {
        try (VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow()) {
            int first = boundKey(session, window);
            int second =
                    session.bind(
                            window,
                            session.region(),
                            session.dataAddress(),
                            DATA_BYTES,
                            Access.REMOTE_READ);
            assertThat(second).isNotEqualTo(first);
            List<Completion> all = session.complete(1 + 8);
            assertThat(all)
                    .filteredOn(c -> c.id() == VerbsSession.BIND_ID)
                    .hasSize(1)
                    .noneMatch(c -> c.status() == SUCCESS);
        }
    }

    @Test
    void window_overARegionThatDoesNotAllowIt_fails() {
        try (Arena arena = Arena.ofShared();
                VerbsSession session = new VerbsSession();
                MemoryWindow window = session.domain().allocateMemoryWindow();
                MemoryRegion plain =
                        session.domain().register(arena.allocate(4096, 4096), Access.LOCAL_WRITE)) {
            session.bind(window, plain, plain.address(), 4096, Access.REMOTE_READ);
            assertThat(session.complete(1 + 8))
                    .filteredOn(c -> c.id() == VerbsSession.BIND_ID)
                    .noneMatch(c -> c.status() == SUCCESS);
        }
    }

    @Test
    void channel_wakesForACompletion_oncePerRequest() {
        try (VerbsSession session = new VerbsSession()) {
            session.queue().requestNotification(false);
            assertThat(session.poll()).isEmpty();
            assertThat(session.channel().await(0)).isFalse();
            session.sendConnect(session.region().remoteKey(), false);
            assertThat(session.channel().await(TimeUnit.SECONDS.toNanos(5))).isTrue();
            session.complete(2);
            assertThat(session.channel().await(0)).isFalse();
        }
    }

    @Test
    void channel_askedForSolicitedOnly_sleepsThroughAnOrdinaryResponse() {
        try (VerbsSession session = new VerbsSession()) {
            session.queue().requestNotification(true);
            session.sendConnect(session.region().remoteKey(), false);
            session.complete(2);
            assertThat(session.channel().await(TimeUnit.MILLISECONDS.toNanos(5))).isFalse();
        }
    }

    @Test
    void error_flushesEveryReceiveInOrder_andWakesTheChannel() {
        try (VerbsSession session = new VerbsSession()) {
            session.queue().requestNotification(false);
            session.pair().error();
            assertThat(session.channel().await(TimeUnit.SECONDS.toNanos(5))).isTrue();
            assertThat(session.complete(8))
                    .extracting(Completion::id)
                    .containsExactly(100L, 101L, 102L, 103L, 104L, 105L, 106L, 107L);
        }
    }
}
