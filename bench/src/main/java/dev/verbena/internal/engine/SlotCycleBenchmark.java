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

/// The way of a slot: taken, submitted, found by the command id of an answer, free again; in a
/// queue that has `busy` others in use.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SlotCycleBenchmark {
    private static final int SLOTS = 128;

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
        int taken = slots.acquire();
        slots.submitted(taken, true, false);
        int id = slots.commandId(taken);
        slots.sent(taken);
        int answered = slots.slotAwaiting(id);
        if (slots.answered(answered)) {
            slots.release(answered);
        }
        return id;
    }
}
