package dev.verbena.testkit.internal.wire;

/// Private data that a correct encoder would refuse to write.
final class RdmaPrivateDataBytes {
    private RdmaPrivateDataBytes() {}

    static byte[] accept(int recordFormat, int receiveQueueSize) {
        return words(32, recordFormat, receiveQueueSize);
    }

    static byte[] reject(int status) {
        return words(4, 0, status);
    }

    private static byte[] words(int size, int first, int second) {
        byte[] data = new byte[size];
        data[0] = (byte) first;
        data[1] = (byte) (first >>> 8);
        data[2] = (byte) second;
        data[3] = (byte) (second >>> 8);
        return data;
    }
}
