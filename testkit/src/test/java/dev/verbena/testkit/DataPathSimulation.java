package dev.verbena.testkit;

import dev.verbena.MemoryMode;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricGroup;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.Sgl;
import dev.verbena.testkit.CanaryPool.Buffer;
import dev.verbena.testkit.internal.wire.SimulatedTransport;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// One run of the queue engine against a target with faults, in virtual time.
///
/// Everything in it follows from the seed: faults, delays, and what the host does when. It checks
/// that each accepted command completes once, with the right data, that nobody touches memory that
/// is not his at that moment, that nothing hangs, and that everything can be closed afterwards.
final class DataPathSimulation {
    private static final String NQN = "nqn.2024-01.org.example:simulated";
    private static final int BLOCK = 512;
    private static final int BLOCKS = 96;
    private static final int BLOCKS_PER_COMMAND_MAX = 8;
    private static final int BUFFERS = 24;
    private static final int COMMANDS = 60;
    private static final int QUEUES_MAX = 4;

    /// Virtual time a run may take: several time-outs one after the other.
    private static final long TIME_NANOS = 600_000_000_000L;

    /// How much later than its deadline a command may end: the owner looks once a second, and
    /// flushing takes 5 s at most.
    private static final long LATE_NANOS = 10_000_000_000L;

    private static final int DUPLICATE_STATUS = FaultSchedule.DUPLICATE_STATUS;

    private static final long STEPS_MAX = 400_000;

    private final long seed;
    private final SteppedScheduler scheduler;
    private final Random random;
    private final MemoryMode mode;
    private final FaultSchedule faults;
    private final TestFabric fabric;
    private final TestTarget target;
    private final TestSubsystem subsystem;
    private final BlockModel model;
    private final Map<Long, Operation> operations = new HashMap<>();
    private final List<String> problems = new ArrayList<>();
    private final CommandData data = new CommandData();
    private final Arena arena = Arena.ofShared();
    private @Nullable Region region;
    private final int inCapsuleBytes;
    private final int inCapsuleOffset;
    private final int descriptorsMax;

    /// Whether the user loses patience at some moment.
    private final boolean closesEarly;

    private int accepted;
    private int completed;
    private int nextQueueId = 1;
    private boolean canBeQuarantined;

    DataPathSimulation(long seed) {
        this.seed = seed;
        random = new Random(seed);
        scheduler = new SteppedScheduler(random.nextLong());
        model = new BlockModel(BLOCKS, BLOCK, scheduler::nanoTime);
        mode = random.nextBoolean() ? MemoryMode.STRICT : MemoryMode.SLAB;
        faults = FaultSchedule.dataPath(seed, COMMANDS, mode == MemoryMode.STRICT);
        fabric = TestFabric.over(scheduler);
        fabric.network().inlineBytesMax(64 * random.nextInt(4));
        target = fabric.addTarget("192.0.2.1", 4420);
        closesEarly = random.nextInt(4) == 0;
        inCapsuleBytes = new int[] {0, 512, 4096}[random.nextInt(3)];
        inCapsuleOffset = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 0;
        descriptorsMax = new int[] {0, 1, 4}[random.nextInt(3)];
        subsystem =
                target.addSubsystem(NQN)
                        .inCapsuleData(inCapsuleBytes, inCapsuleOffset)
                        .descriptorsMax(descriptorsMax);
        subsystem.addNamespace(1, BLOCKS, BLOCK);
    }

    /// Runs to the end.
    ///
    /// @return what was wrong; empty for a good run
    List<String> run() throws IOException {
        SimulatedTransport transport =
                new SimulatedTransport(
                        fabric.network(),
                        new InetSocketAddress("192.0.2.1", 4420),
                        "192.0.2.1:4420");
        SteppedHost host =
                new SteppedHost(
                        scheduler, transport, NQN, 64 + 16 * Math.max(inCapsuleOffset, 16), mode);
        MemorySegment memory =
                arena.allocate(CanaryPool.byteSize(BUFFERS, BLOCKS_PER_COMMAND_MAX * BLOCK), 64);
        region = transport.memory().register(memory);
        CanaryPool pool = new CanaryPool(memory, BUFFERS, BLOCKS_PER_COMMAND_MAX * BLOCK);
        fabric.network().device().listen(pool);
        faults.applyTo(target);
        while (accepted < COMMANDS && nextQueueId <= QUEUES_MAX && problems.isEmpty()) {
            FabricGroup group = random.nextBoolean() ? transport.newGroup(256) : null;
            CommandQueue queue = connect(host, group);
            if (queue != null) {
                work(queue, pool);
            }
            if (group != null) {
                group.close();
            }
        }
        finish(host, transport, pool);
        return problems;
    }

    private @Nullable CommandQueue connect(SteppedHost host, @Nullable FabricGroup group) {
        int queueId = nextQueueId++;
        try {
            return host.connectQueue(queueId, 2 + random.nextInt(15), group);
        } catch (IOException e) {
            scheduler.note("queue " + queueId + " is not connected: " + e.getMessage());
            return null;
        }
    }

    // One queue's life.

    private void work(CommandQueue queue, CanaryPool pool) {
        long steps = 0;
        while (problems.isEmpty()) {
            boolean more = accepted < COMMANDS && queue.failure() == null;
            if (!more && queue.inFlightCount() == 0) {
                break;
            }
            if (++steps > STEPS_MAX || scheduler.nanoTime() > TIME_NANOS) {
                problems.add("it hangs: " + queue + " at " + scheduler.nanoTime() + " ns");
                return;
            }
            int choice = random.nextInt(100);
            if (choice < 35) {
                if (more) {
                    submit(queue, pool);
                }
            } else if (choice < 55) {
                queue.ring();
            } else if (choice < 75) {
                queue.poll((token, slot, status, result) -> ended(queue, pool, token, status));
            } else if (choice < 97) {
                scheduler.runUntil(scheduler.nanoTime() + random.nextInt(30_000));
            } else {
                await(queue, pool);
            }
        }
        FabricFailure failure = queue.failure();
        if (failure != null && !closesEarly && faults.isHarmless()) {
            problems.add("nothing happened that ends a queue, and it failed: " + failure);
        }
        // A queue that has ended may lie about for a while before its owner closes it.
        if (random.nextBoolean()) {
            scheduler.runUntil(scheduler.nanoTime() + random.nextInt(5_000_000));
        }
        queue.close((token, slot, status, result) -> ended(queue, pool, token, status));
        if (queue.inFlightCount() != 0) {
            problems.add(queue.inFlightCount() + " commands did not complete at close");
        }
        if (queue.acquire() >= 0) {
            problems.add("a closed queue gave a slot away");
        }
    }

    /// What an owner without work does.
    private void await(CommandQueue queue, CanaryPool pool) {
        queue.ring();
        queue.arm();
        if (queue.hasCompletions()) {
            queue.poll((token, slot, status, result) -> ended(queue, pool, token, status));
            return;
        }
        long now = scheduler.nanoTime();
        queue.checkDeadlines(now);
        long deadline = queue.earliestDeadlineNanos(now);
        queue.block(Math.clamp(deadline - now, 0, 1_000_000_000));
        if (closesEarly && random.nextInt(100) == 0) {
            scheduler.note("the user closes");
            accepted = COMMANDS;
            queue.close((token, slot, status, result) -> ended(queue, pool, token, status));
        }
    }

    private void submit(CommandQueue queue, CanaryPool pool) {
        int count = 1 + random.nextInt(BLOCKS_PER_COMMAND_MAX);
        int lba = random.nextInt(BLOCKS - count + 1);
        int opcode =
                switch (random.nextInt(12)) {
                    case 0 -> NvmOpcode.FLUSH;
                    case 1 -> NvmOpcode.WRITE_ZEROES;
                    case 2 -> NvmOpcode.COMPARE;
                    case 3, 4, 5, 6 -> NvmOpcode.READ;
                    default -> NvmOpcode.WRITE;
                };
        boolean writes = opcode == NvmOpcode.WRITE || opcode == NvmOpcode.WRITE_ZEROES;
        int segments = 1 + random.nextInt(3);
        if (!model.isFree(lba, count, writes)
                || pool.freeCount() < segments
                || (opcode == NvmOpcode.COMPARE && !model.isCertain(lba, count))) {
            return;
        }
        int slot = queue.acquire();
        if (slot < 0) {
            return;
        }
        int number = opcode == NvmOpcode.WRITE ? accepted + 1 : 0;
        List<Buffer> buffers = describe(opcode, lba, count, number, segments, pool);
        Operation.encode(queue, slot, opcode, lba, count);
        long token = ++accepted;
        long deadline = scheduler.nanoTime() + SteppedHost.COMMAND_NANOS;
        operations.put(token, new Operation(opcode, lba, count, number, buffers, deadline));
        model.begin(lba, count, writes);
        queue.submit(slot, token, data, SteppedHost.COMMAND_NANOS);
    }

    /// Lends buffers, fills them, and decides how they travel.
    private List<Buffer> describe(
            int opcode, int lba, int count, int number, int segments, CanaryPool pool) {
        data.clear();
        List<Buffer> buffers = new ArrayList<>();
        if (opcode == NvmOpcode.FLUSH || opcode == NvmOpcode.WRITE_ZEROES) {
            return buffers;
        }
        boolean toController = opcode != NvmOpcode.READ;
        data.direction(toController ? Direction.CONTROLLER_READS : Direction.CONTROLLER_WRITES);
        int bytes = count * BLOCK;
        boolean inCapsule = toController && bytes <= inCapsuleBytes && random.nextInt(4) != 0;
        int listMax = mode == MemoryMode.STRICT ? 1 : descriptors();
        int pieces = Math.min(Math.min(segments, count), inCapsule ? 16 : listMax);
        int done = 0;
        for (int i = 0; i < pieces; i++) {
            int blocks = i == pieces - 1 ? count - done : Math.max(1, (count - done) / pieces);
            Buffer buffer = pool.lend();
            buffers.add(buffer);
            for (int block = 0; toController && block < blocks; block++) {
                int at = lba + done + block;
                byte[] content =
                        opcode == NvmOpcode.WRITE ? model.data(number, at) : model.expected(at);
                MemorySegment.copy(
                        content,
                        0,
                        buffer.memory,
                        ValueLayout.JAVA_BYTE,
                        (long) block * BLOCK,
                        BLOCK);
            }
            Region registered = region;
            if (registered == null || !registered.tryAcquire()) {
                throw new IllegalStateException("The buffers are not registered");
            }
            data.add(registered, buffer.address, blocks * BLOCK);
            done += blocks;
        }
        if (inCapsule) {
            data.inCapsule(64 + 16 * inCapsuleOffset);
        } else if (pieces == 1) {
            data.keyed();
        } else {
            data.keyedList();
        }
        return buffers;
    }

    /// Descriptors a list may have, 1 for no list.
    private int descriptors() {
        int allowed = descriptorsMax == 0 ? 16 : descriptorsMax;
        return Math.max(1, Math.min(allowed, inCapsuleBytes / Sgl.SIZE));
    }

    private void ended(CommandQueue queue, CanaryPool pool, long token, int status) {
        scheduler.note("token " + token + " ends with " + Integer.toHexString(status));
        Operation operation = operations.get(token);
        if (operation == null) {
            problems.add("token " + token + " completed and was never accepted");
            return;
        }
        if (operation.completed) {
            problems.add("token " + token + " completed twice");
            return;
        }
        operation.completed = true;
        completed++;
        if (scheduler.nanoTime() > operation.deadline + LATE_NANOS) {
            problems.add("token " + token + " completed long after its deadline");
        }
        if (status == DUPLICATE_STATUS && faults.firstAnswersCount()) {
            problems.add("token " + token + " has the status of a second answer");
        }
        if (status == CommandQueue.STATUS_HOST_ABORTED && queue.failure() == null) {
            problems.add("token " + token + " was aborted by a queue that works");
        }
        if (operation.writes()) {
            model.endWrite(operation.lba, operation.count, operation.number, status == 0);
        } else {
            model.endRead(operation.lba, operation.count);
        }
        if (status == 0 && operation.opcode == NvmOpcode.READ) {
            compare(operation);
        }
        operation.buffers.forEach(pool::giveBack);
    }

    private void compare(Operation operation) {
        int block = 0;
        for (Buffer buffer : operation.buffers) {
            int blocks = blocksOf(operation, buffer);
            for (int i = 0; i < blocks; i++) {
                byte[] read =
                        buffer.memory
                                .asSlice((long) i * BLOCK, BLOCK)
                                .toArray(ValueLayout.JAVA_BYTE);
                if (!model.matches(operation.lba + block, read)) {
                    problems.add("block " + (operation.lba + block) + " was read wrong");
                }
                block++;
            }
        }
    }

    private static int blocksOf(Operation operation, Buffer buffer) {
        int pieces = operation.buffers.size();
        int done = 0;
        for (int i = 0; i < pieces; i++) {
            int left = operation.count - done;
            int blocks = i == pieces - 1 ? left : Math.max(1, left / pieces);
            if (operation.buffers.get(i).equals(buffer)) {
                return blocks;
            }
            done += blocks;
        }
        throw new IllegalArgumentException("Not a buffer of this command");
    }

    // The end.

    private void finish(SteppedHost host, SimulatedTransport transport, CanaryPool pool) {
        canBeQuarantined =
                faults.steps().stream().anyMatch(s -> s.fault() instanceof Fault.RefuseDestroy);
        // Whatever the target still has in hand may come now.
        scheduler.runUntil(scheduler.nanoTime() + 100_000_000_000L);
        host.close();
        if (completed != operations.size()) {
            problems.add(operations.size() + " commands accepted, " + completed + " completed");
        }
        problems.addAll(pool.problems());
        problems.addAll(fabric.violations());
        if (region != null && transport.memory().unregister(region)) {
            arena.close();
        } else if (!canBeQuarantined) {
            problems.add("the memory cannot be given back");
        }
        transport.close();
        if (!canBeQuarantined) {
            if (fabric.queueCount() != 0) {
                problems.add(fabric.queueCount() + " queue pairs are left");
            }
            if (fabric.registrationCount() != 0) {
                problems.add(fabric.registrationCount() + " keys are left");
            }
        }
    }

    /// A number that tells two runs apart.
    long digest() {
        return scheduler.digest();
    }

    int completedCount() {
        return completed;
    }

    long faultCount() {
        return target.faults().happenedCount();
    }

    /// Seed, faults and the end of the trace, for somebody who has to find out.
    String report() {
        return "seed "
                + seed
                + "\nfaults: "
                + faults
                + "\nproblems: "
                + problems
                + "\ntrace:\n"
                + String.join("\n", scheduler.trace());
    }
}
