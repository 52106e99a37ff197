package dev.verbena.cli.admin;

import dev.verbena.Controller;
import dev.verbena.PassthroughCommand;
import dev.verbena.PassthroughResult;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.DataFile;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.RawBinary;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Any command, in its own words.
public abstract class PassthruCommand extends NamespaceCommand {
    @Mixin private Confirmation confirmation = new Confirmation();

    @Option(
            names = {"-o", "--opcode"},
            converter = Numbers.Bits8.class,
            paramLabel = "N",
            required = true,
            description = "The opcode, 0..0xff. Its bits 1:0 tell which way data goes.")
    private int opcode;

    @Option(
            names = {"-l", "--data-len"},
            converter = Numbers.Count.class,
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Bytes of data (default: none).")
    private int length;

    @Option(
            names = {"-t", "--timeout"},
            converter = Numbers.Count.class,
            paramLabel = "MILLISECONDS",
            defaultValue = "0",
            description = "Longest time for the command (default: that of the connection).")
    private int timeout;

    @Option(
            names = {"-2", "--cdw2"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 2.")
    private int dword2;

    @Option(
            names = {"-3", "--cdw3"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 3.")
    private int dword3;

    @Option(
            names = {"-4", "--cdw10"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 10.")
    private int dword10;

    @Option(
            names = {"-5", "--cdw11"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 11.")
    private int dword11;

    @Option(
            names = {"-6", "--cdw12"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 12.")
    private int dword12;

    @Option(
            names = {"-7", "--cdw13"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 13.")
    private int dword13;

    @Option(
            names = {"-8", "--cdw14"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 14.")
    private int dword14;

    @Option(
            names = {"-9", "--cdw15"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            description = "Command dword 15.")
    private int dword15;

    @Option(
            names = {"-i", "--input-file"},
            paramLabel = "FILE",
            description = {
                "Where data for the controller comes from (default: standard input), or data from",
                "the controller goes (default: printed)."
            })
    private @Nullable Path file;

    @Option(
            names = {"-r", "--read"},
            description = "Data goes to the host. Only checked: the opcode says that.")
    private boolean read;

    @Option(
            names = {"-w", "--write"},
            description = "Data goes to the controller. Only checked, likewise.")
    private boolean write;

    @Mixin
    @SuppressWarnings("UnusedVariable") // becomes the output format
    private RawBinary rawBinary = new RawBinary();

    @Option(
            names = {"-s", "--show-command"},
            description = "Print the command before it is sent.")
    private boolean showCommand;

    @Option(
            names = {"-d", "--dry-run"},
            description = "Print the command instead of sending it.")
    private boolean dryRun;

    @Option(
            names = {"-T", "--latency"},
            description = "Print how long the command took.")
    private boolean latency;

    private byte[] data = {};

    /// Opcodes that change nothing: they are sent without asking.
    abstract Set<Integer> harmless();

    abstract String kind();

    abstract String opcodeName(int code);

    /// Sends the command.
    ///
    /// @param name for the message, when it ends with an error
    abstract PassthroughResult send(Controller controller, PassthroughCommand command, String name)
            throws IOException;

    /// What must not be sent at all.
    void refuse(int code, int commandDword10) {}

    @Override
    protected final void prepare() throws IOException {
        refuse(opcode, dword10);
        DataDirection direction = DataDirection.of(opcode);
        if (read && direction != DataDirection.CONTROLLER_TO_HOST && length > 0) {
            throw usage("--read: opcode 0x" + Numbers.hex(opcode, 2) + " does not read data");
        }
        if (write && direction != DataDirection.HOST_TO_CONTROLLER && length > 0) {
            throw usage("--write: opcode 0x" + Numbers.hex(opcode, 2) + " does not write data");
        }
        if (dryRun) {
            return;
        }
        if (!harmless().contains(opcode)) {
            confirmation.require(
                    kind() + " command " + opcodeName(opcode) + " for",
                    placeOrController(),
                    " may change what is stored");
        }
        if (direction == DataDirection.HOST_TO_CONTROLLER && length > 0) {
            data = DataFile.read(environment(), file, length);
        }
    }

    private PassthroughCommand command() {
        PassthroughCommand command =
                PassthroughCommand.of(opcode)
                        .withNamespaceId(namespaceOr(0))
                        .withDword(2, dword2)
                        .withDword(3, dword3)
                        .withDword(10, dword10)
                        .withDword(11, dword11)
                        .withDword(12, dword12)
                        .withDword(13, dword13)
                        .withDword(14, dword14)
                        .withDword(15, dword15);
        if (timeout > 0) {
            command = command.withTimeout(Duration.ofMillis(timeout));
        }
        if (data.length > 0) {
            return command.withData(data);
        }
        return length > 0 && DataDirection.of(opcode) == DataDirection.CONTROLLER_TO_HOST
                ? command.withDataLength(length)
                : command;
    }

    @Override
    protected final void run(Controller controller) throws IOException {
        PassthroughCommand command = command();
        if (showCommand || dryRun) {
            output().err().println(describe(command));
        }
        if (dryRun) {
            return;
        }
        long begin = System.nanoTime();
        PassthroughResult result =
                send(controller, command, kind() + " command " + opcodeName(opcode));
        long micros = (System.nanoTime() - begin) / 1000;
        if (latency) {
            output().err().println("latency: " + micros + " us");
        }
        print(result);
    }

    private String describe(PassthroughCommand command) {
        StringBuilder text = new StringBuilder();
        text.append("opcode       : ").append(Numbers.hex(opcode, 2)).append('\n');
        text.append("nsid         : ")
                .append(Numbers.hex(Integer.toUnsignedLong(command.namespaceId()), 2))
                .append('\n');
        for (int index : new int[] {2, 3, 10, 11, 12, 13, 14, 15}) {
            text.append(String.format(java.util.Locale.ROOT, "cdw%-10d: ", index))
                    .append(Numbers.hex(Integer.toUnsignedLong(command.dword(index)), 8))
                    .append('\n');
        }
        return text.append("data_len     : ").append(Numbers.hex(length, 8)).toString();
    }

    private void print(PassthroughResult result) throws IOException {
        byte[] read = result.data();
        Path to = file;
        if (read.length > 0 && to != null) {
            Files.write(to, read);
            read = new byte[0];
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("opcode", opcode);
        values.put("name", opcodeName(opcode));
        values.put("status", result.status().value());
        values.put("result", Integer.toUnsignedLong((int) result.result()));
        values.put("result_high", result.result() >>> 32);
        String text =
                kind()
                        + " Command "
                        + opcodeName(opcode)
                        + " is Success and result: 0x"
                        + Numbers.hex(result.result() & 0xFFFF_FFFFL, 8)
                        + "\n";
        if (read.length == 0) {
            output().print(new Output.Document(values, text), read);
        } else {
            var dump = Output.dump(values, read);
            output().print(new Output.Document(dump.values(), text + dump.toText()), read);
        }
    }

    /// `verbena admin-passthru`.
    @Command(
            name = "admin-passthru",
            description = {
                "Any admin command, in its own words.",
                "Commands that make, break or keep the connection are refused. Asks before all but",
                "Identify, Get Log Page and Get Features."
            })
    public static final class Admin extends PassthruCommand {
        @Override
        Set<Integer> harmless() {
            return Set.of(AdminOpcode.IDENTIFY, AdminOpcode.GET_LOG_PAGE, AdminOpcode.GET_FEATURES);
        }

        @Override
        void refuse(int code, int commandDword10) {
            if (code == AdminOpcode.SET_FEATURES) {
                FeatureCommands.requireFree(commandDword10 & 0xFF, this::usage);
            }
        }

        @Override
        String kind() {
            return "Admin";
        }

        @Override
        String opcodeName(int code) {
            return AdminOpcode.name(code);
        }

        @Override
        PassthroughResult send(Controller controller, PassthroughCommand command, String name)
                throws IOException {
            return RawCommand.admin(controller, command, name);
        }
    }

    /// `verbena io-passthru`.
    @Command(
            name = "io-passthru",
            description = {
                "Any I/O command, in its own words.",
                "Asks before all but Flush, Read, Compare, Verify, Reservation Report and Zone",
                "Management Receive."
            })
    public static final class Io extends PassthruCommand {
        @Override
        Set<Integer> harmless() {
            return Set.of(
                    NvmOpcode.FLUSH,
                    NvmOpcode.READ,
                    NvmOpcode.COMPARE,
                    NvmOpcode.VERIFY,
                    NvmOpcode.RESERVATION_REPORT,
                    NvmOpcode.ZONE_MANAGEMENT_RECEIVE);
        }

        @Override
        String kind() {
            return "IO";
        }

        @Override
        String opcodeName(int code) {
            return NvmOpcode.name(code);
        }

        @Override
        PassthroughResult send(Controller controller, PassthroughCommand command, String name)
                throws IOException {
            return RawCommand.io(controller, command, name);
        }
    }
}
