package dev.verbena;

import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NamespaceDescriptors;

/// One namespace as it was when the controller was asked.
///
/// @param id namespace id (NSID), 1 or more, unsigned
/// @param identify what Identify Namespace said
/// @param descriptors its identifiers; empty where the controller reports none
public record Namespace(int id, IdentifyNamespace identify, NamespaceDescriptors descriptors) {
    /// Bytes of a logical block.
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

    /// The id and the geometry.
    @Override
    public String toString() {
        return "namespace "
                + Integer.toUnsignedString(id)
                + ": "
                + blockCount()
                + " blocks of "
                + blockSize()
                + " bytes";
    }
}
