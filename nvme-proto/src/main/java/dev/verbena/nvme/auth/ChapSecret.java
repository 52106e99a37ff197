package dev.verbena.nvme.auth;

import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.auth.ChapSecretException.Reason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A secret for DH-HMAC-CHAP, as {@code nvme gen-dhchap-key} writes it: {@code DHHC-1:hh:base64:}.
 *
 * <p>{@code hh} is 00 for a key to be used as it is, or 01, 02 or 03 for one that is first
 * transformed with SHA-256, SHA-384 or SHA-512 and the name of its owner. The Base64 text holds the
 * key of 32, 48 or 64 bytes and its CRC-32.
 *
 * <p>Any thread may use it until it is closed, which overwrites the key.
 */
public final class ChapSecret implements AutoCloseable {
    private static final String PREFIX = "DHHC-1:";
    private static final String TRANSFORM_LABEL = "NVMe-over-Fabrics";
    private static final int CRC_SIZE = 4;
    private static final int HASH_TEXT_LENGTH = 3;

    private final byte[] key;
    private final @Nullable ChapHash hash;
    private boolean closed;

    private ChapSecret(byte[] key, @Nullable ChapHash hash) {
        this.key = key;
        this.hash = hash;
    }

    /**
     * Reads a secret.
     *
     * @throws ChapSecretException if the text is not well formed, with the reason
     */
    public static ChapSecret parse(String text) {
        if (!text.startsWith(PREFIX)) {
            throw new ChapSecretException(
                    Reason.PREFIX, "it does not begin with \"" + PREFIX + "\"");
        }
        String rest = text.substring(PREFIX.length());
        if (!rest.matches("(?s)0[0-3]:.*")) {
            throw new ChapSecretException(
                    Reason.HASH, "\"" + PREFIX + "\" is not followed by 00:, 01:, 02: or 03:");
        }
        if (!rest.endsWith(":") || rest.length() == HASH_TEXT_LENGTH) {
            throw new ChapSecretException(Reason.END, "it does not end with a colon");
        }
        @Nullable ChapHash hash = ChapHash.of(rest.charAt(1) - '0').orElse(null);
        byte[] decoded = decode(rest.substring(HASH_TEXT_LENGTH, rest.length() - 1));
        try {
            return checked(decoded, hash);
        } finally {
            Arrays.fill(decoded, (byte) 0);
        }
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            // The cause would quote characters of the secret.
            throw new ChapSecretException(Reason.BASE64, "the key is not Base64");
        }
    }

    private static ChapSecret checked(byte[] decoded, @Nullable ChapHash hash) {
        int length = decoded.length - CRC_SIZE;
        if (length != 32 && length != 48 && length != 64) {
            throw new ChapSecretException(
                    Reason.LENGTH,
                    "the key and its checksum have "
                            + decoded.length
                            + " bytes, expected 36, 52 or 68");
        }
        byte[] key = Arrays.copyOf(decoded, length);
        byte[] sum = Arrays.copyOfRange(decoded, length, decoded.length);
        if (!MessageDigest.isEqual(checksum(key), sum)) {
            throw new ChapSecretException(
                    Reason.CHECKSUM, "the checksum does not fit; was a character changed?");
        }
        if (hash != null && hash.byteSize() != length) {
            throw new ChapSecretException(
                    Reason.LENGTH_FOR_HASH,
                    "the key has "
                            + length
                            + " bytes, expected "
                            + hash.byteSize()
                            + " for "
                            + hash);
        }
        return new ChapSecret(key, hash);
    }

    private static byte[] checksum(byte[] key) {
        CRC32 crc = new CRC32();
        crc.update(key);
        int value = (int) crc.getValue();
        return new byte[] {
            (byte) value, (byte) (value >>> 8), (byte) (value >>> 16), (byte) (value >>> 24)
        };
    }

    /**
     * A new random secret.
     *
     * @param hash the function that transforms it, which also fixes its length
     */
    public static ChapSecret generate(ChapHash hash, SecureRandom random) {
        byte[] key = new byte[hash.byteSize()];
        random.nextBytes(key);
        return new ChapSecret(key, hash);
    }

    /** The function that transforms the key, empty for one that is used as it is. */
    public Optional<ChapHash> hash() {
        return Optional.ofNullable(hash);
    }

    /** The secret's text, for storing it. Whoever has it can be its owner. */
    public String reveal() {
        byte[] plain = key();
        byte[] all = Arrays.copyOf(plain, plain.length + CRC_SIZE);
        System.arraycopy(checksum(plain), 0, all, plain.length, CRC_SIZE);
        try {
            return PREFIX
                    + "0"
                    + (hash == null ? 0 : hash.id())
                    + ":"
                    + Base64.getEncoder().encodeToString(all)
                    + ":";
        } finally {
            Arrays.fill(plain, (byte) 0);
            Arrays.fill(all, (byte) 0);
        }
    }

    /**
     * The key that goes into computations: transformed with its owner's name where the secret says
     * so. The caller overwrites it after use.
     *
     * @param owner the host for a host's secret, the subsystem for a controller's
     */
    byte[] transformed(Nqn owner) {
        byte[] plain = key();
        if (hash == null) {
            return plain;
        }
        try {
            return ChapCrypto.hmac(
                    hash,
                    plain,
                    owner.bytes(),
                    TRANSFORM_LABEL.getBytes(StandardCharsets.US_ASCII));
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    private synchronized byte[] key() {
        if (closed) {
            throw new IllegalStateException("The secret is closed");
        }
        return key.clone();
    }

    /** Whether it was closed, so that nobody can use it any more. */
    public synchronized boolean isClosed() {
        return closed;
    }

    /** Overwrites the key. */
    @Override
    public synchronized void close() {
        closed = true;
        Arrays.fill(key, (byte) 0);
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "ChapSecret[" + (hash == null ? "not transformed" : hash) + "]";
    }
}
