package dev.verbena.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.cli.doctor.RdmaView.Device;
import dev.verbena.cli.doctor.RdmaView.GidEntry;
import dev.verbena.cli.doctor.RdmaView.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A machine of files, where one thing at a time is wrong.
class ChecksTest {
    private static final GidEntry GID = new GidEntry(1, "10.0.0.1", "RoCE v2", "eth0");
    private static final Port ACTIVE = new Port(1, true, "ACTIVE", "ETHERNET", 4096, List.of(GID));

    @TempDir private Path root = Path.of("/");

    @BeforeEach
    void goodMachine() throws IOException {
        write("dev/infiniband/rdma_cm", "");
        write("dev/infiniband/uverbs0", "");
        write("etc/nvme/hostnqn", "nqn");
        limit("unlimited");
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private void limit(String value) throws IOException {
        write(
                "proc/self/limits",
                "Limit  Soft  Hard\nMax locked memory         " + value + " " + value + " bytes\n");
    }

    private static Device device(Port... ports) {
        return new Device("mlx5_0", "", "1.2.3", true, 8192, List.of(ports));
    }

    private static Map<String, String> java(String version) {
        return Map.of(
                "java.vendor", "Somebody",
                "java.version", version,
                "java.specification.version", version,
                "os.name", "Linux",
                "os.version", "6.12",
                "os.arch", "amd64");
    }

    private List<Finding> run(RdmaView rdma) {
        return new Checks(root, java("25"), true, rdma, () -> "nqn").run();
    }

    private static List<Finding> bad(List<Finding> all) {
        return all.stream().filter(each -> each.level() != Finding.Level.OK).toList();
    }

    private static void only(List<Finding> all, Finding.Level level, String check, String fix) {
        assertThat(bad(all)).hasSize(1);
        Finding finding = bad(all).getFirst();
        assertThat(finding.level()).isEqualTo(level);
        assertThat(finding.check()).isEqualTo(check);
        assertThat(finding.fix()).contains(fix);
        assertThat(finding.line()).contains("fix: ");
    }

    @Test
    void goodMachine_hasNoFindings() {
        List<Finding> all = run(() -> List.of(device(ACTIVE)));
        assertThat(bad(all)).isEmpty();
        assertThat(all).hasSizeGreaterThan(7);
    }

    @Test
    void oldJdkAndNoNativeAccess_areProblems() {
        RdmaView good = () -> List.of(device(ACTIVE));
        only(
                new Checks(root, java("21"), true, good, () -> "nqn").run(),
                Finding.Level.PROBLEM,
                "jdk",
                "JAVA_HOME");
        only(
                new Checks(root, java("25"), false, good, () -> "nqn").run(),
                Finding.Level.PROBLEM,
                "native access",
                "--enable-native-access");
    }

    @Test
    void missingModules_areProblemsWithTheirNames() throws IOException {
        Files.delete(root.resolve("dev/infiniband/rdma_cm"));
        only(
                run(() -> List.of(device(ACTIVE))),
                Finding.Level.PROBLEM,
                "rdma_ucm",
                "modprobe rdma_ucm");
        write("dev/infiniband/rdma_cm", "");
        Files.delete(root.resolve("dev/infiniband/uverbs0"));
        only(
                run(() -> List.of(device(ACTIVE))),
                Finding.Level.PROBLEM,
                "ib_uverbs",
                "modprobe ib_uverbs");
    }

    @Test
    void littleLockedMemory_isAWarning() throws IOException {
        limit("8388608");
        only(run(() -> List.of(device(ACTIVE))), Finding.Level.WARNING, "memlock", "ulimit -l");
        limit("nonsense");
        only(run(() -> List.of(device(ACTIVE))), Finding.Level.WARNING, "memlock", "ulimit -l");
    }

    @Test
    void noLibraryNoDeviceNoAccess_areProblems() {
        only(
                run(() -> {
                    throw new IllegalStateException("libibverbs.so.1 cannot be loaded");
                }),
                Finding.Level.PROBLEM,
                "libraries",
                "troubleshooting");
        only(run(List::of), Finding.Level.PROBLEM, "device", "rdma_rxe");
        Device closed = new Device("mlx5_0", "EACCES", "", false, 0, List.of());
        assertThat(bad(run(() -> List.of(closed))))
                .extracting(Finding::text)
                .anyMatch(text -> text.contains("EACCES"));
    }

    @Test
    void ports_areJudged() {
        Port down = new Port(1, false, "DOWN", "ETHERNET", 1024, List.of());
        assertThat(bad(run(() -> List.of(device(down)))))
                .extracting(Finding::level)
                .containsExactly(Finding.Level.WARNING, Finding.Level.PROBLEM);
        Port bare = new Port(1, true, "ACTIVE", "ETHERNET", 1024, List.of());
        only(run(() -> List.of(device(bare))), Finding.Level.PROBLEM, "port", "ip addr add");
        Port old =
                new Port(
                        1,
                        true,
                        "ACTIVE",
                        "ETHERNET",
                        1024,
                        List.of(new GidEntry(0, "fe80::1", "IB/RoCE v1", "eth0")));
        only(run(() -> List.of(device(old))), Finding.Level.WARNING, "port", "RoCE v2");
        Port small = new Port(1, true, "ACTIVE", "ETHERNET", 512, List.of(GID));
        only(run(() -> List.of(device(small))), Finding.Level.WARNING, "port", "mtu");
    }

    @Test
    void derivedHostName_isAWarning() throws IOException {
        Files.delete(root.resolve("etc/nvme/hostnqn"));
        only(
                run(() -> List.of(device(ACTIVE))),
                Finding.Level.WARNING,
                "host",
                "/etc/nvme/hostnqn");
    }
}
