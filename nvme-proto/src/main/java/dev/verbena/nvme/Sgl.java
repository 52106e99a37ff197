package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Scatter-gather descriptors, 16 bytes each (section 4.3.2 and the RDMA transport specification).
 *
 * <p>The methods named after a use write descriptor 1 of a submission entry (bytes 24 to 39) and
 * set the entry's data pointer type; the {@code …Descriptor} methods write a bare descriptor
 * anywhere, for lists.
 */
public final class Sgl {
    /** Size of a descriptor in bytes. */
    public static final int SIZE = 16;

    /** Type byte: data block by address. */
    public static final int TYPE_DATA_BLOCK = 0x00;

    /** Type byte: data block by offset into the capsule's data. */
    public static final int TYPE_IN_CAPSULE = 0x01;

    /** Type byte: bit bucket, data of this length is not transferred. */
    public static final int TYPE_BIT_BUCKET = 0x10;

    /** Type byte: segment of further descriptors, by offset. */
    public static final int TYPE_SEGMENT = 0x21;

    /** Type byte: last segment of descriptors, by offset. */
    public static final int TYPE_LAST_SEGMENT = 0x31;

    /** Type byte: keyed data block. */
    public static final int TYPE_KEYED = 0x40;

    /** Type byte: keyed data block whose key the controller shall invalidate. */
    public static final int TYPE_KEYED_INVALIDATE = 0x4F;

    /** Largest length of one keyed data block, in bytes: 24 bits. */
    public static final int KEYED_LENGTH_MAX = (1 << 24) - 1;

    private static final int TYPE_BYTE = 15;

    private Sgl() {}

    /**
     * No data: keyed, length 0. (The Linux target refuses a descriptor type of 0 even where there
     * is nothing to transfer.)
     */
    public static void none(MemorySegment segment, long entryOffset) {
        keyed(segment, entryOffset, 0, 0, 0);
    }

    /**
     * One buffer by remote key, which stays valid.
     *
     * @param address of the buffer as the controller's NIC addresses it
     * @param length in bytes, 0 to {@link #KEYED_LENGTH_MAX}
     * @param key the remote key
     */
    public static void keyed(
            MemorySegment segment, long entryOffset, long address, int length, int key) {
        SubmissionEntry.sglFlags(segment, entryOffset);
        keyedDescriptor(
                segment, entryOffset + SubmissionEntry.SGL_OFFSET, address, length, key, false);
    }

    /**
     * One buffer by a remote key that the controller is asked to invalidate with its response. Only
     * for keys made for this one command: a memory region's own key would be lost.
     *
     * @param address of the buffer as the controller's NIC addresses it
     * @param length in bytes, 0 to {@link #KEYED_LENGTH_MAX}
     * @param key the remote key
     */
    public static void keyedInvalidate(
            MemorySegment segment, long entryOffset, long address, int length, int key) {
        SubmissionEntry.sglFlags(segment, entryOffset);
        keyedDescriptor(
                segment, entryOffset + SubmissionEntry.SGL_OFFSET, address, length, key, true);
    }

    /**
     * Data that travels in the command capsule.
     *
     * @param offset of the data in bytes, from the capsule's data area
     * @param length in bytes, 0 or more
     */
    public static void inCapsule(MemorySegment segment, long entryOffset, long offset, int length) {
        SubmissionEntry.sglFlags(segment, entryOffset);
        inCapsuleDescriptor(segment, entryOffset + SubmissionEntry.SGL_OFFSET, offset, length);
    }

    /**
     * A list of descriptors that stands in the command capsule right after the entry.
     *
     * @param offset of the first descriptor in bytes, from the end of the entry
     * @param descriptorCount 1 to 65536
     */
    public static void lastSegment(
            MemorySegment segment, long entryOffset, long offset, int descriptorCount) {
        Wire.inRange(descriptorCount, 1, 1 << 16, "descriptorCount");
        SubmissionEntry.sglFlags(segment, entryOffset);
        descriptor(
                segment,
                entryOffset + SubmissionEntry.SGL_OFFSET,
                offset,
                descriptorCount * SIZE,
                TYPE_LAST_SEGMENT);
    }

    /**
     * Writes a bare keyed descriptor.
     *
     * @param length in bytes, 0 to {@link #KEYED_LENGTH_MAX}
     */
    public static void keyedDescriptor(
            MemorySegment segment,
            long offset,
            long address,
            int length,
            int key,
            boolean invalidate) {
        int type = invalidate ? TYPE_KEYED_INVALIDATE : TYPE_KEYED;
        Wire.u64(segment, offset, address);
        Wire.u64(segment, offset + 8, keyedHigh(length, key, type));
    }

    /** Bytes 8 to 15 of a keyed descriptor. */
    static long keyedHigh(int length, int key, int type) {
        Wire.inRange(length, 0, KEYED_LENGTH_MAX, "keyed SGL length");
        return length | Integer.toUnsignedLong(key) << 24 | (long) type << 56;
    }

    /** Writes a bare descriptor of data at an offset in the capsule. */
    public static void inCapsuleDescriptor(
            MemorySegment segment, long offset, long dataOffset, int length) {
        Wire.inRange(dataOffset, 0L, 0xFFFF_FFFFL, "in-capsule offset");
        descriptor(segment, offset, dataOffset, length, TYPE_IN_CAPSULE);
    }

    /** Writes a bare data block descriptor by address, without a key. */
    public static void dataBlockDescriptor(
            MemorySegment segment, long offset, long address, int length) {
        descriptor(segment, offset, address, length, TYPE_DATA_BLOCK);
    }

    /** Writes a bare bit bucket descriptor: {@code length} bytes read from media are dropped. */
    public static void bitBucketDescriptor(MemorySegment segment, long offset, int length) {
        descriptor(segment, offset, 0, length, TYPE_BIT_BUCKET);
    }

    /** Writes a bare segment descriptor: a further list of descriptors, not the last one. */
    public static void segmentDescriptor(
            MemorySegment segment, long offset, long listOffset, int descriptorCount) {
        Wire.inRange(descriptorCount, 1, 1 << 16, "descriptorCount");
        descriptor(segment, offset, listOffset, descriptorCount * SIZE, TYPE_SEGMENT);
    }

    /** The type byte of a descriptor. */
    public static int type(MemorySegment segment, long offset) {
        return Wire.u8(segment, offset + TYPE_BYTE);
    }

    /** The address or offset of a descriptor. */
    public static long address(MemorySegment segment, long offset) {
        return Wire.u64(segment, offset);
    }

    /** The length of a keyed descriptor in bytes, 24 bits. */
    public static int keyedLength(MemorySegment segment, long offset) {
        return Wire.u32(segment, offset + 8) & KEYED_LENGTH_MAX;
    }

    /** The length of an unkeyed descriptor in bytes, an unsigned 32-bit value. */
    public static int length(MemorySegment segment, long offset) {
        return Wire.u32(segment, offset + 8);
    }

    /** The key of a keyed descriptor. */
    public static int key(MemorySegment segment, long offset) {
        return Wire.u32(segment, offset + 11);
    }

    private static void descriptor(
            MemorySegment segment, long offset, long address, int length, int type) {
        Wire.inRange(length, 0, Integer.MAX_VALUE, "SGL length");
        Wire.u64(segment, offset, address);
        Wire.u64(segment, offset + 8, length | (long) type << 56);
    }
}
