package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.NvmOpcode;
import dev.verbena.testkit.Fault;
import dev.verbena.testkit.Occasion;
import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestNamespace;
import dev.verbena.testkit.TestTarget;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands against a target in memory: what they print, what they change, how they end.
class CommandsTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";
    private static final String ADDRESS = "nvmf-rdma://192.0.2.1:4420/" + NQN;
    private static final int BLOCK = 512;

    private TestFabric fabric = TestFabric.open();
    private TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    private TestNamespace namespace = target.addSubsystem(NQN).addNamespace(1, 2048, BLOCK);
    private Shell shell = Shell.over(fabric).variable("VERBENA_TARGET", ADDRESS);

    @BeforeEach
    void nothingLeft() {
        assertThat(target.controllerCount()).isZero();
    }

    @AfterEach
    void close() {
        assertThat(target.controllerCount()).as("connections left behind").isZero();
        assertThat(fabric.violations()).isEmpty();
        assertThat(fabric.queueCount()).isZero();
        fabric.close();
    }

    private static byte[] pattern(int bytes) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) (i * 31 + 7);
        }
        return data;
    }

    private Shell.Ended ok(String... arguments) {
        Shell.Ended ended = shell.run(arguments);
        assertThat(ended.status()).as(ended.err()).isZero();
        return ended;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id-ctrl",
                "id-ns",
                "list-ns",
                "ns-descs",
                "smart-log",
                "effects-log",
                "show-regs",
                "list",
                "discover",
                "flush",
                "reset",
                "get-feature -f 7",
                "get-log -i 2 -l 512",
                "discover --tree",
                "show-regs -H",
                "verify",
                "admin-passthru -o 6 --cdw10=1 -l 4096 -r",
                "io-passthru -o 2 -n 1 -l 512 -r"
            })
    void command_printsTextAndJson(String line) {
        String[] words = line.split(" ", -1);
        assertThat(ok(words).out()).isNotBlank().doesNotStartWith("{");
        String[] more = Arrays.copyOf(words, words.length + 2);
        more[words.length] = "--output-format";
        more[words.length + 1] = "json";
        assertThat(ok(more).out().strip()).startsWith("{").endsWith("}");
    }

    @Test
    void idCtrl_binaryIsTheStructure() {
        byte[] bytes = ok("id-ctrl", "-o", "binary").bytes();
        assertThat(bytes).hasSize(4096);
        assertThat(new String(bytes, StandardCharsets.US_ASCII)).contains(NQN);
        assertThat(ok("id-ctrl", "-b").bytes()).hasSize(4096);
    }

    @Test
    void writeThenRead_movesTheData() {
        byte[] data = pattern(3 * BLOCK);
        shell.input(data);
        ok("write", "-s", "5", "-c", "2", "--force");
        assertThat(namespace.read(5, 3)).isEqualTo(data);
        assertThat(ok("read", "-s", "5", "-c", "2").bytes()).isEqualTo(data);
    }

    @Test
    void dataSize_decidesTheBlocksAndPadsTheLast() {
        byte[] data = pattern(BLOCK + 100);
        shell.input(data);
        ok("write", "-s", "9", "-z", Integer.toString(data.length), "--force");
        assertThat(namespace.read(9, 2)).isEqualTo(Arrays.copyOf(data, 2 * BLOCK));
        assertThat(ok("read", "-s", "9", "-z", "600").bytes()).isEqualTo(Arrays.copyOf(data, 600));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c 0 -z 1024", "-c 7 -z 512", "-c 0 -z 513", "-c 3 -z 1536"})
    void countAndSizeThatDisagree_areRefusedAndNothingIsWritten(String line) {
        namespace.write(0, pattern(8 * BLOCK));
        String[] words = ("write --force " + line).split(" ", -1);
        Shell.Ended ended = shell.input(new byte[8 * BLOCK]).run(words);
        assertThat(ended.status()).as(ended.err()).isEqualTo(2);
        assertThat(ended.err()).contains("--data-size", "--block-count", "do not agree");
        assertThat(namespace.read(0, 8)).isEqualTo(pattern(8 * BLOCK));
        words[0] = "read";
        assertThat(shell.run(("read " + line).split(" ", -1)).status()).isEqualTo(2);
    }

    @Test
    void countAndSizeThatAgree_areOneRequest() {
        shell.input(pattern(2 * BLOCK));
        ok("write", "-c", "1", "-z", "600", "--force");
        assertThat(namespace.read(0, 2)).isEqualTo(Arrays.copyOf(pattern(600), 2 * BLOCK));
        assertThat(ok("read", "-c", "1", "-z", "600").bytes()).isEqualTo(pattern(600));
    }

    @Test
    void valueThatBeginsWithAt_isNoArgumentFile(@TempDir Path folder) throws Exception {
        Path arguments = folder.resolve("arguments");
        Files.writeString(arguments, "7");
        namespace.write(0, pattern(BLOCK));
        Shell.Ended ended =
                shell.input(new byte[BLOCK]).run("write", "--force", "-s", "@" + arguments);
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("'@" + arguments + "' is not a number");
        assertThat(namespace.read(0, 1)).isEqualTo(pattern(BLOCK));
        assertThat(namespace.read(7, 1)).isEqualTo(new byte[BLOCK]);
        // As a file's name it is a file's name.
        Path odd = folder.resolve("@data");
        Files.write(odd, pattern(BLOCK));
        assertThat(shell.run("write", "--force", "-d", "@data").err())
                .contains("@data: no such file");
    }

    @Test
    void contextAttributesWiderThanTheirField_areRefused() {
        Shell.Ended ended =
                shell.run("dsm", "-a", "0x100000001", "-s", "0", "-b", "1", "-w", "--force");
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("'--ctx-attrs'").contains("does not fit 32 bits");
        assertThat(target.ioCommandCount(NvmOpcode.DATASET_MANAGEMENT)).isZero();
    }

    @Test
    void valueThatIsMissing_isNotTheNextOption() {
        Shell.Ended ended = shell.run("write", "-d", "--force");
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("'--data'");
    }

    @Test
    void readToFile_writesTheFile(@TempDir Path folder) throws Exception {
        namespace.write(1, pattern(BLOCK));
        Path file = folder.resolve("data");
        Shell.Ended ended = ok("read", "-s", "1", "-d", file.toString());
        assertThat(Files.readAllBytes(file)).isEqualTo(pattern(BLOCK));
        assertThat(ended.out()).startsWith("read: Success");
    }

    @Test
    void compare_tellsDifferentDataByStatus3() {
        namespace.write(0, pattern(BLOCK));
        shell.input(pattern(BLOCK));
        assertThat(shell.run("compare").status()).isZero();
        shell.input(new byte[BLOCK]);
        Shell.Ended ended = shell.run("compare");
        assertThat(ended.status()).isEqualTo(3);
        assertThat(ended.err()).contains("Compare Failure").hasLineCount(1);
    }

    @Test
    void singleCommandFlags_sendOneRawCommand() {
        namespace.write(0, pattern(BLOCK));
        long before = target.ioCommandCount(NvmOpcode.READ);
        assertThat(ok("read", "-c", "7", "-f", "-l").bytes()).startsWith(pattern(BLOCK));
        assertThat(target.ioCommandCount(NvmOpcode.READ)).isEqualTo(before + 1);
    }

    @Test
    void zeroesCopyAndDeallocate_changeTheirBlocks() {
        namespace.write(0, pattern(4 * BLOCK));
        ok("copy", "--sdlba", "100", "--slbs", "2,0", "--blocks", "0,1", "--force");
        byte[] expected = new byte[3 * BLOCK];
        System.arraycopy(pattern(4 * BLOCK), 2 * BLOCK, expected, 0, BLOCK);
        System.arraycopy(pattern(4 * BLOCK), 0, expected, BLOCK, 2 * BLOCK);
        assertThat(namespace.read(100, 3)).isEqualTo(expected);
        ok("write-zeroes", "-s", "1", "-c", "1", "--force");
        assertThat(namespace.read(1, 2)).isEqualTo(new byte[2 * BLOCK]);
        assertThat(namespace.read(3, 1)).isNotEqualTo(new byte[BLOCK]);
        ok("dsm", "--ad", "--slbs", "3", "--blocks", "1", "--force");
        assertThat(target.ioCommandCount(NvmOpcode.DATASET_MANAGEMENT)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "write",
                "write-zeroes",
                "write-uncor",
                "copy -d 0 -s 1 -b 0",
                "dsm -d -s 0 -b 1",
                "zns reset-zone",
                "zns finish-zone",
                "zns zone-mgmt-send -z 4",
                "zns zone-append -z 512",
                "resv-acquire -a 1",
                "resv-release -a 1",
                "subsystem-reset",
                "perf --rw randwrite",
                "demo",
                "set-feature -f 0x84 -v 1",
                "admin-passthru -o 0x80",
                "io-passthru -o 1 -l 512"
            })
    void destructiveCommand_withoutTerminalAndForce_refuses(String line) {
        Shell.Ended ended =
                Shell.withoutFabric()
                        .variable("VERBENA_TARGET", ADDRESS)
                        .input(pattern(BLOCK))
                        .run(line.split(" ", -1));
        assertThat(ended.status()).isEqualTo(4);
        assertThat(ended.err()).contains("repeat with --force").hasLineCount(1);
        assertThat(ended.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "write",
                "write-zeroes",
                "write-uncor",
                "copy -d 0 -s 1 -b 0",
                "dsm -d -s 0 -b 1",
                "zns reset-zone",
                "zns finish-zone",
                "zns offline-zone",
                "zns zone-mgmt-send -z 4",
                "zns zone-append -z 512",
                "resv-acquire -a 1",
                "resv-release -a 1",
                "subsystem-reset",
                "perf --rw randwrite",
                "demo",
                "set-feature -f 0x84 -v 1",
                "admin-passthru -o 0x80",
                "io-passthru -o 1 -l 512"
            })
    void question_namesTargetAndNamespace(String line) {
        Shell person = Shell.withoutFabric().answering("no");
        for (String address : new String[] {ADDRESS, ADDRESS + "/7"}) {
            person.variable("VERBENA_TARGET", address);
            assertThat(person.run(line.split(" ", -1)).status()).isEqualTo(4);
            String question = person.questions().getLast();
            assertThat(question).contains(" of " + NQN + " at 192.0.2.1:4420");
            if (!line.equals("subsystem-reset")) {
                assertThat(question)
                        .contains(
                                address.endsWith("/7")
                                        ? " namespace 7 of "
                                        : line.equals("demo") ? " namespace 1 of " : " of ");
            }
        }
        person.run("admin-passthru", "-o", "0x80", "-n", "0xffffffff");
        assertThat(person.questions().getLast())
                .startsWith("Admin command Format NVM for all namespaces of " + NQN);
    }

    @Test
    void destructiveCommand_asksAndObeys() {
        namespace.write(0, pattern(BLOCK));
        shell.answering("no");
        assertThat(shell.run("write-zeroes").status()).isEqualTo(4);
        assertThat(namespace.read(0, 1)).isEqualTo(pattern(BLOCK));
        assertThat(shell.questions().getFirst()).contains("overwrites block 0", NQN, "yes");
        shell.answering("yes");
        ok("write-zeroes");
        assertThat(namespace.read(0, 1)).isEqualTo(new byte[BLOCK]);
    }

    @Test
    void errorStatus_isStatus3AndOneSentence() {
        target.inject(Occasion.io(NvmOpcode.READ), new Fault.Answer(0x4281, 0));
        Shell.Ended ended = shell.run("read");
        assertThat(ended.status()).isEqualTo(3);
        assertThat(ended.err())
                .startsWith("verbena read: ")
                .contains("Unrecovered Read Error (SCT 2h, SC 81h, DNR)")
                .hasLineCount(1);
        target.inject(Occasion.io(NvmOpcode.READ), new Fault.Answer(0x4281, 0));
        assertThat(shell.run("read", "--verbose").err()).contains("\tat dev.verbena.");
    }

    @Test
    void placesThatAreNotThere_areSaid() {
        assertThat(shell.run("read", "-s", "2048").err()).contains("has 2048 blocks");
        Shell.Ended missing = shell.run("id-ns", "-n", "0xffffffff");
        assertThat(missing.status()).isEqualTo(3);
        assertThat(shell.run("read", "-n", "7").err()).contains("no active namespace 7");
        Shell.Ended nowhere = shell.run("id-ctrl", "nvmf-rdma://192.0.2.1:4421/" + NQN);
        assertThat(nowhere.status()).isEqualTo(1);
        assertThat(nowhere.err()).contains("192.0.2.1:4421").hasLineCount(1);
    }

    private static String ids(int first, int count) {
        java.nio.ByteBuffer page =
                java.nio.ByteBuffer.allocate(4096).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            page.putInt(first + i);
        }
        return java.util.HexFormat.of().formatHex(page.array());
    }

    @ParameterizedTest
    @ValueSource(strings = {"list-ns --csi 0", "list-ns --csi 0 -o json"})
    void listOfIdsThatGoesInCircles_isShownOnceAndSaid(String line) {
        target.inject(Occasion.identify(0x07).always(), new Fault.Patch(0, ids(5, 1024)));
        Shell.Ended ended = shell.run(line.split(" ", -1));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).contains(line.endsWith("json") ? "1028" : "[1023]:0x404");
        assertThat(ended.err())
                .contains("Not shown: what is behind id 1028", "do not ascend")
                .hasLineCount(1);
    }

    @Test
    void listOfIdsThatDoesNotAscend_isShownUntilThere() {
        target.inject(
                Occasion.identify(0x07).always(),
                new Fault.Patch(0, ids(9, 2).substring(0, 16) + ids(3, 2)));
        Shell.Ended ended = shell.run("list-ns", "--csi", "0");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).contains("0x9", "0xa").doesNotContain("0x3");
        assertThat(ended.err()).contains("do not ascend").doesNotContain("defect");
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 55})
    void sizesOfAnyValue_areListedWithTheOthers(long blocks) {
        target.addSubsystem(NQN + "-b").addNamespace(3, 16, BLOCK);
        target.inject(Occasion.identify(0x00).times(1), Fault.Patch.of(0, blocks, 8));
        String text = ok("list", "nvmf-rdma://192.0.2.1").out();
        assertThat(text).contains("/" + NQN + "/1", "/" + NQN + "-b/3");
        target.inject(Occasion.identify(0x00).times(1), Fault.Patch.of(0, blocks, 8));
        assertThat(ok("list", "-o", "json").out()).contains(Long.toUnsignedString(blocks));
        for (String command : new String[] {"read", "perf", "flush", "id-ns", "verify"}) {
            target.inject(Occasion.identify(0x00).times(1), Fault.Patch.of(0, blocks, 8));
            Shell.Ended ended = shell.run(command);
            assertThat(ended.status()).as(command + ended.err()).isIn(0, 1);
            target.heal();
        }
    }

    @Test
    void severalNamespaces_oneHasToBeNamed() {
        fabric.addTarget("192.0.2.2", 4420).addSubsystem(NQN + "2");
        TestTarget two = fabric.addTarget("192.0.2.3", 4420);
        var subsystem = two.addSubsystem(NQN + "3");
        subsystem.addNamespace(1, 8, BLOCK);
        subsystem.addNamespace(5, 8, BLOCK);
        String address = "nvmf-rdma://192.0.2.3/" + NQN + "3";
        assertThat(shell.run("read", address).err()).contains("[1, 5]", "--namespace-id");
        assertThat(ok("read", address + "/5").bytes()).hasSize(BLOCK);
        assertThat(ok("read", address, "-n", "5").bytes()).hasSize(BLOCK);
        assertThat(shell.run("read", "nvmf-rdma://192.0.2.2/" + NQN + "2").err())
                .contains("has no active namespace");
    }

    @Test
    void list_findsAllSubsystemsOfAnAddress() {
        target.addSubsystem(NQN + "-b").addNamespace(3, 16, BLOCK);
        String out = ok("list", "nvmf-rdma://192.0.2.1").out();
        assertThat(out).contains("/" + NQN + "/1", "/" + NQN + "-b/3");
    }

    @Test
    void tree_followsReferralsAndSaysWhatIsMissing() {
        TestTarget other = fabric.addTarget("192.0.2.9", 4420);
        other.addSubsystem(NQN + "-far").addNamespace(1, 8, BLOCK);
        target.addReferral(other.address(), "nqn.2014-08.org.nvmexpress.discovery");
        target.addReferral(
                dev.verbena.Target.rdma("192.0.2.10"), "nqn.2014-08.org.nvmexpress.discovery");
        String out = ok("discover", "--tree").out();
        assertThat(out).contains(NQN + "-far", "  discovery at 192.0.2.10:4420");
    }

    @Test
    void tree_printsPlacesThatCanBePasted() {
        TestTarget other = fabric.addTarget("2001:db8::9", 4420);
        other.addSubsystem(NQN + "-six").addNamespace(1, 8, BLOCK);
        target.addReferral(other.address(), "nqn.2014-08.org.nvmexpress.discovery");
        String out = ok("discover", "--tree").out();
        String place =
                out.lines().filter(line -> line.endsWith("-six")).findFirst().orElseThrow().strip();
        String address = place.substring(place.indexOf(' ') + 1);
        assertThat(address).contains("[2001:db8::9]:4420/");
        assertThat(ok("list", address).out()).contains(address + "/1");
    }

    @Test
    void featuresOfTheConnection_areRefused() {
        Shell.Ended ended = shell.run("set-feature", "-f", "7", "-v", "1");
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("--nr-io-queues");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x0f", "0x0b", "7", "0x8000000f", "0x1f07"})
    void featuresOfTheConnection_areRefusedByPassthruToo(String dword10) {
        Shell.Ended ended =
                Shell.withoutFabric()
                        .variable("VERBENA_TARGET", ADDRESS)
                        .run("admin-passthru", "-o", "9", "--force", "--cdw10", dword10);
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("belongs to the connection", "--keep-alive-tmo");
    }

    @Test
    void dataOfAFeatureWithoutData_isRefused() {
        Shell.Ended ended = shell.run("set-feature", "-f", "6", "-v", "1", "-d", "/dev/zero");
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("has no data");
    }

    @Test
    void passthru_isCheckedAgainstTheOpcode() {
        assertThat(shell.run("io-passthru", "-o", "2", "-l", "512", "-w").status()).isEqualTo(2);
        Shell.Ended dry = ok("admin-passthru", "-o", "0x80", "-d", "--cdw10", "0x10");
        assertThat(dry.err()).contains("opcode       : 80", "cdw10        : 00000010");
        Shell.Ended unknown = shell.run("admin-passthru", "-o", "0xc1", "--force");
        assertThat(unknown.status()).isEqualTo(3);
    }

    @Test
    void watch_printsEachChange() throws Exception {
        Thread changer =
                Thread.ofPlatform()
                        .start(() -> {
                            while (target.controllerCount() == 0) {
                                Thread.onSpinWait();
                            }
                            try {
                                // The session reads the log once before it hears of changes.
                                Thread.sleep(300);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            target.addSubsystem(NQN + "-new");
                            target.discoveryChanged();
                        });
        Shell.Ended ended = ok("discover", "--watch", "--changes", "1");
        changer.join();
        assertThat(ended.out().split("Number of Records", -1)).hasSize(3);
        assertThat(ended.out()).contains(NQN + "-new");
        assertThat(ended.err()).startsWith("changed at ");
    }

    @Test
    void interrupt_disconnectsAndIsStatus130() throws Exception {
        AtomicReference<Shell.@Nullable Ended> result = new AtomicReference<>();
        Thread command =
                Thread.ofPlatform().start(() -> result.set(shell.run("discover", "--watch")));
        while (target.controllerCount() == 0) {
            Thread.sleep(5);
        }
        Thread.sleep(300);
        command.interrupt();
        command.join(10_000);
        assertThat(command.isAlive()).isFalse();
        Shell.Ended ended = Objects.requireNonNull(result.get());
        assertThat(ended.status()).isEqualTo(130);
        assertThat(ended.err()).isEmpty();
    }
}
