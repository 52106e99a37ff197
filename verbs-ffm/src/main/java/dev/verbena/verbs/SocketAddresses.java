package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.sockaddr_in;
import dev.verbena.verbs.ffi.gen.sockaddr_in6;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/// `struct sockaddr_in` and `sockaddr_in6` (ip(7), ipv6(7)) from and to Java's addresses.
final class SocketAddresses {
    static final short AF_INET = 2;
    static final short AF_INET6 = 10;

    private static final long SCOPE_NONE = 0;

    private SocketAddresses() {}

    /// @throws IllegalArgumentException for a host name that was not resolved
    static MemorySegment encode(InetSocketAddress address, Arena arena) {
        InetAddress host = address.getAddress();
        if (host == null) {
            throw new IllegalArgumentException("the host name of " + address + " is not resolved");
        }
        short port = Short.reverseBytes((short) address.getPort());
        if (host instanceof Inet6Address six) {
            MemorySegment encoded = arena.allocate(sockaddr_in6.layout());
            sockaddr_in6.sin6_family(encoded, AF_INET6);
            sockaddr_in6.sin6_port(encoded, port);
            MemorySegment.copy(
                    MemorySegment.ofArray(six.getAddress()),
                    0,
                    sockaddr_in6.sin6_addr(encoded),
                    0,
                    16);
            sockaddr_in6.sin6_scope_id(encoded, six.getScopeId());
            return encoded;
        }
        MemorySegment encoded = arena.allocate(sockaddr_in.layout());
        sockaddr_in.sin_family(encoded, AF_INET);
        sockaddr_in.sin_port(encoded, port);
        MemorySegment.copy(
                MemorySegment.ofArray(host.getAddress()), 0, sockaddr_in.sin_addr(encoded), 0, 4);
        return encoded;
    }

    /// Copies a native address.
    ///
    /// @param address at least the size of `struct sockaddr_in6`
    /// @return null for a family that is not IP, as in an address that was never set
    static @Nullable InetSocketAddress decode(MemorySegment address) {
        short family = address.get(ValueLayout.JAVA_SHORT, 0);
        if (family == AF_INET) {
            byte[] host = sockaddr_in.sin_addr(address).toArray(ValueLayout.JAVA_BYTE);
            return inet(host, SCOPE_NONE, sockaddr_in.sin_port(address));
        }
        if (family == AF_INET6) {
            byte[] host = sockaddr_in6.sin6_addr(address).toArray(ValueLayout.JAVA_BYTE);
            return inet(
                    host,
                    Integer.toUnsignedLong(sockaddr_in6.sin6_scope_id(address)),
                    sockaddr_in6.sin6_port(address));
        }
        return null;
    }

    private static InetSocketAddress inet(byte[] host, long scope, short networkPort) {
        int port = Short.toUnsignedInt(Short.reverseBytes(networkPort));
        try {
            InetAddress address =
                    scope == SCOPE_NONE
                            ? InetAddress.getByAddress(host)
                            : Inet6Address.getByAddress(null, host, (int) scope);
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }

    /// True for an IPv6 link-local address that does not say on which interface.
    static boolean lacksScope(InetAddress address) {
        return address instanceof Inet6Address six
                && six.isLinkLocalAddress()
                && six.getScopeId() == SCOPE_NONE;
    }
}
