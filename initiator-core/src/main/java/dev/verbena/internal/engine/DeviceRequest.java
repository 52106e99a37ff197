package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One request to a device: it is carried out as one or more commands, and ends when all of them
/// have ended.
///
/// Threads: filled by the caller, then owned by the device's worker; [#future] by both.
public final class DeviceRequest {
    /// What is asked for.
    public enum Kind {
        READ,
        WRITE,
        FLUSH
    }

    final Kind kind;
    final long byteOffset;
    final MemorySegment segment;
    final long byteSize;
    private final CompletableFuture<Void> future = new CompletableFuture<>();

    /// Bytes handed to commands so far.
    long started;

    boolean fullyStarted;
    int running;

    /// The registered memory the segment lies in, held from the moment the request is accepted
    /// until it ends, so that it cannot be freed while the request waits; null for other memory.
    private @Nullable Region region;

    private @Nullable Exception error;
    private boolean ended;

    /// @param byteOffset position on the device; 0 for a flush
    /// @param segment the caller's memory; empty for a flush
    public DeviceRequest(Kind kind, long byteOffset, MemorySegment segment) {
        this.kind = kind;
        this.byteOffset = byteOffset;
        this.segment = segment;
        this.byteSize = segment.byteSize();
    }

    /// Completes when the request has ended; on the worker thread.
    public CompletableFuture<Void> future() {
        return future;
    }

    /// Looks for the segment among the registered memory, and holds what was found.
    void hold(MemoryDomain memory) {
        if (!segment.isNative() || byteSize == 0) {
            return;
        }
        Region found = memory.find(segment.address(), byteSize);
        if (found == null || !found.tryAcquire()) {
            return;
        }
        // Only now: what is alive while the region is held lies in the region. Before, the
        // segment's memory may have
        // been freed and its address taken by another arena.
        if (segment.scope().isAlive()) {
            region = found;
        } else {
            found.release();
        }
    }

    /// What [#hold] found.
    @Nullable Region region() {
        return region;
    }

    /// Keeps the first error; the others say the same or follow from it.
    void failed(Exception e) {
        if (error == null) {
            error = e;
        }
    }

    boolean hasFailed() {
        return error != null;
    }

    /// Completes the future once every command has ended.
    void finishIfDone() {
        if (fullyStarted && running == 0) {
            end();
        }
    }

    /// Ends a request that was never started, or whose commands have all ended.
    void end() {
        if (ended) {
            return;
        }
        ended = true;
        Region held = region;
        if (held != null) {
            region = null;
            held.release();
        }
        Exception e = error;
        if (e == null) {
            future.complete(null);
        } else {
            future.completeExceptionally(e);
        }
    }
}
