package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Verbena and the kernel's initiator on one subsystem at the same time: each reads what the other
/// has written.
@TargetTest({"--size", "32M"})
class InteroperabilityTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int CHUNK = 1 << 20;

    private String kernelsDevice;
    private Initiator initiator;
    private BlockDevice device;

    @BeforeAll
    void connectBoth(LiveTarget live) throws Exception {
        assumeTrue(
                LiveTarget.external() == null,
                "the target is not ours, and this machine's initiator is not either");
        Commands.connectKernel(live);
        kernelsDevice = "/dev/" + awaitNamespace(live.nqn());
        initiator = Initiator.open();
        Controller controller = live.connect(initiator);
        device = controller.openDevice(1);
    }

    @AfterAll
    void disconnect(LiveTarget live) throws IOException {
        if (initiator != null) {
            initiator.close();
        }
        Commands.disconnectKernel(live);
    }

    private static String awaitNamespace(String nqn) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            try (Stream<Path> all = Files.list(Path.of("/sys/block"))) {
                for (Path block : all.toList()) {
                    Path name = block.resolve("device/subsysnqn");
                    if (Files.exists(name)
                            && Files.readString(name).strip().equals(nqn)
                            && Files.exists(Path.of("/dev", block.getFileName().toString()))) {
                        return block.getFileName().toString();
                    }
                }
            }
            Thread.sleep(100);
        }
        throw new AssertionError("the kernel's initiator shows no namespace of " + nqn);
    }

    private static byte[] pattern(long seed) {
        byte[] content = new byte[CHUNK];
        new Random(seed).nextBytes(content);
        return content;
    }

    private void kernelWrites(int chunk, byte[] content) throws IOException {
        Path file = Files.createTempFile("verbena", ".chunk");
        try {
            Files.write(file, content);
            LiveTarget.run(
                    List.of(
                            "dd",
                            "if=" + file,
                            "of=" + kernelsDevice,
                            "bs=64K",
                            "oflag=direct,seek_bytes",
                            "seek=" + (long) chunk * CHUNK,
                            "status=none"));
        } finally {
            Files.delete(file);
        }
    }

    private byte[] kernelReads(LiveTarget live, int chunk) throws IOException {
        return new LiveTarget(live.target(), live.nqn(), kernelsDevice)
                .stored((long) chunk * CHUNK, CHUNK);
    }

    @Test
    void whatVerbenaWrites_theKernelReads(LiveTarget live) throws IOException {
        byte[] content = pattern(1);
        device.write(0, MemorySegment.ofArray(content));
        assertThat(kernelReads(live, 0)).isEqualTo(content);
        assertThat(live.stored(0, CHUNK)).isEqualTo(content);
    }

    @Test
    void whatTheKernelWrites_verbenaReads(LiveTarget live) throws IOException {
        byte[] content = pattern(2);
        kernelWrites(2, content);
        byte[] back = new byte[CHUNK];
        device.read(2L * CHUNK, MemorySegment.ofArray(back));
        assertThat(back).isEqualTo(content);
        assertThat(live.stored(2L * CHUNK, CHUNK)).isEqualTo(content);
    }

    @Test
    void bothAtTheSameTime_findTheirOwnAndTheOthers(LiveTarget live) throws Exception {
        IOException[] failure = {null};
        Thread kernel =
                Thread.ofPlatform()
                        .start(() -> {
                            try {
                                for (int i = 0; i < 4; i++) {
                                    kernelWrites(16 + i, pattern(16 + i));
                                }
                            } catch (IOException e) {
                                failure[0] = e;
                            }
                        });
        for (int i = 0; i < 4; i++) {
            device.write((8L + i) * CHUNK, MemorySegment.ofArray(pattern(8 + i)));
        }
        kernel.join();
        assertThat(failure[0]).isNull();
        for (int i = 0; i < 4; i++) {
            assertThat(kernelReads(live, 8 + i)).isEqualTo(pattern(8 + i));
            byte[] back = new byte[CHUNK];
            device.read((16L + i) * CHUNK, MemorySegment.ofArray(back));
            assertThat(Arrays.equals(back, pattern(16 + i))).isTrue();
        }
    }
}
