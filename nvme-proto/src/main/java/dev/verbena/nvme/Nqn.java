package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An NVMe Qualified Name: the name of a host or of an NVM subsystem (section 4.5).
 *
 * <p>Accepted is any text of 1 to {@value #BYTES_MAX} bytes in UTF-8 without a NUL, as Linux
 * accepts it: shipped targets have names such as {@code testnqn}. Well formed are {@code
 * nqn.yyyy-mm.reverse.domain}, optionally followed by {@code :} and a string that is unique within
 * that domain, and the UUID form {@code nqn.2014-08.org.nvmexpress:uuid:<uuid>}; {@link
 * #irregularity} says what a name lacks. Names are compared byte by byte, so the letters' case is
 * kept.
 *
 * @param value the name
 */
public record Nqn(String value) {
    /** Longest name in bytes of UTF-8, without the terminating NUL. */
    public static final int BYTES_MAX = 223;

    /** Size of the field that holds a name on the wire, in bytes. */
    public static final int FIELD_SIZE = 256;

    private static final String UUID_PREFIX = "nqn.2014-08.org.nvmexpress:uuid:";

    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private static final Pattern NAME =
            Pattern.compile("nqn\\.(\\d{4})-(\\d{2})\\.([^:]*)(?::(.*))?", Pattern.DOTALL);

    private static final Pattern DOMAIN_LABEL =
            Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");

    /**
     * The well-known name every discovery subsystem answers to. Below the patterns, which it needs.
     */
    public static final Nqn DISCOVERY = new Nqn("nqn.2014-08.org.nvmexpress.discovery");

    /**
     * @throws IllegalArgumentException if the text cannot be a name: it is empty, too long or
     *     cannot be sent as UTF-8 that a NUL ends; the message says which
     */
    public Nqn {
        Objects.requireNonNull(value, "value");
        String problem = obstacle(value);
        if (problem != null) {
            throw new IllegalArgumentException(
                    "\"" + shown(value) + "\" cannot be an NQN: " + problem);
        }
    }

    /**
     * The name with this text.
     *
     * @throws IllegalArgumentException if the text cannot be a name
     */
    public static Nqn of(String value) {
        return new Nqn(value);
    }

    /** The UUID form of a name. */
    public static Nqn ofUuid(UUID uuid) {
        return new Nqn(UUID_PREFIX + uuid);
    }

    /** The UUID of a name in UUID form, empty for any other name. */
    public Optional<UUID> uuid() {
        if (!value.startsWith(UUID_PREFIX)) {
            return Optional.empty();
        }
        String text = value.substring(UUID_PREFIX.length());
        return UUID_TEXT.matcher(text).matches()
                ? Optional.of(UUID.fromString(text))
                : Optional.empty();
    }

    /**
     * Which rule for names this one breaks; empty for a well-formed name. Irregular names are in
     * use and can be connected.
     */
    public Optional<String> irregularity() {
        return Optional.ofNullable(irregularity(value));
    }

    /** The name in UTF-8, without a terminating NUL. */
    public byte[] bytes() {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    /** The name for people: what is not printable shows as an escape. */
    @Override
    public String toString() {
        return Text.printable(value);
    }

    /** Why a text cannot be sent as a name; null when it can. */
    private static @Nullable String obstacle(String text) {
        if (text.isEmpty()) {
            return "it is empty";
        }
        int byteCount = text.getBytes(StandardCharsets.UTF_8).length;
        if (byteCount > BYTES_MAX) {
            return "it has " + byteCount + " bytes, at most " + BYTES_MAX + " are allowed";
        }
        if (text.indexOf('\0') >= 0) {
            return "it contains a NUL";
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            return "it contains half of a surrogate pair";
        }
        return null;
    }

    private static @Nullable String irregularity(String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            return "it contains a control character";
        }
        Matcher matcher = NAME.matcher(text);
        if (!matcher.matches()) {
            return "expected nqn.yyyy-mm.reverse.domain[:string]";
        }
        int month = Integer.parseInt(matcher.group(2));
        if (month < 1 || month > 12) {
            return "the month is " + matcher.group(2) + ", expected 01 to 12";
        }
        for (String label : matcher.group(3).split("\\.", -1)) {
            if (!DOMAIN_LABEL.matcher(label).matches()) {
                return "\"" + label + "\" is not a domain label";
            }
        }
        if (matcher.group(4) != null && matcher.group(4).isEmpty()) {
            return "nothing follows the colon";
        }
        if (text.startsWith(UUID_PREFIX)
                && !UUID_TEXT.matcher(text.substring(UUID_PREFIX.length())).matches()) {
            return "no UUID of 36 characters follows \"uuid:\"";
        }
        return null;
    }

    private static String shown(String text) {
        String printable = Text.printable(text);
        return printable.length() <= BYTES_MAX ? printable : printable.substring(0, 60) + "…";
    }
}
