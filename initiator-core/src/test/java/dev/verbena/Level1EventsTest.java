package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// JFR events and the latency recorder.
@Timeout(120)
class Level1EventsTest {
    @TempDir private Path folder;

    private List<RecordedEvent> events(Recording recording, String name) throws IOException {
        recording.stop();
        Path file = folder.resolve(name + ".jfr");
        recording.dump(file);
        List<RecordedEvent> found = new ArrayList<>();
        for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
            if (event.getEventType().getName().equals(name)) {
                found.add(event);
            }
        }
        return found;
    }

    @Test
    void slowCommand_isAnEventWithItsDuration_fastOnesAreNone() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("dev.verbena.SlowCommand").withThreshold(Duration.ofMillis(200));
            recording.start();
            // Opened while the recording runs, so that it is noticed at once.
            try (Level1Fixture f = Level1Fixture.open()) {
                f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
                assertThat(f.queue.tryFlush(f.namespace, 1)).isTrue();
                assertThat(f.queue.tryRead(f.namespace, 0x21, 2, f.filled(1024, 1), 2)).isTrue();
                f.poll();
                Thread.sleep(250);
                f.fabric.respond(f.fabric.sent().get(2), 0x281, 0);
                f.poll();
                assertThat(f.done).hasSize(2);
                f.target.intercept(f.disk);
            }
            List<RecordedEvent> events = events(recording, "dev.verbena.SlowCommand");
            assertThat(events).hasSize(1);
            RecordedEvent slow = events.getFirst();
            assertThat(slow.getString("command")).isEqualTo("Read");
            assertThat(slow.getLong("startingLba")).isEqualTo(0x21);
            assertThat(slow.getLong("namespaceId")).isEqualTo(1);
            assertThat(slow.getInt("queueId")).isEqualTo(1);
            assertThat(slow.getString("status")).contains("Unrecovered Read Error");
            assertThat(slow.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(200));
        }
    }

    @Test
    void queueThatIsLost_isAnEvent() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("dev.verbena.QueueDown");
            recording.start();
            try (Level1Fixture f = Level1Fixture.open()) {
                f.fabric.fail(
                        new FabricFailure(
                                FabricFailure.Kind.DISCONNECTED, "the target disconnected"));
                f.poll();
                f.poll();
            }
            List<RecordedEvent> events = events(recording, "dev.verbena.QueueDown");
            assertThat(events).hasSize(1);
            assertThat(events.getFirst().getString("kind")).isEqualTo("DISCONNECTED");
            assertThat(events.getFirst().getString("reason")).contains("the target disconnected");
        }
    }

    @Test
    void expiredCommand_isAnEvent() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("dev.verbena.CommandExpired");
            recording.start();
            try (Level1Fixture f =
                    Level1Fixture.open(
                            x -> {}, o -> o.withTimeoutPolicy(TimeoutPolicy.REPORT_ONLY))) {
                f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
                IoOptions soon = IoOptions.DEFAULT.timeout(Duration.ofMillis(1));
                assertThat(f.queue.tryFlush(f.namespace, 42, soon)).isTrue();
                long start = System.nanoTime();
                while (f.expired.isEmpty()
                        && System.nanoTime() - start < Duration.ofSeconds(40).toNanos()) {
                    f.queue.pollOrWait(f.handler, 1_000_000);
                }
                f.target.intercept(f.disk);
            }
            List<RecordedEvent> events = events(recording, "dev.verbena.CommandExpired");
            assertThat(events).hasSize(1);
            assertThat(events.getFirst().getLong("token")).isEqualTo(42);
        }
    }

    @Test
    void latencyRecorder_hearsOfEveryCommandBeforeTheHandler() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            List<String> calls = new ArrayList<>();
            f.queue.recordLatency((opcode, nanos) -> {
                assertThat(nanos).isPositive();
                calls.add("opcode " + opcode);
            });
            assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 7)).isTrue();
            f.queue.poll((token, status, result) -> calls.add("token " + token));
            assertThat(calls).containsExactly("opcode 2", "token 7");
            // Also of both halves of a pair.
            calls.clear();
            assertThat(
                            f.queue.tryCompareAndWrite(
                                    f.namespace,
                                    0,
                                    1,
                                    f.filled(512, 1),
                                    f.filled(512, 1),
                                    8,
                                    IoOptions.DEFAULT))
                    .isTrue();
            f.queue.poll((token, status, result) -> calls.add("token " + token));
            assertThat(calls).containsExactly("opcode 1", "opcode 5", "token 8");
            calls.clear();
            f.queue.recordLatency(null);
            assertThat(f.queue.tryFlush(f.namespace, 9)).isTrue();
            f.queue.poll((token, status, result) -> calls.add("token " + token));
            assertThat(calls).containsExactly("token 9");
        }
    }
}
