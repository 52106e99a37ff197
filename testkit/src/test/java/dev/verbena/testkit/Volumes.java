package dev.verbena.testkit;

import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.Namespace;
import dev.verbena.internal.time.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// What a target of the simulation has under namespace id 1: the volume everybody works with, or
/// another one, or nothing, or the same volume in another format. Whatever is not the volume in its
/// format holds in the end what it held when it came.
final class Volumes {
    static final int ID = 1;

    /// A target may go on for so long with what it has received, see [BlockModel].
    private static final Duration LATE = Duration.ofMillis(20);

    private static final byte MARK = 0x77;

    private final TestTarget target;
    private final TestSubsystem subsystem;
    private final TestNamespace mine;

    /// The others, and what they have to hold.
    private final Map<TestNamespace, byte[]> others = new LinkedHashMap<>();

    private boolean formatted;

    Volumes(TestTarget target, TestSubsystem subsystem) {
        this.target = target;
        this.subsystem = subsystem;
        this.mine = subsystem.addNamespace(ID, SimulatedUsers.BLOCKS, SimulatedUsers.BLOCK);
    }

    private TestNamespace other() {
        TestNamespace other =
                new TestNamespace(
                        ID,
                        SimulatedUsers.BLOCKS,
                        SimulatedUsers.BLOCK,
                        new UUID(0x0BAD, 1 + others.size()));
        byte[] content = new byte[SimulatedUsers.BLOCKS * SimulatedUsers.BLOCK];
        Arrays.fill(content, MARK);
        other.write(0, content);
        return other;
    }

    private static byte[] content(TestNamespace namespace) {
        return namespace.read(0, (int) namespace.blockCount());
    }

    /// While nobody is connected, for what comes next is what nobody knows of.
    private void unseen(Runnable change) throws InterruptedException {
        target.stop();
        int quiet = 0;
        while (quiet < 2) {
            target.disconnectAll();
            Time.sleep(LATE);
            quiet = target.controllerCount() == 0 ? quiet + 1 : 0;
        }
        change.run();
        target.start();
    }

    /// The id belongs to another volume when hosts come back.
    void giveAway() throws InterruptedException {
        unseen(() -> {
            TestNamespace other = other();
            others.put(other, content(other));
            subsystem.putNamespace(other);
        });
    }

    /// The id belongs to another volume from now on. What is on its way meets that one; what is
    /// sent by a host that knows better must not.
    void exchange(Controller controller, SimulatedUsers users) throws InterruptedException {
        TestNamespace other = other();
        users.contentIsUnknown();
        subsystem.putNamespace(other);
        while (!others.containsKey(other)
                && subsystem.namespace(ID) == other
                && controller.state() != ControllerState.DEAD) {
            boolean known = controller.namespaces().stream().anyMatch(n -> identified(n, other));
            Time.sleep(LATE);
            if (known) {
                others.put(other, content(other));
            }
        }
    }

    private static boolean identified(Namespace namespace, TestNamespace as) {
        return namespace.descriptors().uuid().equals(Optional.ofNullable(as.uuid()));
    }

    /// Whether a host has found the volume that everybody works with, as it was at first.
    boolean isMine(Namespace found) {
        return identified(found, mine)
                && found.blockSize() == SimulatedUsers.BLOCK
                && found.identify().metadataSize() == 0
                && !formatted;
    }

    /// The volume has another format when hosts come back.
    void format(boolean metadata) throws InterruptedException {
        unseen(() -> {
            if (!formatted && subsystem.namespace(ID) == mine) {
                formatted = true;
                subsystem.formatNamespace(
                        ID,
                        SimulatedUsers.BLOCKS,
                        metadata ? SimulatedUsers.BLOCK : 2 * SimulatedUsers.BLOCK,
                        metadata ? 8 : 0);
            }
        });
    }

    /// The target has nothing under the id when hosts come back, and the volume a while later.
    void comeLate(Duration after) throws InterruptedException {
        unseen(() -> {
            if (subsystem.namespace(ID) == mine) {
                subsystem.removeNamespace(ID);
            }
        });
        Time.sleep(after);
        isThere();
    }

    /// There is a volume under the id.
    void isThere() {
        if (subsystem.namespace(ID) == null) {
            subsystem.putNamespace(mine);
        }
    }

    /// What was written to where it does not belong.
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        others.forEach((other, expected) -> {
            if (!Arrays.equals(content(other), expected)) {
                problems.add("another volume was written to: " + other.uuid());
            }
        });
        if (formatted) {
            for (byte value : content(mine)) {
                if (value != 0) {
                    problems.add("a volume was written to after it was formatted");
                    break;
                }
            }
        }
        return problems;
    }
}
