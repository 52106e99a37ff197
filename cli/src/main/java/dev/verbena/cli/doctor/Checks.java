package dev.verbena.cli.doctor;

import dev.verbena.cli.doctor.RdmaView.Device;
import dev.verbena.cli.doctor.RdmaView.GidEntry;
import dev.verbena.cli.doctor.RdmaView.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Looks at everything a connection needs, from the JVM to the ports.
///
/// @param root of the file system, `/` but in tests
/// @param properties the JVM's system properties
/// @param nativeAllowed whether the module that calls native code may
/// @param rdma the devices
/// @param hostName says who this host is
record Checks(
        Path root,
        Map<String, String> properties,
        boolean nativeAllowed,
        RdmaView rdma,
        Supplier<String> hostName) {
    /// Arenas of the benchmarks and of most applications fit.
    private static final long LOCKED_BYTES_WANTED = 64L << 20;

    /// Smallest path MTU that carries a 4 KiB block in few packets.
    private static final int MTU_WANTED_BYTES = 1024;

    private static final int JAVA_LEAST = 25;

    List<Finding> run() {
        List<Finding> findings = new ArrayList<>();
        findings.add(java());
        findings.add(platform());
        findings.add(nativeAccess());
        findings.addAll(kernel());
        findings.add(lockedMemory());
        findings.addAll(devices());
        findings.add(host());
        return findings;
    }

    private String property(String name) {
        return properties.getOrDefault(name, "");
    }

    private Finding java() {
        String text = property("java.vendor") + " " + property("java.version");
        int major;
        try {
            major = Integer.parseInt(property("java.specification.version"));
        } catch (NumberFormatException e) {
            major = 0;
        }
        return major >= JAVA_LEAST
                ? Finding.ok("jdk", text)
                : Finding.problem(
                        "jdk",
                        text + " is too old",
                        "install JDK " + JAVA_LEAST + " or newer and set JAVA_HOME to it");
    }

    private Finding platform() {
        String text =
                property("os.name") + " " + property("os.version") + " " + property("os.arch");
        boolean known = property("os.name").equals("Linux") && property("os.arch").equals("amd64");
        return known
                ? Finding.ok("platform", text)
                : Finding.problem("platform", text + " is not supported", "use x86-64 Linux");
    }

    private Finding nativeAccess() {
        return nativeAllowed
                ? Finding.ok("native access", "allowed")
                : Finding.problem(
                        "native access",
                        "the JVM does not allow Verbena to call native code",
                        "start java with --enable-native-access=ALL-UNNAMED (class path) or"
                                + " dev.verbena.verbs (module path)");
    }

    private List<Finding> kernel() {
        List<Finding> findings = new ArrayList<>();
        findings.add(
                file(
                        "rdma_ucm",
                        root.resolve("dev/infiniband/rdma_cm"),
                        "modprobe rdma_ucm; in a container pass /dev/infiniband through"));
        Path folder = root.resolve("dev/infiniband");
        List<Path> verbs = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> all = Files.list(folder)) {
                all.filter(path -> path.getFileName().toString().startsWith("uverbs"))
                        .sorted()
                        .forEach(verbs::add);
            } catch (IOException e) {
                findings.add(
                        Finding.problem(
                                "ib_uverbs",
                                folder + " cannot be read",
                                "let this user read it: " + e.getMessage()));
            }
        }
        if (verbs.isEmpty()) {
            findings.add(
                    Finding.problem(
                            "ib_uverbs",
                            "no " + folder + "/uverbs* is there",
                            "modprobe ib_uverbs and the NIC's driver (for soft-RoCE: modprobe"
                                    + " rdma_rxe; rdma link add rxe0 type rxe netdev NETDEV)"));
        }
        for (Path each : verbs) {
            findings.add(file("ib_uverbs", each, "modprobe ib_uverbs"));
        }
        return findings;
    }

    /// A device file that has to be readable and writable.
    private static Finding file(String check, Path file, String howToGet) {
        if (!Files.exists(file)) {
            return Finding.problem(check, file + " is missing", howToGet);
        }
        if (!Files.isReadable(file) || !Files.isWritable(file)) {
            return Finding.problem(
                    check,
                    "this user may not use " + file,
                    "install rdma-core, whose udev rules allow everybody, or chmod 0666 " + file);
        }
        return Finding.ok(check, file.toString());
    }

    private Finding lockedMemory() {
        Path file = root.resolve("proc/self/limits");
        String limit = "";
        try {
            limit =
                    Files.readAllLines(file).stream()
                            .filter(line -> line.startsWith("Max locked memory"))
                            .map(line -> line.substring("Max locked memory".length()).strip())
                            .map(line -> line.split("\\s+", 2)[0])
                            .findFirst()
                            .orElse("");
        } catch (IOException e) {
            // Told below.
        }
        if (limit.equals("unlimited")) {
            return Finding.ok("memlock", "unlimited");
        }
        long bytes;
        try {
            bytes = Long.parseLong(limit);
        } catch (NumberFormatException e) {
            return Finding.warning(
                    "memlock",
                    "the limit cannot be read from " + file,
                    "check 'ulimit -l': buffers are locked memory");
        }
        String text = (bytes >> 10) + " KiB of locked memory";
        return bytes >= LOCKED_BYTES_WANTED
                ? Finding.ok("memlock", text)
                : Finding.warning(
                        "memlock",
                        text + ", which large buffers do not fit",
                        "ulimit -l unlimited (limits.conf: memlock; systemd: LimitMEMLOCK=infinity;"
                                + " containers: --ulimit memlock=-1)");
    }

    private List<Finding> devices() {
        List<Device> devices;
        try {
            devices = rdma.devices();
        } catch (RuntimeException e) {
            return List.of(
                    Finding.problem(
                            "libraries",
                            String.valueOf(e.getMessage()),
                            "see the message; docs/troubleshooting.md has more"));
        }
        List<Finding> findings = new ArrayList<>();
        findings.add(Finding.ok("libraries", "libibverbs.so.1, librdmacm.so.1"));
        if (devices.isEmpty()) {
            findings.add(
                    Finding.problem(
                            "device",
                            "there is no RDMA device",
                            "load the NIC's driver, or for soft-RoCE: modprobe rdma_rxe; rdma link"
                                    + " add rxe0 type rxe netdev NETDEV. A device without its"
                                    + " user-space provider is invisible: apt install"
                                    + " ibverbs-providers"));
        }
        for (Device device : devices) {
            findings.addAll(device(device));
        }
        boolean active =
                devices.stream().flatMap(device -> device.ports().stream()).anyMatch(Port::active);
        if (!devices.isEmpty() && !active) {
            findings.add(
                    Finding.problem(
                            "port",
                            "no port is active",
                            "ip link set NETDEV up; check the cable and the switch; 'rdma link'"
                                    + " shows the states"));
        }
        return findings;
    }

    private static List<Finding> device(Device device) {
        if (!device.open().isEmpty()) {
            return List.of(
                    Finding.problem(
                            "device",
                            device.name() + " cannot be opened: " + device.open(),
                            "this user needs read and write access to /dev/infiniband/uverbs*"));
        }
        List<Finding> findings = new ArrayList<>();
        findings.add(
                Finding.ok(
                        "device",
                        device.name()
                                + ", firmware "
                                + device.firmware()
                                + ", "
                                + device.queueEntriesMax()
                                + " work requests a queue, memory windows "
                                + (device.memoryWindows() ? "yes" : "no")));
        for (Port port : device.ports()) {
            findings.add(port(device.name(), port));
        }
        return findings;
    }

    private static Finding port(String device, Port port) {
        String gids =
                port.gids().stream()
                        .map(Checks::gid)
                        .collect(Collectors.joining("; ", "; GIDs ", ""));
        String text =
                device
                        + " port "
                        + port.number()
                        + " "
                        + port.state()
                        + ", "
                        + port.link()
                        + ", MTU "
                        + port.mtuBytes()
                        + (port.gids().isEmpty() ? "" : gids);
        if (!port.active()) {
            return Finding.warning(
                    "port", text, "ip link set NETDEV up, if this is the port that shall be used");
        }
        if (port.gids().isEmpty()) {
            return Finding.problem(
                    "port",
                    text + ", without a GID",
                    "give its network interface an address: ip addr add ADDR/LEN dev NETDEV");
        }
        boolean roce = port.link().equals("ETHERNET");
        boolean version2 =
                port.gids().stream()
                        .anyMatch(gid -> gid.type().isEmpty() || gid.type().contains("v2"));
        if (roce && !version2) {
            return Finding.warning(
                    "port",
                    text + ", without RoCE v2",
                    "RoCE v1 does not pass routers: switch the NIC to RoCE v2");
        }
        if (port.mtuBytes() < MTU_WANTED_BYTES) {
            return Finding.warning(
                    "port",
                    text,
                    "a path MTU of 4096 is faster: ip link set NETDEV mtu 4200 or more, on the"
                            + " switch too");
        }
        return Finding.ok("port", text);
    }

    private static String gid(GidEntry gid) {
        return gid.index()
                + " "
                + gid.gid()
                + (gid.type().isEmpty() ? "" : " " + gid.type())
                + (gid.interfaceName().isEmpty() ? "" : " " + gid.interfaceName());
    }

    private Finding host() {
        String nqn;
        try {
            nqn = hostName.get();
        } catch (IllegalStateException e) {
            return Finding.problem(
                    "host", String.valueOf(e.getMessage()), "mend or remove the file");
        }
        return Files.exists(root.resolve("etc/nvme/hostnqn"))
                ? Finding.ok("host", nqn)
                : Finding.warning(
                        "host",
                        nqn + ", derived from the machine",
                        "write the name to /etc/nvme/hostnqn, so that it stays the same and"
                                + " nvme-cli uses it too");
    }
}
