package dev.verbena.nvme.auth;

import dev.verbena.nvme.Nqn;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The computations of DH-HMAC-CHAP. */
final class ChapCrypto {
    /** Who answers a challenge; part of what is signed, so that answers cannot be reflected. */
    enum Role {
        HOST("HostHost"),
        CONTROLLER("Controller");

        private final String label;

        Role(String label) {
            this.label = label;
        }
    }

    private static final BigInteger GENERATOR = BigInteger.TWO;

    private ChapCrypto() {}

    static byte[] hmac(ChapHash hash, byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(hash.mac());
            mac.init(new SecretKeySpec(key, hash.mac()));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This Java runtime has no " + hash.mac(), e);
        }
    }

    private static byte[] digest(ChapHash hash, byte[] bytes) {
        try {
            return MessageDigest.getInstance(hash.digest()).digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This Java runtime has no " + hash.digest(), e);
        }
    }

    /**
     * The answer to a challenge.
     *
     * @param key transformed key of the one who answers
     * @param challenge as sent, or augmented where there is a Diffie-Hellman group
     * @param answerer name of the one who answers
     * @param challenger name of the other
     */
    static byte[] response(
            ChapHash hash,
            byte[] key,
            byte[] challenge,
            int sequenceNumber,
            int transactionId,
            int secureChannel,
            Role role,
            Nqn answerer,
            Nqn challenger) {
        byte[] numbers = {
            (byte) sequenceNumber,
            (byte) (sequenceNumber >>> 8),
            (byte) (sequenceNumber >>> 16),
            (byte) (sequenceNumber >>> 24),
            (byte) transactionId,
            (byte) (transactionId >>> 8),
            (byte) secureChannel
        };
        return hmac(
                hash,
                key,
                challenge,
                numbers,
                role.label.getBytes(StandardCharsets.US_ASCII),
                answerer.bytes(),
                new byte[1],
                challenger.bytes());
    }

    /** A challenge that also depends on the Diffie-Hellman secret. */
    static byte[] augmented(ChapHash hash, byte[] sharedSecret, byte[] challenge) {
        byte[] key = digest(hash, sharedSecret);
        try {
            return hmac(hash, key, challenge);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    /** A private exponent for one transaction. */
    static BigInteger privateExponent(ChapGroup group, SecureRandom random) {
        // The top bit is set so that the exponent has its full length.
        return new BigInteger(group.exponentBits(), random).setBit(group.exponentBits() - 1);
    }

    /** The public value of an exponent, padded to the length of the group. */
    static byte[] publicValue(ChapGroup group, BigInteger exponent) {
        return padded(group, GENERATOR.modPow(exponent, group.prime()));
    }

    /** Whether a peer's public value is one that hides the secret: 2 to p − 2. */
    static boolean isValid(ChapGroup group, byte[] publicValue) {
        BigInteger value = new BigInteger(1, publicValue);
        return value.compareTo(BigInteger.ONE) > 0
                && value.compareTo(group.prime().subtract(BigInteger.ONE)) < 0;
    }

    /** The shared secret, padded to the length of the group. */
    static byte[] sharedSecret(ChapGroup group, BigInteger exponent, byte[] peer) {
        return padded(group, new BigInteger(1, peer).modPow(exponent, group.prime()));
    }

    private static byte[] padded(ChapGroup group, BigInteger value) {
        byte[] bytes = value.toByteArray();
        byte[] padded = new byte[group.byteSize()];
        // toByteArray may put a zero in front for the sign, and leaves leading zeros out.
        int length = Math.min(bytes.length, padded.length);
        System.arraycopy(bytes, bytes.length - length, padded, padded.length - length, length);
        return padded;
    }
}
