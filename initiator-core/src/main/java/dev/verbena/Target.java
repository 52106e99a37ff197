package dev.verbena;

import dev.verbena.internal.fabric.Destination;
import dev.verbena.internal.fabric.NameLookup;
import dev.verbena.internal.fabric.TransportFactory;
import dev.verbena.nvme.DiscoveryEntry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where a target listens: transport, address and service id.
///
/// An address has one form, whatever spelling it was given in, so that two spellings of one place
/// are equal: IPv6 as RFC 5952 writes it, IPv4 without leading zeros and not mapped into IPv6,
/// names in small letters. An interface and a dot at the end of a name stay as they are.
///
/// @param traddr host name, IPv4 or IPv6 address; a link-local IPv6 address carries its interface,
///   by name or number: `fe80::1%eth0`
/// @param trsvcid port, 1..65535
public record Target(String traddr, int trsvcid) {
    /// The port registered for NVMe over RDMA.
    public static final int DEFAULT_PORT = 4420;

    private static final String SCHEME = "nvmf-rdma";

    /// @throws IllegalArgumentException when the address is none or the port out of range
    public Target {
        try {
            traddr = AddressText.canonical(traddr);
        } catch (IllegalArgumentException e) {
            throw traddr.isBlank() ? e : notAnAddress(traddr, e);
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

    /// The place an entry of a discovery log names. An entry without a service id means the usual
    /// port, as it does to Linux.
    ///
    /// @throws IllegalArgumentException when it is not reached over RDMA, or its address or service
    ///   id is none
    public static Target of(DiscoveryEntry entry) {
        if (entry.transportType() != DiscoveryEntry.TRANSPORT_RDMA) {
            throw new IllegalArgumentException(
                    "The entry of " + entry.subsystemNqn() + " is not reached over RDMA");
        }
        String service = entry.transportServiceId().strip();
        return rdma(
                entry.transportAddress(),
                service.isEmpty() ? DEFAULT_PORT : port(service, entry.transportServiceId()));
    }

    /// Reads `host`, `host:port`, `ipv6`, `[ipv6]:port` or `nvmf-rdma://host[:port]`.
    ///
    /// @throws IllegalArgumentException when the text is none of these; the message shows the text
    public static Target parse(String text) {
        String address = text.strip();
        if (address.toLowerCase(Locale.ROOT).startsWith(SCHEME + "://")) {
            address = address.substring(SCHEME.length() + 3);
            if (address.endsWith("/")) {
                address = address.substring(0, address.length() - 1);
            }
        }
        int end = address.startsWith("[") ? address.indexOf(']') + 1 : address.indexOf(':');
        boolean bare = !address.startsWith("[") && end != address.lastIndexOf(':');
        String host = bare || end <= 0 ? address : address.substring(0, end);
        String rest = address.substring(host.length());
        if (!rest.isEmpty() && !rest.startsWith(":")) {
            throw notAnAddress(text, null);
        }
        try {
            host = AddressText.canonical(host);
        } catch (IllegalArgumentException e) {
            throw notAnAddress(text, e);
        }
        return new Target(host, rest.isEmpty() ? DEFAULT_PORT : port(rest.substring(1), text));
    }

    /// @param text where it stands
    private static int port(String digits, String text) {
        if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw notAnAddress(text, null);
        }
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "The port (trsvcid) is " + digits + "; it must be 1..65535", e);
        }
    }

    private static IllegalArgumentException notAnAddress(
            String text, @Nullable IllegalArgumentException cause) {
        return new IllegalArgumentException(
                "\""
                        + text
                        + "\" is not a target address; write host, host:port, [ipv6]:port or "
                        + SCHEME
                        + "://host:port"
                        + (cause == null ? "" : " (" + cause.getMessage() + ")"),
                cause);
    }

    /// The way there: the address, or whatever the name means each time a connection is made.
    Destination destination(TransportFactory transports) {
        if (!AddressText.isNumeric(traddr)) {
            return new Destination(toString(), new NameLookup(traddr, trsvcid, transports::lookUp));
        }
        return new Destination(
                toString(), deadline -> List.of(new InetSocketAddress(numeric(), trsvcid)));
    }

    private InetAddress numeric() throws AddressUnreachableException {
        try {
            return AddressText.numeric(traddr);
        } catch (UnknownHostException e) {
            throw new AddressUnreachableException(toString(), 0, String.valueOf(e.getMessage()), e);
        }
    }

    /// `address:port`, with an IPv6 address in brackets; [#parse] reads it.
    @Override
    public String toString() {
        return (traddr.indexOf(':') >= 0 ? "[" + traddr + "]" : traddr) + ":" + trsvcid;
    }
}
