package dev.verbena.e2e;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// What can happen to a controller in use, chosen at random from a seed. Each fault is over when
/// its method returns, and may have cost the connection.
final class Faults {
    private interface Fault {
        void run() throws IOException, InterruptedException;
    }

    private record Named(String name, Fault fault) {}

    private final LiveTarget live;
    private final Initiator initiator;
    private final Controller controller;
    private final ConnectOptions options;
    private final Random random;
    private final List<Named> all = new ArrayList<>();
    private final Map<String, Integer> counts = new TreeMap<>();

    /// @param options for another controller of the same subsystem
    Faults(
            LiveTarget live,
            Initiator initiator,
            Controller controller,
            ConnectOptions options,
            long seed) {
        this.live = live;
        this.initiator = initiator;
        this.controller = controller;
        this.options = options;
        this.random = new Random(seed);
        add("unlink", () -> away("unlink"));
        add("remove", () -> away("remove"));
        add("reset", () -> resets(1));
        add("resets", () -> resets(2 + random.nextInt(6)));
        add("namespace off and on", this::namespaceOff);
        add("namespace resized", this::resized);
        add("namespace remapped", () -> live.change("ns-remap", live.nqn(), "2"));
        add("fewer or more queues", this::queueCount);
        if (!String.valueOf(System.getenv("VERBENA_RIG_KERNEL")).startsWith("6.1.")) {
            add("queue size", this::queueSize);
        }
        add("storage held", this::held);
        add("process stopped", () -> Machine.stopThisProcess(1 + random.nextInt(7)));
        add("link down", this::linkDown);
        add("device removed", this::deviceRemoved);
        add("another controller", this::another);
    }

    private void add(String name, Fault fault) {
        all.add(new Named(name, fault));
    }

    /// How often which one was run.
    Map<String, Integer> counts() {
        return new TreeMap<>(counts);
    }

    /// Runs one.
    ///
    /// @return its name
    String next() throws IOException, InterruptedException {
        Named one = all.get(random.nextInt(all.size()));
        try {
            one.fault().run();
        } catch (IOException | RuntimeException e) {
            throw new AssertionError("The fault '" + one.name() + "' went wrong", e);
        }
        counts.merge(one.name(), 1, Integer::sum);
        return one.name();
    }

    private void pause(int millisMax) throws InterruptedException {
        Thread.sleep(random.nextInt(millisMax));
    }

    private void away(String verb) throws IOException, InterruptedException {
        live.change(verb, live.nqn());
        pause(5000);
        live.change("link", live.nqn());
    }

    private void resets(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            controller.reset();
        }
    }

    private void namespaceOff() throws IOException, InterruptedException {
        live.change("ns-enable", live.nqn(), "2", "0");
        pause(2000);
        live.change("ns-enable", live.nqn(), "2", "1");
    }

    private void resized() throws IOException, InterruptedException {
        live.change("ns-resize", live.nqn(), "1", 8 + random.nextInt(24) + "M");
    }

    private void queueCount() throws IOException {
        // Three are needed: two for devices, one for level 1.
        live.change("qid-max", live.nqn(), Integer.toString(3 + random.nextInt(6)));
    }

    private void queueSize() throws IOException {
        live.change("queue-size", "1", Integer.toString(16 << random.nextInt(4)));
    }

    private void held() throws IOException, InterruptedException {
        live.change("freeze", live.nqn(), "1", "1");
        pause(4000);
        live.change("freeze", live.nqn(), "1", "0");
    }

    private void linkDown() throws IOException, InterruptedException {
        Machine.linkDown();
        pause(7000);
        Machine.linkUp();
    }

    private void deviceRemoved() throws IOException, InterruptedException {
        Machine.deleteDevice();
        pause(3000);
        Machine.addDevice();
        // The kernel's target does not listen again by itself.
        live.change("unlink", live.nqn());
        live.change("link", live.nqn());
    }

    private void another() throws IOException {
        try (Controller other =
                initiator.connect(live.target(), live.nqn(), options.withDuplicateConnect(true))) {
            other.reset();
        } catch (IOException e) {
            // The target may still be coming back from the fault before.
            counts.merge("another controller (not connected)", 1, Integer::sum);
        }
    }
}
