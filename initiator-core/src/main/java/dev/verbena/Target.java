package dev.verbena;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where a target listens: transport, address and service id.
///
/// @param traddr host name, IPv4 or IPv6 address; a link-local IPv6 address carries its interface,
///   `fe80::1%eth0`
/// @param trsvcid port, 1..65535
public record Target(String traddr, int trsvcid) {
    /// The port registered for NVMe over RDMA.
    public static final int DEFAULT_PORT = 4420;

    private static final String SCHEME = "nvmf-rdma";

    /// @throws IllegalArgumentException when the address is empty or the port out of range
    public Target {
        if (traddr.isBlank()) {
            throw new IllegalArgumentException("The transport address is empty");
        }
        if (trsvcid < 1 || trsvcid > 65_535) {
            throw new IllegalArgumentException(
                    "The port (trsvcid) is " + trsvcid + "; it must be 1..65535");
        }
    }

    /// A target reached over RDMA.
    public static Target rdma(String traddr, int trsvcid) {
        return new Target(traddr, trsvcid);
    }

    /// A target at the usual port, 4420.
    public static Target rdma(String traddr) {
        return new Target(traddr, DEFAULT_PORT);
    }

    /// Reads `host`, `host:port`, `[ipv6]:port` or `nvmf-rdma://host[:port]`.
    ///
    /// @throws IllegalArgumentException when the text is none of these; the message shows the text
    public static Target parse(String text) {
        String address = text.strip();
        if (address.toLowerCase(Locale.ROOT).startsWith(SCHEME + "://")) {
            address = address.substring(SCHEME.length() + 3);
        }
        if (address.indexOf(':') != address.lastIndexOf(':') && !address.startsWith("[")) {
            // A bare IPv6 address; a port would need brackets around it.
            if (!isIpv6(address)) {
                throw notAnAddress(text, null);
            }
            return rdma(address);
        }
        try {
            URI uri = new URI(SCHEME + "://" + address.replace("%", "%25"));
            String host = uri.getHost();
            String path = uri.getPath();
            boolean more =
                    (path != null && !path.isEmpty() && !path.equals("/"))
                            || uri.getRawUserInfo() != null
                            || uri.getRawQuery() != null
                            || uri.getRawFragment() != null;
            if (host == null || more || address.endsWith(":")) {
                throw notAnAddress(text, null);
            }
            String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
            int port = uri.getPort();
            return new Target(bare.replace("%25", "%"), port < 0 ? DEFAULT_PORT : port);
        } catch (URISyntaxException e) {
            throw notAnAddress(text, e);
        }
    }

    private static boolean isIpv6(String address) {
        int scope = address.indexOf('%');
        try {
            // Without its scope, which names an interface that need not be there yet. No look-up.
            var _ = Inet6Address.ofLiteral(scope < 0 ? address : address.substring(0, scope));
            return scope != address.length() - 1;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static IllegalArgumentException notAnAddress(
            String text, @Nullable URISyntaxException cause) {
        return new IllegalArgumentException(
                "\""
                        + text
                        + "\" is not a target address; write host, host:port, [ipv6]:port or "
                        + SCHEME
                        + "://host:port",
                cause);
    }

    /// Looks the address up; a look-up is made each time, because names move.
    ///
    /// @throws AddressUnreachableException when the name is not known
    InetSocketAddress resolve() throws AddressUnreachableException {
        try {
            return new InetSocketAddress(InetAddress.getByName(traddr), trsvcid);
        } catch (UnknownHostException e) {
            throw new AddressUnreachableException(
                    toString(),
                    0,
                    traddr + " is not known; check the spelling, or use the numeric address",
                    e);
        }
    }

    /// `address:port`, with an IPv6 address in brackets.
    @Override
    public String toString() {
        return (traddr.indexOf(':') >= 0 ? "[" + traddr + "]" : traddr) + ":" + trsvcid;
    }
}
