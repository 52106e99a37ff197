package dev.verbena.nvme;

import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Identifiers that makers of boards and images leave where a real one belongs: every machine of a
 * series has the same, so it identifies none of them.
 */
final class PlaceholderIds {
    /**
     * As seen in the system UUID of DMI, in the order that SMBIOS before 2.6 leaves open; {@link
     * #swapped} gives the other. Bytes counted up; a sequence of digits; a board of Dell without a
     * service tag.
     */
    private static final Set<String> SEEN =
            Set.of(
                    "03000200-0400-0500-0006-000700080009",
                    "12345678-1234-5678-90ab-cddeefaabbcc",
                    "12345678-1234-1234-1234-123456789abc",
                    "00112233-4455-6677-8899-aabbccddeeff",
                    "01234567-89ab-cdef-0123-456789abcdef",
                    "4c4c4544-0000-2010-8020-80c04f202020");

    private PlaceholderIds() {}

    /** Whether a UUID is nobody's: sixteen bytes of one value, or one of those that were seen. */
    static boolean contains(UUID uuid) {
        return isOneByteRepeated(uuid)
                || SEEN.contains(uuid.toString())
                || SEEN.contains(swapped(uuid).toString());
    }

    /** Whether a machine id, 32 hexadecimal digits, was never set. */
    static boolean isUnset(String machineId) {
        return machineId.toLowerCase(Locale.ROOT).chars().distinct().count() == 1;
    }

    private static boolean isOneByteRepeated(UUID uuid) {
        long repeated = (uuid.getLeastSignificantBits() & 0xFF) * 0x0101010101010101L;
        return uuid.getMostSignificantBits() == repeated
                && uuid.getLeastSignificantBits() == repeated;
    }

    /** The same bytes, with the first three fields in the other byte order. */
    private static UUID swapped(UUID uuid) {
        long high = uuid.getMostSignificantBits();
        long low32 = Integer.toUnsignedLong(Integer.reverseBytes((int) (high >>> 32)));
        int mid = Short.toUnsignedInt(Short.reverseBytes((short) (high >>> 16)));
        int version = Short.toUnsignedInt(Short.reverseBytes((short) high));
        return new UUID(low32 << 32 | (long) mid << 16 | version, uuid.getLeastSignificantBits());
    }
}
