package dev.verbena.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Hands on the machine of the rig: its link, its RDMA device, this process.
final class Machine {
    static final String NETDEV = "verbena0";
    static final String PEER = "verbena1";
    private static final String DEVICE = "rxe0";

    private Machine() {}

    /// Skips the test unless the machine is a guest of the rig, which may be broken.
    static void requireGuest() {
        assumeTrue(
                LiveTarget.inRig()
                        && LiveTarget.external() == null
                        && !"host".equals(System.getenv("VERBENA_RIG_ACCEL")),
                "the machine is not ours to break: run ./verify e2e");
    }

    /// Count of a case: small unless a system property asks for more.
    static int count(String name, int usual) {
        return Integer.getInteger("verbena.e2e." + name, usual);
    }

    /// Resident memory of this process in kibibytes.
    static long residentKib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    /// The other end of the link goes down, which takes the carrier: the port reports an error. Not
    /// the link itself: when its routes go too, soft-RoCE's management queue pair breaks, and no
    /// connection of the whole machine is made any more until the device is made anew.
    static void linkDown() throws IOException {
        LiveTarget.run(List.of("ip", "link", "set", PEER, "down"));
    }

    static void linkUp() throws IOException {
        LiveTarget.run(List.of("ip", "link", "set", PEER, "up"));
    }

    static void deleteDevice() throws IOException {
        LiveTarget.run(List.of("rdma", "link", "delete", DEVICE));
    }

    static void addDevice() throws IOException {
        LiveTarget.run(List.of("rdma", "link", "add", DEVICE, "type", "rxe", "netdev", NETDEV));
    }

    static void addAddress(String address) throws IOException {
        LiveTarget.run(List.of("ip", "addr", "replace", address + "/24", "dev", NETDEV));
    }

    static void deleteAddress(String address) throws IOException {
        LiveTarget.run(List.of("ip", "addr", "del", address + "/24", "dev", NETDEV));
    }

    /// Stops this process, all of its threads, by a signal; another process lets it go on.
    static void stopThisProcess(int seconds) throws IOException {
        long pid = ProcessHandle.current().pid();
        LiveTarget.run(
                List.of(
                        "sh",
                        "-c",
                        "kill -STOP " + pid + "; sleep " + seconds + "; kill -CONT " + pid));
    }
}
