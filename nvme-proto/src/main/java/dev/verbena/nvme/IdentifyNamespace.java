package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * The Identify Namespace data structure of the NVM command set (CNS 00h; NVM Command Set
 * Specification, section 4.1.5.1). Immutable.
 */
public final class IdentifyNamespace {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final int FORMATS_OFFSET = 128;
    private static final int FORMATS_MAX = 64;

    private final Bytes bytes;
    private final List<LbaFormat> formats;

    private IdentifyNamespace(Bytes bytes) {
        this.bytes = bytes;
        this.formats = formats(bytes);
    }

    /**
     * Copies and decodes the structure at the start of the segment. A namespace that is not active
     * is all zeros: see {@link #isActive()}.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes, or if an
     *     active namespace is formatted with a format it does not list or with blocks that are not
     *     512 bytes to 1 GiB
     */
    public static IdentifyNamespace decode(MemorySegment segment) {
        IdentifyNamespace namespace =
                new IdentifyNamespace(Bytes.copy(segment, 0, SIZE, "Identify Namespace"));
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
        int exponent = formats.get(index).dataSizeExponent();
        if (exponent < 9 || exponent > 30) {
            throw new WireFormatException(
                    "Identify Namespace: LBADS of format "
                            + index
                            + " at offset "
                            + (FORMATS_OFFSET + 4 * index + 2)
                            + " is "
                            + exponent
                            + ", expected 9 to 30");
        }
    }

    private static List<LbaFormat> formats(Bytes bytes) {
        // NLBAF is a count minus one, and NULBAF further formats follow without their own index.
        int count = Math.min(FORMATS_MAX, bytes.u8(25) + 1);
        List<LbaFormat> formats = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int offset = FORMATS_OFFSET + 4 * i;
            formats.add(
                    new LbaFormat(
                            bytes.u16(offset), bytes.u8(offset + 2), bytes.u8(offset + 3) & 3));
        }
        return List.copyOf(formats);
    }

    /** Whether the namespace exists and is attached: its size is not 0. */
    public boolean isActive() {
        return sizeBlocks() != 0;
    }

    /** Size in logical blocks (NSZE). */
    public long sizeBlocks() {
        return bytes.u64(0);
    }

    /** Capacity in logical blocks (NCAP). */
    public long capacityBlocks() {
        return bytes.u64(8);
    }

    /** Logical blocks in use (NUSE). */
    public long utilizationBlocks() {
        return bytes.u64(16);
    }

    /** Features (NSFEAT). */
    public int features() {
        return bytes.u8(24);
    }

    /** Formats the namespace can have, at most 64. */
    public List<LbaFormat> formats() {
        return formats;
    }

    /** Which of the {@link #formats()} it has (FLBAS 3:0 and 6:5). */
    public int formattedIndex() {
        int flbas = bytes.u8(26);
        // The upper bits count only where more than 16 formats are listed.
        return bytes.u8(25) < 16 ? flbas & 15 : (flbas & 15) | ((flbas >>> 5 & 3) << 4);
    }

    /** The format it has. */
    public LbaFormat format() {
        return formats.get(formattedIndex());
    }

    /** Bytes of data per logical block; 0 where the namespace is not active. */
    public int blockSize() {
        return isActive() ? Math.toIntExact(format().blockSize()) : 0;
    }

    /** Bytes of metadata per logical block; 0 where the namespace is not active. */
    public int metadataSize() {
        return isActive() ? format().metadataSize() : 0;
    }

    /** Whether metadata is transferred at the end of each block (FLBAS bit 4). */
    public boolean extendedMetadata() {
        return bytes.bit(26, 4);
    }

    /** FLBAS, the raw field. */
    public int flbas() {
        return bytes.u8(26);
    }

    /** Metadata capabilities (MC). */
    public int metadataCapabilities() {
        return bytes.u8(27);
    }

    /** End-to-end data protection capabilities (DPC). */
    public int dpc() {
        return bytes.u8(28);
    }

    /** End-to-end data protection settings (DPS): type 2:0, bit 3 first bytes of metadata. */
    public int dps() {
        return bytes.u8(29);
    }

    /** Multi-path and sharing capabilities (NMIC). */
    public int nmic() {
        return bytes.u8(30);
    }

    /** Whether more than one controller may attach it (NMIC bit 0). */
    public boolean shared() {
        return bytes.bit(30, 0);
    }

    /** Reservation capabilities (RESCAP). */
    public int reservationCapabilities() {
        return bytes.u8(31);
    }

    /** Format progress indicator (FPI). */
    public int formatProgress() {
        return bytes.u8(32);
    }

    /** Deallocate features (DLFEAT). */
    public int deallocateFeatures() {
        return bytes.u8(33);
    }

    /** Atomic write unit in normal operation in blocks, a count minus one (NAWUN). */
    public int nawun() {
        return bytes.u16(34);
    }

    /** Atomic write unit at power failure in blocks, a count minus one (NAWUPF). */
    public int nawupf() {
        return bytes.u16(36);
    }

    /** Atomic compare and write unit in blocks, a count minus one (NACWU). */
    public int nacwu() {
        return bytes.u16(38);
    }

    /** Atomic boundary in blocks, a count minus one, 0 for none (NABSN). */
    public int nabsn() {
        return bytes.u16(40);
    }

    /** Atomic boundary offset in blocks (NABO). */
    public int nabo() {
        return bytes.u16(42);
    }

    /** Atomic boundary at power failure in blocks, a count minus one, 0 for none (NABSPF). */
    public int nabspf() {
        return bytes.u16(44);
    }

    /** Optimal I/O boundary in blocks, 0 for none (NOIOB). */
    public int noiob() {
        return bytes.u16(46);
    }

    /** Capacity in bytes (NVMCAP). */
    public BigInteger capacityBytes() {
        return bytes.u128(48);
    }

    /** Preferred write granularity in blocks, a count minus one (NPWG). */
    public int npwg() {
        return bytes.u16(64);
    }

    /** Preferred write alignment in blocks, a count minus one (NPWA). */
    public int npwa() {
        return bytes.u16(66);
    }

    /** Preferred deallocate granularity in blocks, a count minus one (NPDG). */
    public int npdg() {
        return bytes.u16(68);
    }

    /** Preferred deallocate alignment in blocks, a count minus one (NPDA). */
    public int npda() {
        return bytes.u16(70);
    }

    /** Optimal write size in blocks, a count minus one (NOWS). */
    public int nows() {
        return bytes.u16(72);
    }

    /** Most blocks of one source range of Copy (MSSRL). */
    public int maximumCopyRangeBlocks() {
        return bytes.u16(74);
    }

    /** Most blocks of one Copy, unsigned 32 bits as a long (MCL). */
    public long maximumCopyBlocks() {
        return bytes.u32Long(76);
    }

    /** Most source ranges of one Copy, a count minus one (MSRC). */
    public int maximumCopyRanges() {
        return bytes.u8(80);
    }

    /** ANA group, 0 for none, unsigned 32 bits as a long (ANAGRPID). */
    public long anaGroupId() {
        return bytes.u32Long(92);
    }

    /** Attributes (NSATTR). */
    public int attributes() {
        return bytes.u8(99);
    }

    /** Whether it is write protected at present (NSATTR bit 0). */
    public boolean writeProtected() {
        return bytes.bit(99, 0);
    }

    /** NVM set (NVMSETID). */
    public int nvmSetId() {
        return bytes.u16(100);
    }

    /** Endurance group (ENDGID). */
    public int enduranceGroupId() {
        return bytes.u16(102);
    }

    /** Globally unique identifier, 32 hexadecimal digits; all zeros for none (NGUID). */
    public String nguid() {
        return bytes.hex(104, 16);
    }

    /** IEEE extended unique identifier, 16 hexadecimal digits; all zeros for none (EUI64). */
    public String eui64() {
        return bytes.hex(120, 8);
    }

    /** The structure as it came, {@value #SIZE} bytes; a copy. */
    public byte[] toByteArray() {
        return bytes.array();
    }

    Bytes bytes() {
        return bytes;
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

    @Override
    public boolean equals(Object other) {
        return other instanceof IdentifyNamespace that && bytes.equals(that.bytes);
    }

    @Override
    public int hashCode() {
        return bytes.hashCode();
    }
}
