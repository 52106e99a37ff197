package dev.verbena.internal.control;

import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The memory that admin commands move their data through: a piece for each slot, and a region of
/// its own for a command that needs more.
///
/// Threads: the admin queue's; [#large] any.
final class AdminData {
    /// A buffer for one command.
    ///
    /// @param region registered, holds the buffer
    record Buffer(Region region, long offset) {
        private MemorySegment bytes(int count) {
            return region.segment().asSlice(offset, count);
        }

        /// Fills the buffer for a command, and describes it.
        ///
        /// @param data counts the command as a user of the region, when this returns true: where
        ///   the queue pair cannot be stopped, the memory must stay
        /// @return false when the region is closed
        boolean prepare(AdminCommand command, CommandData data) {
            data.clear();
            if (command.dataBytes() == 0) {
                return true;
            }
            if (!region.tryAcquire()) {
                return false;
            }
            byte[] out = command.toController;
            int count = command.dataBytes();
            if (out != null) {
                MemorySegment.copy(out, 0, bytes(count), ValueLayout.JAVA_BYTE, 0, count);
                data.direction(CommandData.Direction.CONTROLLER_READS);
            } else {
                // A controller that writes less than it was asked for must not show what another
                // command left here.
                bytes(count).fill((byte) 0);
                data.direction(CommandData.Direction.CONTROLLER_WRITES);
            }
            data.add(region, region.address() + offset, count).keyed();
            return true;
        }

        byte[] read(int count) {
            return bytes(count).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /// Registered memory that is freed when nobody can touch it any more.
    private static final class Memory {
        private final MemoryDomain domain;
        private final Arena arena = Arena.ofShared();
        private final Region region;

        Memory(MemoryDomain domain, long bytes) {
            this.domain = domain;
            try {
                region = domain.register(arena.allocate(bytes, AdminCommand.SMALL_BYTES_MAX));
            } catch (RuntimeException | OutOfMemoryError e) {
                arena.close();
                throw e;
            }
        }

        /// Does nothing while a command uses it: a queue that could not be stopped keeps its
        /// memory.
        void release() {
            if (domain.unregister(region)) {
                arena.close();
            }
        }
    }

    private final MemoryDomain domain;
    private final Memory slots;

    AdminData(MemoryDomain domain, int slotCount) {
        this.domain = domain;
        slots = new Memory(domain, (long) slotCount * AdminCommand.SMALL_BYTES_MAX);
    }

    /// The buffer of a slot, for up to [AdminCommand#SMALL_BYTES_MAX] bytes.
    Buffer ofSlot(int slot) {
        return new Buffer(slots.region, (long) slot * AdminCommand.SMALL_BYTES_MAX);
    }

    /// Gives a command a buffer of its own; it is released when the command has its answer.
    void large(AdminCommand command) {
        Memory own = new Memory(domain, command.dataBytes());
        command.buffer = new Buffer(own.region, 0);
        command.release = own::release;
    }

    void release() {
        slots.release();
    }
}
