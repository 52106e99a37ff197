package dev.verbena.internal.fabric;

import dev.verbena.MemoryMode;
import org.jspecify.annotations.Nullable;

/// What a queue is opened with.
///
/// @param queueId 0 for admin, 1..65534 for I/O
/// @param entryCount size of the submission queue in entries, 2..65535: the connection request
///   counts them in 16 bits
/// @param controllerId id of the association for I/O queues, 0xFFFF for the admin queue
/// @param capsuleHeaderBytes bytes per slot that this side fills: 64 plus the offset of in-capsule
///   data
/// @param memoryMode what the association's first queue decides for all: the others' is not looked
///   at
/// @param connection how the connection is made
/// @param group completions go there; null for a queue that is polled by itself
public record QueueParameters(
        int queueId,
        int entryCount,
        int controllerId,
        int capsuleHeaderBytes,
        MemoryMode memoryMode,
        Connection connection,
        @Nullable FabricGroup group) {
    /// Upper bound for the bytes before in-capsule data. ICDOFF could ask for a mebibyte in every
    /// slot of every queue; no target is known to use more than 0.
    public static final int CAPSULE_HEADER_BYTES_MAX = 64 + 4096;

    /// Properties of an RDMA connection.
    ///
    /// @param typeOfService IP type of service, -1 to leave it to the system
    /// @param retryCount transport retries, 0..7
    /// @param rnrRetryCount retries while the target is short of receives, 0..7; 7 for ever
    /// @param ackTimeout time until a packet is sent again, as exponent: 4.096 µs times two to the
    ///   power of 0..31, where 0 means for ever; -1 to leave it to the system
    public record Connection(int typeOfService, int retryCount, int rnrRetryCount, int ackTimeout) {
        /// What the kernel's initiator uses.
        public static final Connection DEFAULT = new Connection(-1, 7, 7, -1);

        public Connection {
            check("typeOfService", typeOfService, -1, 255);
            check("retryCount", retryCount, 0, 7);
            check("rnrRetryCount", rnrRetryCount, 0, 7);
            check("ackTimeout", ackTimeout, -1, 31);
        }
    }

    public QueueParameters {
        check("queueId", queueId, 0, 65_534);
        check("entryCount", entryCount, 2, 65_535);
        check("controllerId", controllerId, 0, 0xFFFF);
        check("capsuleHeaderBytes", capsuleHeaderBytes, 64, CAPSULE_HEADER_BYTES_MAX);
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", must be " + min + ".." + max);
        }
    }
}
