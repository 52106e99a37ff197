package dev.verbena.cli.demo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/// Scattered pieces of a device and what they shall contain. Everything follows from the seed.
///
/// @param all in ascending order of offset, without overlaps
record Extents(long seed, List<Extent> all) {
    /// @param offset in bytes, a multiple of the block size
    /// @param byteSize a multiple of the block size
    record Extent(long offset, int byteSize) {}

    Extents {
        all = List.copyOf(all);
    }

    /// Cuts pieces from one block to `largest` bytes, sizes spread over the orders of magnitude,
    /// until they hold `totalBytes`, and scatters them over the device.
    ///
    /// @throws IllegalArgumentException when the device is smaller than twice the total
    static Extents scatter(
            long seed, long deviceBytes, int blockSize, int largest, long totalBytes) {
        if (totalBytes > deviceBytes / 2) {
            throw new IllegalArgumentException(
                    "A device of "
                            + deviceBytes
                            + " bytes is too small to scatter "
                            + totalBytes
                            + " bytes over it; it takes twice as much");
        }
        Random random = new Random(seed);
        List<Integer> sizes = new ArrayList<>();
        // The ends of the range are always there.
        sizes.add(blockSize);
        sizes.add(largest);
        long sum = (long) blockSize + largest;
        double orders = Math.log((double) largest / blockSize);
        while (sum < totalBytes) {
            int blocks =
                    (int)
                            Math.min(
                                    (long) largest / blockSize,
                                    (long) Math.exp(random.nextDouble() * orders) + 1);
            sizes.add(blocks * blockSize);
            sum += (long) blocks * blockSize;
        }
        Collections.shuffle(sizes, random);
        long gapBlocks = (deviceBytes - sum) / blockSize;
        List<Extent> extents = new ArrayList<>();
        long position = 0;
        for (int i = 0; i < sizes.size(); i++) {
            // On average the gaps that are left are used up evenly; the last piece may still end at
            // the last block.
            long share = 2 * gapBlocks / (sizes.size() - i);
            long gap = share == 0 ? 0 : Math.min(gapBlocks, random.nextLong(share + 1));
            gapBlocks -= gap;
            position += gap * blockSize;
            extents.add(new Extent(position, sizes.get(i)));
            position += sizes.get(i);
        }
        return new Extents(seed, extents);
    }

    long totalBytes() {
        return all.stream().mapToLong(Extent::byteSize).sum();
    }

    /// The same pieces in another order.
    List<Extent> shuffled(long order) {
        List<Extent> copy = new ArrayList<>(all);
        Collections.shuffle(copy, new Random(seed ^ order));
        return copy;
    }

    /// Fills `segment` with what `extent` shall contain.
    void fill(Extent extent, MemorySegment segment) {
        SplittableRandom content = new SplittableRandom(seed + extent.offset());
        for (long i = 0; i < extent.byteSize(); i += Long.BYTES) {
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, i, content.nextLong());
        }
    }
}
