package dev.verbena.verbs;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/// A global identifier, 128 bits: the address of a port. RoCE v2 and iWARP devices use IPv6 or
/// IPv4-mapped addresses.
///
/// @param high the first eight bytes, the subnet prefix
/// @param low the last eight bytes, the interface identifier
public record Gid(long high, long low) {
    static Gid of(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Gid(buffer.getLong(), buffer.getLong());
    }

    /// True for an unused entry of a GID table.
    public boolean isZero() {
        return high == 0 && low == 0;
    }

    /// This GID as an IP address; an IPv4-mapped one becomes an IPv4 address.
    public InetAddress address() {
        try {
            return InetAddress.getByAddress(
                    ByteBuffer.allocate(16).putLong(high).putLong(low).array());
        } catch (UnknownHostException e) {
            throw new AssertionError("16 bytes are always an address", e);
        }
    }

    /// The usual notation in eight groups, for example `fe80:0000:0000:0000:0202:c9ff:fe00:0001`.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < 8; i++) {
            long half = i < 4 ? high : low;
            String separator = i == 0 ? "" : ":";
            text.append(separator)
                    .append("%04x".formatted((half >>> (48 - 16 * (i % 4))) & 0xffff));
        }
        return text.toString();
    }
}
