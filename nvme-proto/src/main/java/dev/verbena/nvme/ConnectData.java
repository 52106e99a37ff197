package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The 1024 bytes of data that go with a Connect command. */
public final class ConnectData {
    /** Size in bytes. */
    public static final int SIZE = 1024;

    /** Controller identifier for the admin queue: the subsystem chooses a controller. */
    public static final int CONTROLLER_ID_DYNAMIC = 0xFFFF;

    /** Controller identifier for the admin queue: any available static controller. */
    public static final int CONTROLLER_ID_STATIC_ANY = 0xFFFE;

    static final int HOST_ID_OFFSET = 0;
    static final int CONTROLLER_ID_OFFSET = 16;
    static final int SUBSYSTEM_NQN_OFFSET = 256;
    static final int HOST_NQN_OFFSET = 512;

    private ConnectData() {}

    /**
     * Writes all {@value #SIZE} bytes.
     *
     * @param controllerId {@link #CONTROLLER_ID_DYNAMIC} or {@link #CONTROLLER_ID_STATIC_ANY} or a
     *     fixed identifier on the admin queue; on an I/O queue the one that the admin queue's
     *     Connect returned
     */
    public static void encode(
            MemorySegment segment,
            long offset,
            HostIdentity host,
            int controllerId,
            Nqn subsystem) {
        Wire.inRange(controllerId, 0, 0xFFFF, "controllerId");
        segment.asSlice(offset, SIZE).fill((byte) 0);
        copy(host.hostIdBytes(), segment, offset + HOST_ID_OFFSET);
        Wire.u16(segment, offset + CONTROLLER_ID_OFFSET, controllerId);
        copy(subsystem.bytes(), segment, offset + SUBSYSTEM_NQN_OFFSET);
        copy(host.hostNqn().bytes(), segment, offset + HOST_NQN_OFFSET);
    }

    private static void copy(byte[] source, MemorySegment segment, long offset) {
        MemorySegment.copy(source, 0, segment, ValueLayout.JAVA_BYTE, offset, source.length);
    }
}
