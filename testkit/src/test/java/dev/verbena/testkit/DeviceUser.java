package dev.verbena.testkit;

import dev.verbena.BlockDevice;
import dev.verbena.ByteRange;
import dev.verbena.Durability;
import dev.verbena.internal.time.Time;
import dev.verbena.testkit.SimulatedUsers.Work;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Somebody with a [BlockDevice]: several requests at a time, with registered memory and with any.
final class DeviceUser implements Runnable {
    private static final int BLOCK = SimulatedUsers.BLOCK;
    private static final int OUTSTANDING_MAX = 12;
    private static final int PAUSE_MILLIS_MAX = 900;

    /// A stage does something it should not: four times in so many calls.
    private static final int MISTAKE_EVERY = 40;

    /// How long a stage blocks at most.
    private static final int STAGE_NANOS_MAX = 300_000_000;

    private final BlockDevice device;
    private final SimulatedUsers users;
    private final Random random;

    DeviceUser(BlockDevice device, SimulatedUsers users) {
        this.device = device;
        this.users = users;
        this.random = users.random();
    }

    @Override
    public void run() {
        try {
            while (!users.isStopped()) {
                int burst = random.nextInt(6);
                for (int i = 0; i < burst && users.outstanding() < OUTSTANDING_MAX; i++) {
                    Work work = users.begin();
                    if (work != null) {
                        submit(work);
                    }
                }
                Time.sleep(Duration.ofMillis(random.nextInt(PAUSE_MILLIS_MAX)));
            }
        } catch (InterruptedException e) {
            users.problem("a user was interrupted");
        }
    }

    private void submit(Work work) {
        boolean bounced = random.nextInt(4) == 0;
        boolean moves = work.first != null;
        MemorySegment data =
                bounced && moves
                        ? MemorySegment.ofArray(work.data().toArray(ValueLayout.JAVA_BYTE))
                        : null;
        CompletableFuture<Void> started;
        try {
            started = start(work, data);
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            // The controller says that it cannot do this, or not so much at a time.
            users.refused(work);
            return;
        }
        var _ =
                started.whenComplete((nothing, e) -> {
                    if (e == null && data != null && work.kind == SimulatedUsers.Kind.READ) {
                        work.data().copyFrom(data);
                    }
                    users.ended(work, e == null);
                    mistake();
                });
    }

    /// What stages of users should not do, and do: on a worker's thread too.
    private void mistake() {
        switch (random.nextInt(MISTAKE_EVERY)) {
            case 0 -> throw new IllegalStateException("a mistake of a user's stage");
            case 1 -> throw new AssertionError("a mistake of a user's stage");
            case 2 -> {
                // Whoever leaves the thread so that runs the stages of others.
                if (Thread.currentThread().getName().contains("verbena-io")) {
                    Thread.currentThread().interrupt();
                }
            }
            case 3 -> Time.parkNanos(this, random.nextInt(STAGE_NANOS_MAX));
            default -> {}
        }
    }

    private CompletableFuture<Void> start(Work work, @Nullable MemorySegment other) {
        long offset = (long) work.lba * BLOCK;
        long bytes = (long) work.count * BLOCK;
        return switch (work.kind) {
            case READ -> device.readAsync(offset, data(work, other));
            case WRITE ->
                    device.writeAsync(
                            offset,
                            List.of(data(work, other)),
                            random.nextBoolean() ? Durability.CACHED : Durability.DURABLE);
            case WRITE_ZEROES -> device.writeZeroesAsync(offset, bytes, random.nextBoolean());
            case DEALLOCATE -> device.deallocateAsync(List.of(new ByteRange(offset, bytes)));
            case COMPARE -> device.compareAsync(offset, data(work, other));
            case COMPARE_AND_WRITE ->
                    device.compareAndWriteAsync(offset, data(work, other), work.written());
            case COPY ->
                    device.copyAsync(
                            List.of(new ByteRange((long) work.from * BLOCK, bytes)), offset);
            case FLUSH -> device.flushAsync();
        };
    }

    private static MemorySegment data(Work work, @Nullable MemorySegment other) {
        return other == null ? work.data() : other;
    }
}
