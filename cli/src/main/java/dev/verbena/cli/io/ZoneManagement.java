package dev.verbena.cli.io;

import dev.verbena.Controller;
import dev.verbena.PassthroughCommand;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.DataFile;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.zns.ZoneCommands;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The commands that change the state of zones.
public final class ZoneManagement {
    /// After these the zone's content, or its space, is gone.
    private static final Set<Integer> DESTRUCTIVE =
            Set.of(ZoneCommands.FINISH, ZoneCommands.RESET, ZoneCommands.OFFLINE);

    private ZoneManagement() {}

    /// Zone Management Send with some action.
    abstract static class Action extends NamespaceCommand {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Option(
                names = {"-s", "--start-lba"},
                converter = Numbers.Bits64.class,
                paramLabel = "LBA",
                defaultValue = "0",
                description = "First block of the zone (default: ${DEFAULT-VALUE}).")
        private long start;

        @Option(
                names = {"-a", "--select-all"},
                description = "All zones that are in a fitting state.")
        private boolean all;

        @Option(
                names = {"-t", "--timeout"},
                converter = Numbers.Count.class,
                paramLabel = "MILLISECONDS",
                defaultValue = "0",
                description = "Longest time for the command (default: that of the connection).")
        private int timeout;

        abstract int action();

        /// What the action calls its option: allocate a random write area.
        boolean option() {
            return false;
        }

        byte[] data() throws IOException {
            return new byte[0];
        }

        @Override
        protected void prepare() throws IOException {
            if (DESTRUCTIVE.contains(action())) {
                confirmation.require(
                        "This changes "
                                + (all
                                        ? "all zones"
                                        : "the zone at " + Long.toUnsignedString(start))
                                + " of",
                        place(),
                        " for good");
            }
        }

        @Override
        protected final void run(Controller controller) throws IOException {
            int id = namespaceId(controller);
            Consumer<MemorySegment> encoder =
                    entry ->
                            ZoneCommands.managementSend(
                                    entry, 0, 0, id, start, action(), all, option());
            PassthroughCommand command = RawCommand.of(encoder).withData(data());
            if (timeout > 0) {
                command = command.withTimeout(Duration.ofMillis(timeout));
            }
            RawCommand.io(controller, command, "Zone Management Send");
            output().done(
                            name()
                                    + ": Success, action:"
                                    + action()
                                    + " zone:0x"
                                    + Long.toHexString(start)
                                    + " all:"
                                    + (all ? 1 : 0)
                                    + " nsid:"
                                    + Integer.toUnsignedString(id),
                            "action",
                            action(),
                            "start_lba",
                            start,
                            "all",
                            all);
        }
    }

    /// `verbena zns zone-mgmt-send`.
    @Command(
            name = "zone-mgmt-send",
            description = "Zone Management Send. Asks before zones are finished, reset or offline.")
    public static final class Send extends Action {
        @Option(
                names = {"-z", "--zsa"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                required = true,
                description = {
                    "1 close, 2 finish, 3 open, 4 reset, 5 offline, 0x10 set the descriptor",
                    "extension, 0x11 flush the random write area."
                })
        private int action;

        @Option(
                names = {"-o", "--zsaso"},
                description = "With open: allocate a random write area.")
        private boolean option;

        @Option(
                names = {"-l", "--data-len"},
                converter = Numbers.Count.class,
                paramLabel = "BYTES",
                defaultValue = "0",
                description = "Bytes of data, for the descriptor extension.")
        private int length;

        @Option(
                names = {"-d", "--data"},
                paramLabel = "FILE",
                description = "The data (default: standard input).")
        private @Nullable Path file;

        private byte[] data = {};

        @Override
        int action() {
            return action;
        }

        @Override
        boolean option() {
            return option;
        }

        @Override
        protected void prepare() throws IOException {
            super.prepare();
            if (length > 0) {
                data = DataFile.read(environment(), file, length);
            }
        }

        @Override
        byte[] data() {
            return data;
        }
    }

    /// `verbena zns open-zone`.
    @Command(name = "open-zone", description = "Open a zone.")
    public static final class Open extends Action {
        @Option(
                names = {"-r", "--zrwaa"},
                description = "Allocate a random write area.")
        private boolean randomWriteArea;

        @Override
        int action() {
            return ZoneCommands.OPEN;
        }

        @Override
        boolean option() {
            return randomWriteArea;
        }
    }

    /// `verbena zns close-zone`.
    @Command(name = "close-zone", description = "Close a zone.")
    public static final class Close extends Action {
        @Override
        int action() {
            return ZoneCommands.CLOSE;
        }
    }

    /// `verbena zns finish-zone`.
    @Command(name = "finish-zone", description = "Finish a zone: it counts as full. Asks first.")
    public static final class Finish extends Action {
        @Override
        int action() {
            return ZoneCommands.FINISH;
        }
    }

    /// `verbena zns reset-zone`.
    @Command(name = "reset-zone", description = "Reset a zone: its content is lost. Asks first.")
    public static final class Reset extends Action {
        @Override
        int action() {
            return ZoneCommands.RESET;
        }
    }

    /// `verbena zns offline-zone`.
    @Command(
            name = "offline-zone",
            description = "Take a read-only zone offline: its content is lost. Asks first.")
    public static final class Offline extends Action {
        @Override
        int action() {
            return ZoneCommands.OFFLINE;
        }
    }
}
