package dev.verbena;

import dev.verbena.nvme.Nqn;
import java.util.Optional;

/// Where a subsystem is reached, and optionally which of its namespaces is meant, in one text:
/// `nvmf-rdma://host[:port]/nqn[/nsid]`. A name that itself ends in a slash and a number is
/// followed by a slash where no namespace is named: `nvmf-rdma://host/name/1/`.
///
/// @param namespaceId 1 or more, unsigned; empty when none is named
public record SubsystemAddress(Target target, String nqn, Optional<Integer> namespaceId) {
    private static final String SCHEME = "nvmf-rdma://";

    /// @throws IllegalArgumentException when the text cannot be the name of a subsystem
    public SubsystemAddress {
        var _ = Nqn.of(nqn);
    }

    /// Reads an address.
    ///
    /// @throws IllegalArgumentException when the text is none; the message says which part
    public static SubsystemAddress parse(String text) {
        if (!text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw notAnAddress(text, "it does not start with " + SCHEME);
        }
        String rest = text.substring(SCHEME.length());
        int slash = rest.indexOf('/');
        if (slash < 0) {
            throw notAnAddress(text, "it names no subsystem");
        }
        Target target = Target.parse(rest.substring(0, slash));
        String path = rest.substring(slash + 1);
        int last = path.lastIndexOf('/');
        String end = path.substring(last + 1);
        Optional<Integer> namespaceId = Optional.empty();
        // A name may hold slashes itself: only a number behind the last one is a namespace, and
        // nothing behind it says that there is none.
        if (last >= 0 && isNumber(end)) {
            namespaceId = Optional.of(namespaceId(text, end));
            path = path.substring(0, last);
        } else if (last >= 0 && end.isEmpty()) {
            path = path.substring(0, last);
        }
        return new SubsystemAddress(target, Nqn.of(path).value(), namespaceId);
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static int namespaceId(String text, String digits) {
        try {
            int id = Integer.parseUnsignedInt(digits);
            if (id != 0 && id != -1) {
                return id;
            }
        } catch (NumberFormatException e) {
            throw notAnAddress(text, "\"" + digits + "\" is no namespace id");
        }
        throw notAnAddress(text, digits + " is no namespace id");
    }

    private static IllegalArgumentException notAnAddress(String text, String why) {
        return new IllegalArgumentException(
                "\""
                        + text
                        + "\" is not the address of a subsystem: "
                        + why
                        + "; write "
                        + SCHEME
                        + "host:port/nqn or …/nqn/nsid");
    }

    /// The address as [#parse] reads it. A name that ends as if it named a namespace is followed by
    /// a slash.
    @Override
    public String toString() {
        String end = nqn.substring(nqn.lastIndexOf('/') + 1);
        boolean ambiguous = nqn.indexOf('/') >= 0 && (end.isEmpty() || isNumber(end));
        return SCHEME
                + target
                + "/"
                + Nqn.of(nqn)
                + namespaceId
                        .map(id -> "/" + Integer.toUnsignedString(id))
                        .orElse(ambiguous ? "/" : "");
    }
}
