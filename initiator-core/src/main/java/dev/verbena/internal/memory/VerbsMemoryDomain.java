package dev.verbena.internal.memory;

import dev.verbena.verbs.Access;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.RdmaException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/// Registered memory in one protection domain.
public final class VerbsMemoryDomain extends MemoryDomain {
    private static final System.Logger LOG = System.getLogger("dev.verbena.memory");

    private final ProtectionDomain protectionDomain;

    /// @param protectionDomain owned by this object from now on
    public VerbsMemoryDomain(ProtectionDomain protectionDomain) {
        this.protectionDomain = protectionDomain;
    }

    /// For queue pairs, which have to live in the same domain as the memory they use.
    public ProtectionDomain protectionDomain() {
        return protectionDomain;
    }

    @Override
    protected Region registerWithDevice(MemorySegment segment) {
        // One registration per direction: the key handed out with a write command must not let the
        // controller change
        // the buffer, nor the key of a read command let it look at what was there before.
        MemoryRegion readable = protectionDomain.register(segment, Access.REMOTE_READ);
        MemoryRegion writable;
        try {
            writable = protectionDomain.register(segment, Access.LOCAL_WRITE | Access.REMOTE_WRITE);
        } catch (RdmaException e) {
            readable.close();
            throw e;
        }
        return new Region(
                segment,
                readable.localKey(),
                readable.remoteKey(),
                writable.remoteKey(),
                () -> {
                    readable.close();
                    writable.close();
                });
    }

    @Override
    public void close() {
        int left = closeRegions();
        if (left > 0) {
            LOG.log(
                    Level.WARNING,
                    "{0} memory regions stay registered because commands may still use them",
                    left);
            return;
        }
        try {
            protectionDomain.close();
        } catch (RuntimeException e) {
            // A queue pair that could not be destroyed holds it; closing a connection must not fail
            // for that.
            LOG.log(Level.WARNING, "A protection domain stays allocated", e);
        }
    }
}
