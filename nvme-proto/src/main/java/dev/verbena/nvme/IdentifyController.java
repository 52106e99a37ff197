package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Objects;

/**
 * The Identify Controller data structure (CNS 01h, section 5.17.2.1).
 *
 * <p>Immutable. Accessors carry the meaning in their name and the specification's abbreviation in
 * their comment; single bits that Verbena does not act on stay in their raw field.
 */
public final class IdentifyController {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** {@link #controllerType()}: an I/O controller. */
    public static final int TYPE_IO = 1;

    /** {@link #controllerType()}: a discovery controller. */
    public static final int TYPE_DISCOVERY = 2;

    /** {@link #controllerType()}: an administrative controller. */
    public static final int TYPE_ADMINISTRATIVE = 3;

    private final Bytes bytes;

    private IdentifyController(Bytes bytes) {
        this.bytes = bytes;
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static IdentifyController decode(MemorySegment segment) {
        return new IdentifyController(Bytes.copy(segment, 0, SIZE, "Identify Controller"));
    }

    /** PCI vendor identifier (VID). */
    public int vendorId() {
        return bytes.u16(0);
    }

    /** PCI subsystem vendor identifier (SSVID). */
    public int subsystemVendorId() {
        return bytes.u16(2);
    }

    /** Serial number (SN), without trailing blanks. */
    public String serialNumber() {
        return bytes.ascii(4, 20);
    }

    /** Model number (MN), without trailing blanks. */
    public String modelNumber() {
        return bytes.ascii(24, 40);
    }

    /** Firmware revision (FR), without trailing blanks. */
    public String firmwareRevision() {
        return bytes.ascii(64, 8);
    }

    /** Recommended arbitration burst as a power of two (RAB). */
    public int arbitrationBurst() {
        return bytes.u8(72);
    }

    /** IEEE organisation identifier as six hexadecimal digits, most significant first (IEEE). */
    public String ieeeOui() {
        return dev.verbena.nvme.internal.Text.format(
                "%02x%02x%02x", bytes.u8(75), bytes.u8(74), bytes.u8(73));
    }

    /** Multi-path and namespace sharing bits (CMIC). */
    public int multiPathCapabilities() {
        return bytes.u8(76);
    }

    /** Whether the subsystem may have more than one controller (CMIC bit 1). */
    public boolean multipleControllers() {
        return bytes.bit(76, 1);
    }

    /** Whether the subsystem reports asymmetric namespace access (CMIC bit 3). */
    public boolean asymmetricAccessReporting() {
        return bytes.bit(76, 3);
    }

    /** Maximum data transfer size as a power of two of memory pages, 0 for no limit (MDTS). */
    public int maximumDataTransferSize() {
        return bytes.u8(77);
    }

    /**
     * Most data one command may transfer, in bytes; {@link Long#MAX_VALUE} where the controller
     * reports no limit. The unit is the controller's smallest memory page.
     */
    public long maximumTransferBytes(Capabilities capabilities) {
        int exponent = maximumDataTransferSize();
        long page = capabilities.memoryPageSizeMinimum();
        // A page is at most 2^27 bytes; an exponent that would overflow limits nothing.
        return exponent == 0 || exponent > 35 ? Long.MAX_VALUE : page << exponent;
    }

    /** Controller identifier (CNTLID). */
    public int controllerId() {
        return bytes.u16(78);
    }

    /** Version of the base specification (VER). */
    public Version version() {
        return new Version(bytes.u32(80));
    }

    /** Time to resume from a non-operational state in microseconds (RTD3R). */
    public long rtd3ResumeMicros() {
        return bytes.u32Long(84);
    }

    /** Typical time of a shutdown in microseconds, 0 for not reported (RTD3E). */
    public long rtd3EntryMicros() {
        return bytes.u32Long(88);
    }

    /** Optional asynchronous events supported (OAES), bits as in the feature that enables them. */
    public int oaes() {
        return bytes.u32(92);
    }

    /** Controller attributes (CTRATT). */
    public int ctratt() {
        return bytes.u32(96);
    }

    /** Whether the host identifier may have 128 bits (CTRATT bit 0). */
    public boolean hostIdentifier128() {
        return bytes.bit(96, 0);
    }

    /** Whether any command's completion counts as a sign of life (CTRATT bit 6, TBKAS). */
    public boolean trafficBasedKeepAlive() {
        return bytes.bit(96, 6);
    }

    /** Controller type (CNTRLTYPE): 0 not reported, or {@link #TYPE_IO} and its neighbours. */
    public int controllerType() {
        return bytes.u8(111);
    }

    /** Same as {@link #controllerType()}, under the specification's name. */
    public int cntrltype() {
        return controllerType();
    }

    /** FRU globally unique identifier in hexadecimal (FGUID). */
    public String fruGuid() {
        return bytes.hex(112, 16);
    }

    /**
     * Command retry delay time in milliseconds (CRDT1 to CRDT3).
     *
     * @param index 1 to 3, as {@link NvmeStatus#retryDelayIndex()} gives it; 0 gives 0
     */
    public int commandRetryDelayMillis(int index) {
        Objects.checkIndex(index, 4);
        return index == 0 ? 0 : bytes.u16(126 + 2 * index) * 100;
    }

    /** Controller reachability capabilities (CRCAP). */
    public int reachabilityCapabilities() {
        return bytes.u8(134);
    }

    /** Controller instance uniquifier (CIU). */
    public int controllerInstanceUniquifier() {
        return bytes.u8(135);
    }

    /** Controller instance random number (CIRN). */
    public long controllerInstanceRandomNumber() {
        return bytes.u64(136);
    }

    /** Optional admin commands supported (OACS). */
    public int oacs() {
        return bytes.u16(256);
    }

    /** Most Abort commands at a time, a count minus one (ACL). */
    public int acl() {
        return bytes.u8(258);
    }

    /** Most asynchronous event requests at a time, a count minus one (AERL). */
    public int aerl() {
        return bytes.u8(259);
    }

    /** Firmware updates (FRMW). */
    public int firmwareUpdates() {
        return bytes.u8(260);
    }

    /** Log page attributes (LPA). */
    public int logPageAttributes() {
        return bytes.u8(261);
    }

    /** Entries of the error log, a count minus one (ELPE). */
    public int errorLogEntries() {
        return bytes.u8(262);
    }

    /** Power states, a count minus one (NPSS). */
    public int powerStates() {
        return bytes.u8(263);
    }

    /** Warning composite temperature threshold in kelvins (WCTEMP). */
    public int warningTemperatureKelvin() {
        return bytes.u16(266);
    }

    /** Critical composite temperature threshold in kelvins (CCTEMP). */
    public int criticalTemperatureKelvin() {
        return bytes.u16(268);
    }

    /** Total NVM capacity in bytes (TNVMCAP). */
    public BigInteger totalCapacityBytes() {
        return bytes.u128(280);
    }

    /** Unallocated NVM capacity in bytes (UNVMCAP). */
    public BigInteger unallocatedCapacityBytes() {
        return bytes.u128(296);
    }

    /** Granularity of the keep alive timer in units of 100 ms, 0 for no keep alive (KAS). */
    public int keepAliveGranularity100ms() {
        return bytes.u16(320);
    }

    /** Sanitize capabilities (SANICAP). */
    public int sanitizeCapabilities() {
        return bytes.u32(328);
    }

    /** Longest time in the ANA change state in seconds (ANATT). */
    public int anaTransitionSeconds() {
        return bytes.u8(342);
    }

    /** Asymmetric namespace access capabilities (ANACAP). */
    public int anaCapabilities() {
        return bytes.u8(343);
    }

    /** Largest ANA group identifier, an unsigned 32-bit value as a long (ANAGRPMAX). */
    public long anaGroupIdMaximum() {
        return bytes.u32Long(344);
    }

    /** Number of ANA groups, an unsigned 32-bit value as a long (NANAGRPID). */
    public long anaGroupCount() {
        return bytes.u32Long(348);
    }

    /** Command quiesce time in milliseconds (CQT). */
    public int commandQuiesceMillis() {
        return bytes.u16(386);
    }

    /** Submission queue entry sizes as powers of two: required 3:0, maximum 7:4 (SQES). */
    public int sqes() {
        return bytes.u8(512);
    }

    /** Completion queue entry sizes as powers of two: required 3:0, maximum 7:4 (CQES). */
    public int cqes() {
        return bytes.u8(513);
    }

    /** Most commands outstanding on one I/O queue, 0 for not reported (MAXCMD). */
    public int maximumOutstandingCommands() {
        return bytes.u16(514);
    }

    /** Largest namespace identifier, an unsigned 32-bit value as a long (NN). */
    public long namespaceCount() {
        return bytes.u32Long(516);
    }

    /** Optional NVM commands supported (ONCS). */
    public int oncs() {
        return bytes.u16(520);
    }

    /** Fused operations supported: bit 0 compare and write (FUSES). */
    public int fuses() {
        return bytes.u16(522);
    }

    /** Format NVM attributes (FNA). */
    public int formatAttributes() {
        return bytes.u8(524);
    }

    /** Whether there is a volatile write cache, so that writes need a flush (VWC bit 0). */
    public boolean volatileWriteCache() {
        return bytes.bit(525, 0);
    }

    /** Volatile write cache field (VWC). */
    public int vwc() {
        return bytes.u8(525);
    }

    /** Atomic write unit in normal operation in logical blocks, a count minus one (AWUN). */
    public int atomicWriteUnitNormal() {
        return bytes.u16(526);
    }

    /** Atomic write unit at power failure in logical blocks, a count minus one (AWUPF). */
    public int atomicWriteUnitPowerFail() {
        return bytes.u16(528);
    }

    /** Atomic compare and write unit in logical blocks, a count minus one (ACWU). */
    public int atomicCompareWriteUnit() {
        return bytes.u16(532);
    }

    /** Copy descriptor formats supported, bit n for format n (OCFS). */
    public int copyFormats() {
        return bytes.u16(534);
    }

    /** SGL support (SGLS), the raw field. */
    public int sgls() {
        return bytes.u32(536);
    }

    /** Whether SGLs are supported (SGLS 1:0). */
    public boolean sglSupported() {
        return (bytes.u8(536) & 3) != 0;
    }

    /** Whether keyed data blocks are supported, as RDMA needs (SGLS bit 2). */
    public boolean keyedSglSupported() {
        return bytes.bit(536, 2);
    }

    /** Whether SGLs may be longer than the data (SGLS bit 18). */
    public boolean oversizeSglSupported() {
        return bytes.bit(536, 18);
    }

    /** Whether SGL addresses may be offsets, so that data may be in the capsule (SGLS bit 20). */
    public boolean inCapsuleOffsetSupported() {
        return bytes.bit(536, 20);
    }

    /** Most namespaces that can exist, 0 for not reported, unsigned 32 bits as a long (MNAN). */
    public long maximumAllocatedNamespaces() {
        return bytes.u32Long(540);
    }

    /** The subsystem's NQN as the controller reports it: shown safely, but not validated. */
    public String subsystemNqn() {
        return bytes.utf8(768, 256);
    }

    /** Largest command capsule of an I/O queue in bytes (IOCCSZ), 0 for not reported. */
    public long ioCommandCapsuleBytes() {
        return bytes.u32Long(1792) * 16;
    }

    /** Largest response capsule of an I/O queue in bytes (IORCSZ), 0 for not reported. */
    public long ioResponseCapsuleBytes() {
        return bytes.u32Long(1796) * 16;
    }

    /** Where data starts in a command capsule, in bytes after the entry (ICDOFF). */
    public int inCapsuleDataOffsetBytes() {
        return bytes.u16(1800) * 16;
    }

    /** Fabrics controller attributes (FCATT). */
    public int fabricsControllerAttributes() {
        return bytes.u8(1802);
    }

    /** Whether controllers are static, so that they keep state between hosts (FCATT bit 0). */
    public boolean staticControllerModel() {
        return bytes.bit(1802, 0);
    }

    /** Most data block descriptors of one command, 0 for no limit (MSDBD). */
    public int maximumDataBlockDescriptors() {
        return bytes.u8(1803);
    }

    /** Optional Fabrics commands: bit 0 Disconnect (OFCS). */
    public int optionalFabricsCommands() {
        return bytes.u16(1804);
    }

    /** Discovery controller type: 0 not reported, 1 direct, 2 central (DCTYPE). */
    public int discoveryControllerType() {
        return bytes.u8(1806);
    }

    /** Cross-controller resets at a time, 0 for unsupported (CCRL). */
    public int crossControllerResetLimit() {
        return bytes.u8(1807);
    }

    /** The structure as it came, {@value #SIZE} bytes; a copy. */
    public byte[] toByteArray() {
        return bytes.array();
    }

    Bytes bytes() {
        return bytes;
    }

    /** Model, serial number and subsystem in one line. */
    @Override
    public String toString() {
        return "IdentifyController["
                + modelNumber()
                + ", "
                + serialNumber()
                + ", firmware "
                + firmwareRevision()
                + ", NVMe "
                + version()
                + ", "
                + subsystemNqn()
                + "]";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IdentifyController that && bytes.equals(that.bytes);
    }

    @Override
    public int hashCode() {
        return bytes.hashCode();
    }
}
