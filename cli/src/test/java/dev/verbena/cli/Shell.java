package dev.verbena.cli;

import dev.verbena.Initiator;
import dev.verbena.cli.base.Environment;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.testkit.TestFabric;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Runs commands in this process, over the fabric in memory.
final class Shell {
    private final Function<HostIdentity, Initiator> initiators;
    private final Map<String, String> variables = new HashMap<>();
    private final List<String> questions = new ArrayList<>();
    private byte[] input = {};
    private @Nullable String answer;
    private @Nullable OutputStream output;

    private Shell(Function<HostIdentity, Initiator> initiators) {
        this.initiators = initiators;
    }

    /// How a command ended.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Ended(int status, String out, String err, byte[] bytes) {}

    static Shell over(TestFabric fabric) {
        return new Shell(fabric::openInitiator);
    }

    /// For commands that must end before they connect.
    static Shell withoutFabric() {
        return new Shell(host -> {
            throw new AssertionError("nothing was to be connected");
        });
    }

    Shell variable(String name, String value) {
        variables.put(name, value);
        return this;
    }

    Shell input(byte[] value) {
        input = value.clone();
        return this;
    }

    /// Where standard output goes instead.
    Shell output(OutputStream value) {
        output = value;
        return this;
    }

    /// Somebody sits there and answers.
    Shell answering(String value) {
        answer = value;
        return this;
    }

    List<String> questions() {
        return questions;
    }

    private final class Person implements Environment.Terminal {
        @Override
        public boolean isPresent() {
            return answer != null;
        }

        @Override
        public @Nullable String ask(String question) {
            questions.add(question);
            return answer;
        }
    }

    Ended run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Environment environment =
                new Environment(
                        initiators,
                        new ByteArrayInputStream(input),
                        output == null ? out : output,
                        err,
                        variables,
                        new Person(),
                        new AtomicReference<>());
        int status = Verbena.commandLine(environment).execute(arguments);
        return new Ended(
                status,
                out.toString(StandardCharsets.UTF_8),
                err.toString(StandardCharsets.UTF_8),
                out.toByteArray());
    }
}
