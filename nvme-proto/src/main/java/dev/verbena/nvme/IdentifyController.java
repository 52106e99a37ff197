package dev.verbena.nvme;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The Identify Controller data structure (CNS 01h, section 5.17.2.1).
 *
 * <p>Immutable. Accessors carry the meaning in their name and the specification's abbreviation in
 * their comment; single bits that Verbena does not act on stay in their raw field.
 */
public final class IdentifyController extends IdentifyControllerIo {
    /** Size in bytes. */
    public static final int SIZE = IdentifyControllerIo.SIZE;

    /** {@link #controllerType()}: an I/O controller. */
    public static final int TYPE_IO = 1;

    /** {@link #controllerType()}: a discovery controller. */
    public static final int TYPE_DISCOVERY = 2;

    /** {@link #controllerType()}: an administrative controller. */
    public static final int TYPE_ADMINISTRATIVE = 3;

    private static final int POWER_STATES_OFFSET = 2048;
    private static final int POWER_STATES_MAX = 32;

    private IdentifyController(MemorySegment segment) {
        super(segment);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static IdentifyController decode(MemorySegment segment) {
        return new IdentifyController(segment);
    }

    /** PCI vendor identifier (VID). */
    public int vendorId() {
        return u16(0);
    }

    /** PCI subsystem vendor identifier (SSVID). */
    public int subsystemVendorId() {
        return u16(2);
    }

    /** Serial number (SN), without trailing blanks. */
    public String serialNumber() {
        return ascii(4, 20);
    }

    /** Model number (MN), without trailing blanks. */
    public String modelNumber() {
        return ascii(24, 40);
    }

    /** Firmware revision (FR), without trailing blanks. */
    public String firmwareRevision() {
        return ascii(64, 8);
    }

    /** Recommended arbitration burst as a power of two (RAB). */
    public int arbitrationBurst() {
        return u8(72);
    }

    /** IEEE organisation identifier as six hexadecimal digits, most significant first (IEEE). */
    public String ieeeOui() {
        return dev.verbena.nvme.internal.Text.format("%02x%02x%02x", u8(75), u8(74), u8(73));
    }

    /** Multi-path and namespace sharing bits (CMIC). */
    public int multiPathCapabilities() {
        return u8(76);
    }

    /** Whether the subsystem may have more than one controller (CMIC bit 1). */
    public boolean multipleControllers() {
        return bit(76, 1);
    }

    /** Whether the subsystem reports asymmetric namespace access (CMIC bit 3). */
    public boolean asymmetricAccessReporting() {
        return bit(76, 3);
    }

    /** Maximum data transfer size as a power of two of memory pages, 0 for no limit (MDTS). */
    public int maximumDataTransferSize() {
        return u8(77);
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
        return u16(78);
    }

    /** Version of the base specification (VER). */
    public Version version() {
        return new Version(u32(80));
    }

    /** Time to resume from a non-operational state in microseconds (RTD3R). */
    public long rtd3ResumeMicros() {
        return u32Long(84);
    }

    /** Typical time of a shutdown in microseconds, 0 for not reported (RTD3E). */
    public long rtd3EntryMicros() {
        return u32Long(88);
    }

    /** Optional asynchronous events supported (OAES), bits as in the feature that enables them. */
    public int oaes() {
        return u32(92);
    }

    /** Controller attributes (CTRATT). */
    public int ctratt() {
        return u32(96);
    }

    /** Whether the host identifier may have 128 bits (CTRATT bit 0). */
    public boolean hostIdentifier128() {
        return bit(96, 0);
    }

    /** Whether any command's completion counts as a sign of life (CTRATT bit 6, TBKAS). */
    public boolean trafficBasedKeepAlive() {
        return bit(96, 6);
    }

    /** Controller type (CNTRLTYPE): 0 not reported, or {@link #TYPE_IO} and its neighbours. */
    public int controllerType() {
        return u8(111);
    }

    /** Same as {@link #controllerType()}, under the specification's name. */
    public int cntrltype() {
        return controllerType();
    }

    /** FRU globally unique identifier in hexadecimal (FGUID). */
    public String fruGuid() {
        return hex(112, 16);
    }

    /**
     * Command retry delay time in milliseconds (CRDT1 to CRDT3).
     *
     * @param index 1 to 3, as {@link NvmeStatus#retryDelayIndex()} gives it; 0 gives 0
     */
    public int commandRetryDelayMillis(int index) {
        Objects.checkIndex(index, 4);
        return index == 0 ? 0 : u16(126 + 2 * index) * 100;
    }

    /** Controller reachability capabilities (CRCAP). */
    public int reachabilityCapabilities() {
        return u8(134);
    }

    /** Controller instance uniquifier (CIU). */
    public int controllerInstanceUniquifier() {
        return u8(135);
    }

    /** Controller instance random number (CIRN). */
    public long controllerInstanceRandomNumber() {
        return u64(136);
    }

    /** Optional admin commands supported (OACS). */
    public int oacs() {
        return u16(256);
    }

    /** Most Abort commands at a time, a count minus one (ACL). */
    public int acl() {
        return u8(258);
    }

    /** Most asynchronous event requests at a time, a count minus one (AERL). */
    public int aerl() {
        return u8(259);
    }

    /** Firmware updates (FRMW). */
    public int firmwareUpdates() {
        return u8(260);
    }

    /** Log page attributes (LPA). */
    public int logPageAttributes() {
        return u8(261);
    }

    /** Entries of the error log, a count minus one (ELPE). */
    public int errorLogEntries() {
        return u8(262);
    }

    /** Power states, a count minus one (NPSS). */
    public int powerStates() {
        return u8(263);
    }

    /** Warning composite temperature threshold in kelvins (WCTEMP). */
    public int warningTemperatureKelvin() {
        return u16(266);
    }

    /** Critical composite temperature threshold in kelvins (CCTEMP). */
    public int criticalTemperatureKelvin() {
        return u16(268);
    }

    /** Total NVM capacity in bytes (TNVMCAP). */
    public BigInteger totalCapacityBytes() {
        return u128(280);
    }

    /** Unallocated NVM capacity in bytes (UNVMCAP). */
    public BigInteger unallocatedCapacityBytes() {
        return u128(296);
    }

    /** Granularity of the keep alive timer in units of 100 ms, 0 for no keep alive (KAS). */
    public int keepAliveGranularity100ms() {
        return u16(320);
    }

    /** Sanitize capabilities (SANICAP). */
    public int sanitizeCapabilities() {
        return u32(328);
    }

    /** Longest time in the ANA change state in seconds (ANATT). */
    public int anaTransitionSeconds() {
        return u8(342);
    }

    /** Asymmetric namespace access capabilities (ANACAP). */
    public int anaCapabilities() {
        return u8(343);
    }

    /** Largest ANA group identifier, an unsigned 32-bit value as a long (ANAGRPMAX). */
    public long anaGroupIdMaximum() {
        return u32Long(344);
    }

    /** Number of ANA groups, an unsigned 32-bit value as a long (NANAGRPID). */
    public long anaGroupCount() {
        return u32Long(348);
    }

    /** Command quiesce time in milliseconds (CQT). */
    public int commandQuiesceMillis() {
        return u16(386);
    }

    /**
     * The power states the controller lists, at most {@value #POWER_STATES_MAX} whatever NPSS says.
     */
    public List<PowerState> powerStateDescriptors() {
        int count = Math.min(POWER_STATES_MAX, powerStates() + 1);
        List<PowerState> states = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = POWER_STATES_OFFSET + PowerState.SIZE * i;
            states.add(
                    new PowerState(
                            u16(at),
                            u8(at + 3),
                            u32Long(at + 4),
                            u32Long(at + 8),
                            u8(at + 12),
                            u8(at + 13),
                            u8(at + 14),
                            u8(at + 15),
                            u16(at + 16),
                            u8(at + 18),
                            u16(at + 20),
                            u8(at + 22)));
        }
        return List.copyOf(states);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = values(IdentifyControllerFields.TABLE);
        values.put("psds", powerStateDescriptors().stream().map(PowerState::values).toList());
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text =
                new StringBuilder("NVME Identify Controller:\n")
                        .append(text(IdentifyControllerFields.TABLE, 10));
        List<PowerState> states = powerStateDescriptors();
        for (int i = 0; i < states.size(); i++) {
            text.append(states.get(i).toText(i));
        }
        return text.toString();
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
}
