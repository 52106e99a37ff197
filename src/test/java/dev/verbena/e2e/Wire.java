package dev.verbena.e2e;

import dev.verbena.Initiator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A network between this host and its target, that can fall silent.
///
/// Within one RDMA device soft-RoCE hands packets over without sending them anywhere. So the other
/// end of the guest's link gets an RDMA device and an address of its own, which the target listens
/// at; and since an address of the same machine is never reached by a wire either, rules come
/// before the table of local addresses. Then every packet crosses the link, and can be lost there:
/// nobody is told anything, as when a cable is cut behind a switch.
final class Wire implements AutoCloseable {
    /// The target's address at the far end.
    static final String ADDRESS = "10.9.1.1";

    /// Id of the target's port there.
    private static final String PORT = "2";

    private static final String NEAR = "10.9.0.1";
    private static final String DEVICE = "rxe1";
    private static final Duration DELETION_MAX = Duration.ofSeconds(60);

    private final LiveTarget live;

    private boolean silent;

    /// What takes things away again, the last first.
    private final List<String> undo = new ArrayList<>();

    private Wire(LiveTarget live) {
        this.live = live;
    }

    /// Lays it, and lets the target listen at its far end.
    static Wire lay(LiveTarget live) throws IOException {
        Wire wire = new Wire(live);
        try {
            wire.make();
        } catch (IOException | RuntimeException | AssertionError e) {
            wire.close();
            throw e;
        }
        return wire;
    }

    private void make() throws IOException {
        String near = Machine.NETDEV;
        String far = Machine.PEER;
        both(
                "ip addr add " + ADDRESS + "/24 dev " + far,
                "ip addr del " + ADDRESS + "/24 dev " + far);
        run("rdma link add " + DEVICE + " type rxe netdev " + far);
        undo.add("device");
        for (String device : List.of("all", near, far)) {
            run("sysctl -q -w net.ipv4.conf." + device + ".rp_filter=0");
            run("sysctl -q -w net.ipv4.conf." + device + ".accept_local=1");
        }
        neighbour(near, ADDRESS, far);
        neighbour(far, NEAR, near);
        both(
                "ip route add " + ADDRESS + " dev " + near + " src " + NEAR + " table 20",
                "ip route flush table 20");
        both(
                "ip route add " + NEAR + " dev " + far + " src " + ADDRESS + " table 21",
                "ip route flush table 21");
        // Only what leaves this machine: what comes in has to be found local.
        both("ip rule add pref 10 iif lo to " + ADDRESS + " lookup 20", "ip rule del pref 10");
        both(
                "ip rule add pref 11 iif lo from " + ADDRESS + " to " + NEAR + " lookup 21",
                "ip rule del pref 11");
        // The connection manager asks from which side a host may come.
        both(
                "ip rule add pref 12 oif " + near + " to " + ADDRESS + " lookup 20",
                "ip rule del pref 12");
        both(
                "ip rule add pref 13 oif " + far + " to " + NEAR + " lookup 21",
                "ip rule del pref 13");
        both("ip rule add pref 100 lookup local", "ip rule del pref 100");
        both("ip rule del pref 0", "ip rule add pref 0 lookup local");
        live.change("add-port", PORT, ADDRESS);
        undo.add("port");
    }

    private void neighbour(String device, String address, String of) throws IOException {
        String mac = Files.readString(Path.of("/sys/class/net", of, "address")).strip();
        both(
                "ip neigh replace " + address + " lladdr " + mac + " nud permanent dev " + device,
                "ip neigh del " + address + " dev " + device);
    }

    private void both(String now, String later) throws IOException {
        run(now);
        undo.add(later);
    }

    private static void run(String command) throws IOException {
        LiveTarget.run(List.of(command.split(" ")));
    }

    /// Every packet is lost from now on, in both directions: where it arrives. To lose it where it
    /// is sent is told to soft-RoCE, whose management queue pair does not survive that.
    void silence() throws IOException {
        silent = true;
        for (String device : List.of(Machine.NETDEV, Machine.PEER)) {
            run("tc qdisc add dev " + device + " clsact");
            run("tc filter add dev " + device + " ingress matchall action drop");
        }
    }

    /// Packets arrive again, if they did not.
    void speak() throws IOException {
        if (!silent) {
            return;
        }
        silent = false;
        for (String device : List.of(Machine.NETDEV, Machine.PEER)) {
            run("tc qdisc del dev " + device + " clsact");
        }
    }

    /// Packets that were sent at the near end so far.
    static long packetsSent() throws IOException {
        Path counter = Path.of("/sys/class/net", Machine.NETDEV, "statistics/tx_packets");
        return Long.parseLong(Files.readString(counter).strip());
    }

    /// librdmacm opens every device of the machine for this process, and sees that one is gone only
    /// when it looks for another. Until then the removal waits.
    private void deleteDevice() throws IOException {
        Process delete = new ProcessBuilder("rdma", "link", "delete", DEVICE).inheritIO().start();
        long end = System.nanoTime() + DELETION_MAX.toNanos();
        while (delete.isAlive()) {
            if (System.nanoTime() - end > 0) {
                delete.destroy();
                throw new IOException(DEVICE + " is still held by somebody, and not deleted");
            }
            try (Initiator initiator = Initiator.open()) {
                live.connect(initiator).close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (String command : undo.reversed()) {
            try {
                switch (command) {
                    case "port" -> live.change("remove-port", PORT);
                    case "device" -> deleteDevice();
                    default -> run(command);
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        undo.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
