package dev.verbena;

import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.QueueSettings;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The commands of an [IoQueue].
///
/// Every `try…` method starts one command, whose completion is delivered by [IoQueue#poll]:
///
/// - It returns false, and nothing has happened, when the queue has no room: [IoQueue#depth]
///   commands are outstanding, or the memory for copies is in use ([QueueStatistics#bounced]).
///   Poll, then try again.
/// - It throws [IllegalArgumentException], and nothing has happened, when arguments do not fit each
///   other, the namespace or a limit of the controller, and for namespaces with metadata.
/// - It throws [UnsupportedOperationException] when the controller has no such command.
/// - It throws [ConnectionLostException] when the queue is down, [IllegalStateException] when it is
///   closed, or when the namespace is not what it was: the controller has said that it was removed
///   or formatted, or that its id belongs to another content (also when that was found at a
///   reconnect, on a queue that was opened afterwards). Then look at [Controller#namespaces]. What
///   was accepted before goes on, and a raw command names its namespace itself.
///
/// Buffers are [DmaArena] memory of the same controller, and belong to the command until it
/// completes. Range lists and options are read during the call only.
///
/// Threads: the queue's owner. None of them allocates.
public abstract sealed class IoQueueCommands permits IoQueue {
    final IoRequests requests;

    IoQueueCommands(
            CommandQueue commands,
            MemoryDomain memory,
            QueueSettings settings,
            Supplier<List<Namespace>> inventory) {
        this.requests = new IoRequests(commands, memory, settings, inventory);
    }

    /// Starts to read blocks.
    ///
    /// @param startingLba first logical block
    /// @param blockCount 1..65536, within the controller's transfer limit
    /// @param buffer at least that many blocks long
    /// @param token handed to the completion handler
    /// @return false when there is no room at the moment
    /// @throws ConnectionLostException when the queue is down
    public boolean tryRead(
            Namespace namespace, long startingLba, int blockCount, MemorySegment buffer, long token)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.READ,
                namespace,
                startingLba,
                blockCount,
                buffer,
                token,
                IoOptions.DEFAULT);
    }

    /// Starts to read blocks, with options of its own.
    public boolean tryRead(
            Namespace namespace,
            long startingLba,
            int blockCount,
            MemorySegment buffer,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.READ, namespace, startingLba, blockCount, buffer, token, options);
    }

    /// Starts to read blocks into several pieces of memory.
    ///
    /// @param buffers at least that many blocks together
    public boolean tryRead(
            Namespace namespace,
            long startingLba,
            int blockCount,
            BufferList buffers,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.READ, namespace, startingLba, blockCount, buffers, token, options);
    }

    /// Starts to write blocks. Small writes travel with the command where the controller allows it.
    ///
    /// @param startingLba first logical block
    /// @param blockCount 1..65536, within the controller's transfer limit
    /// @param buffer at least that many blocks long
    /// @param token handed to the completion handler
    /// @return false when there is no room at the moment
    /// @throws ConnectionLostException when the queue is down
    public boolean tryWrite(
            Namespace namespace, long startingLba, int blockCount, MemorySegment buffer, long token)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.WRITE,
                namespace,
                startingLba,
                blockCount,
                buffer,
                token,
                IoOptions.DEFAULT);
    }

    /// Starts to write blocks, with options of its own.
    public boolean tryWrite(
            Namespace namespace,
            long startingLba,
            int blockCount,
            MemorySegment buffer,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.WRITE, namespace, startingLba, blockCount, buffer, token, options);
    }

    /// Starts to write blocks from several pieces of memory.
    ///
    /// @param buffers at least that many blocks together
    public boolean tryWrite(
            Namespace namespace,
            long startingLba,
            int blockCount,
            BufferList buffers,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.WRITE, namespace, startingLba, blockCount, buffers, token, options);
    }

    /// Starts to compare blocks with memory; a difference is status 285h, Compare Failure.
    ///
    /// @return false when there is no room at the moment
    public boolean tryCompare(
            Namespace namespace,
            long startingLba,
            int blockCount,
            MemorySegment buffer,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.COMPARE, namespace, startingLba, blockCount, buffer, token, options);
    }

    /// Starts to compare blocks with several pieces of memory.
    public boolean tryCompare(
            Namespace namespace,
            long startingLba,
            int blockCount,
            BufferList buffers,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.transfer(
                NvmOpcode.COMPARE, namespace, startingLba, blockCount, buffers, token, options);
    }

    /// Starts to compare blocks with memory and, when there is no difference, to write others in
    /// their place: one fused, atomic operation. It counts as two commands against [IoQueue#depth],
    /// and completes once: with status 285h, Compare Failure, when there was a difference.
    ///
    /// @param compare what the blocks should hold
    /// @param write what they shall hold
    /// @return false when there is no room for two commands at the moment
    public boolean tryCompareAndWrite(
            Namespace namespace,
            long startingLba,
            int blockCount,
            MemorySegment compare,
            MemorySegment write,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.compareAndWrite(
                namespace, startingLba, blockCount, compare, null, write, null, token, options);
    }

    /// As the other, from several pieces of memory each.
    public boolean tryCompareAndWrite(
            Namespace namespace,
            long startingLba,
            int blockCount,
            BufferList compare,
            BufferList write,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.compareAndWrite(
                namespace, startingLba, blockCount, null, compare, null, write, token, options);
    }

    /// Starts to flush a namespace: what was written before becomes durable where the controller
    /// has a volatile write cache.
    ///
    /// @return false when there is no room at the moment
    public boolean tryFlush(Namespace namespace, long token) throws ConnectionLostException {
        return tryFlush(namespace, token, IoOptions.DEFAULT);
    }

    /// Starts to flush a namespace, with a time-out of its own.
    public boolean tryFlush(Namespace namespace, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.flush(namespace, token, options);
    }

    /// Starts to make blocks read as zeroes, without sending any.
    ///
    /// @param blockCount 1..65536, within the controller's limit for this command (WZSL)
    /// @param options may let the controller deallocate the blocks
    public boolean tryWriteZeroes(
            Namespace namespace, long startingLba, int blockCount, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.withoutData(
                NvmOpcode.WRITE_ZEROES, namespace, startingLba, blockCount, token, options);
    }

    /// Starts to let the controller check that blocks can be read; no data travels.
    ///
    /// @param blockCount 1..65536, within the controller's limit for this command (VSL)
    public boolean tryVerify(
            Namespace namespace, long startingLba, int blockCount, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.withoutData(
                NvmOpcode.VERIFY, namespace, startingLba, blockCount, token, options);
    }

    /// Starts to make blocks unreadable, until they are written again.
    ///
    /// @param blockCount 1..65536, within the controller's limit for this command (WUSL)
    public boolean tryWriteUncorrectable(
            Namespace namespace, long startingLba, int blockCount, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.withoutData(
                NvmOpcode.WRITE_UNCORRECTABLE, namespace, startingLba, blockCount, token, options);
    }

    /// Starts to deallocate blocks: the controller may forget them.
    ///
    /// @param ranges within the controller's limits (DMRL, DMRSL, DMSL)
    public boolean tryDeallocate(
            Namespace namespace, BlockRanges ranges, long token, IoOptions options)
            throws ConnectionLostException {
        return tryDatasetManagement(
                namespace, ranges, NvmCommands.ATTRIBUTE_DEALLOCATE, token, options);
    }

    /// Starts Dataset Management: says how ranges of blocks will be used.
    ///
    /// @param attributes [NvmCommands#ATTRIBUTE_DEALLOCATE] and its neighbours, 0..7
    public boolean tryDatasetManagement(
            Namespace namespace, BlockRanges ranges, int attributes, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.datasetManagement(namespace, ranges, attributes, token, options);
    }

    /// Starts to copy blocks inside the subsystem; no data travels.
    ///
    /// @param destinationLba where the first block goes
    /// @param sources within the limits of the destination (MSRC, MSSRL, MCL), in a format the
    ///   controller takes (OCFS)
    public boolean tryCopy(
            Namespace destination,
            long destinationLba,
            CopySources sources,
            long token,
            IoOptions options)
            throws ConnectionLostException {
        return requests.copy(destination, destinationLba, sources, token, options);
    }

    /// Starts a command as the caller has written it. Command id, data pointer and the flags that
    /// belong to it are filled in here; the opcode's bits 1:0 say which way the data goes.
    ///
    /// Nothing else is checked: what the command does is the caller's business, and so is that
    /// `buffer` has the size the command means.
    ///
    /// @param entry the command, 64 bytes; no Fabrics command, none of a fused pair
    /// @param buffer all of it is the command's data; null for none
    /// @param options without flags
    public boolean tryRaw(
            MemorySegment entry, @Nullable MemorySegment buffer, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.raw(entry, buffer, null, token, options);
    }

    /// Starts a command as the caller has written it, with data in several pieces of memory.
    public boolean tryRaw(MemorySegment entry, BufferList buffers, long token, IoOptions options)
            throws ConnectionLostException {
        return requests.raw(entry, null, buffers, token, options);
    }
}
