package dev.verbena.testkit;

import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.testkit.CanaryPool.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A command that a simulation's queue has accepted.
final class Operation {
    final int opcode;
    final int lba;
    final int count;
    final int number;
    final List<Buffer> buffers;
    final long deadline;
    boolean completed;

    Operation(int opcode, int lba, int count, int number, List<Buffer> buffers, long deadline) {
        this.opcode = opcode;
        this.lba = lba;
        this.count = count;
        this.number = number;
        this.buffers = buffers;
        this.deadline = deadline;
    }

    boolean writes() {
        return opcode == NvmOpcode.WRITE || opcode == NvmOpcode.WRITE_ZEROES;
    }

    /// Writes a command without its data pointer.
    static void encode(CommandQueue queue, int slot, int opcode, int lba, int count) {
        MemorySegment capsules = queue.capsules();
        long at = queue.capsuleOffset(slot);
        int id = queue.commandId(slot);
        switch (opcode) {
            case NvmOpcode.FLUSH -> NvmCommands.flush(capsules, at, id, 1);
            case NvmOpcode.READ -> NvmCommands.read(capsules, at, id, 1, lba, count, 0);
            case NvmOpcode.WRITE -> NvmCommands.write(capsules, at, id, 1, lba, count, 0);
            case NvmOpcode.COMPARE -> NvmCommands.compare(capsules, at, id, 1, lba, count, 0);
            default -> NvmCommands.writeZeroes(capsules, at, id, 1, lba, count, 0);
        }
    }
}
