package dev.verbena.internal.engine;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The way of a slot: submitted, found by the command id of an answer, free again; in a queue that
/// has `busy` others in use.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SlotCycleBenchmark {
    private static final int SLOTS = 128;
    private static final long TIMEOUT_NANOS = 1_000_000_000;

    @Param({"0", "31"})
    public int busy;

    private CommandSlots slots = new CommandSlots(SLOTS);

    @Setup
    public void occupy() {
        slots = new CommandSlots(SLOTS);
        for (int i = 0; i < busy; i++) {
            slots.acquire();
        }
    }

    @Benchmark
    public int cycle() {
        int next = slots.next();
        int id = slots.commandId(next);
        slots.submitted(
                next,
                id,
                TIMEOUT_NANOS,
                CommandSlots.SENT | CommandSlots.KEYLESS | CommandSlots.LEASED);
        int answered = slots.slotAwaitingOnlyAnswer(id);
        if (answered >= 0) {
            slots.release(answered);
        }
        return id;
    }
}
