package dev.verbena;

import dev.verbena.internal.engine.BounceRuns;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.IoCommands;
import dev.verbena.internal.engine.QueueSettings;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.RegionLease;
import dev.verbena.nvme.CopyRanges;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.DatasetRanges;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Checks what the caller of an [IoQueue] asks for, and starts it.
///
/// What cannot be meant, or what the controller does not have, is refused by an exception without
/// any effect; a queue that is full refuses by `false`, without any effect either.
///
/// Threads: the queue's owner. Allocates nothing.
final class IoRequests {
    private final CommandQueue commands;
    private final IoCommands io;
    private final QueueSettings settings;
    private final IoChecks checks;
    private final BufferHolder buffers;
    private final CommandData data = new CommandData();
    private final CommandData second = new CommandData();

    private boolean closed;

    /// @param inventory the namespaces of the controller, as they were last found
    IoRequests(
            CommandQueue commands,
            MemoryDomain memory,
            QueueSettings settings,
            Supplier<List<Namespace>> inventory) {
        this.commands = commands;
        this.settings = settings;
        int transferBytesMax = settings.placement().transferBytesMax();
        BounceRuns runs = new BounceRuns(memory, commands.depth(), transferBytesMax);
        this.io = new IoCommands(commands, settings.placement(), runs);
        this.checks = new IoChecks(settings.limits(), transferBytesMax, inventory);
        this.buffers = new BufferHolder(memory, commands, io, runs);
    }

    IoCommands io() {
        return io;
    }

    boolean isClosed() {
        return closed;
    }

    /// Nothing is accepted any more, and the queue is gone.
    void closed() {
        closed = true;
    }

    /// Frees what only the commands used; the queue is closed.
    ///
    /// @throws RuntimeException when the device does not let go of it; this may be called again
    ///   then
    void release() {
        buffers.close();
    }

    /// Read, write or compare, to or from `buffer`.
    boolean transfer(
            int opcode,
            Namespace namespace,
            long startingLba,
            int blockCount,
            MemorySegment buffer,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        if (opcode == NvmOpcode.COMPARE) {
            checks.compare();
        }
        int flags = IoChecks.transferFlags(options, opcode);
        int bytes = checks.transfer(namespace, startingLba, blockCount, buffer.byteSize());
        RegionLease held = buffers.tryHold(buffer, bytes, opcode == NvmOpcode.READ);
        if (held == null) {
            return described(
                    opcode,
                    namespace,
                    startingLba,
                    blockCount,
                    flags,
                    buffer,
                    null,
                    bytes,
                    token,
                    timeout(options));
        }
        boolean accepted = false;
        try {
            accepted =
                    io.tryTransfer(
                            opcode,
                            namespace.id(),
                            startingLba,
                            blockCount,
                            flags,
                            held,
                            buffer.address(),
                            bytes,
                            token,
                            timeout(options));
        } finally {
            if (!accepted) {
                held.release();
            }
        }
        return accepted;
    }

    /// Read, write or compare, to or from several pieces of memory.
    boolean transfer(
            int opcode,
            Namespace namespace,
            long startingLba,
            int blockCount,
            BufferList list,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        if (opcode == NvmOpcode.COMPARE) {
            checks.compare();
        }
        int flags = IoChecks.transferFlags(options, opcode);
        int bytes = checks.transfer(namespace, startingLba, blockCount, list.byteSize());
        return described(
                opcode,
                namespace,
                startingLba,
                blockCount,
                flags,
                null,
                list,
                bytes,
                token,
                timeout(options));
    }

    private boolean described(
            int opcode,
            Namespace namespace,
            long startingLba,
            int blockCount,
            int flags,
            @Nullable MemorySegment one,
            @Nullable BufferList list,
            int bytes,
            long token,
            long timeoutNanos) {
        if (commands.freeCount() == 0) {
            return false;
        }
        Direction direction =
                opcode == NvmOpcode.READ ? Direction.CONTROLLER_WRITES : Direction.CONTROLLER_READS;
        int run = buffers.fill(data, direction, one, list, bytes);
        if (run == BufferHolder.NO_ROOM) {
            return false;
        }
        boolean accepted = false;
        try {
            accepted =
                    io.tryRanged(
                            opcode,
                            namespace.id(),
                            startingLba,
                            blockCount,
                            flags,
                            data,
                            token,
                            timeoutNanos);
        } finally {
            if (!accepted) {
                buffers.refused(run, data, null);
            }
        }
        return accepted;
    }

    /// Write zeroes, verify or write uncorrectable.
    boolean withoutData(
            int opcode,
            Namespace namespace,
            long startingLba,
            int blockCount,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        int flags =
                switch (opcode) {
                    case NvmOpcode.WRITE_ZEROES ->
                            checks.writeZeroes(namespace, startingLba, blockCount, options);
                    case NvmOpcode.VERIFY ->
                            checks.verify(namespace, startingLba, blockCount, options);
                    default ->
                            checks.writeUncorrectable(namespace, startingLba, blockCount, options);
                };
        return io.tryRanged(
                opcode, namespace.id(), startingLba, blockCount, flags, token, timeout(options));
    }

    boolean flush(Namespace namespace, long token, IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        IoChecks.noFlags(options, NvmOpcode.FLUSH);
        checks.namespace(namespace);
        return io.tryFlush(namespace.id(), token, timeout(options));
    }

    boolean datasetManagement(
            Namespace namespace, BlockRanges ranges, int attributes, long token, IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        checks.datasetManagement(namespace, ranges, options);
        int count = ranges.size();
        if (commands.freeCount() == 0) {
            return false;
        }
        // All of the buffer, though its rest means nothing: some controllers read it.
        int run = buffers.fillRanges(data, DatasetRanges.BUFFER_SIZE);
        if (run == BufferHolder.NO_ROOM) {
            return false;
        }
        boolean accepted = false;
        try {
            long offset = buffers.rangesOffset(run);
            DatasetRanges.clear(buffers.ranges(), offset);
            for (int i = 0; i < count; i++) {
                DatasetRanges.encode(
                        buffers.ranges(),
                        offset,
                        i,
                        ranges.contextAttributes(i),
                        ranges.startingLba(i),
                        ranges.blockCount(i));
            }
            accepted =
                    io.tryDataSetManagement(
                            namespace.id(), attributes, count, data, token, timeout(options));
        } finally {
            if (!accepted) {
                buffers.refused(run, data, null);
            }
        }
        return accepted;
    }

    boolean copy(
            Namespace destination,
            long destinationLba,
            CopySources sources,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        int flags = checks.copy(destination, destinationLba, sources, options);
        int count = sources.size();
        int format = sources.format();
        if (commands.freeCount() == 0) {
            return false;
        }
        int run = buffers.fillRanges(data, count * CopyRanges.size(format));
        if (run == BufferHolder.NO_ROOM) {
            return false;
        }
        boolean accepted = false;
        try {
            long offset = buffers.rangesOffset(run);
            for (int i = 0; i < count; i++) {
                CopyRanges.encode(
                        buffers.ranges(),
                        offset,
                        i,
                        format,
                        sources.namespaceId(i),
                        sources.startingLba(i),
                        sources.blockCount(i));
            }
            accepted =
                    io.tryCopy(
                            destination.id(),
                            destinationLba,
                            count,
                            format,
                            flags,
                            data,
                            token,
                            timeout(options));
        } finally {
            if (!accepted) {
                buffers.refused(run, data, null);
            }
        }
        return accepted;
    }

    boolean compareAndWrite(
            Namespace namespace,
            long startingLba,
            int blockCount,
            @Nullable MemorySegment compareOne,
            @Nullable BufferList compareList,
            @Nullable MemorySegment writeOne,
            @Nullable BufferList writeList,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        checks.compareAndWrite(commands.depth());
        int flags = IoChecks.transferFlags(options, NvmOpcode.COMPARE);
        long least = Math.min(bytes(compareOne, compareList), bytes(writeOne, writeList));
        int bytes = checks.transfer(namespace, startingLba, blockCount, least);
        if (commands.freeCount() < 2) {
            return false;
        }
        int run =
                buffers.fillPair(data, compareOne, compareList, second, writeOne, writeList, bytes);
        if (run == BufferHolder.NO_ROOM) {
            return false;
        }
        boolean accepted = false;
        try {
            accepted =
                    io.tryCompareAndWrite(
                            namespace.id(),
                            startingLba,
                            blockCount,
                            flags,
                            data,
                            second,
                            token,
                            timeout(options));
        } finally {
            if (!accepted) {
                buffers.refused(run, data, second);
            }
        }
        return accepted;
    }

    boolean raw(
            MemorySegment entry,
            @Nullable MemorySegment one,
            @Nullable BufferList list,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        checkUsable();
        if (options.flags() != 0) {
            throw new IllegalArgumentException("The flags of a raw command stand in the command");
        }
        int bytes = checks.rawBytes(bytes(one, list));
        if (commands.freeCount() == 0) {
            return false;
        }
        boolean read =
                entry.byteSize() >= SubmissionEntry.SIZE
                        && DataDirection.of(SubmissionEntry.opcode(entry, 0))
                                == DataDirection.CONTROLLER_TO_HOST;
        int run =
                buffers.fill(
                        data,
                        read ? Direction.CONTROLLER_WRITES : Direction.CONTROLLER_READS,
                        one,
                        list,
                        bytes);
        if (run == BufferHolder.NO_ROOM) {
            return false;
        }
        boolean accepted = false;
        try {
            accepted = io.tryRaw(entry, data, token, timeout(options));
        } finally {
            if (!accepted) {
                buffers.refused(run, data, null);
            }
        }
        return accepted;
    }

    private long timeout(IoOptions options) {
        long asked = options.timeoutNanos();
        return asked == 0 ? settings.timeoutNanos() : asked;
    }

    private static long bytes(@Nullable MemorySegment one, @Nullable BufferList list) {
        if (one != null) {
            return one.byteSize();
        }
        return list == null ? 0 : list.byteSize();
    }

    private void checkUsable() throws ConnectionLostException {
        FabricFailure failure = commands.failure();
        if (failure != null) {
            refuse(failure);
        }
    }

    /// A queue that is closed has failed as well.
    private void refuse(FabricFailure failure) throws ConnectionLostException {
        if (closed) {
            throw new IllegalStateException("The queue is closed");
        }
        throw new ConnectionLostException(
                "I/O queue " + commands.queueId() + " is down: " + failure.message());
    }
}
