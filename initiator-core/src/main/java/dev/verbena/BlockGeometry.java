package dev.verbena;

import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.IdentifyNamespace;

/// The shape of a block device: its blocks, and what the controller promises and prefers. All
/// values are the controller's claims, in bytes.
///
/// What is atomic is a single command. A request that is cut into several is not atomic as a whole,
/// so an atomic write must neither be longer than [#atomicWriteBytes] nor cross a boundary;
/// requests are cut at the transfer limit ([Controller#transferBytesMax]), at [#boundaryBytes], and
/// where their memory is not registered or in several segments at 64 KiB. Writes of one segment of
/// a [DmaArena] within these limits are one command.
///
/// Source: NVM Command Set Specification, 2.1.4 (atomic operation) and 5.8.2 (performance).
///
/// @param blockSize of a logical block
/// @param byteSize of the device
/// @param atomicWriteBytes up to this long a write is never mixed with another, or seen in part by
///   a read (NAWUN, AWUN)
/// @param atomicWriteBytesPowerFail up to this long a write is not torn by a power failure (NAWUPF,
///   AWUPF)
/// @param atomicBoundaryBytes writes that cross a multiple of this are not atomic; 0 for no
///   boundary (NABSN)
/// @param atomicBoundaryBytesPowerFail the same for power failures (NABSPF)
/// @param atomicBoundaryOffset where the boundaries begin (NABO)
/// @param compareAndWriteBytesMax longest atomic compare and write (NACWU, ACWU)
/// @param boundaryBytes requests are cut at multiples of this; 0 for none (NOIOB)
/// @param preferredWriteBytes writes should be multiples of this (NPWG)
/// @param preferredWriteAlignment and begin at multiples of this (NPWA)
/// @param optimalWriteBytes and be so long or a multiple of it; 0 when not reported (NOWS)
/// @param preferredDeallocateBytes deallocations should be multiples of this (NPDG)
/// @param preferredDeallocateAlignment and begin at multiples of this (NPDA)
public record BlockGeometry(
        int blockSize,
        long byteSize,
        long atomicWriteBytes,
        long atomicWriteBytesPowerFail,
        long atomicBoundaryBytes,
        long atomicBoundaryBytesPowerFail,
        long atomicBoundaryOffset,
        long compareAndWriteBytesMax,
        long boundaryBytes,
        long preferredWriteBytes,
        long preferredWriteAlignment,
        long optimalWriteBytes,
        long preferredDeallocateBytes,
        long preferredDeallocateAlignment) {
    /// NSFEAT: the namespace has atomic units of its own (NSABP).
    private static final int OWN_ATOMICS = 1 << 1;

    /// NSFEAT: the preferences are reported (OPTPERF).
    private static final int PREFERENCES = 1 << 4;

    static BlockGeometry of(IdentifyNamespace namespace, IdentifyController controller) {
        long block = namespace.blockSize();
        boolean own = (namespace.features() & OWN_ATOMICS) != 0;
        boolean prefers = (namespace.features() & PREFERENCES) != 0;
        return new BlockGeometry(
                namespace.blockSize(),
                namespace.sizeBlocks() * block,
                unit(own, namespace.nawun(), controller.atomicWriteUnitNormal()) * block,
                unit(own, namespace.nawupf(), controller.atomicWriteUnitPowerFail()) * block,
                boundary(own, namespace.nabsn()) * block,
                boundary(own, namespace.nabspf()) * block,
                own ? namespace.nabo() * block : 0,
                unit(own, namespace.nacwu(), controller.atomicCompareWriteUnit()) * block,
                namespace.noiob() * block,
                prefers ? (namespace.npwg() + 1) * block : block,
                prefers ? (namespace.npwa() + 1) * block : block,
                prefers ? (namespace.nows() + 1) * block : 0,
                prefers ? (namespace.npdg() + 1) * block : block,
                prefers ? (namespace.npda() + 1) * block : block);
    }

    /// A namespace's own unit is no smaller than the controller's; 0 says that it has none.
    private static long unit(boolean own, int ofNamespace, int ofController) {
        return Math.max(own ? ofNamespace : 0, ofController) + 1L;
    }

    private static long boundary(boolean own, int field) {
        return own && field > 0 ? field + 1L : 0;
    }
}
