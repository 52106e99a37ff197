package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.QueueFixture.BLOCK;
import static dev.verbena.internal.engine.QueueFixture.failureOf;
import static dev.verbena.internal.engine.QueueFixture.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.TimeoutPolicy;
import dev.verbena.WaitMode;
import dev.verbena.fakes.SentCapsule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Memory of users that throws when it is touched, and errors in the middle of the work: that is
/// one request's failure, and everybody else is told of his.
@Timeout(60)
class FaultyMemoryTest {
    private static final int PAGES = 4 * 4096;

    @TempDir private Path directory;

    private static void until(BooleanSupplier condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            Thread.sleep(1);
        }
    }

    /// A mapped file that has become shorter: every access is an [InternalError].
    private MemorySegment shortenedFile(Arena arena) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        directory.resolve("file"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, PAGES, arena);
            channel.truncate(0);
            return mapped;
        }
    }

    private static void assertMemoryFailed(CompletableFuture<?> request) throws Exception {
        assertThat(failureOf(request))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("memory of the request cannot be used")
                .hasRootCauseInstanceOf(InternalError.class);
    }

    @Test
    void writeFromAMappedFileThatBecameShorter_failsAlone() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1);
                Arena arena = Arena.ofShared()) {
            MemorySegment file = shortenedFile(arena);
            List<DeviceRequest<Void>> innocent = new ArrayList<>();
            List<DeviceRequest<Void>> faulty = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                innocent.add(fixture.readBlock(i));
                faulty.add(fixture.write(i, file.asSlice(0, BLOCK)));
            }
            for (DeviceRequest<Void> request : faulty) {
                assertMemoryFailed(request);
            }
            for (DeviceRequest<Void> request : innocent) {
                get(request);
            }
            assertThat(fixture.losses).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 64, 500})
    void aPieceOfAMappedFileThatBecameShorter_failsItsRequestAlone(int bytes) throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1);
                Arena arena = Arena.ofShared()) {
            MemorySegment file = shortenedFile(arena);
            for (int i = 0; i < 200; i++) {
                MemorySegment rest = MemorySegment.ofArray(new byte[BLOCK - bytes]);
                boolean reads = i % 2 == 0;
                DeviceRequest<Void> request =
                        fixture.submit(
                                new DeviceRequest<Void>(
                                                fixture.context,
                                                reads
                                                        ? DeviceRequest.Kind.READ
                                                        : DeviceRequest.Kind.WRITE,
                                                0,
                                                BLOCK,
                                                MemorySegment.NULL)
                                        .scatter(
                                                new Scatter(
                                                        List.of(file.asSlice(0, bytes), rest))));
                DeviceRequest<Void> innocent = fixture.readBlock(1);
                assertMemoryFailed(request);
                get(innocent);
            }
            assertThat(fixture.losses).isEmpty();
        }
    }

    @Test
    void readIntoAMappedFileThatBecameShorter_failsAlone() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1);
                Arena arena = Arena.ofShared()) {
            MemorySegment file = shortenedFile(arena);
            List<CompletableFuture<Void>> innocent = new ArrayList<>();
            List<CompletableFuture<Void>> faulty = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                innocent.add(fixture.readBlock(i).thenRun(() -> {}));
                faulty.add(fixture.read(i, file.asSlice(0, 8 * BLOCK)).thenRun(() -> {}));
            }
            for (CompletableFuture<Void> request : innocent) {
                until(request::isDone);
                get(request);
            }
            for (CompletableFuture<Void> request : faulty) {
                until(request::isDone);
                assertMemoryFailed(request);
            }
            assertThat(fixture.losses).isEmpty();
        }
    }

    @Test
    void faultyWriteThatWaitedForTheConnection_failsAtTheNextAndEndsNothingElse() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1);
                Arena arena = Arena.ofShared()) {
            fixture.suspend();
            DeviceRequest<Void> faulty =
                    fixture.write(0, shortenedFile(arena).asSlice(0, 2 * BLOCK));
            DeviceRequest<Void> innocent = fixture.readBlock(1);
            fixture.start(1);
            assertMemoryFailed(faulty);
            get(innocent);
            assertThat(fixture.losses).isEmpty();
        }
    }

    // Errors in the middle of the work.

    /// What one turn of the worker finds: some answers, then an error.
    @Test
    void workerMeetsAnErrorAfterRequestsHaveEnded_theyAreTold_andOthersAreRepeated()
            throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            int depth = QueueFixture.DEPTH;
            List<SentCapsule> held = new ArrayList<>();
            fixture.fabric(0)
                    .target((queue, capsule) -> {
                        synchronized (held) {
                            held.add(capsule);
                            if (held.size() > depth) {
                                throw new StackOverflowError("in the middle of the work");
                            }
                        }
                    });
            List<CompletableFuture<Void>> stages = new ArrayList<>();
            for (int i = 0; i < depth + 2; i++) {
                stages.add(fixture.readBlock(i).thenRun(() -> {}));
            }
            fixture.fabric(0).awaitSent(depth);
            synchronized (held) {
                held.subList(0, depth).forEach(c -> fixture.fabric(0).respond(c, 0, 0));
            }
            for (CompletableFuture<Void> stage : stages.subList(0, depth)) {
                until(stage::isDone);
                get(stage);
            }
            until(() -> fixture.losses.size() == 1);
            assertThat(fixture.suspend()).isTrue();
            fixture.start(1);
            for (CompletableFuture<Void> stage : stages) {
                until(stage::isDone);
                get(stage);
            }
        }
    }

    @Test
    void errorWhileAnAnswerIsLookedAt_endsItsRequest() throws Exception {
        QueueFixture doubles = new QueueFixture();
        DeviceQueues queues =
                new DeviceQueues(
                        "faulty-",
                        doubles.memory,
                        new DeviceSettings(
                                Duration.ofMinutes(1),
                                TimeoutPolicy.RECOVER,
                                WaitMode.ADAPTIVE,
                                5,
                                () -> 0,
                                index -> {
                                    throw new StackOverflowError("in a handler");
                                }));
        List<Object> losses = new ArrayList<>();
        queues.start(
                List.of(new DeviceQueues.QueueOf(DeviceQueues.Kind.DEFAULT, doubles.queue())),
                doubles.placement,
                losses::add);
        // Namespace Not Ready: to be sent again.
        doubles.target.refuse(capsule -> true, 0x82, 0);
        DeviceRequest<Void> read =
                new DeviceRequest<>(
                        doubles.context,
                        DeviceRequest.Kind.READ,
                        0,
                        BLOCK,
                        MemorySegment.ofArray(new byte[BLOCK]));
        queues.submit(read);
        assertThat(failureOf(read))
                .isInstanceOf(IOException.class)
                .hasRootCauseInstanceOf(StackOverflowError.class);
        until(() -> losses.size() == 1);
        queues.close();
        doubles.close();
    }
}
