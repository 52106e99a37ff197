package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The Identify Namespace data structure of the NVM command set (CNS 00h; NVM Command Set
 * Specification, section 4.1.5.1). Immutable.
 */
public final class IdentifyNamespace extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final int FORMATS_OFFSET = 128;
    private static final int FORMATS_MAX = 64;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    nsze 0 8 hex
                    ncap 8 8 hex
                    nuse 16 8 hex
                    nsfeat 24 1 hex
                    nlbaf 25 1 dec
                    flbas 26 1 hex
                    mc 27 1 hex
                    dpc 28 1 hex
                    dps 29 1 hex
                    nmic 30 1 hex
                    rescap 31 1 hex
                    fpi 32 1 hex
                    dlfeat 33 1 dec
                    nawun 34 2 dec
                    nawupf 36 2 dec
                    nacwu 38 2 dec
                    nabsn 40 2 dec
                    nabo 42 2 dec
                    nabspf 44 2 dec
                    noiob 46 2 dec
                    nvmcap 48 16 big
                    npwg 64 2 dec
                    npwa 66 2 dec
                    npdg 68 2 dec
                    npda 70 2 dec
                    nows 72 2 dec
                    mssrl 74 2 dec
                    mcl 76 4 dec
                    msrc 80 1 dec
                    kpios 81 1 hex later
                    nulbaf 82 1 dec
                    kpiodaag 84 4 dec later
                    anagrpid 92 4 dec
                    nsattr 99 1 dec
                    nvmsetid 100 2 dec
                    endgid 102 2 dec
                    nguid 104 16 bytes
                    eui64 120 8 bytes
                    """);

    private final List<LbaFormat> formats;

    private IdentifyNamespace(MemorySegment segment) {
        super(segment, 0, SIZE, "Identify Namespace");
        this.formats = listFormats();
    }

    /**
     * Copies and decodes the structure at the start of the segment. A namespace that is not active
     * is all zeros: see {@link #isActive()}.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes, or if an
     *     active namespace is formatted with a format it does not list
     */
    public static IdentifyNamespace decode(MemorySegment segment) {
        IdentifyNamespace namespace = new IdentifyNamespace(segment);
        if (namespace.isActive()) {
            namespace.check();
        }
        return namespace;
    }

    private void check() {
        int index = formattedIndex();
        if (index >= formats.size()) {
            throw new WireFormatException(
                    "Identify Namespace: FLBAS at offset 26 selects LBA format "
                            + index
                            + ", only "
                            + formats.size()
                            + " are listed");
        }
    }

    private List<LbaFormat> listFormats() {
        // NLBAF is a count minus one; NULBAF further formats with features of their own follow.
        int count = Math.min(FORMATS_MAX, u8(25) + 1 + u8(82));
        List<LbaFormat> formats = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int offset = FORMATS_OFFSET + 4 * i;
            formats.add(new LbaFormat(u16(offset), u8(offset + 2), u8(offset + 3) & 3));
        }
        return List.copyOf(formats);
    }

    /** Whether the namespace exists and is attached: its size is not 0. */
    public boolean isActive() {
        return sizeBlocks() != 0;
    }

    /** Size in logical blocks (NSZE). */
    public long sizeBlocks() {
        return u64(0);
    }

    /** Capacity in logical blocks (NCAP). */
    public long capacityBlocks() {
        return u64(8);
    }

    /** Logical blocks in use (NUSE). */
    public long utilizationBlocks() {
        return u64(16);
    }

    /** Features (NSFEAT). */
    public int features() {
        return u8(24);
    }

    /** Formats the namespace can have, at most 64. */
    public List<LbaFormat> formats() {
        return formats;
    }

    /** Which of the {@link #formats()} it has (FLBAS 3:0 and 6:5). */
    public int formattedIndex() {
        int flbas = u8(26);
        // The upper bits count only where more than 16 formats are listed.
        return formats.size() <= 16 ? flbas & 15 : (flbas & 15) | ((flbas >>> 5 & 3) << 4);
    }

    /**
     * The format it has; one of all zeros, which is not available, where a namespace that is not
     * active names one that is not listed.
     */
    public LbaFormat format() {
        int index = formattedIndex();
        return index < formats.size() ? formats.get(index) : new LbaFormat(0, 0, 0);
    }

    /**
     * Bytes of data per logical block, 512 to 2^30, a power of two; 0 where the namespace cannot be
     * used for blocks: it is not active, or its format is not available. The Linux target in
     * passthrough, for one, shows a namespace with metadata as formatted with a format of all
     * zeros.
     */
    public int blockSize() {
        int exponent = isActive() ? format().dataSizeExponent() : 0;
        return exponent < 9 || exponent > 30 ? 0 : 1 << exponent;
    }

    /** Bytes of metadata per logical block; 0 where the namespace is not active. */
    public int metadataSize() {
        return isActive() ? format().metadataSize() : 0;
    }

    /** Whether metadata is transferred at the end of each block (FLBAS bit 4). */
    public boolean extendedMetadata() {
        return bit(26, 4);
    }

    /** FLBAS, the raw field. */
    public int flbas() {
        return u8(26);
    }

    /** Metadata capabilities (MC). */
    public int metadataCapabilities() {
        return u8(27);
    }

    /** End-to-end data protection capabilities (DPC). */
    public int dpc() {
        return u8(28);
    }

    /** End-to-end data protection settings (DPS): type 2:0, bit 3 first bytes of metadata. */
    public int dps() {
        return u8(29);
    }

    /** Multi-path and sharing capabilities (NMIC). */
    public int nmic() {
        return u8(30);
    }

    /** Whether more than one controller may attach it (NMIC bit 0). */
    public boolean shared() {
        return bit(30, 0);
    }

    /** Reservation capabilities (RESCAP). */
    public int reservationCapabilities() {
        return u8(31);
    }

    /** Format progress indicator (FPI). */
    public int formatProgress() {
        return u8(32);
    }

    /** Deallocate features (DLFEAT). */
    public int deallocateFeatures() {
        return u8(33);
    }

    /** Atomic write unit in normal operation in blocks, a count minus one (NAWUN). */
    public int nawun() {
        return u16(34);
    }

    /** Atomic write unit at power failure in blocks, a count minus one (NAWUPF). */
    public int nawupf() {
        return u16(36);
    }

    /** Atomic compare and write unit in blocks, a count minus one (NACWU). */
    public int nacwu() {
        return u16(38);
    }

    /** Atomic boundary in blocks, a count minus one, 0 for none (NABSN). */
    public int nabsn() {
        return u16(40);
    }

    /** Atomic boundary offset in blocks (NABO). */
    public int nabo() {
        return u16(42);
    }

    /** Atomic boundary at power failure in blocks, a count minus one, 0 for none (NABSPF). */
    public int nabspf() {
        return u16(44);
    }

    /** Optimal I/O boundary in blocks, 0 for none (NOIOB). */
    public int noiob() {
        return u16(46);
    }

    /** Capacity in bytes (NVMCAP). */
    public BigInteger capacityBytes() {
        return u128(48);
    }

    /** Preferred write granularity in blocks, a count minus one (NPWG). */
    public int npwg() {
        return u16(64);
    }

    /** Preferred write alignment in blocks, a count minus one (NPWA). */
    public int npwa() {
        return u16(66);
    }

    /** Preferred deallocate granularity in blocks, a count minus one (NPDG). */
    public int npdg() {
        return u16(68);
    }

    /** Preferred deallocate alignment in blocks, a count minus one (NPDA). */
    public int npda() {
        return u16(70);
    }

    /** Optimal write size in blocks, a count minus one (NOWS). */
    public int nows() {
        return u16(72);
    }

    /** Most blocks of one source range of Copy (MSSRL). */
    public int maximumCopyRangeBlocks() {
        return u16(74);
    }

    /** Most blocks of one Copy, unsigned 32 bits as a long (MCL). */
    public long maximumCopyBlocks() {
        return u32Long(76);
    }

    /** Most source ranges of one Copy, a count minus one (MSRC). */
    public int maximumCopyRanges() {
        return u8(80);
    }

    /** ANA group, 0 for none, unsigned 32 bits as a long (ANAGRPID). */
    public long anaGroupId() {
        return u32Long(92);
    }

    /** Attributes (NSATTR). */
    public int attributes() {
        return u8(99);
    }

    /** Whether it is write protected at present (NSATTR bit 0). */
    public boolean writeProtected() {
        return bit(99, 0);
    }

    /** NVM set (NVMSETID). */
    public int nvmSetId() {
        return u16(100);
    }

    /** Endurance group (ENDGID). */
    public int enduranceGroupId() {
        return u16(102);
    }

    /** Globally unique identifier, 32 hexadecimal digits; all zeros for none (NGUID). */
    public String nguid() {
        return hex(104, 16);
    }

    /** IEEE extended unique identifier, 16 hexadecimal digits; all zeros for none (EUI64). */
    public String eui64() {
        return hex(120, 8);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = values(FIELDS);
        List<Map<String, Object>> list = new ArrayList<>();
        for (LbaFormat format : formats) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("ms", format.metadataSize());
            entry.put("ds", format.dataSizeExponent());
            entry.put("rp", format.relativePerformance());
            list.add(entry);
        }
        values.put("lbafs", list);
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text =
                new StringBuilder("NVME Identify Namespace:\n").append(text(FIELDS, 8));
        for (int i = 0; i < formats.size(); i++) {
            LbaFormat format = formats.get(i);
            text.append(
                    Text.format(
                            "lbaf %2d : ms:%-3d lbads:%-2d rp:%d %s\n",
                            i,
                            format.metadataSize(),
                            format.dataSizeExponent(),
                            format.relativePerformance(),
                            i == formattedIndex() ? "(in use)" : ""));
        }
        return text.toString();
    }

    /** Size and block size in one line. */
    @Override
    public String toString() {
        return isActive()
                ? "IdentifyNamespace["
                        + Long.toUnsignedString(sizeBlocks())
                        + " blocks of "
                        + blockSize()
                        + " bytes]"
                : "IdentifyNamespace[not active]";
    }
}
