package dev.verbena.internal.memory;

import dev.verbena.MemoryMode;
import dev.verbena.verbs.Access;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.RdmaException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/// Registered memory in one protection domain; in another one when the device has been replaced.
public final class VerbsMemoryDomain extends MemoryDomain {
    private static final System.Logger LOG = System.getLogger("dev.verbena.memory");

    private volatile ProtectionDomain protectionDomain;
    private volatile MemoryMode mode;

    /// @param protectionDomain owned by this object from now on
    /// @param mode STRICT or SLAB
    public VerbsMemoryDomain(ProtectionDomain protectionDomain, MemoryMode mode) {
        this.protectionDomain = protectionDomain;
        this.mode = mode;
    }

    /// For queue pairs, which have to live in the same domain as the memory they use.
    public ProtectionDomain protectionDomain() {
        return protectionDomain;
    }

    @Override
    public MemoryMode mode() {
        return mode;
    }

    /// Whether regions have no remote keys, and every command binds one of its own.
    public boolean bindsKeys() {
        return mode == MemoryMode.STRICT;
    }

    /// What a window for a part of a region is bound to.
    ///
    /// @throws IllegalStateException when the region has keys of its own
    public static MemoryRegion registration(Region region) {
        MemoryRegion registration = region.bindable();
        if (registration == null) {
            throw new IllegalStateException(
                    "The region at 0x%x takes no windows".formatted(region.address()));
        }
        return registration;
    }

    @Override
    protected Region registerWithDevice(MemorySegment segment) {
        ProtectionDomain domain = protectionDomain;
        if (bindsKeys()) {
            // No remote rights at all: only what a window opens can be reached.
            return new Region(
                    segment, domain.register(segment, Access.LOCAL_WRITE | Access.MW_BIND));
        }
        // One registration per direction: the key handed out with a write command must not let the
        // controller change the buffer, nor the key of a read command let it look at what was there
        // before.
        MemoryRegion readable = domain.register(segment, Access.REMOTE_READ);
        MemoryRegion writable;
        try {
            writable = domain.register(segment, Access.LOCAL_WRITE | Access.REMOTE_WRITE);
        } catch (RuntimeException | Error e) {
            try {
                readable.close();
            } catch (RdmaException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
        return new Region(
                segment,
                readable.localKey(),
                readable.remoteKey(),
                writable.remoteKey(),
                () -> {
                    try {
                        readable.close();
                    } finally {
                        writable.close();
                    }
                });
    }

    /// Releases everything the device has, because it was removed: its driver waits for that. All
    /// queues must be closed by now. Regions stay and can be made; [#attach] registers them.
    public void detach() {
        if (!isDetached()) {
            detachRegions();
            closeProtectionDomain();
        }
    }

    /// Whether there is no device.
    public boolean detached() {
        return isDetached();
    }

    /// Registers everything with another device.
    ///
    /// @param next owned by this object from now on, also when that fails
    /// @param nextMode STRICT or SLAB
    /// @throws RdmaException when a region cannot be registered; then this stays without a device
    public void attach(ProtectionDomain next, MemoryMode nextMode) {
        protectionDomain = next;
        mode = nextMode;
        try {
            attachRegions();
        } catch (RuntimeException e) {
            closeProtectionDomain();
            throw e;
        }
    }

    @Override
    public void close() {
        boolean gone = isDetached();
        int left = closeRegions();
        if (left > 0) {
            LOG.log(
                    Level.WARNING,
                    "{0} memory regions stay registered because commands may still use them",
                    left);
            return;
        }
        if (!gone) {
            closeProtectionDomain();
        }
    }

    private void closeProtectionDomain() {
        try {
            protectionDomain.close();
        } catch (RuntimeException e) {
            // A queue pair that could not be destroyed holds it; closing a connection must not fail
            // for that.
            LOG.log(Level.WARNING, "A protection domain stays allocated", e);
        }
    }
}
