package dev.verbena;

import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NamespaceDescriptors;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/// One namespace as it was when the controller was asked.
///
/// @param id namespace id (NSID), 1 or more, unsigned
/// @param identify what Identify Namespace said
/// @param descriptors its identifiers; empty where the controller reports none
public record Namespace(int id, IdentifyNamespace identify, NamespaceDescriptors descriptors) {
    /// The kinds of identifiers, the strongest first.
    private static final List<Function<Namespace, Optional<String>>> IDENTIFIERS =
            List.of(Namespace::uuid, Namespace::nguid, Namespace::eui64);

    /// What identifies its content: the UUID, else the NGUID, else the EUI64, in text; empty where
    /// the controller reports none. The id alone does not: it can be given to another content.
    public Optional<String> identity() {
        return IDENTIFIERS.stream()
                .map(kind -> kind.apply(this))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<String> uuid() {
        return descriptors.uuid().map(UUID::toString);
    }

    private Optional<String> nguid() {
        return descriptors.nguid().or(() -> set(identify.nguid()));
    }

    private Optional<String> eui64() {
        return descriptors.eui64().or(() -> set(identify.eui64()));
    }

    private static Optional<String> set(String text) {
        return text.chars().allMatch(c -> c == '0') ? Optional.empty() : Optional.of(text);
    }

    /// Whether the other one, with the same id, is the same content with the same command set, as
    /// far as the controller tells: they share an identifier, and contradict each other in none.
    ///
    /// Where neither has any, which only controllers older than NVMe 1.1 may do, they count as the
    /// same while size and format are the same: nothing else is known of them.
    public boolean isSameAs(Namespace other) {
        if (id != other.id || descriptors.commandSet() != other.descriptors.commandSet()) {
            return false;
        }
        if (identity().isEmpty() && other.identity().isEmpty()) {
            return blockCount() == other.blockCount() && isFormattedAs(other);
        }
        boolean shared = false;
        for (Function<Namespace, Optional<String>> kind : IDENTIFIERS) {
            Optional<String> mine = kind.apply(this);
            Optional<String> others = kind.apply(other);
            if (mine.isPresent() && others.isPresent()) {
                if (!mine.equals(others)) {
                    return false;
                }
                shared = true;
            }
        }
        return shared;
    }

    /// Whether the blocks of the other one are laid out the same: data, metadata and protection. A
    /// namespace of which that has changed was formatted, and holds other content.
    boolean isFormattedAs(Namespace other) {
        return blockSize() == other.blockSize()
                && identify.metadataSize() == other.identify.metadataSize()
                && (identify.metadataSize() == 0
                        || (identify.extendedMetadata() == other.identify.extendedMetadata()
                                && identify.dps() == other.identify.dps()));
    }

    /// The layout of a block, for people.
    String describeFormat() {
        int metadata = identify.metadataSize();
        return "blocks of "
                + blockSize()
                + " bytes"
                + (metadata == 0
                        ? ""
                        : " and "
                                + metadata
                                + " bytes of metadata "
                                + (identify.extendedMetadata()
                                        ? "at the end of each"
                                        : "in a buffer of their own"));
    }

    /// Bytes of a logical block; 0 when the namespace has no format that can be used.
    public int blockSize() {
        return identify.blockSize();
    }

    /// Logical blocks of the namespace (NSZE).
    public long blockCount() {
        return identify.sizeBlocks();
    }

    /// Bytes of the namespace.
    ///
    /// @throws ArithmeticException when the controller claims 2^63 bytes or more; such a namespace
    ///   cannot be opened as a device
    public long byteSize() {
        long blocks = blockCount();
        if (blocks < 0) {
            throw new ArithmeticException("The block count does not fit 63 bits");
        }
        return Math.multiplyExact(blocks, (long) blockSize());
    }

    /// Sizes and formats are the controller's claim: whether they can be worked with.
    ///
    /// @param transferBytesMax most bytes of one command
    /// @throws IOException when they cannot; the message says why
    void requireUsable(int transferBytesMax) throws IOException {
        String name = "Namespace " + Integer.toUnsignedString(id);
        if (blockSize() == 0) {
            throw new IOException(name + " has no LBA format that can be used");
        }
        if (identify.extendedMetadata() && identify.metadataSize() > 0) {
            throw new IOException(
                    name
                            + " carries "
                            + identify.metadataSize()
                            + " bytes of metadata at the end of each block, which this version does"
                            + " not handle; format it without");
        }
        if (blockSize() > transferBytesMax) {
            throw new IOException(
                    name
                            + ": a block of "
                            + blockSize()
                            + " bytes is more than one command to this controller can carry ("
                            + transferBytesMax
                            + " bytes)");
        }
        if (Long.compareUnsigned(blockCount(), Long.MAX_VALUE / blockSize()) > 0) {
            throw new IOException(
                    name
                            + ": the controller claims "
                            + Long.toUnsignedString(blockCount())
                            + " blocks of "
                            + blockSize()
                            + " bytes; a device has less than 2^63 bytes");
        }
    }

    /// The id and the geometry.
    @Override
    public String toString() {
        return "namespace "
                + Integer.toUnsignedString(id)
                + ": "
                + Long.toUnsignedString(blockCount())
                + " blocks of "
                + blockSize()
                + " bytes";
    }
}
