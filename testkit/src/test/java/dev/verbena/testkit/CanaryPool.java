package dev.verbena.testkit;

import dev.verbena.testkit.internal.wire.AccessListener;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/// Buffers that notice when the device touches them at the wrong time.
///
/// A buffer that nobody has lent is full of poison, and any access of the device to it is written
/// down; when it is lent again, the poison has to be whole. Around each buffer lies a guard that
/// nobody may touch at all.
final class CanaryPool implements AccessListener {
    static final byte POISON = (byte) 0xDB;
    private static final byte GUARD = (byte) 0x6C;
    private static final int GUARD_BYTES = 64;

    /// A buffer, lent to a command or not.
    static final class Buffer {
        final MemorySegment memory;
        final long address;
        private final MemorySegment guard;
        boolean lent;

        Buffer(MemorySegment memory, MemorySegment guard) {
            this.memory = memory;
            this.address = memory.address();
            this.guard = guard;
            memory.fill(POISON);
            guard.fill(GUARD);
        }
    }

    private final MemorySegment all;
    private final int bufferBytes;
    private final List<Buffer> buffers = new ArrayList<>();
    private final Deque<Buffer> free = new ArrayDeque<>();
    private final List<String> problems = new ArrayList<>();

    /// @param all memory of [#byteSize], registered by the caller
    CanaryPool(MemorySegment all, int count, int bufferBytes) {
        this.all = all;
        this.bufferBytes = bufferBytes;
        int stride = bufferBytes + GUARD_BYTES;
        for (int i = 0; i < count; i++) {
            long at = (long) i * stride;
            Buffer buffer =
                    new Buffer(
                            all.asSlice(at, bufferBytes),
                            all.asSlice(at + bufferBytes, GUARD_BYTES));
            buffers.add(buffer);
            free.add(buffer);
        }
    }

    /// Memory for a pool.
    static long byteSize(int count, int bufferBytes) {
        return (long) count * (bufferBytes + GUARD_BYTES);
    }

    int freeCount() {
        return free.size();
    }

    /// Takes a buffer for a command; it is the device's until [#giveBack].
    Buffer lend() {
        Buffer buffer = free.remove();
        check(buffer, "when it was lent again");
        buffer.lent = true;
        return buffer;
    }

    void giveBack(Buffer buffer) {
        if (!buffer.lent) {
            problems.add("a buffer was given back twice");
            return;
        }
        buffer.lent = false;
        buffer.memory.fill(POISON);
        free.add(buffer);
    }

    private void check(Buffer buffer, String when) {
        if (!all(buffer.memory, POISON)) {
            problems.add("a buffer that was nobody's had been written, " + when);
            buffer.memory.fill(POISON);
        }
        if (!all(buffer.guard, GUARD)) {
            problems.add("the guard behind a buffer had been written, " + when);
            buffer.guard.fill(GUARD);
        }
    }

    private static boolean all(MemorySegment memory, byte value) {
        byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
        byte[] expected = new byte[bytes.length];
        Arrays.fill(expected, value);
        return Arrays.equals(bytes, expected);
    }

    @Override
    public void accessing(long address, long bytes, boolean write) {
        long offset = address - all.address();
        if (offset < 0 || offset >= all.byteSize()) {
            return;
        }
        int stride = bufferBytes + GUARD_BYTES;
        Buffer buffer = buffers.get((int) (offset / stride));
        if (!buffer.lent) {
            problems.add(
                    "the device "
                            + (write ? "wrote" : "read")
                            + " a buffer after it had been given back");
        }
        if (offset % stride + bytes > bufferBytes) {
            problems.add("the device went beyond the end of a buffer");
        }
    }

    /// Everything that was noticed.
    List<String> problems() {
        for (Buffer buffer : buffers) {
            if (!buffer.lent) {
                check(buffer, "at the end");
            }
        }
        return problems;
    }
}
