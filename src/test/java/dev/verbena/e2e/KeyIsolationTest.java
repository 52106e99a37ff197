package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.MemoryMode;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.Destination;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.fabric.VerbsTransportFactory;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.verbs.WorkCompletionStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What strict isolation promises, asked of the device: with a command's key, a target reaches that
/// command's memory, in that command's direction, while the command is under way, and nothing else
/// or later.
@Tag("target")
@EnabledIfEnvironmentVariable(
        named = "VERBENA_RIG",
        matches = "1",
        disabledReason = "needs an RDMA device of its own: ./verify e2e")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeyIsolationTest {
    private static final int BYTES = 4096;
    private static final byte CANARY = 0x5A;
    private static final long TOKEN = 77;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(3L * BYTES, BYTES);
    private ScriptedTarget target;
    private VerbsTransportFactory factory;
    private Transport transport;
    private CommandQueue commands;
    private Region region;
    private int completions;

    @BeforeEach
    void connect() throws Exception {
        target = new ScriptedTarget();
        factory = VerbsTransportFactory.open();
        transport = factory.open(null, Destination.of(target.address(), "the scripted target"));
        QueueParameters parameters =
                new QueueParameters(
                        1, 16, 1, 64, MemoryMode.STRICT, QueueParameters.Connection.DEFAULT, null);
        CompletableFuture<CommandQueue> connecting = new CompletableFuture<>();
        Thread.ofPlatform()
                .start(() -> {
                    try {
                        Deadline deadline = Deadline.after(PATIENCE);
                        connecting.complete(
                                new CommandQueue(transport.connect(parameters, deadline)));
                    } catch (Throwable e) {
                        connecting.completeExceptionally(e);
                    }
                });
        target.accept();
        commands = connecting.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(transport.memory().mode()).isEqualTo(MemoryMode.STRICT);
        memory.fill(CANARY);
        region = transport.memory().register(memory);
    }

    @AfterEach
    void close() {
        if (commands != null) {
            commands.close((token, slot, status, result) -> {});
            assertThat(transport.memory().unregister(region)).isTrue();
        }
        transport.close();
        factory.close();
        target.close();
        arena.close();
    }

    /// Sends a command whose data is the middle third of the memory.
    private ScriptedTarget.Command submit(Direction direction) {
        int slot = commands.acquire();
        long at = commands.capsuleOffset(slot);
        int id = commands.commandId(slot);
        if (direction == Direction.CONTROLLER_WRITES) {
            NvmCommands.read(commands.capsules(), at, id, 1, 0, 8, 0);
        } else {
            NvmCommands.write(commands.capsules(), at, id, 1, 0, 8, 0);
        }
        assertThat(region.tryAcquire()).isTrue();
        CommandData data = new CommandData();
        data.clear().direction(direction).add(region, memory.address() + BYTES, BYTES).keyed();
        commands.submit(slot, TOKEN, data, PATIENCE.toNanos());
        commands.ring();
        ScriptedTarget.Command command = target.receive();
        assertThat(command.invalidate()).as("the host asks for remote invalidation").isTrue();
        assertThat(command.address()).isEqualTo(memory.address() + BYTES);
        assertThat(command.bytes()).isEqualTo(BYTES);
        return command;
    }

    private void awaitCompletion() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (completions == 0) {
            commands.poll((token, slot, status, result) -> {
                assertThat(token).isEqualTo(TOKEN);
                assertThat(status).isZero();
                completions++;
            });
            assertThat(System.nanoTime()).as("time until the completion").isLessThan(end);
        }
        assertThat(completions).isEqualTo(1);
    }

    private void requireMiddle(byte value) {
        for (int i = 0; i < 3 * BYTES; i++) {
            byte expected = i >= BYTES && i < 2 * BYTES ? value : CANARY;
            assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).as("byte %d", i).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void writeByTheKey_afterTheReadHasCompleted_isRefused(boolean invalidatedByTarget) {
        ScriptedTarget.Command command = submit(Direction.CONTROLLER_WRITES);
        assertThat(target.place(command, (byte) 0x11)).isEqualTo(WorkCompletionStatus.SUCCESS);
        target.answer(command, invalidatedByTarget);
        awaitCompletion();
        requireMiddle((byte) 0x11);

        assertThat(target.place(command, (byte) 0x22))
                .isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        requireMiddle((byte) 0x11);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readByTheKey_afterTheWriteHasCompleted_isRefused(boolean invalidatedByTarget) {
        ScriptedTarget.Command command = submit(Direction.CONTROLLER_READS);
        assertThat(target.fetch(command)).isEqualTo(WorkCompletionStatus.SUCCESS);
        assertThat(target.fetched(BYTES)).containsOnly(CANARY);
        target.answer(command, invalidatedByTarget);
        awaitCompletion();

        assertThat(target.fetch(command)).isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        assertThat(target.fetched(BYTES)).containsOnly(0);
    }

    @Test
    void writeByTheKeyOfAWrite_whichIsThereToBeRead_isRefused() {
        ScriptedTarget.Command command = submit(Direction.CONTROLLER_READS);
        assertThat(target.place(command, (byte) 0x33))
                .isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        requireMiddle(CANARY);
    }

    @Test
    void readByTheKeyOfARead_whichIsThereToBeWritten_isRefused() {
        ScriptedTarget.Command command = submit(Direction.CONTROLLER_WRITES);
        assertThat(target.fetch(command)).isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        assertThat(target.fetched(BYTES)).containsOnly(0);
    }
}
