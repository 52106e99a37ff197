package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Values of features: dword 11 of Set Features, dword 0 of Get Features, and their data. */
public final class FeatureValues {
    /** Asynchronous event: health, all critical warnings of the SMART log. */
    public static final int EVENT_HEALTH = 0x1F;

    /** Asynchronous event: a namespace came, went or changed. */
    public static final int EVENT_NAMESPACE_ATTRIBUTE = 1 << 8;

    /** Asynchronous event: new firmware starts. */
    public static final int EVENT_FIRMWARE_ACTIVATION = 1 << 9;

    /** Asynchronous event: the telemetry log changed. */
    public static final int EVENT_TELEMETRY = 1 << 10;

    /** Asynchronous event: the state of a path changed. */
    public static final int EVENT_ANA_CHANGE = 1 << 11;

    /** Asynchronous event: the endurance group log changed. */
    public static final int EVENT_ENDURANCE_GROUP = 1 << 14;

    /** Asynchronous event: the descriptor of a zone changed. */
    public static final int EVENT_ZONE_DESCRIPTOR = 1 << 27;

    /** Asynchronous event: the discovery log changed. */
    public static final int EVENT_DISCOVERY_LOG = 1 << 31;

    /** Size of the data of {@link Feature#HOST_BEHAVIOR_SUPPORT} in bytes. */
    public static final int HOST_BEHAVIOR_SIZE = 512;

    /** Size of the data of {@link Feature#TIMESTAMP} in bytes. */
    public static final int TIMESTAMP_SIZE = 8;

    /** Size of the data of {@link Feature#HOST_IDENTIFIER} in bytes, with 128 bits. */
    public static final int HOST_IDENTIFIER_SIZE = 16;

    /** Reservation notification not wanted: registration preempted. */
    public static final int MASK_REGISTRATION_PREEMPTED = 1 << 1;

    /** Reservation notification not wanted: reservation released. */
    public static final int MASK_RESERVATION_RELEASED = 1 << 2;

    /** Reservation notification not wanted: reservation preempted. */
    public static final int MASK_RESERVATION_PREEMPTED = 1 << 3;

    /** Queue counts of {@link Feature#NUMBER_OF_QUEUES}. */
    public record QueueCounts(int submissionQueues, int completionQueues) {
        /** The counts granted, from dword 0 of the answer. */
        public static QueueCounts of(int dword0) {
            return new QueueCounts((dword0 & 0xFFFF) + 1, (dword0 >>> 16) + 1);
        }

        /**
         * Dword 11 that asks for these counts.
         *
         * @throws IllegalArgumentException if a count is not 1 to 65535
         */
        public int dword11() {
            Wire.inRange(submissionQueues, 1, 0xFFFF, "submissionQueues");
            Wire.inRange(completionQueues, 1, 0xFFFF, "completionQueues");
            return (submissionQueues - 1) | ((completionQueues - 1) << 16);
        }

        /** Pairs that can be made of them. */
        public int pairs() {
            return Math.min(submissionQueues, completionQueues);
        }
    }

    /**
     * What {@link Feature#SELECT_CAPABILITIES} returns.
     *
     * @param dword0 of the answer
     */
    public record FeatureCapabilities(int dword0) {
        /** Whether a value can be saved over a reset. */
        public boolean saveable() {
            return (dword0 & 1) != 0;
        }

        /** Whether the feature has a value for each namespace. */
        public boolean namespaceSpecific() {
            return (dword0 & 2) != 0;
        }

        /** Whether the value can be changed. */
        public boolean changeable() {
            return (dword0 & 4) != 0;
        }
    }

    /**
     * Data of {@link Feature#HOST_BEHAVIOR_SUPPORT}: what a host says about itself.
     *
     * @param advancedCommandRetry whether it understands Command Interrupted and retry delays
     * @param extendedTelemetry whether it reads telemetry data area 4
     * @param extendedFormats whether it understands more than 16 LBA formats
     * @param dispersedNamespaces whether it understands namespaces of several subsystems
     * @param copyFormats one bit for each format of copy descriptors to enable, 2 to 4 in bits 2 to
     *     4; formats 0 and 1 need no bit, 0 to 65535
     */
    public record HostBehavior(
            boolean advancedCommandRetry,
            boolean extendedTelemetry,
            boolean extendedFormats,
            boolean dispersedNamespaces,
            int copyFormats) {
        /** A host without dispersed namespaces and with the two oldest copy formats. */
        public HostBehavior(
                boolean advancedCommandRetry, boolean extendedTelemetry, boolean extendedFormats) {
            this(advancedCommandRetry, extendedTelemetry, extendedFormats, false, 0);
        }

        /** Writes all {@value FeatureValues#HOST_BEHAVIOR_SIZE} bytes. */
        public void encode(MemorySegment segment, long offset) {
            segment.asSlice(offset, HOST_BEHAVIOR_SIZE).fill((byte) 0);
            Wire.u8(segment, offset, advancedCommandRetry ? 1 : 0);
            Wire.u8(segment, offset + 1, extendedTelemetry ? 1 : 0);
            Wire.u8(segment, offset + 2, extendedFormats ? 1 : 0);
            Wire.u8(segment, offset + 3, dispersedNamespaces ? 1 : 0);
            Wire.u16(segment, offset + 4, Wire.inRange(copyFormats, 0, 0xFFFF, "copyFormats"));
        }

        /**
         * Decodes the data at the start of the segment.
         *
         * @throws WireFormatException if it has fewer than {@value
         *     FeatureValues#HOST_BEHAVIOR_SIZE} bytes
         */
        public static HostBehavior decode(MemorySegment segment) {
            Wire.requireSize(segment, 0, HOST_BEHAVIOR_SIZE, "Host Behavior Support");
            return new HostBehavior(
                    Wire.u8(segment, 0) == 1,
                    Wire.u8(segment, 1) == 1,
                    Wire.u8(segment, 2) == 1,
                    Wire.u8(segment, 3) == 1,
                    Wire.u16(segment, 4));
        }
    }

    /**
     * Data of {@link Feature#TIMESTAMP}.
     *
     * @param millis milliseconds since 1970, 48 bits
     * @param attributes as read: bit 0 the clock may have stopped, 3:1 where the time came from
     */
    public record Timestamp(long millis, int attributes) {
        /** Writes all {@value FeatureValues#TIMESTAMP_SIZE} bytes; attributes are read only. */
        public void encode(MemorySegment segment, long offset) {
            Wire.u64(segment, offset, Wire.inRange(millis, 0, (1L << 48) - 1, "millis"));
        }

        /**
         * Decodes the data at the start of the segment.
         *
         * @throws WireFormatException if it has fewer than {@value FeatureValues#TIMESTAMP_SIZE}
         *     bytes
         */
        public static Timestamp decode(MemorySegment segment) {
            Wire.requireSize(segment, 0, TIMESTAMP_SIZE, "Timestamp");
            long value = Wire.u64(segment, 0);
            return new Timestamp(value & ((1L << 48) - 1), (int) (value >>> 48) & 0xFF);
        }
    }

    private FeatureValues() {}

    /** Writes the data of {@link Feature#HOST_IDENTIFIER}; set dword 11 to 1 for 128 bits. */
    public static void hostIdentifier(MemorySegment segment, long offset, HostIdentity host) {
        byte[] bytes = host.hostIdBytes();
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }
}
