package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.verbena.AddressUnreachableException;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectRejectedException;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.HostNotAllowedException;
import dev.verbena.Initiator;
import dev.verbena.SubsystemNotFoundException;
import dev.verbena.Target;
import dev.verbena.nvme.ConnectFailure;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.RejectStatus;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Every way a connection can fail that a real target shows: its own exception, in time, and
/// nothing left behind.
@TargetTest
class ConnectFailureTest {
    /// What the library promises, and what an emulated machine may add to it.
    private static final Duration PROMISED = Duration.ofSeconds(5);

    private static final Duration EMULATION_SLACK = Duration.ofSeconds(15);

    private Initiator initiator;

    @BeforeAll
    void open(LiveTarget live) throws IOException {
        initiator = Initiator.open();
        // The first connection opens the device for the life of the process; that is not a leak.
        live.connect(initiator).close();
    }

    @AfterAll
    void close() {
        initiator.close();
    }

    private <T extends Throwable> T failure(
            Class<T> type, Target target, String nqn, ConnectOptions options)
            throws IOException, InterruptedException {
        Leftovers before = Leftovers.now();
        long start = System.nanoTime();
        T failure =
                catchThrowableOfType(type, () -> initiator.connect(target, nqn, options).close());
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertThat(failure).as("the exception").isNotNull();
        assertThat(took).isLessThan(PROMISED.plus(EMULATION_SLACK));
        before.assertNothingAdded();
        return failure;
    }

    @Test
    void nothingListening_isConnectionRefused(LiveTarget live) throws Exception {
        ConnectionRefusedException e =
                failure(
                        ConnectionRefusedException.class,
                        Target.rdma(live.target().traddr(), LiveTarget.SILENT_PORT),
                        live.nqn(),
                        LiveTarget.patient());
        assertThat(e).hasMessageContaining("nothing listens").hasMessageContaining(":4421");
        assertThat(e.retryable()).isTrue();
    }

    @Test
    void wrongSubsystem_isNotFound(LiveTarget live) throws Exception {
        SubsystemNotFoundException e =
                failure(
                        SubsystemNotFoundException.class,
                        live.target(),
                        "nqn.2016-06.io.spdk:nobody",
                        LiveTarget.patient());
        assertThat(e.reason()).isEqualTo(ConnectFailure.Reason.INVALID_PARAMETERS);
        assertThat(e)
                .hasMessageContaining("nqn.2016-06.io.spdk:nobody")
                .hasMessageContaining("discovery log");
        // SPDK does not set DNR: the subsystem may come yet.
        assertThat(e.retryable()).isEqualTo(TargetControl.current() == TargetControl.SPDK);
    }

    @Test
    void hostThatIsNotAllowed_isToldSo_andGetsInOnceItIs(LiveTarget live) throws Exception {
        HostIdentity other = HostIdentity.generate();
        ConnectOptions options = LiveTarget.patient().withHost(other);
        live.change("any-host", live.nqn(), "0");
        try {
            HostNotAllowedException e =
                    failure(HostNotAllowedException.class, live.target(), live.nqn(), options);
            assertThat(e).hasMessageContaining(other.hostNqn().value());
            assertThat(e.reason()).isEqualTo(ConnectFailure.Reason.HOST_NOT_ALLOWED);

            live.change("allow", live.nqn(), other.hostNqn().value());
            initiator.connect(live.target(), live.nqn(), options).close();
            live.change("disallow", live.nqn(), other.hostNqn().value());
        } finally {
            live.change("any-host", live.nqn(), "1");
        }
    }

    @Test
    @OnlyWith(
            value = TargetControl.NVMET,
            because = "SPDK takes 128 entries, and tells only with the Connect command")
    void adminQueueTooLarge_isRejectedWithTheReason(LiveTarget live) throws Exception {
        ConnectRejectedException e =
                failure(
                        ConnectRejectedException.class,
                        live.target(),
                        live.nqn(),
                        LiveTarget.patient().withAdminQueueSize(64));
        assertThat(e.status()).isEqualTo(RejectStatus.INVALID_HOST_SEND_QUEUE_SIZE);
        assertThat(e).hasMessageContaining("Use fewer entries");
        assertThat(e.retryable()).isFalse();
    }

    @Test
    void addressNobodyHas_isUnreachable(LiveTarget live) throws Exception {
        AddressUnreachableException e =
                failure(
                        AddressUnreachableException.class,
                        Target.rdma("10.9.0.77", 4420),
                        live.nqn(),
                        LiveTarget.patient());
        assertThat(e).hasMessageContaining("10.9.0.77:4420 cannot be reached");
    }

    @Test
    void addressWithoutRoute_isUnreachable(LiveTarget live) throws Exception {
        failure(
                AddressUnreachableException.class,
                Target.rdma("192.0.2.1", 4420),
                live.nqn(),
                LiveTarget.patient());
    }

    @Test
    void unknownName_isUnreachable() {
        assertThatThrownBy(() -> initiator.discover(Target.rdma("no-such-host.invalid", 4420)))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("no-such-host.invalid is not known");
    }

    @Test
    void repeatedFailures_leaveNothing(LiveTarget live) throws Exception {
        Leftovers before = Leftovers.now();
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() ->
                            initiator.connect(
                                    Target.rdma(live.target().traddr(), LiveTarget.SILENT_PORT),
                                    live.nqn()))
                    .isInstanceOf(ConnectFailedException.class);
        }
        before.assertNothingAdded();
    }
}
