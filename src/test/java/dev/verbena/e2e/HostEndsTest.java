package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DmaArena;
import dev.verbena.DuplicateConnectException;
import dev.verbena.Initiator;
import dev.verbena.nvme.HostIdentity;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A host that ends: killed, closed in the middle, closed as soon as it is connected, or with too
/// little of what it needs.
@TargetTest(
        value = {"--size", "16M"},
        spdk = "--poll")
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
// Closing by hand, in the middle, is what is tested.
@SuppressWarnings("try")
class HostEndsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void hostKilled_itsSuccessorConnectsAtOnceAndFindsItsWrites(LiveTarget live) throws Exception {
        for (int round = 0; round < Machine.count("kills", 2); round++) {
            HostIdentity host = HostIdentity.generate();
            ConnectOptions options = LiveTarget.patient().withHost(host).withIoQueues(2);
            long written = -1;
            try (Initiator initiator = Initiator.open();
                    OtherHost other = OtherHost.start(List.of(), live, host, 2, Long.MAX_VALUE)) {
                while (written < OtherHost.BLOCKS + 50) {
                    written = written(other.line());
                }
                other.kill();
                long start = System.nanoTime();
                try (Controller controller =
                        initiator.connect(live.target(), live.nqn(), options)) {
                    long took = System.nanoTime() - start;
                    for (String line = other.line(); line != null; line = other.line()) {
                        written = line.startsWith("written ") ? written(line) : written;
                    }
                    System.out.printf(
                            "host killed after write %d; its successor connected in %d ms%n",
                            written, took / 1_000_000);
                    check(controller, written);
                }
            }
        }
    }

    private static long written(String line) {
        assertThat(line).startsWith("written ");
        return Long.parseLong(line.substring(8));
    }

    /// Every write that was answered is there; the one after it may be.
    private static void check(Controller controller, long written) throws IOException {
        try (BlockDevice device = controller.openDevice(1)) {
            MemorySegment page = MemorySegment.ofArray(new byte[OtherHost.BLOCK]);
            MemorySegment expected = MemorySegment.ofArray(new byte[OtherHost.BLOCK]);
            for (long i = written - OtherHost.BLOCKS + 1; i <= written; i++) {
                device.read(i % OtherHost.BLOCKS * OtherHost.BLOCK, page);
                OtherHost.fill(expected, i);
                if (i + OtherHost.BLOCKS == written + 1 && page.mismatch(expected) >= 0) {
                    OtherHost.fill(expected, written + 1);
                }
                assertThat(page.mismatch(expected)).as("write %d", i).isEqualTo(-1);
            }
        }
    }

    @Test
    void closeInTheMiddle_endsEveryRequestOnce_andLeavesNothing(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            live.connect(initiator).close();
            Leftovers before = Leftovers.now();
            int answered = 0;
            for (int i = 0; i < Machine.count("closes", 6); i++) {
                Controller controller = live.connect(initiator);
                BlockDevice device = controller.openDevice(1);
                DmaArena arena = device.newArena(1 << 20);
                MemorySegment buffer = arena.allocate(1 << 20, 4096);
                List<CompletableFuture<Void>> requests = new ArrayList<>();
                for (int n = 0; n < 200; n++) {
                    MemorySegment part = buffer.asSlice(n % 16 * 65_536L, 4096L << n % 5);
                    requests.add(
                            n % 3 == 0
                                    ? device.writeAsync(n * 65_536L, part)
                                    : device.readAsync(n * 65_536L, part));
                }
                Thread.sleep(i);
                long start = System.nanoTime();
                controller.close();
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
                assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
                for (CompletableFuture<Void> request : requests) {
                    assertThat(request).isDone();
                    try {
                        request.get();
                        answered++;
                    } catch (ExecutionException e) {
                        assertThat(e).hasCauseInstanceOf(IOException.class);
                    }
                }
                // Refused while something uses it; so nothing does.
                arena.close();
            }
            System.out.println("closed in the middle: " + answered + " requests were answered");
            before.assertNothingAdded();
        }
    }

    @Test
    void closeRightAfterConnect_leavesNothing(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            live.connect(initiator).close();
            Leftovers before = Leftovers.now();
            for (int i = 0; i < Machine.count("connects", 20); i++) {
                if (i % 2 == 0) {
                    live.connect(initiator).close();
                } else {
                    // Given up at any moment of the attempt.
                    CompletableFuture<Controller> attempt =
                            initiator.connectAsync(live.target(), live.nqn(), LiveTarget.patient());
                    Thread.sleep(7L * i);
                    if (!attempt.cancel(true)) {
                        attempt.get().close();
                    }
                    awaitConnectable(initiator, live);
                }
            }
            before.assertNothingAdded();
        }
    }

    /// A cancelled attempt ends on a thread of its own, and is a duplicate until it has.
    private static void awaitConnectable(Initiator initiator, LiveTarget live) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                live.connect(initiator).close();
                return;
            } catch (DuplicateConnectException e) {
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.sleep(20);
            }
        }
    }

    @Test
    void tooFewDescriptors_isToldWithTheLimit(LiveTarget live) throws Exception {
        try (OtherHost other =
                OtherHost.start(
                        List.of("prlimit", "--nofile=64:64"),
                        live,
                        HostIdentity.generate(),
                        32,
                        10)) {
            String said = other.rest();
            System.out.println("64 descriptors: " + said.lines().findFirst().orElse(""));
            assertThat(said)
                    .contains("failed ConnectFailedException: ")
                    .contains("EMFILE")
                    .contains("ulimit -n");
            assertThat(other.status()).isZero();
        }
    }

    @Test
    void tooLittleLockedMemory_isToldWithTheLimit(LiveTarget live) throws Exception {
        // Root may lock what it wants, unless it lacks that one right.
        List<String> limited =
                List.of(
                        "prlimit",
                        "--memlock=65536:65536",
                        "setpriv",
                        "--bounding-set=-ipc_lock",
                        "--inh-caps=-ipc_lock");
        try (OtherHost other = OtherHost.start(limited, live, HostIdentity.generate(), 2, 10)) {
            String said = other.rest();
            System.out.println("64 KiB locked: " + said.lines().findFirst().orElse(""));
            assertThat(said)
                    .contains("failed ConnectFailedException: ")
                    .contains("RLIMIT_MEMLOCK")
                    .contains("ulimit -l");
            assertThat(other.status()).isZero();
        }
    }
}
