package dev.verbena;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// Transport addresses as texts, each in the one form in which they are compared and printed.
final class AddressText {
    private static final int NAME_LENGTH_MAX = 253;

    /// IFNAMSIZ without its NUL.
    private static final int INTERFACE_LENGTH_MAX = 15;

    /// Interfaces an error lists.
    private static final int INTERFACES_SHOWN_MAX = 16;

    private static final Pattern DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");
    private static final Pattern FOUR_NUMBERS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    private AddressText() {}

    /// An address in its one form: numbers without leading zeros, IPv6 as RFC 5952 writes it and
    /// without the brackets a place has around it, IPv4 in its own form even where it was mapped
    /// into IPv6, names in small letters. The interface behind a `%` stays as it is. A dot at the
    /// end of a name stays too: it keeps search domains away.
    ///
    /// @throws IllegalArgumentException when the text is no address; the message says why
    static String canonical(String text) {
        String bare = text.strip();
        if (bare.startsWith("[") && bare.endsWith("]")) {
            bare = bare.substring(1, bare.length() - 1);
            if (bare.indexOf(':') < 0) {
                throw new IllegalArgumentException("brackets are for IPv6 addresses");
            }
        }
        if (bare.isEmpty()) {
            throw new IllegalArgumentException("The transport address is empty");
        }
        if (bare.indexOf(':') >= 0) {
            return six(bare);
        }
        return DIGITS_AND_DOTS.matcher(bare).matches() ? four(bare) : name(bare);
    }

    private static String four(String text) {
        StringBuilder canonical = new StringBuilder();
        if (FOUR_NUMBERS.matcher(text).matches()) {
            for (String number : text.split("\\.", -1)) {
                // Decimal whatever it begins with, as Linux' initiator reads it.
                int value = Integer.parseInt(number);
                if (value > 255) {
                    break;
                }
                canonical.append(canonical.isEmpty() ? "" : ".").append(value);
            }
        }
        if (canonical.chars().filter(c -> c == '.').count() != 3) {
            throw new IllegalArgumentException(
                    text + " is no IPv4 address, which is four numbers 0..255");
        }
        return canonical.toString();
    }

    private static String six(String text) {
        int percent = text.indexOf('%');
        String address = percent < 0 ? text : text.substring(0, percent);
        String scope = percent < 0 ? "" : text.substring(percent);
        InetAddress parsed;
        try {
            parsed = Inet6Address.ofLiteral(address);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(address + " is no IPv6 address", e);
        }
        if (percent >= 0) {
            requireInterfaceName(scope.substring(1));
        }
        if (parsed instanceof Inet6Address) {
            return compressed(parsed.getAddress()) + scope;
        }
        if (percent >= 0) {
            throw new IllegalArgumentException(
                    "an interface is named behind an IPv6 address only, not an IPv4 address in"
                            + " IPv6 form");
        }
        return parsed.getHostAddress();
    }

    /// What Linux lets interfaces be called.
    private static void requireInterfaceName(String name) {
        boolean odd =
                name.isEmpty()
                        || name.length() > INTERFACE_LENGTH_MAX
                        || name.chars()
                                .anyMatch(c -> isBlankOrControl(c) || "/:%[]".indexOf(c) >= 0);
        if (odd) {
            throw new IllegalArgumentException(
                    "\""
                            + name
                            + "\" is no name of a network interface: 1 to "
                            + INTERFACE_LENGTH_MAX
                            + " characters without blanks, slashes and colons");
        }
    }

    private static boolean isBlankOrControl(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }

    private static String name(String text) {
        if (text.length() > NAME_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "a host name has at most " + NAME_LENGTH_MAX + " characters");
        }
        // Everything that has no meaning in an address: what resolves is the resolver's business.
        if (text.chars().anyMatch(c -> isBlankOrControl(c) || "/\\%[]@?#\"<>".indexOf(c) >= 0)) {
            throw new IllegalArgumentException("it holds a character that no host name has");
        }
        return text.toLowerCase(Locale.ROOT);
    }

    /// RFC 5952: hexadecimal without leading zeros, the longest run of zero groups left out.
    private static String compressed(byte[] address) {
        int[] groups = new int[8];
        for (int i = 0; i < 8; i++) {
            groups[i] = ((address[2 * i] & 0xFF) << 8) | (address[2 * i + 1] & 0xFF);
        }
        int start = -1;
        int length = 1;
        for (int i = 0; i < 8; i++) {
            int end = i;
            while (end < 8 && groups[end] == 0) {
                end++;
            }
            if (end - i > length) {
                start = i;
                length = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == start) {
                text.append("::");
                i += length - 1;
            } else {
                boolean first = text.isEmpty() || text.charAt(text.length() - 1) == ':';
                text.append(first ? "" : ":").append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    /// Whether a canonical text is an address and not a name.
    static boolean isNumeric(String canonical) {
        return canonical.indexOf(':') >= 0 || DIGITS_AND_DOTS.matcher(canonical).matches();
    }

    /// A canonical text with the interface of another, where it means something on one interface
    /// only and names none.
    static String onInterfaceOf(String canonical, String other) {
        int percent = other.indexOf('%');
        boolean inherits =
                percent >= 0
                        && canonical.indexOf(':') >= 0
                        && canonical.indexOf('%') < 0
                        && Inet6Address.ofLiteral(canonical).isLinkLocalAddress();
        return inherits ? canonical + other.substring(percent) : canonical;
    }

    /// The address of a canonical text that [#isNumeric].
    ///
    /// @throws UnknownHostException when the interface it names is not there; the message names it
    static InetAddress numeric(String canonical) throws UnknownHostException {
        int percent = canonical.indexOf('%');
        if (percent < 0) {
            return InetAddress.ofLiteral(canonical);
        }
        byte[] bytes = InetAddress.ofLiteral(canonical.substring(0, percent)).getAddress();
        return Inet6Address.getByAddress(
                null, bytes, interfaceIndex(canonical, canonical.substring(percent + 1)));
    }

    private static int interfaceIndex(String address, String name) throws UnknownHostException {
        try {
            NetworkInterface found = NetworkInterface.getByName(name);
            if (found == null && name.chars().allMatch(c -> c >= '0' && c <= '9')) {
                found =
                        name.length() > 9
                                ? null
                                : NetworkInterface.getByIndex(Integer.parseInt(name));
            }
            if (found != null) {
                return found.getIndex();
            }
            List<String> present =
                    NetworkInterface.networkInterfaces()
                            .map(NetworkInterface::getName)
                            .sorted()
                            .limit(INTERFACES_SHOWN_MAX)
                            .toList();
            throw new UnknownHostException(
                    address
                            + " is reached over a network interface \""
                            + name
                            + "\", which this machine does not have; it has "
                            + String.join(", ", present));
        } catch (SocketException e) {
            UnknownHostException unknown =
                    new UnknownHostException(
                            "The network interface \""
                                    + name
                                    + "\" of "
                                    + address
                                    + " is not found");
            unknown.initCause(e);
            throw unknown;
        }
    }
}
