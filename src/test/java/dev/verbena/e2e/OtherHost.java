package dev.verbena.e2e;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.Target;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A process of its own that uses a target, for what cannot be done to the process of the tests: to
/// be killed, or to be given less than it needs.
///
/// It writes one block of 4 KiB after the other, over and over, and prints `written N` after each.
final class OtherHost implements AutoCloseable {
    static final int BLOCK = 4096;

    /// Blocks it uses.
    static final int BLOCKS = 512;

    private final Process process;
    private final BufferedReader output;

    private OtherHost(Process process) {
        this.process = process;
        this.output =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /// Starts it.
    ///
    /// @param before a command to put in front, such as `prlimit`
    /// @param writes blocks to write before it ends by itself
    static OtherHost start(
            List<String> before, LiveTarget live, HostIdentity host, int ioQueues, long writes)
            throws IOException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "-XX:TieredStopAtLevel=1",
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath(),
                        OtherHost.class.getName(),
                        live.target().traddr(),
                        Integer.toString(live.target().trsvcid()),
                        live.nqn(),
                        host.hostNqn().value(),
                        Integer.toString(ioQueues),
                        Long.toString(writes)));
        return new OtherHost(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /// Only what it needs: each archive costs a descriptor.
    private static String classPath() {
        return String.join(
                File.pathSeparator,
                List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
                        .filter(path ->
                                path.matches(".*(test-classes|verbena-[a-z]+-[^/]*|jspecify[^/]*)"))
                        .toList());
    }

    /// The next line it prints; null at its end.
    String line() throws IOException {
        return output.readLine();
    }

    /// Everything it still prints.
    String rest() throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            text.append(line).append('\n');
        }
        return text.toString();
    }

    int status() throws InterruptedException {
        return process.waitFor();
    }

    /// SIGKILL: nothing of it runs any more, the kernel cleans up.
    void kill() throws InterruptedException {
        // Not by Process, which would close the stream with what it printed last.
        process.toHandle().destroyForcibly();
        process.waitFor();
    }

    /// What the process writes with its `count`th write.
    static void fill(MemorySegment page, long count) {
        for (int at = 0; at < BLOCK; at += Long.BYTES) {
            page.set(ValueLayout.JAVA_LONG_UNALIGNED, at, count * 1_000_003 + at);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /// The process.
    public static void main(String[] arguments) throws IOException {
        ConnectOptions options =
                LiveTarget.patient()
                        .withHost(HostIdentity.of(Nqn.of(arguments[3])))
                        .withIoQueues(Integer.parseInt(arguments[4]));
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        initiator.connect(
                                Target.rdma(arguments[0], Integer.parseInt(arguments[1])),
                                arguments[2],
                                options);
                BlockDevice device = controller.openDevice(1);
                DmaArena arena = device.newArena(4096)) {
            MemorySegment page = arena.allocate(BLOCK, BLOCK);
            long writes = Long.parseLong(arguments[5]);
            for (long i = 0; i < writes; i++) {
                fill(page, i);
                device.write(i % BLOCKS * BLOCK, page);
                System.out.println("written " + i);
            }
            System.out.println("done with " + controller.ioQueueCount() + " queues");
        } catch (Exception e) {
            System.out.println("failed " + e.getClass().getSimpleName() + ": " + e.getMessage());
            e.printStackTrace(System.out);
            // Something of the library may be left that keeps the process alive; that is the
            // question.
        }
    }
}
