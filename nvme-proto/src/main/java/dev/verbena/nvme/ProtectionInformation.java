package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * The protection information fields of a command that transfers blocks: dwords 2, 3, 14 and 15 of
 * an entry that is already encoded. Which of them are checked, the command's flags say.
 */
public final class ProtectionInformation {
    private ProtectionInformation() {}

    /**
     * Adds the expected or initial protection information of 16-bit guards to a command.
     *
     * @param referenceTag of the first block
     * @param applicationTag 0 to 65535
     * @param applicationTagMask 0 to 65535; a bit of 0 is not checked
     */
    public static void encode(
            MemorySegment segment,
            long offset,
            int referenceTag,
            int applicationTag,
            int applicationTagMask) {
        encode(
                segment,
                offset,
                0,
                Integer.toUnsignedLong(referenceTag),
                applicationTag,
                applicationTagMask);
    }

    /**
     * Adds protection information of any guard size: storage tag and reference tag as one number of
     * up to 80 bits, the storage tag in its upper bits.
     *
     * @param tagsUpper bits 79:64 of the tags, 0 to 65535; used with 32-bit guards only
     * @param tagsLower bits 63:0 of the tags
     * @param applicationTag 0 to 65535
     * @param applicationTagMask 0 to 65535; a bit of 0 is not checked
     */
    public static void encode(
            MemorySegment segment,
            long offset,
            int tagsUpper,
            long tagsLower,
            int applicationTag,
            int applicationTagMask) {
        Wire.inRange(tagsUpper, 0, 0xFFFF, "tagsUpper");
        Wire.inRange(applicationTag, 0, 0xFFFF, "applicationTag");
        Wire.inRange(applicationTagMask, 0, 0xFFFF, "applicationTagMask");
        Wire.u32(segment, offset + 8, tagsUpper);
        Wire.u32(segment, offset + 12, (int) (tagsLower >>> 32));
        Wire.u32(segment, offset + 56, (int) tagsLower);
        Wire.u32(segment, offset + 60, applicationTag | (applicationTagMask << 16));
    }
}
