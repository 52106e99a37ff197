package dev.verbena.testkit;

import java.nio.charset.StandardCharsets;

/// A structure being filled: little-endian numbers, padded texts.
final class Bytes {
    private final byte[] bytes;

    Bytes(int size) {
        bytes = new byte[size];
    }

    Bytes put(int offset, long value, int byteCount) {
        for (int i = 0; i < byteCount; i++) {
            bytes[offset + i] = (byte) (value >>> (8 * i));
        }
        return this;
    }

    Bytes put(int offset, byte[] data) {
        System.arraycopy(data, 0, bytes, offset, data.length);
        return this;
    }

    /// Text, filled up with `padding`.
    Bytes text(int offset, int size, String text, char padding) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < size; i++) {
            bytes[offset + i] = i < encoded.length ? encoded[i] : (byte) padding;
        }
        return this;
    }

    byte[] array() {
        return bytes;
    }

    /// A number in somebody's structure.
    static long get(byte[] data, int offset, int byteCount) {
        long value = 0;
        for (int i = byteCount - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedLong(data[offset + i]);
        }
        return value;
    }
}
