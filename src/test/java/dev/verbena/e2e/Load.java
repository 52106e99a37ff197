package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Reading and writing at all three levels on namespace 1, which goes on through faults and knows
/// what every block has to hold.
///
/// The first half of what it uses belongs to level 2, then come level 1 and level 3. No request of
/// levels 2 and 3 may fail; commands of level 1 may end with Host Aborted Command.
final class Load implements AutoCloseable {
    /// Bytes of namespace 1 that are used.
    static final int BYTES = 8 << 20;

    private static final int CHANNEL_BYTES = 256 << 10;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /// What was done.
    ///
    /// @param aborted level 1 commands that a loss ended
    /// @param queues level 1 queues opened
    /// @param repeated commands of all of the controller's devices that were sent again
    record Totals(
            long level1,
            ContentChecker.Result level2,
            long level3,
            long aborted,
            int queues,
            long repeated) {
        long operations() {
            return level1
                    + level2.reads()
                    + level2.writes()
                    + level2.zeroes()
                    + level2.flushes()
                    + level3;
        }
    }

    private final LiveTarget live;
    private final BlockDevice device;
    private final ContentChecker level2;
    private final QueueLane level1;
    private final ChannelLane level3;
    private boolean ended;

    private Load(LiveTarget live, Controller controller, long seed, int depth) throws IOException {
        this.live = live;
        Namespace namespace = controller.namespace(1);
        int blocks = BYTES / namespace.blockSize();
        device = controller.openDevice(1);
        level2 =
                new ContentChecker(
                        device,
                        new ContentChecker.Plan(seed, 2, depth, Long.MAX_VALUE, blocks / 8),
                        true);
        level1 = new QueueLane(controller, blocks / 2, seed);
        assertThat(QueueLane.blocksUsed(namespace)).isLessThanOrEqualTo(blocks / 4);
        level3 = new ChannelLane(device, 3L * BYTES / 4, CHANNEL_BYTES, seed);
    }

    /// Starts to read and write.
    ///
    /// @param depth of level 2
    static Load start(LiveTarget live, Controller controller, long seed, int depth)
            throws IOException, InterruptedException {
        Load load = new Load(live, controller, seed, depth);
        load.level2.start();
        load.level1.start();
        load.level3.start();
        load.awaitProgress();
        return load;
    }

    static Load start(LiveTarget live, Controller controller)
            throws IOException, InterruptedException {
        return start(live, controller, Long.getLong("verbena.io.seed", 42), 16);
    }

    /// Waits until each level has ended some more operations than it had when this was called.
    ///
    /// @throws AssertionError when one does not, or something has gone wrong
    void awaitProgress() throws InterruptedException {
        long at1 = level1.operations() + 2L * 16;
        long at2 = level2.operations() + 2L * 16;
        long at3 = level3.operations() + 2;
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (level1.operations() < at1
                || level2.operations() < at2
                || level3.operations() < at3) {
            check();
            if (System.nanoTime() > end) {
                throw new AssertionError("Nothing moves: " + progress());
            }
            Thread.sleep(10);
        }
        check();
    }

    /// Throws what has gone wrong so far.
    void check() {
        level1.check();
        level2.check();
        level3.check();
    }

    /// Operations of the levels, for people.
    String progress() {
        return "level 1 %,d (%,d aborted, %d queues), level 2 %,d, level 3 %,d"
                .formatted(
                        level1.operations(),
                        level1.aborted(),
                        level1.queuesOpened(),
                        level2.operations(),
                        level3.operations());
    }

    /// Ends it: everything is read once more, through Verbena and on the target's side.
    Totals stop() throws IOException, InterruptedException {
        end();
        ContentChecker.Result result = level2.join();
        List<ExpectedBlocks> all = new ArrayList<>(level2.expected());
        all.addAll(level1.expected());
        for (ExpectedBlocks blocks : all) {
            byte[] stored =
                    live.stored(
                            blocks.byteOffset(0),
                            Math.toIntExact(
                                    blocks.byteOffset(blocks.count()) - blocks.byteOffset(0)));
            blocks.check(MemorySegment.ofArray(stored), 0, blocks.count());
        }
        assertThat(live.stored(level3.offset(), CHANNEL_BYTES)).isEqualTo(level3.content());
        // A request of level 2 or 3 that failed has ended its lane.
        return new Totals(
                level1.operations(),
                result,
                level3.operations(),
                level1.aborted(),
                level1.queuesOpened(),
                device.statistics().repeatedCount());
    }

    private void end() throws InterruptedException {
        if (!ended) {
            ended = true;
            level1.stop();
            level2.stop();
            level3.stop();
            level1.join(PATIENCE.toMillis());
            level3.join(PATIENCE.toMillis());
            level2.join();
        }
    }

    /// After a failure: what still runs is ended, so that what it used can be closed.
    @Override
    public void close() {
        try {
            end();
        } catch (AssertionError e) {
            // Told by whoever asked for the result; here it would hide the first failure.
            System.err.println("The load ended with " + e + ": " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        device.close();
    }
}
