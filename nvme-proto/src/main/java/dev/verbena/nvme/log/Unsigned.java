package dev.verbena.nvme.log;

import java.math.BigInteger;

/** Unsigned 64-bit values as numbers to show. */
final class Unsigned {
    private Unsigned() {}

    static Number number(long value) {
        return value >= 0 ? (Number) value : new BigInteger(Long.toUnsignedString(value));
    }
}
