package dev.verbena.internal.engine;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One request to a device: it is carried out as one or more commands, and ends when all of them have ended.
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
    final CompletableFuture<Void> future = new CompletableFuture<>();

    /// Bytes handed to commands so far.
    long started;

    boolean fullyStarted;
    int running;
    @Nullable Exception error;

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

    /// Keeps the first error; the others say the same or follow from it.
    void failed(Exception e) {
        if (error == null) {
            error = e;
        }
    }

    /// Completes the future once every command has ended.
    void finishIfDone() {
        if (!fullyStarted || running > 0) {
            return;
        }
        Exception e = error;
        if (e == null) {
            future.complete(null);
        } else {
            future.completeExceptionally(e);
        }
    }
}
