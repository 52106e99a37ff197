package dev.verbena.cli.demo;

import dev.verbena.BlockDevice;
import dev.verbena.DmaArena;
import dev.verbena.cli.demo.Extents.Extent;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Writes seeded patterns to a device and checks that they are there.
final class PatternCheck {
    /// Requests under way at a time.
    private static final int PARALLEL = 8;

    private final BlockDevice device;
    private final Extents extents;
    private final int largest;
    private final Progress progress;

    PatternCheck(BlockDevice device, Extents extents, int largest, Progress progress) {
        this.device = device;
        this.extents = extents;
        this.largest = largest;
        this.progress = progress;
    }

    /// One request on its way.
    private record Request(Extent extent, MemorySegment buffer, CompletableFuture<Void> future) {}

    /// Gives buffers out and takes them back: half of them registered memory, half plain arrays, so
    /// that both ways are used.
    private final class Buffers {
        private final Deque<MemorySegment> free = new ArrayDeque<>();

        Buffers(DmaArena arena) {
            for (int i = 0; i < PARALLEL; i++) {
                free.add(
                        i % 2 == 0
                                ? arena.allocate(largest, 4096)
                                : MemorySegment.ofArray(new byte[largest]));
            }
        }
    }

    void write() throws IOException {
        try (DmaArena arena = device.newArena((long) PARALLEL * largest)) {
            Buffers buffers = new Buffers(arena);
            Deque<Request> running = new ArrayDeque<>();
            long done = 0;
            for (Extent extent : extents.shuffled(1)) {
                MemorySegment whole = take(buffers, running, request -> {});
                MemorySegment buffer = whole.asSlice(0, extent.byteSize());
                extents.fill(extent, buffer);
                running.add(new Request(extent, whole, device.writeAsync(extent.offset(), buffer)));
                done += extent.byteSize();
                progress.show("writing", done, extents.totalBytes());
            }
            drain(buffers, running, request -> {});
            device.flush();
        }
        progress.done("written", extents.totalBytes());
    }

    /// Reads everything back in another order.
    ///
    /// @throws IOException at the first difference
    void readBack() throws IOException {
        try (DmaArena arena = device.newArena((long) PARALLEL * largest)) {
            Buffers buffers = new Buffers(arena);
            Deque<Request> running = new ArrayDeque<>();
            byte[] expected = new byte[largest];
            Check check = request -> compare(request.extent, request.buffer, expected, "read back");
            long done = 0;
            for (Extent extent : extents.shuffled(2)) {
                MemorySegment whole = take(buffers, running, check);
                // A read that does not happen must not find the right bytes here.
                whole.fill((byte) 0xA5);
                MemorySegment buffer = whole.asSlice(0, extent.byteSize());
                running.add(new Request(extent, whole, device.readAsync(extent.offset(), buffer)));
                done += extent.byteSize();
                progress.show("reading back", done, extents.totalBytes());
            }
            drain(buffers, running, check);
        }
        progress.done("read back and compared", extents.totalBytes());
    }

    /// Compares with what a command prints that reads the target's own storage from its beginning.
    ///
    /// @throws IOException at the first difference, or when the command fails
    void compareWithTarget(List<String> command) throws IOException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        byte[] expected = new byte[largest];
        byte[] actual = new byte[largest];
        long position = 0;
        long done = 0;
        try (InputStream output = process.getInputStream();
                DataInputStream input = new DataInputStream(output)) {
            for (Extent extent : extents.all()) {
                input.skipNBytes(extent.offset() - position);
                input.readFully(actual, 0, extent.byteSize());
                compare(extent, MemorySegment.ofArray(actual), expected, "the target's storage");
                position = extent.offset() + extent.byteSize();
                done += extent.byteSize();
                progress.show("comparing with the target's storage", done, extents.totalBytes());
            }
        } catch (EOFException e) {
            throw new IOException(
                    String.join(" ", command) + " ended before byte " + position + " of the device",
                    e);
        } finally {
            process.destroy();
        }
        progress.done("compared with the target's storage", extents.totalBytes());
    }

    /// What happens to a request whose answer has come.
    private interface Check {
        void accept(Request request) throws IOException;
    }

    private static MemorySegment take(Buffers buffers, Deque<Request> running, Check check)
            throws IOException {
        if (buffers.free.isEmpty()) {
            finish(buffers, running.remove(), check);
        }
        return buffers.free.remove();
    }

    private static void drain(Buffers buffers, Deque<Request> running, Check check)
            throws IOException {
        while (!running.isEmpty()) {
            finish(buffers, running.remove(), check);
        }
    }

    private static void finish(Buffers buffers, Request request, Check check) throws IOException {
        try {
            request.future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw e;
        }
        check.accept(request);
        buffers.free.add(request.buffer);
    }

    private void compare(Extent extent, MemorySegment actual, byte[] expected, String where)
            throws IOException {
        MemorySegment wanted = MemorySegment.ofArray(expected);
        extents.fill(extent, wanted);
        long at =
                MemorySegment.mismatch(actual, 0, extent.byteSize(), wanted, 0, extent.byteSize());
        if (at >= 0) {
            throw new IOException(
                    "Wrong data: "
                            + where
                            + " differs from what was written at byte "
                            + (extent.offset() + at)
                            + " of the device (piece of "
                            + extent.byteSize()
                            + " bytes at "
                            + extent.offset()
                            + ", seed "
                            + extents.seed()
                            + ")");
        }
    }
}
