package dev.verbena.internal.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.AddressUnreachableException;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectRejectedException;
import dev.verbena.ConnectTimeoutException;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.RejectStatus;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectRefusalsTest {
    private static final String ADDRESS = "192.0.2.1:4420";
    private static final int ETIMEDOUT = -110;

    /// Identifiers exist with a device only; the messages do not need one.
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static CmId noId() {
        return null;
    }

    private static ConnectFailedException of(CmEvent event, int queueId) {
        return ConnectRefusals.of(event, "was waiting for the target", ADDRESS, queueId);
    }

    private static ConnectFailedException rejected(int reason, byte... privateData) {
        return of(new CmEvent.Rejected(noId(), reason, privateData), 3);
    }

    private static byte[] nvmeReject(int status) {
        return new RdmaPrivateData.Reject(0, status, RejectStatus.of(status)).encode();
    }

    @Test
    void addressError_isUnreachableWithErrnoAndAdvice() {
        assertThat(of(new CmEvent.AddressError(noId(), ETIMEDOUT), 0))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining(ADDRESS + " cannot be reached")
                .hasMessageContaining("ETIMEDOUT")
                .hasMessageContaining("rdma link");
    }

    @Test
    void routeError_isUnreachableForWantOfARoute() {
        assertThat(of(new CmEvent.RouteError(noId(), ETIMEDOUT), 0))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("no RDMA route")
                .hasMessageContaining("ETIMEDOUT");
    }

    @Test
    void unreachable_isUnreachableBecauseNobodyAnswers() {
        assertThat(of(new CmEvent.Unreachable(noId(), ETIMEDOUT), 0))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("nobody answers");
    }

    @Test
    void statusZero_isNotShownAsAnErrno() {
        assertThat(of(new CmEvent.Unreachable(noId(), 0), 0))
                .hasMessageContaining("nobody answers there. Check");
    }

    @Test
    void connectError_namesQueueAndErrno() {
        assertThat(of(new CmEvent.ConnectError(noId(), -22), 4))
                .isExactlyInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("I/O queue 4")
                .hasMessageContaining("EINVAL")
                .hasMessageContaining("dmesg");
    }

    @Test
    void eventThatDoesNotBelongHere_isNamedWithTheStep() {
        assertThat(of(new CmEvent.DeviceRemoval(noId()), 0))
                .isExactlyInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("the admin queue")
                .hasMessageContaining("was waiting for the target")
                .hasMessageContaining("DeviceRemoval");
        assertThat(of(new CmEvent.Disconnected(noId(), 0), 0)).hasMessageContaining("Disconnected");
        assertThat(of(new CmEvent.Unknown(noId(), 99, 0), 0)).hasMessageContaining("Unknown");
    }

    @Test
    void invalidServiceId_isRefusedWithAdviceAboutThePort() {
        assertThat(rejected(ConnectRefusals.INVALID_SERVICE_ID))
                .isInstanceOf(ConnectionRefusedException.class)
                .hasMessageContaining("nothing listens at " + ADDRESS)
                .hasMessageContaining("4420");
    }

    @Test
    void staleConnection_isRetryable() {
        ConnectFailedException e = rejected(ConnectRefusals.STALE_CONNECTION);
        assertThat(e).isInstanceOf(ConnectRejectedException.class);
        assertThat(e.retryable()).isTrue();
        assertThat(((ConnectRejectedException) e).status()).isNull();
        assertThat(e).hasMessageContaining("stale connection");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 26, 29, 33, 34, 255, Integer.MAX_VALUE})
    void otherReason_isRejectedWithItsNumber(int reason) {
        ConnectFailedException e = rejected(reason, nvmeReject(6));
        assertThat(e).isInstanceOf(ConnectRejectedException.class);
        assertThat(((ConnectRejectedException) e).reason()).isEqualTo(reason);
        assertThat(((ConnectRejectedException) e).status())
                .as("private data of another reason is not an NVMe status")
                .isNull();
        assertThat(e).hasMessageContaining("reason " + reason);
        assertThat(e.retryable()).isTrue();
    }

    @Test
    void negativeReasonOfIwarp_isNamed() {
        assertThat(rejected(-111)).hasMessageContaining("ECONNREFUSED");
    }

    @ParameterizedTest
    @EnumSource(value = RejectStatus.class, mode = EnumSource.Mode.EXCLUDE, names = "UNKNOWN")
    void nvmeStatus_isToldWithItsExplanation(RejectStatus status) {
        ConnectFailedException e =
                rejected(ConnectRefusals.CONSUMER_DEFINED, nvmeReject(status.code()));
        assertThat(e).isInstanceOf(ConnectRejectedException.class);
        assertThat(((ConnectRejectedException) e).status()).isEqualTo(status);
        assertThat(e)
                .hasMessageContaining("I/O queue 3")
                .hasMessageContaining(ADDRESS)
                .hasMessageContaining(status.explanation());
        assertThat(e.retryable()).isEqualTo(status.retryable());
        assertThat(e.address()).isEqualTo(ADDRESS);
        assertThat(e.queueId()).isEqualTo(3);
    }

    @Test
    void nvmeStatuses_allReadDifferentlyExceptTheTwoQueueSizes() {
        Set<String> messages = new HashSet<>();
        for (RejectStatus status : RejectStatus.values()) {
            messages.add(
                    rejected(ConnectRefusals.CONSUMER_DEFINED, nvmeReject(status.code() & 0xFFFF))
                            .getMessage());
        }
        assertThat(messages).hasSizeGreaterThanOrEqualTo(RejectStatus.values().length - 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 0x7FFF, 0xFFFF})
    void unknownNvmeStatus_isToldAsUnknown(int code) {
        ConnectFailedException e = rejected(ConnectRefusals.CONSUMER_DEFINED, nvmeReject(code));
        assertThat(((ConnectRejectedException) e).status()).isEqualTo(RejectStatus.UNKNOWN);
        assertThat(e.retryable()).as("a target that goes away gives status 0").isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void privateDataTooShort_isAPlainReject(int bytes) {
        ConnectFailedException e = rejected(ConnectRefusals.CONSUMER_DEFINED, new byte[bytes]);
        assertThat(((ConnectRejectedException) e).status()).isNull();
        assertThat(e).hasMessageContaining("reason 28");
    }

    @Test
    void privateDataOfOtherFormat_isAPlainReject() {
        byte[] data = nvmeReject(6);
        data[0] = 1;
        assertThat(((ConnectRejectedException) rejected(28, data)).status()).isNull();
    }

    @Test
    void privateDataPaddedByTransport_isStillRead() {
        byte[] data = Arrays.copyOf(nvmeReject(6), 148);
        assertThat(((ConnectRejectedException) rejected(28, data)).status())
                .isEqualTo(RejectStatus.NO_RESOURCES);
    }

    @Test
    void timeOut_namesStepAndPort() {
        assertThat(ConnectRefusals.timedOut("was resolving the route", ADDRESS, 0))
                .isInstanceOf(ConnectTimeoutException.class)
                .hasMessageContaining("was resolving the route")
                .hasMessageContaining("4791")
                .hasNoCause();
    }

    @Test
    void cause_isKept() {
        IllegalStateException cause = new IllegalStateException();
        assertThat(ConnectRefusals.unreachable(ADDRESS, 0, "why", cause)).hasCause(cause);
    }
}
