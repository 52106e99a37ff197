package dev.verbena.e2e;

import dev.verbena.Initiator;
import dev.verbena.cli.Verbena;
import dev.verbena.cli.base.Environment;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs commands in this process against a target: a process for each takes seconds in the guest.
///
/// @param address of the subsystem
record Commands(String address) {
    /// How a command ended.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Ended(int status, byte[] bytes, String err) {
        String out() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private static final class Nobody implements Environment.Terminal {
        @Override
        public boolean isPresent() {
            return false;
        }

        @Override
        public @Nullable String ask(String question) {
            throw new AssertionError("nobody is here to answer: " + question);
        }
    }

    static Commands of(LiveTarget live) {
        return new Commands("nvmf-rdma://" + live.target() + "/" + live.nqn());
    }

    Ended run(String line) {
        return run(line, new byte[0]);
    }

    /// Runs a command.
    ///
    /// @param line its words, separated by single blanks
    /// @param input its standard input
    Ended run(String line, byte[] input) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Environment environment =
                new Environment(
                        Initiator::open,
                        new ByteArrayInputStream(input),
                        out,
                        err,
                        Map.of("VERBENA_TARGET", address),
                        new Nobody(),
                        new AtomicReference<>());
        List<String> words = new ArrayList<>(Arrays.asList(line.split(" ", -1)));
        // Keep alive is no test of the machine's speed.
        words.addAll(List.of("--keep-alive-tmo", "60"));
        int status = Verbena.commandLine(environment).execute(words.toArray(String[]::new));
        return new Ended(status, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }

    /// The controller that the kernel's own host connects to a subsystem, such as `nvme1`.
    static String connectKernel(LiveTarget live) throws IOException {
        LiveTarget.run(List.of("modprobe", "nvme-rdma"));
        LiveTarget.run(
                List.of(
                        "nvme",
                        "connect",
                        "-t",
                        "rdma",
                        "-a",
                        live.target().traddr(),
                        "-s",
                        Integer.toString(live.target().trsvcid()),
                        "-n",
                        live.nqn(),
                        "-k",
                        "60"));
        try (Stream<Path> all = Files.list(Path.of("/sys/class/nvme"))) {
            return all.filter(path -> isOver(path, live.nqn()))
                    .map(path -> path.getFileName().toString())
                    .findFirst()
                    .orElseThrow(() -> new IOException("the kernel has no such controller"));
        }
    }

    private static boolean isOver(Path controller, String nqn) {
        try {
            return Files.readString(controller.resolve("transport")).strip().equals("rdma")
                    && Files.readString(controller.resolve("subsysnqn")).strip().equals(nqn);
        } catch (IOException e) {
            return false;
        }
    }

    static void disconnectKernel(LiveTarget live) throws IOException {
        LiveTarget.run(List.of("nvme", "disconnect", "-n", live.nqn()));
    }

    /// What nvme-cli prints.
    static String nvme(String line) throws IOException {
        List<String> words = new ArrayList<>(List.of("nvme"));
        words.addAll(Arrays.asList(line.split(" ", -1)));
        return LiveTarget.run(words);
    }
}
