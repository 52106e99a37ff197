package dev.verbena.nvme.auth;

import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The host's side of one authentication of one queue: messages in, messages out, nothing else.
 *
 * <pre>{@code
 * HostAuthentication auth = HostAuthentication.begin(options, transactionId, random);
 * ChapMessage out = auth.negotiate();
 * while (true) {
 *     // send out; where auth is finished and out is not empty that was the last message
 *     // receive into buffer, unless finished
 *     Optional<ChapMessage> next = auth.receive(buffer);
 * }
 * }</pre>
 *
 * <p>It fails closed: anything unexpected ends in {@link #failure()} and a message for the
 * controller. One thread at a time.
 */
public final class HostAuthentication {
    /**
     * What a host brings to an authentication.
     *
     * @param hostSecret the host's secret
     * @param controllerSecret the controller's secret, where the host wants it to prove itself too
     * @param hashes functions offered, best first
     * @param groups groups offered, best first
     */
    public record Options(
            Nqn host,
            Nqn subsystem,
            ChapSecret hostSecret,
            @Nullable ChapSecret controllerSecret,
            List<ChapHash> hashes,
            List<ChapGroup> groups) {
        /** Copies the lists. */
        public Options {
            Objects.requireNonNull(host, "host");
            Objects.requireNonNull(subsystem, "subsystem");
            Objects.requireNonNull(hostSecret, "hostSecret");
            hashes = List.copyOf(hashes);
            groups = List.copyOf(groups);
        }

        /** Offers every hash and group there is, the null group last. */
        public static Options of(
                Nqn host,
                Nqn subsystem,
                ChapSecret hostSecret,
                @Nullable ChapSecret controllerSecret) {
            return new Options(
                    host,
                    subsystem,
                    hostSecret,
                    controllerSecret,
                    List.of(ChapHash.SHA256, ChapHash.SHA384, ChapHash.SHA512),
                    List.of(
                            ChapGroup.FFDHE2048,
                            ChapGroup.FFDHE3072,
                            ChapGroup.FFDHE4096,
                            ChapGroup.FFDHE6144,
                            ChapGroup.FFDHE8192,
                            ChapGroup.NULL));
        }
    }

    private enum State {
        CHALLENGE,
        SUCCESS,
        AUTHENTICATED,
        FAILED
    }

    /** No secure channel: there is none over RDMA. */
    private static final int SECURE_CHANNEL_NONE = 0;

    private final Options options;
    private final int transactionId;
    private final SecureRandom random;
    private State state = State.CHALLENGE;
    private @Nullable ChapFailure failure;
    private byte @Nullable [] expected;

    private HostAuthentication(Options options, int transactionId, SecureRandom random) {
        this.options = options;
        this.transactionId = transactionId;
        this.random = random;
    }

    /**
     * Begins an authentication.
     *
     * @param transactionId 0 to 65535, different for each authentication of an association
     */
    public static HostAuthentication begin(
            Options options, int transactionId, SecureRandom random) {
        Objects.checkIndex(transactionId, 1 << 16);
        return new HostAuthentication(options, transactionId, random);
    }

    /** The message that opens the transaction. */
    public ChapMessage negotiate() {
        return new ChapMessage.Negotiate(
                transactionId,
                SECURE_CHANNEL_NONE,
                options.hashes().stream().map(ChapHash::id).toList(),
                options.groups().stream().map(ChapGroup::id).toList());
    }

    /** Whether no further message is to be received. */
    public boolean isFinished() {
        return state == State.AUTHENTICATED || state == State.FAILED;
    }

    /** Whether the queue is authenticated, and the controller too where that was asked for. */
    public boolean isAuthenticated() {
        return state == State.AUTHENTICATED;
    }

    /** Why it failed, empty where it did not. */
    public Optional<ChapFailure> failure() {
        return Optional.ofNullable(failure);
    }

    /**
     * Takes a message from the controller.
     *
     * @param buffer the message, and whatever follows it
     * @return the message to send, empty where there is none
     * @throws IllegalStateException if {@link #isFinished()}
     */
    public Optional<ChapMessage> receive(MemorySegment buffer) {
        if (isFinished()) {
            throw new IllegalStateException("The authentication is finished");
        }
        ChapMessage message;
        try {
            message = ChapMessage.decode(buffer);
        } catch (WireFormatException e) {
            return fail(ChapFailure.INCORRECT_PAYLOAD);
        }
        if (message.transactionId() != transactionId) {
            return fail(ChapFailure.INCORRECT_PAYLOAD);
        }
        return switch (message) {
            case ChapMessage.Challenge challenge when state == State.CHALLENGE -> reply(challenge);
            case ChapMessage.Success1 success when state == State.SUCCESS -> verify(success);
            case ChapMessage.Failure refusal when refusal.fromController() -> {
                // The controller has ended the transaction: there is nobody left to tell.
                state = State.FAILED;
                failure = refusal.reason();
                yield Optional.empty();
            }
            default -> fail(ChapFailure.INCORRECT_MESSAGE);
        };
    }

    private Optional<ChapMessage> fail(ChapFailure reason) {
        state = State.FAILED;
        failure = reason;
        return Optional.of(new ChapMessage.Failure(transactionId, false, reason.code()));
    }

    private Optional<ChapMessage> reply(ChapMessage.Challenge challenge) {
        ChapHash hash = ChapHash.of(challenge.hash()).orElse(null);
        ChapGroup group = ChapGroup.of(challenge.group()).orElse(null);
        if (hash == null || !options.hashes().contains(hash)) {
            return fail(ChapFailure.HASH_NOT_USABLE);
        }
        if (group == null || !options.groups().contains(group)) {
            return fail(ChapFailure.GROUP_NOT_USABLE);
        }
        boolean wellFormed =
                challenge.challenge().length == hash.byteSize()
                        && challenge.publicValue().length == group.byteSize()
                        && challenge.sequenceNumber() != 0
                        && (group == ChapGroup.NULL
                                || ChapCrypto.isValid(group, challenge.publicValue()));
        if (!wellFormed) {
            return fail(ChapFailure.INCORRECT_PAYLOAD);
        }
        state = State.SUCCESS;
        return Optional.of(answer(challenge, hash, group));
    }

    private ChapMessage answer(ChapMessage.Challenge challenge, ChapHash hash, ChapGroup group) {
        byte[] publicValue = new byte[0];
        byte[] secret = new byte[0];
        if (group != ChapGroup.NULL) {
            BigInteger exponent = ChapCrypto.privateExponent(group, random);
            publicValue = ChapCrypto.publicValue(group, exponent);
            secret = ChapCrypto.sharedSecret(group, exponent, challenge.publicValue());
        }
        byte[] ours = new byte[hash.byteSize()];
        int sequenceNumber = 0;
        if (options.controllerSecret() != null) {
            random.nextBytes(ours);
            sequenceNumber = nonZero();
            expected =
                    response(
                            hash,
                            options.controllerSecret(),
                            augmented(hash, group, secret, ours),
                            sequenceNumber,
                            ChapCrypto.Role.CONTROLLER);
        }
        byte[] response =
                response(
                        hash,
                        options.hostSecret(),
                        augmented(hash, group, secret, challenge.challenge()),
                        challenge.sequenceNumber(),
                        ChapCrypto.Role.HOST);
        Arrays.fill(secret, (byte) 0);
        return new ChapMessage.Reply(
                transactionId, expected != null, sequenceNumber, response, ours, publicValue);
    }

    private static byte[] augmented(
            ChapHash hash, ChapGroup group, byte[] secret, byte[] challenge) {
        return group == ChapGroup.NULL ? challenge : ChapCrypto.augmented(hash, secret, challenge);
    }

    private byte[] response(
            ChapHash hash,
            ChapSecret secret,
            byte[] challenge,
            int sequenceNumber,
            ChapCrypto.Role role) {
        boolean host = role == ChapCrypto.Role.HOST;
        Nqn answerer = host ? options.host() : options.subsystem();
        Nqn challenger = host ? options.subsystem() : options.host();
        byte[] key = secret.transformed(answerer);
        try {
            return ChapCrypto.response(
                    hash,
                    key,
                    challenge,
                    sequenceNumber,
                    transactionId,
                    SECURE_CHANNEL_NONE,
                    role,
                    answerer,
                    challenger);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    private int nonZero() {
        int number = random.nextInt();
        return number == 0 ? 1 : number;
    }

    private Optional<ChapMessage> verify(ChapMessage.Success1 success) {
        if (expected == null) {
            state = State.AUTHENTICATED;
            return Optional.empty();
        }
        if (!success.responseValid() || !MessageDigest.isEqual(expected, success.response())) {
            return fail(ChapFailure.AUTHENTICATION_FAILED);
        }
        state = State.AUTHENTICATED;
        return Optional.of(new ChapMessage.Success2(transactionId));
    }
}
