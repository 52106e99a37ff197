package dev.verbena.nvme.auth;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Diffie-Hellman groups of DH-HMAC-CHAP: none, or the finite fields of RFC 7919. */
public enum ChapGroup {
    NULL(0, 0, 0, 0),
    FFDHE2048(1, 2048, 560316, 256),
    FFDHE3072(2, 3072, 2625351, 320),
    FFDHE4096(3, 4096, 5736041, 384),
    FFDHE6144(4, 6144, 15705020, 448),
    FFDHE8192(5, 8192, 10965728, 512);

    /** Computed when first needed: a few milliseconds each. */
    private static final Map<ChapGroup, BigInteger> PRIMES = new ConcurrentHashMap<>();

    private final int id;
    private final int bits;
    private final int offset;
    private final int exponentBits;

    ChapGroup(int id, int bits, int offset, int exponentBits) {
        this.id = id;
        this.bits = bits;
        this.offset = offset;
        this.exponentBits = exponentBits;
    }

    /** The group of an identifier on the wire, empty for an unknown one. */
    public static Optional<ChapGroup> of(int id) {
        return Arrays.stream(values()).filter(group -> group.id == id).findFirst();
    }

    /** The identifier on the wire. */
    public int id() {
        return id;
    }

    /** Length of a public value in bytes, 0 for {@link #NULL}. */
    public int byteSize() {
        return bits / 8;
    }

    /**
     * Length of private exponents in bits: more than twice the strength that RFC 7919 gives the
     * group.
     */
    int exponentBits() {
        return exponentBits;
    }

    /**
     * The group's prime, by the formula of RFC 7919, appendix A: 2^b − 2^(b−64) + (⌊2^(b−130) · e⌋
     * + X) · 2^64 − 1.
     */
    BigInteger prime() {
        if (this == NULL) {
            throw new IllegalStateException("The null group has no prime");
        }
        return PRIMES.computeIfAbsent(this, ChapGroup::computePrime);
    }

    private static BigInteger computePrime(ChapGroup group) {
        BigInteger middle = eulersNumber(group.bits - 130).add(BigInteger.valueOf(group.offset));
        return BigInteger.ONE
                .shiftLeft(group.bits)
                .subtract(BigInteger.ONE.shiftLeft(group.bits - 64))
                .add(middle.shiftLeft(64))
                .subtract(BigInteger.ONE);
    }

    /** ⌊2^shift · e⌋, by the series of 1/n!. */
    private static BigInteger eulersNumber(int shift) {
        int guard = 64;
        BigInteger term = BigInteger.ONE.shiftLeft(shift + guard);
        BigInteger sum = BigInteger.ZERO;
        for (int n = 1; term.signum() > 0; n++) {
            sum = sum.add(term);
            term = term.divide(BigInteger.valueOf(n));
        }
        return sum.shiftRight(guard);
    }
}
