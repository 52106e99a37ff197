package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectRejectedException;
import dev.verbena.ConnectStatusException;
import dev.verbena.ConnectTimeoutException;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.Controller;
import dev.verbena.HostNotAllowedException;
import dev.verbena.Initiator;
import dev.verbena.SubsystemNotFoundException;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.ConnectFailure;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.RejectStatus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Targets that do what no target should: each has its own exception, or does not matter.
@Timeout(60)
class MisbehavingTargetTest {
    private static final String NQN = "nqn.2024-01.org.example:disk";

    private final TestFabric fabric = TestFabric.open();
    private final TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    private final TestSubsystem subsystem = target.addSubsystem(NQN);
    private final Initiator initiator = fabric.openInitiator();
    private final ConnectOptions options =
            ConnectOptions.defaults()
                    .withConnectTimeout(Duration.ofSeconds(2))
                    .withKeepAliveTimeout(Duration.ZERO);

    MisbehavingTargetTest() {
        subsystem.addNamespace(1, 4096, 512);
    }

    @AfterEach
    void nothingIsLeftAndNoPromiseBroken() {
        initiator.close();
        assertThat(fabric.violations()).isEmpty();
        assertThat(fabric.queueCount()).isZero();
        assertThat(fabric.registrationCount()).isZero();
        fabric.close();
    }

    private Controller connect() throws IOException {
        return initiator.connect(target.address(), NQN, options);
    }

    /// Connects, writes and reads back.
    private void works() throws IOException {
        byte[] data = new byte[8192];
        new Random(1).nextBytes(data);
        try (Controller controller = connect();
                BlockDevice disk = controller.openDevice(1)) {
            disk.write(0, MemorySegment.ofArray(data));
            byte[] back = new byte[data.length];
            disk.read(0, MemorySegment.ofArray(back));
            assertThat(back).isEqualTo(data);
        }
    }

    // Connections.

    /// As Linux's target, which destroys a closed queue in its own time.
    @Test
    void usedQueueId_refusedForAMoment_isAskedForAgain() throws IOException {
        Fault sequenceError = new Fault.Answer(0x400C, 0);
        try (Controller controller = connect()) {
            controller.openQueue().close();
            target.inject(Occasion.connect(1).times(2), sequenceError);
            controller.openQueue().close();
        }
        // An id that nobody had before is refused for another reason.
        target.inject(Occasion.connect(1).times(1), sequenceError);
        try (Controller controller = connect()) {
            assertThatThrownBy(controller::openQueue)
                    .isInstanceOfSatisfying(
                            ConnectStatusException.class,
                            e -> assertThat(e.status().typeAndCode()).isEqualTo(0x00C));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFFFF})
    void rejectWithStatus_isToldWithIt(int status) {
        target.inject(Occasion.connection(0).always(), new Fault.Reject(28, status));
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        ConnectRejectedException.class,
                        e -> {
                            assertThat(e.status()).isEqualTo(RejectStatus.of(status));
                            // Too little room, and what is none of the others, may pass.
                            assertThat(e.retryable()).isEqualTo(status == 6 || status > 8);
                        });
    }

    @Test
    void rejectForNobodyListening_isRefused() {
        target.inject(Occasion.connection(0).always(), new Fault.Reject(8, -1));
        assertThatThrownBy(this::connect).isInstanceOf(ConnectionRefusedException.class);
    }

    @Test
    void staleConnectionForEver_isRejectedAndMayBeTriedAgain() {
        target.inject(Occasion.connection(0).always(), new Fault.Reject(10, -1));
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        ConnectRejectedException.class, e -> assertThat(e.retryable()).isTrue());
    }

    @Test
    void unknownAcceptFormat_isRefusedByUs() {
        target.inject(Occasion.connection(0).always(), new Fault.AcceptWith(1, 32));
        assertThatThrownBy(this::connect)
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("format");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void smallReceiveQueue_isKeptTo(int size) throws IOException {
        target.inject(Occasion.connection().always(), new Fault.AcceptWith(0, size));
        works();
    }

    @Test
    void slowAccept_isWaitedFor() throws IOException {
        target.inject(Occasion.connection().always(), new Fault.SlowAccept(Duration.ofMillis(50)));
        works();
    }

    @Test
    void noAnswerToTheConnection_isATimeOut() {
        target.inject(Occasion.connection(0).always(), new Fault.Unreachable());
        assertThatThrownBy(this::connect).isInstanceOf(ConnectTimeoutException.class);
    }

    // The Connect command.

    @ParameterizedTest
    @CsvSource({
        "4180, INCOMPATIBLE_FORMAT",
        "0181, CONTROLLER_BUSY",
        "4183, RESTART_DISCOVERY",
        "4185, INVALID_QUEUE_TYPE",
        "4190, DISCOVERY_RESTART",
        "4191, AUTHENTICATION_REQUIRED",
        "0006, OTHER",
        "7FFF, OTHER",
    })
    void refusedConnect_isToldWithItsReason(String status, ConnectFailure.Reason reason) {
        Misbehavior.refuseConnect(target, Integer.parseInt(status, 16), 0);
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        ConnectStatusException.class,
                        e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @ParameterizedTest
    @CsvSource({
        "65536, HOSTID",
        "65552, CNTLID",
        "66048, HOSTNQN",
        "40, RECFMT",
        "42, QID",
        "44, SQSIZE",
    })
    void invalidConnectParameter_isNamed(int offset, String field) {
        Misbehavior.refuseConnect(target, 0x4182, offset);
        assertThatThrownBy(this::connect)
                .isInstanceOf(ConnectStatusException.class)
                .hasMessageContaining(field);
    }

    @Test
    void unknownSubsystem_isNotFound() {
        assertThatThrownBy(() ->
                        initiator.connect(
                                target.address(), "nqn.2024-01.org.example:none", options))
                .isInstanceOf(SubsystemNotFoundException.class);
    }

    @Test
    void foreignHost_isNotAllowed() {
        subsystem.allowHost("nqn.2024-01.org.example:other");
        assertThatThrownBy(this::connect).isInstanceOf(HostNotAllowedException.class);
    }

    @Test
    void unansweredConnect_isATimeOut() {
        target.inject(Occasion.connect().always(), new Fault.DropAnswer());
        assertThatThrownBy(this::connect).isInstanceOf(ConnectTimeoutException.class);
    }

    @Test
    void disconnectInsteadOfAnAnswer_isAFailureThatMayPass() {
        target.inject(Occasion.connect().always(), new Fault.Disconnect());
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        ConnectFailedException.class, e -> assertThat(e.retryable()).isTrue());
    }

    // What arrives on the wire: each breaks the first admin command after Connect.

    static IntStream flips() {
        return IntStream.of(1, 0x8000, 0xFFFF, 0x40);
    }

    @ParameterizedTest
    @MethodSource("flips")
    void foreignCommandId_endsTheConnection(int flip) {
        breaks(new Fault.WrongCommandId(flip), "which no outstanding command has");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15})
    void shortResponse_endsTheConnection(int bytes) {
        breaks(new Fault.ShortAnswer(bytes), bytes + " bytes");
    }

    @Test
    void brokenConnection_isALoss() {
        breaks(new Fault.BreakConnection(), "lost");
    }

    @Test
    void failedSend_isALoss() {
        breaks(new Fault.SendError(), "send failed");
    }

    @Test
    void disconnect_isALoss() {
        breaks(new Fault.Disconnect(), "disconnected");
    }

    @Test
    void invalidatedKeyThatIsNone_isALoss() {
        breaks(new Fault.InvalidateForeignKey(0x1300), "lost");
    }

    private void breaks(Fault fault, String words) {
        target.inject(Occasion.identify(IdentifyCns.CONTROLLER).always(), fault);
        assertThatThrownBy(this::connect)
                .isInstanceOf(IOException.class)
                .hasStackTraceContaining(words);
    }

    @Test
    void answerBeforeTheSendCompletion_isFine() throws IOException {
        target.inject(Occasion.io().always(), new Fault.DelaySendCompletion(Duration.ofMillis(20)));
        target.inject(
                Occasion.admin().always(), new Fault.DelaySendCompletion(Duration.ofMillis(5)));
        works();
    }

    // What controllers claim.

    @Test
    void controllerNeverReady_isToldAfterItsOwnTimeOut() {
        // CAP.TO of one unit: 500 ms.
        subsystem.capabilities(127 | 1L << 16 | 1L << 24 | 1L << 37);
        Misbehavior.neverReady(target);
        assertThatThrownBy(this::connect)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("become ready");
    }

    @Test
    void fatalController_isTold() {
        Misbehavior.fatal(target);
        assertThatThrownBy(this::connect)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CFS");
    }

    /// Fields of Identify Controller that are odd and allowed.
    @ParameterizedTest
    @CsvSource({
        "77, 0, 1",
        "77, 1, 1",
        "77, 255, 1",
        "320, 0, 2",
        "514, 1, 2",
        "514, 0, 2",
        "516, 0xFFFFFFFF, 4",
        "1792, 4, 4",
        "1792, 0, 4",
        "1792, 0xFFFFFFFF, 4",
        "1800, 4, 2",
        "1800, 0xFFFF, 2",
        "1803, 0, 1",
        "1803, 255, 1",
        "259, 255, 1",
        "258, 255, 1",
        "520, 0, 2",
        "88, 0xFFFFFFFF, 4",
        "342, 255, 1",
    })
    void oddIdentity_isLivedWith(int offset, String value, int bytes) throws IOException {
        if (offset == 1792) {
            subsystem.inCapsuleData(1 << 20, 0);
        } else if (offset == 1800) {
            subsystem.inCapsuleData(4096, Integer.decode(value) & 0xFF);
        }
        Misbehavior.identifyController(target, offset, Long.decode(value), bytes);
        works();
    }

    @Test
    void identityCutShort_isRefusedByUs() {
        target.inject(Occasion.identify(IdentifyCns.CONTROLLER), new Fault.ShortData(24));
        // Of what is not there, nothing is changed.
        target.inject(Occasion.identify(IdentifyCns.CONTROLLER), Fault.Patch.of(966, 1, 8));
        assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    }

    @Test
    void noKeyedSgls_isRefusedByUs() {
        Misbehavior.identifyController(target, 536, 1, 4);
        assertThatThrownBy(this::connect)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("keyed SGLs");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void fewQueueEntries_areKeptTo(int mqesZeroBased) throws IOException {
        subsystem.capabilities(mqesZeroBased | 1L << 16 | 15L << 24 | 1L << 37);
        works();
    }

    @Test
    void queuesRefused_isTold() {
        target.inject(
                Occasion.setFeature(Feature.NUMBER_OF_QUEUES).always(),
                new Fault.Answer(0x4006, 0));
        assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @CsvSource({"130, 0, 1", "130, 8, 1", "130, 64, 1", "0, -1, 8"})
    void impossibleNamespace_isNotOpened(int offset, long value, int bytes) throws IOException {
        Misbehavior.identifyNamespace(target, offset, value, bytes);
        try (Controller controller = connect()) {
            assertThatThrownBy(() -> controller.openDevice(1).close())
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void namespaceListThatDoesNotAscend_isRefused() {
        target.inject(
                Occasion.identify(IdentifyCns.ACTIVE_NAMESPACES).always(), Fault.Patch.of(4, 1, 4));
        assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    }

    // Discovery.

    @Test
    void discoveryLogThatNeverRests_isGivenUp() {
        Misbehavior.restlessDiscoveryLog(target);
        assertThatThrownBy(() -> initiator.discover(target.address()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("changed");
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 1L << 40, 1_000_000})
    void absurdRecordCount_isRefused(long count) {
        Misbehavior.discoveryRecordCount(target, count);
        assertThatThrownBy(() -> initiator.discover(target.address()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("entries");
    }

    // While it works.

    @ParameterizedTest
    @ValueSource(ints = {0, 0x010002, 0x0C0302, 0x70F002, 0xFFFFFF, 0x000307, 0x800006})
    void unaskedEvents_areNoReasonToFail(int event) throws IOException {
        target.inject(
                Occasion.admin(AdminOpcode.IDENTIFY).always(), new Fault.RaiseEvents(event, 50));
        works();
    }

    @Test
    void silentTarget_isClosedInBoundedTime() throws IOException {
        Controller controller = connect();
        Misbehavior.silence(target);
        long start = System.nanoTime();
        controller.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
}
