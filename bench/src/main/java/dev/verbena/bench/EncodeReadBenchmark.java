package dev.verbena.bench;

import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.Sgl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

/// Writing one read command with its keyed SGL into a slot, as the engine does for each I/O.
///
/// The slots are walked through, so that neither the address nor the command id is a constant for
/// the compiler.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class EncodeReadBenchmark {
    private static final int SLOTS = 128;
    private static final int ENTRY_BYTES = 64;

    /// The kind of arena the slots lie in; a queue uses a shared one.
    @Param({"global", "shared"})
    public String arena = "global";

    private MemorySegment slots = MemorySegment.NULL;
    private int slot;
    private long lba;

    @Setup
    public void allocate() {
        Arena chosen = arena.equals("shared") ? Arena.ofShared() : Arena.global();
        slots = chosen.allocate((long) SLOTS * ENTRY_BYTES, ENTRY_BYTES);
    }

    @Benchmark
    public int encodeRead() {
        int now = slot;
        long entry = (long) now * ENTRY_BYTES;
        NvmCommands.read(slots, entry, now, 1, lba, 8, 0);
        Sgl.keyed(slots, entry, 0x7F00_0000_0000L + lba, 4096, 0x1234);
        slot = now + 1 & SLOTS - 1;
        lba += 8;
        return now;
    }
}
