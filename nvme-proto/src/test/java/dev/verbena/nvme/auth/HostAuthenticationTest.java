package dev.verbena.nvme.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostAuthenticationTest {
    private static final Nqn HOST = Nqn.of("nqn.2016-06.io.spdk:host1");
    private static final Nqn SUBSYSTEM = Nqn.of("nqn.2016-06.io.spdk:cnode1");
    private static final int TRANSACTION = 0xFFFE;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final ChapSecret hostSecret = ChapSecret.generate(ChapHash.SHA256, RANDOM);
    private final ChapSecret controllerSecret = ChapSecret.generate(ChapHash.SHA512, RANDOM);

    /** The other side, with what it remembers of a transaction. */
    private final class Controller {
        final ChapHash hash;
        final ChapGroup group;
        final BigInteger exponent;
        final byte[] challenge;
        final int sequenceNumber = 0x80000001;

        Controller(ChapHash hash, ChapGroup group) {
            this.hash = hash;
            this.group = group;
            this.exponent =
                    group == ChapGroup.NULL
                            ? BigInteger.ONE
                            : ChapCrypto.privateExponent(group, RANDOM);
            this.challenge = new byte[hash.byteSize()];
            RANDOM.nextBytes(challenge);
        }

        ChapMessage.Challenge challenge() {
            byte[] value =
                    group == ChapGroup.NULL ? new byte[0] : ChapCrypto.publicValue(group, exponent);
            return new ChapMessage.Challenge(
                    TRANSACTION, hash.id(), group.id(), sequenceNumber, challenge, value);
        }

        private byte[] augmented(byte[] question, byte[] peer) {
            return group == ChapGroup.NULL
                    ? question
                    : ChapCrypto.augmented(
                            hash, ChapCrypto.sharedSecret(group, exponent, peer), question);
        }

        boolean accepts(ChapMessage.Reply reply) {
            byte[] expected =
                    ChapCrypto.response(
                            hash,
                            hostSecret.transformed(HOST),
                            augmented(challenge, reply.publicValue()),
                            sequenceNumber,
                            TRANSACTION,
                            0,
                            ChapCrypto.Role.HOST,
                            HOST,
                            SUBSYSTEM);
            return Arrays.equals(expected, reply.response());
        }

        ChapMessage.Success1 success(ChapMessage.Reply reply) {
            if (!reply.challengeValid()) {
                return new ChapMessage.Success1(TRANSACTION, false, new byte[hash.byteSize()]);
            }
            byte[] answer =
                    ChapCrypto.response(
                            hash,
                            controllerSecret.transformed(SUBSYSTEM),
                            augmented(reply.challenge(), reply.publicValue()),
                            reply.sequenceNumber(),
                            TRANSACTION,
                            0,
                            ChapCrypto.Role.CONTROLLER,
                            SUBSYSTEM,
                            HOST);
            return new ChapMessage.Success1(TRANSACTION, true, answer);
        }
    }

    private HostAuthentication host(@Nullable ChapSecret controllerSecret) {
        return HostAuthentication.begin(
                HostAuthentication.Options.of(HOST, SUBSYSTEM, hostSecret, controllerSecret),
                TRANSACTION,
                RANDOM);
    }

    private static Optional<ChapMessage> deliver(HostAuthentication host, ChapMessage message) {
        return host.receive(wire(message));
    }

    /** A message as the host's receive buffer holds it: at its full size, rubbish behind. */
    private static MemorySegment wire(ChapMessage message) {
        byte[] buffer = new byte[ChapMessage.BUFFER_SIZE];
        Arrays.fill(buffer, (byte) 0xA5);
        message.encode(MemorySegment.ofArray(buffer), 0);
        return MemorySegment.ofArray(buffer);
    }

    @ParameterizedTest
    @EnumSource
    void oneWayAuthentication_succeedsInEveryGroup(ChapGroup group) {
        for (ChapHash hash : ChapHash.values()) {
            HostAuthentication host = host(null);
            Controller controller = new Controller(hash, group);

            var reply = (ChapMessage.Reply) deliver(host, controller.challenge()).orElseThrow();
            assertThat(controller.accepts(reply)).isTrue();
            assertThat(reply.challengeValid()).isFalse();
            assertThat(reply.sequenceNumber()).isZero();
            assertThat(reply.challenge()).containsOnly(0).hasSize(hash.byteSize());
            assertThat(host.isFinished()).isFalse();

            assertThat(deliver(host, controller.success(reply))).isEmpty();
            assertThat(host.isAuthenticated()).isTrue();
            assertThat(host.failure()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NULL", "FFDHE2048"})
    void bothWaysAuthentication_endsWithSuccess2(ChapGroup group) {
        HostAuthentication host = host(controllerSecret);
        Controller controller = new Controller(ChapHash.SHA384, group);

        var reply = (ChapMessage.Reply) deliver(host, controller.challenge()).orElseThrow();
        assertThat(reply.challengeValid()).isTrue();
        assertThat(reply.sequenceNumber()).isNotZero();
        assertThat(deliver(host, controller.success(reply)))
                .contains(new ChapMessage.Success2(TRANSACTION));
        assertThat(host.isAuthenticated()).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> deliver(host, controller.challenge()));
    }

    @Test
    void negotiate_offersInOrderAndIsReadBack() {
        var message = host(null).negotiate();
        var decoded = (ChapMessage.Negotiate) ChapMessage.decode(wire(message));

        assertThat(decoded).isEqualTo(message);
        assertThat(decoded.hashes()).containsExactly(1, 2, 3);
        assertThat(decoded.groups()).containsExactly(1, 2, 3, 4, 5, 0);
        assertThat(decoded.encode(wire(message), 0)).isEqualTo(72);
    }

    @Test
    void reply_isReadBack() {
        HostAuthentication host = host(controllerSecret);
        var reply =
                (ChapMessage.Reply)
                        deliver(
                                        host,
                                        new Controller(ChapHash.SHA256, ChapGroup.FFDHE2048)
                                                .challenge())
                                .orElseThrow();
        var decoded = (ChapMessage.Reply) ChapMessage.decode(wire(reply));
        assertThat(decoded).usingRecursiveComparison().isEqualTo(reply);
    }

    private void assertFails(HostAuthentication host, ChapMessage received, ChapFailure expected) {
        assertThat(deliver(host, received))
                .contains(new ChapMessage.Failure(TRANSACTION, false, expected.code()));
        assertThat(host.isFinished()).isTrue();
        assertThat(host.isAuthenticated()).isFalse();
        assertThat(host.failure()).contains(expected);
    }

    @Test
    void controllerWithWrongSecret_isNotTrusted() {
        HostAuthentication host = host(ChapSecret.generate(ChapHash.SHA512, RANDOM));
        Controller controller = new Controller(ChapHash.SHA256, ChapGroup.NULL);
        var reply = (ChapMessage.Reply) deliver(host, controller.challenge()).orElseThrow();
        assertFails(host, controller.success(reply), ChapFailure.AUTHENTICATION_FAILED);
    }

    @Test
    void controllerThatDoesNotAnswer_isNotTrusted() {
        HostAuthentication host = host(controllerSecret);
        Controller controller = new Controller(ChapHash.SHA256, ChapGroup.NULL);
        deliver(host, controller.challenge());
        assertFails(
                host,
                new ChapMessage.Success1(TRANSACTION, false, new byte[32]),
                ChapFailure.AUTHENTICATION_FAILED);
    }

    @Test
    void controllerThatReflectsTheHostsResponse_isNotTrusted() {
        HostAuthentication host = host(controllerSecret);
        Controller controller = new Controller(ChapHash.SHA256, ChapGroup.NULL);
        var reply = (ChapMessage.Reply) deliver(host, controller.challenge()).orElseThrow();
        assertFails(
                host,
                new ChapMessage.Success1(TRANSACTION, true, reply.response()),
                ChapFailure.AUTHENTICATION_FAILED);
    }

    @Test
    void hashOrGroupThatWasNotOffered_isRefused() {
        var options =
                new HostAuthentication.Options(
                        HOST,
                        SUBSYSTEM,
                        hostSecret,
                        null,
                        List.of(ChapHash.SHA512),
                        List.of(ChapGroup.FFDHE4096));
        assertFails(
                HostAuthentication.begin(options, TRANSACTION, RANDOM),
                new Controller(ChapHash.SHA256, ChapGroup.FFDHE4096).challenge(),
                ChapFailure.HASH_NOT_USABLE);
        assertFails(
                HostAuthentication.begin(options, TRANSACTION, RANDOM),
                new Controller(ChapHash.SHA512, ChapGroup.NULL).challenge(),
                ChapFailure.GROUP_NOT_USABLE);
        assertFails(host(null), challenge(9, 0, 1, 32, new byte[0]), ChapFailure.HASH_NOT_USABLE);
        assertFails(host(null), challenge(1, 9, 1, 32, new byte[0]), ChapFailure.GROUP_NOT_USABLE);
    }

    private static ChapMessage challenge(
            int hash, int group, int sequenceNumber, int length, byte[] publicValue) {
        return new ChapMessage.Challenge(
                TRANSACTION, hash, group, sequenceNumber, new byte[length], publicValue);
    }

    @Test
    void malformedChallenge_isRefused() {
        byte[] none = new byte[0];
        byte[] one = new byte[256];
        one[255] = 1;
        assertFails(host(null), challenge(1, 0, 1, 48, none), ChapFailure.INCORRECT_PAYLOAD);
        assertFails(host(null), challenge(1, 0, 0, 32, none), ChapFailure.INCORRECT_PAYLOAD);
        assertFails(host(null), challenge(1, 0, 1, 32, one), ChapFailure.INCORRECT_PAYLOAD);
        assertFails(host(null), challenge(1, 1, 1, 32, none), ChapFailure.INCORRECT_PAYLOAD);
        assertFails(host(null), challenge(1, 1, 1, 32, one), ChapFailure.INCORRECT_PAYLOAD);
        assertFails(
                host(null),
                new ChapMessage.Challenge(TRANSACTION - 1, 1, 0, 1, new byte[32], none),
                ChapFailure.INCORRECT_PAYLOAD);
    }

    @Test
    void messageOutOfOrder_isRefused() {
        assertFails(
                host(null),
                new ChapMessage.Success1(TRANSACTION, false, new byte[32]),
                ChapFailure.INCORRECT_MESSAGE);
        HostAuthentication host = host(null);
        Controller controller = new Controller(ChapHash.SHA256, ChapGroup.NULL);
        deliver(host, controller.challenge());
        assertFails(host, controller.challenge(), ChapFailure.INCORRECT_MESSAGE);
        assertFails(
                host(null),
                new ChapMessage.Failure(TRANSACTION, false, 1),
                ChapFailure.INCORRECT_MESSAGE);
    }

    @ParameterizedTest
    @EnumSource
    void failureFromTheController_endsWithoutAnAnswer(ChapFailure failure) {
        HostAuthentication host = host(null);
        assertThat(deliver(host, new ChapMessage.Failure(TRANSACTION, true, failure.code() & 0xFF)))
                .isEmpty();
        assertThat(host.failure()).contains(failure);
        assertThat(host.isFinished()).isTrue();
        assertThat(failure.toString()).isNotBlank();
    }

    @Test
    void cutOffMessages_areRefused() {
        Controller controller = new Controller(ChapHash.SHA256, ChapGroup.FFDHE2048);
        HostAuthentication other = host(controllerSecret);
        var reply = (ChapMessage.Reply) deliver(other, controller.challenge()).orElseThrow();
        for (ChapMessage message :
                List.of(
                        host(null).negotiate(),
                        controller.challenge(),
                        reply,
                        controller.success(reply))) {
            MemorySegment whole = wire(message);
            int size = message.encode(whole, 0);
            assertThat(ChapMessage.decode(whole.asSlice(0, size)).getClass())
                    .isEqualTo(message.getClass());
            assertThatExceptionOfType(WireFormatException.class)
                    .isThrownBy(() -> ChapMessage.decode(whole.asSlice(0, size - 1)));
            assertThatExceptionOfType(WireFormatException.class)
                    .isThrownBy(() -> ChapMessage.decode(whole.asSlice(0, 7)));
        }
        HostAuthentication host = host(null);
        assertThat(host.receive(MemorySegment.ofArray(new byte[4])))
                .contains(
                        new ChapMessage.Failure(
                                TRANSACTION, false, ChapFailure.INCORRECT_PAYLOAD.code()));
    }

    @Test
    void unknownMessage_isNamed() {
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() ->
                        ChapMessage.decode(
                                MemorySegment.ofArray(new byte[] {1, 9, 0, 0, 0, 0, 0, 0})))
                .withMessageContaining("type 01h, identifier 09h");
    }

    @Test
    void negotiateWithoutADescriptorOrIds_isRefused() {
        for (int[] change : new int[][] {{7, 2}, {8, 2}, {10, 0}, {10, 31}, {11, 0}, {11, 31}}) {
            MemorySegment message = wire(host(null).negotiate());
            message.set(java.lang.foreign.ValueLayout.JAVA_BYTE, change[0], (byte) change[1]);
            assertThatExceptionOfType(WireFormatException.class)
                    .isThrownBy(() -> ChapMessage.decode(message))
                    .withMessageContaining("Negotiate");
        }
    }
}
