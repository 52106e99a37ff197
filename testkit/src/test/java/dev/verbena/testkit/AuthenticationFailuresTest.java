package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.AuthenticationFailedException;
import dev.verbena.ConnectTimeoutException;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.auth.ChapGroup;
import dev.verbena.nvme.auth.ChapHash;
import dev.verbena.nvme.auth.ChapMessage;
import dev.verbena.nvme.auth.ChapSecret;
import dev.verbena.testkit.TestSubsystem.Authentication;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Controllers that spoil an authentication in every way there is: each ends the attempt to
/// connect, with the reason.
@Isolated
@Timeout(60)
class AuthenticationFailuresTest {
    private static final int HASH = ChapHash.SHA256.id();
    private static final byte[] CHALLENGE = new byte[32];

    static byte[] bytes(ChapMessage message) {
        byte[] buffer = new byte[ChapMessage.BUFFER_SIZE];
        int size = message.encode(MemorySegment.ofArray(buffer), 0);
        return Arrays.copyOf(buffer, size);
    }

    static ChapMessage.Challenge challenge(int transaction) {
        return new ChapMessage.Challenge(
                transaction, HASH, ChapGroup.NULL.id(), 1, CHALLENGE, new byte[0]);
    }

    private static void fails(Authentication script, String words) {
        fails(script, words, false);
    }

    private static void fails(Authentication script, String words, boolean bothWays) {
        VirtualScene.play(scene -> {
            ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, new SecureRandom());
            scene.subsystem.authentication(script);
            scene.options =
                    scene.options
                            .withDhchapSecret(secret)
                            .withDhchapCtrlSecret(bothWays ? secret : null);
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(AuthenticationFailedException.class)
                    .hasMessageContaining(words);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "1, a secret is wrong",
        "2, no authentication protocol",
        "3, secure channel",
        "4, no hash function",
        "5, no Diffie-Hellman group",
        "6, incorrect content",
        "7, not expected",
        "200, unknown reason",
    })
    void failureOfTheController_isToldWithItsReason(int code, String words) {
        fails((t, i) -> bytes(new ChapMessage.Failure(t, true, code)), words);
    }

    @Test
    void failureAfterTheReply_isAWrongSecret() {
        fails(
                (t, i) -> bytes(i == 0 ? challenge(t) : new ChapMessage.Failure(t, true, 1)),
                "a secret is wrong");
    }

    @Test
    void unknownHash_isRefused() {
        fails(
                (t, i) ->
                        bytes(
                                new ChapMessage.Challenge(
                                        t, 9, ChapGroup.NULL.id(), 1, CHALLENGE, new byte[0])),
                "hash");
    }

    @Test
    void unknownGroup_isRefused() {
        fails(
                (t, i) -> bytes(new ChapMessage.Challenge(t, HASH, 99, 1, CHALLENGE, new byte[0])),
                "group");
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "31", "33", "64", "255"})
    void challengeOfAnotherLengthThanItsHash_isRefused(int length) {
        fails(
                (t, i) ->
                        bytes(
                                new ChapMessage.Challenge(
                                        t,
                                        HASH,
                                        ChapGroup.NULL.id(),
                                        1,
                                        new byte[length],
                                        new byte[0])),
                "incorrect content");
    }

    /// The length that is written is not the length that is there.
    @ParameterizedTest
    @CsvSource({"6, 255", "6, 0", "10, 255", "11, 255"})
    void lengthThatLies_isRefused(int offset, int value) {
        fails(
                (t, i) -> {
                    byte[] message = bytes(challenge(t));
                    message[offset] = (byte) value;
                    return message;
                },
                "");
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "5", "8", "15", "47"})
    void messageCutOff_isRefused(int length) {
        fails((t, i) -> Arrays.copyOf(bytes(challenge(t)), length), "");
    }

    @Test
    void otherTransaction_isRefused() {
        fails((t, i) -> bytes(challenge(t ^ 1)), "");
    }

    @Test
    void successOutOfTurn_isRefused() {
        fails((t, i) -> bytes(new ChapMessage.Success1(t, false, new byte[32])), "not expected");
    }

    @Test
    void challengeForEver_isRefused() {
        fails((t, i) -> bytes(challenge(t)), "not expected");
    }

    /// Of the group of 2048 bits; 0 and 1 make the shared secret known to everybody.
    @ParameterizedTest
    @CsvSource({"256, 0", "256, 1", "255, 2", "0, 0", "512, 2"})
    void impossiblePublicValue_isRefused(int length, int last) {
        fails(
                (t, i) -> {
                    byte[] value = new byte[length];
                    if (length > 0) {
                        value[length - 1] = (byte) last;
                    }
                    return bytes(
                            new ChapMessage.Challenge(
                                    t, HASH, ChapGroup.FFDHE2048.id(), 1, CHALLENGE, value));
                },
                "");
    }

    @Test
    void controllerThatDoesNotKnowItsOwnSecret_isRefused() {
        fails(
                (t, i) ->
                        bytes(
                                i == 0
                                        ? challenge(t)
                                        : new ChapMessage.Success1(t, true, new byte[32])),
                "secret",
                true);
    }

    @Test
    void controllerThatDoesNotProveItself_isRefusedWhereItMust() {
        fails(
                (t, i) ->
                        bytes(
                                i == 0
                                        ? challenge(t)
                                        : new ChapMessage.Success1(t, false, new byte[32])),
                "",
                true);
    }

    @Test
    void refusedMessage_isToldWithItsStatus() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication((t, i) -> bytes(challenge(t)));
            scene.options =
                    scene.options.withDhchapSecret(
                            ChapSecret.generate(ChapHash.SHA256, new SecureRandom()));
            scene.target.inject(
                    Occasion.admin(AdminOpcode.FABRICS).always(), new Fault.Answer(0x4002, 0));
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(AuthenticationFailedException.class)
                    .hasMessageContaining("refused a message");
        });
    }

    @Test
    void noMessage_isATimeOut() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication((t, i) -> bytes(challenge(t)));
            scene.options =
                    scene.options
                            .withConnectTimeout(Duration.ofSeconds(4))
                            .withDhchapSecret(
                                    ChapSecret.generate(ChapHash.SHA256, new SecureRandom()));
            scene.target.inject(
                    Occasion.admin(AdminOpcode.FABRICS).after(1), new Fault.DropAnswer());
            assertThatThrownBy(scene::connect).isInstanceOf(ConnectTimeoutException.class);
        });
    }

    @Test
    void noSecret_isToldWithoutAnExchange() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication((t, i) -> new byte[0]);
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(AuthenticationFailedException.class)
                    .hasMessageContaining("dhchapSecret");
        });
    }
}
