package dev.verbena.nvme;

import java.lang.foreign.MemorySegment;

/**
 * The upper part of {@link IdentifyController}, from byte 512 on: what concerns I/O queues and the
 * fabric. A class of its own for the length of the file alone.
 */
abstract sealed class IdentifyControllerIo extends WireStructure permits IdentifyController {
    static final int SIZE = 4096;

    IdentifyControllerIo(MemorySegment segment) {
        super(segment, 0, SIZE, "Identify Controller");
    }

    /** Submission queue entry sizes as powers of two: required 3:0, maximum 7:4 (SQES). */
    public int sqes() {
        return u8(512);
    }

    /** Completion queue entry sizes as powers of two: required 3:0, maximum 7:4 (CQES). */
    public int cqes() {
        return u8(513);
    }

    /** Most commands outstanding on one I/O queue, 0 for not reported (MAXCMD). */
    public int maximumOutstandingCommands() {
        return u16(514);
    }

    /** Largest namespace identifier, an unsigned 32-bit value as a long (NN). */
    public long namespaceCount() {
        return u32Long(516);
    }

    /** Optional NVM commands supported (ONCS). */
    public int oncs() {
        return u16(520);
    }

    /** Fused operations supported: bit 0 compare and write (FUSES). */
    public int fuses() {
        return u16(522);
    }

    /** Format NVM attributes (FNA). */
    public int formatAttributes() {
        return u8(524);
    }

    /** Whether there is a volatile write cache, so that writes need a flush (VWC bit 0). */
    public boolean volatileWriteCache() {
        return bit(525, 0);
    }

    /** Volatile write cache field (VWC). */
    public int vwc() {
        return u8(525);
    }

    /** Atomic write unit in normal operation in logical blocks, a count minus one (AWUN). */
    public int atomicWriteUnitNormal() {
        return u16(526);
    }

    /** Atomic write unit at power failure in logical blocks, a count minus one (AWUPF). */
    public int atomicWriteUnitPowerFail() {
        return u16(528);
    }

    /** Atomic compare and write unit in logical blocks, a count minus one (ACWU). */
    public int atomicCompareWriteUnit() {
        return u16(532);
    }

    /** Copy descriptor formats supported, bit n for format n (OCFS). */
    public int copyFormats() {
        return u16(534);
    }

    /** SGL support (SGLS), the raw field. */
    public int sgls() {
        return u32(536);
    }

    /** Whether SGLs are supported (SGLS 1:0). */
    public boolean sglSupported() {
        return (u8(536) & 3) != 0;
    }

    /** Whether keyed data blocks are supported, as RDMA needs (SGLS bit 2). */
    public boolean keyedSglSupported() {
        return bit(536, 2);
    }

    /** Whether SGLs may be longer than the data (SGLS bit 18). */
    public boolean oversizeSglSupported() {
        return bit(536, 18);
    }

    /** Whether SGL addresses may be offsets, so that data may be in the capsule (SGLS bit 20). */
    public boolean inCapsuleOffsetSupported() {
        return bit(536, 20);
    }

    /** Most namespaces that can exist, 0 for not reported, unsigned 32 bits as a long (MNAN). */
    public long maximumAllocatedNamespaces() {
        return u32Long(540);
    }

    /** The subsystem's NQN as the controller reports it: shown safely, but not validated. */
    public String subsystemNqn() {
        return utf8(768, 256);
    }

    /** Largest command capsule of an I/O queue in bytes (IOCCSZ), 0 for not reported. */
    public long ioCommandCapsuleBytes() {
        return u32Long(1792) * 16;
    }

    /** Largest response capsule of an I/O queue in bytes (IORCSZ), 0 for not reported. */
    public long ioResponseCapsuleBytes() {
        return u32Long(1796) * 16;
    }

    /** Where data starts in a command capsule, in bytes after the entry (ICDOFF). */
    public int inCapsuleDataOffsetBytes() {
        return u16(1800) * 16;
    }

    /** Fabrics controller attributes (FCATT). */
    public int fabricsControllerAttributes() {
        return u8(1802);
    }

    /** Whether controllers are static, so that they keep state between hosts (FCATT bit 0). */
    public boolean staticControllerModel() {
        return bit(1802, 0);
    }

    /** Most data block descriptors of one command, 0 for no limit (MSDBD). */
    public int maximumDataBlockDescriptors() {
        return u8(1803);
    }

    /** Optional Fabrics commands: bit 0 Disconnect (OFCS). */
    public int optionalFabricsCommands() {
        return u16(1804);
    }

    /** Discovery controller type: 0 not reported, 1 direct, 2 central (DCTYPE). */
    public int discoveryControllerType() {
        return u8(1806);
    }

    /** Cross-controller resets at a time, 0 for unsupported (CCRL). */
    public int crossControllerResetLimit() {
        return u8(1807);
    }
}
