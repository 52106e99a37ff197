package dev.verbena.internal.memory;

import dev.verbena.MemoryMode;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// The registered memory of one association: what its controller may be given keys for, and nothing
/// else.
///
/// Threads: any. Look-ups take no lock; registrations are rare and serialised.
public abstract class MemoryDomain implements AutoCloseable {
    /// Regions one association may hold at a time; devices offer far more, but a look-up table
    /// wants a bound.
    public static final int REGION_COUNT_MAX = 65_536;

    private static final System.Logger LOG = System.getLogger("dev.verbena.memory");

    private static final Region[] NONE = {};

    /// Sorted by address; replaced, never changed.
    private volatile Region[] regions = NONE;

    private boolean closed;

    /// There is no device at the moment.
    private boolean detached;

    /// What the peer can reach: [MemoryMode#STRICT] or [MemoryMode#SLAB], never AUTO.
    public abstract MemoryMode mode();

    /// Registers all of `segment`, which must stay allocated until [#unregister] has returned true.
    /// While there is no device that is put off until there is one.
    ///
    /// @throws IllegalStateException when the domain is closed or full
    public final synchronized Region register(MemorySegment segment) {
        if (closed) {
            throw new IllegalStateException("The connection this memory would belong to is closed");
        }
        if (regions.length == REGION_COUNT_MAX) {
            throw new IllegalStateException(
                    "One connection can hold "
                            + REGION_COUNT_MAX
                            + " memory regions at most; allocate larger arenas");
        }
        // Before the registration, so that nothing can fail after it.
        Region[] grown = Arrays.copyOf(regions, regions.length + 1);
        Region region = detached ? new Region(segment) : registerWithDevice(segment);
        grown[regions.length] = region;
        Arrays.sort(grown, Comparator.comparingLong(Region::address));
        regions = grown;
        return region;
    }

    /// Takes a region back.
    ///
    /// @return false when commands still use it; then it stays registered
    /// @throws RuntimeException when the device refuses; then it stays registered too, and this may
    ///   be tried again
    public final synchronized boolean unregister(Region region) {
        if (!region.closeIfUnused()) {
            return false;
        }
        regions = Arrays.stream(regions).filter(r -> r != region).toArray(Region[]::new);
        return true;
    }

    /// The region that holds all of `[address, address + bytes)`, or null. Allocates nothing.
    public final @Nullable Region find(long address, long bytes) {
        Region[] table = regions;
        int low = 0;
        int high = table.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Region region = table[middle];
            if (region.contains(address, bytes)) {
                return region;
            }
            if (region.address() <= address) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }

    /// Deregisters everything that is left. All queues of the association must be gone by now, so
    /// no command can be using a region; one that is counted as used nevertheless stays registered,
    /// because memory a device might still touch must not be released. So does one the device
    /// refuses to give up.
    ///
    /// @return the number of regions that had to stay
    protected final synchronized int closeRegions() {
        closed = true;
        Region[] left = Arrays.stream(regions).filter(r -> !closed(r)).toArray(Region[]::new);
        regions = left;
        return left.length;
    }

    /// Takes every region from its device, which has gone. All queues must be closed by now. The
    /// regions stay, with their users, and get other keys from [#attachRegions].
    protected final synchronized void detachRegions() {
        detached = true;
        for (Region region : regions) {
            try {
                region.detach();
            } catch (RuntimeException e) {
                LOG.log(Level.DEBUG, "A region of a removed device was not deregistered", e);
            }
        }
    }

    /// Registers every region again, with the device that is there now.
    ///
    /// @throws RuntimeException when one cannot be registered; then none is
    protected final synchronized void attachRegions() {
        detached = false;
        for (Region region : regions) {
            try {
                region.adopt(registerWithDevice(region.segment()));
            } catch (RuntimeException e) {
                detachRegions();
                throw e;
            }
        }
    }

    /// Whether the device has gone, see [#detachRegions].
    protected final synchronized boolean isDetached() {
        return detached;
    }

    private static boolean closed(Region region) {
        try {
            return region.closeIfUnused();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "A memory region cannot be deregistered", e);
            return false;
        }
    }

    /// Registers memory, and makes an object for it; also for memory that had been registered with
    /// another device, whose region takes the registration over.
    protected abstract Region registerWithDevice(MemorySegment segment);

    @Override
    public abstract void close();
}
