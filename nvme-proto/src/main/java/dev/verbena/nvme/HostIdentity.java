package dev.verbena.nvme;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Who this host is: its name and its 128-bit identifier, both sent in every Connect.
 *
 * <p>Targets grant access by the name and keep reservations by the identifier, so the two belong
 * together: one identifier with two names, or two hosts with one identifier, is a defect that some
 * targets refuse and others turn into shared reservations.
 *
 * @param hostNqn the host's name
 * @param hostId the host's identifier, never the nil UUID
 */
public record HostIdentity(Nqn hostNqn, UUID hostId) {
    private static final UUID NIL = new UUID(0, 0);
    private static final int FILE_BYTES_MAX = 4096;
    private static final Pattern MACHINE_ID = Pattern.compile("[0-9a-f]{32}");

    /**
     * @throws IllegalArgumentException if the identifier is the nil UUID, which several targets
     *     answer with Connect Invalid Parameters
     */
    public HostIdentity {
        Objects.requireNonNull(hostNqn, "hostNqn");
        Objects.requireNonNull(hostId, "hostId");
        if (hostId.equals(NIL)) {
            throw new IllegalArgumentException(
                    "The host identifier must not be the nil UUID; use HostIdentity.of(nqn) to"
                            + " derive one from the name");
        }
    }

    /**
     * The identity of a host known by its name: the UUID in the name if it is in UUID form,
     * otherwise a name-based UUID (version 3) of the name, so that the same name always gives the
     * same identifier.
     */
    public static HostIdentity of(Nqn hostNqn) {
        return new HostIdentity(
                hostNqn,
                hostNqn.uuid()
                        .filter(uuid -> !uuid.equals(NIL))
                        .orElseGet(() -> UUID.nameUUIDFromBytes(hostNqn.bytes())));
    }

    /**
     * An identity with both parts given. A name in UUID form with a different identifier is
     * accepted, as nvme-cli accepts it (with a warning): such pairs exist where an administrator
     * set the two files separately.
     *
     * @throws IllegalArgumentException if the identifier is the nil UUID
     */
    public static HostIdentity of(Nqn hostNqn, UUID hostId) {
        return new HostIdentity(hostNqn, hostId);
    }

    /** A random identity, new at each call. */
    public static HostIdentity generate() {
        return of(Nqn.ofUuid(UUID.randomUUID()));
    }

    /**
     * The identity of this machine, from the first of these that exists:
     *
     * <ol>
     *   <li>{@code /etc/nvme/hostnqn} and {@code /etc/nvme/hostid}, as nvme-cli and the kernel use
     *       them; where only one is there, the other is derived from it;
     *   <li>the DMI product UUID (readable by root only), unless it is a placeholder that the
     *       board's maker has left, which all machines of a series share;
     *   <li>a UUID derived from {@code /etc/machine-id}, which itself is kept confidential, as
     *       machine-id(5) asks;
     *   <li>a random one.
     * </ol>
     *
     * <p>Reads files and may block.
     *
     * <p>The first line of a file counts, without blanks around it, as for nvme-cli; there are no
     * comments.
     *
     * @throws IllegalStateException if one of the first two files exists but cannot be read, has an
     *     empty first line or holds something else: another identity than the administrator's would
     *     lose reservations and access rights, so none is invented
     */
    public static HostIdentity system() {
        return system(Path.of("/"));
    }

    static HostIdentity system(Path root) {
        Optional<Nqn> nqn =
                configured(root.resolve("etc/nvme/hostnqn")).map(text -> parsed(root, text));
        Optional<UUID> id =
                configured(root.resolve("etc/nvme/hostid")).map(text -> parsedId(root, text));
        if (nqn.isPresent()) {
            return id.isPresent() ? of(nqn.get(), id.get()) : of(nqn.get());
        }
        if (id.isPresent()) {
            return of(Nqn.ofUuid(id.get()), id.get());
        }
        return productUuid(root)
                .or(() -> machineUuid(root))
                .map(uuid -> of(Nqn.ofUuid(uuid)))
                .orElseGet(HostIdentity::generate);
    }

    /**
     * The identifier as it stands in the Connect data: 16 bytes in the order of RFC 4122
     * (big-endian), which is what the Linux host sends.
     */
    public byte[] hostIdBytes() {
        return ByteBuffer.allocate(16)
                .putLong(hostId.getMostSignificantBits())
                .putLong(hostId.getLeastSignificantBits())
                .array();
    }

    private static Nqn parsed(Path root, String text) {
        try {
            return Nqn.of(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(
                    root.resolve("etc/nvme/hostnqn") + ": " + e.getMessage(), e);
        }
    }

    private static UUID parsedId(Path root, String text) {
        Path file = root.resolve("etc/nvme/hostid");
        Optional<UUID> uuid = uuid(text);
        if (uuid.isEmpty()) {
            throw new IllegalStateException(file + " does not hold a UUID");
        }
        if (uuid.get().equals(NIL)) {
            throw new IllegalStateException(file + " holds the nil UUID, which targets refuse");
        }
        return uuid.get();
    }

    private static Optional<UUID> productUuid(Path root) {
        // Boards without a real UUID report one that all of their series have.
        return firstLineIfReadable(root.resolve("sys/class/dmi/id/product_uuid"))
                .flatMap(HostIdentity::uuid)
                .filter(uuid -> !PlaceholderIds.contains(uuid));
    }

    private static Optional<UUID> machineUuid(Path root) {
        return firstLineIfReadable(root.resolve("etc/machine-id"))
                .filter(text -> MACHINE_ID.matcher(text).matches())
                .filter(text -> !PlaceholderIds.isUnset(text))
                .map(text -> "dev.verbena.nvme.host:" + text)
                .map(text -> UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private static Optional<UUID> uuid(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        try {
            UUID uuid = UUID.fromString(lower);
            // fromString also takes shortened groups; a file that holds those is damaged.
            return uuid.toString().equals(lower) ? Optional.of(uuid) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> configured(Path file) {
        try {
            Optional<String> line = firstLine(file);
            if (line.isEmpty() || line.get().startsWith("#")) {
                throw new IllegalStateException(
                        file
                                + ", line 1, "
                                + (line.isEmpty()
                                        ? "is empty"
                                        : "begins with #, but there are no comments")
                                + "; the first line has to hold it. Remove the file to have one"
                                + " derived from this machine");
            }
            return line;
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        } catch (AccessDeniedException e) {
            throw new IllegalStateException(
                    file + " exists but may not be read by this user; pass a HostIdentity", e);
        } catch (IOException e) {
            throw new IllegalStateException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Optional<String> firstLineIfReadable(Path file) {
        try {
            return firstLine(file);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> firstLine(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            String text = new String(in.readNBytes(FILE_BYTES_MAX), StandardCharsets.UTF_8);
            return text.lines().findFirst().map(String::strip).filter(line -> !line.isEmpty());
        }
    }
}
