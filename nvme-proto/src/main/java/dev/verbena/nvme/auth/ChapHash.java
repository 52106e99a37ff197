package dev.verbena.nvme.auth;

import java.util.Arrays;
import java.util.Optional;

/** Hash functions of DH-HMAC-CHAP. */
public enum ChapHash {
    SHA256(1, 32, "SHA-256", "HmacSHA256"),
    SHA384(2, 48, "SHA-384", "HmacSHA384"),
    SHA512(3, 64, "SHA-512", "HmacSHA512");

    private final int id;
    private final int byteSize;
    private final String digest;
    private final String mac;

    ChapHash(int id, int byteSize, String digest, String mac) {
        this.id = id;
        this.byteSize = byteSize;
        this.digest = digest;
        this.mac = mac;
    }

    /** The function of an identifier on the wire, empty for an unknown one. */
    public static Optional<ChapHash> of(int id) {
        return Arrays.stream(values()).filter(hash -> hash.id == id).findFirst();
    }

    /** The identifier on the wire. */
    public int id() {
        return id;
    }

    /** Length of a hash in bytes. */
    public int byteSize() {
        return byteSize;
    }

    String digest() {
        return digest;
    }

    String mac() {
        return mac;
    }
}
