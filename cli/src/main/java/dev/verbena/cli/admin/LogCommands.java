package dev.verbena.cli.admin;

import dev.verbena.Controller;
import dev.verbena.cli.base.NamespaceOption;
import dev.verbena.cli.base.NamespacePageCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.PageCommand;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.ChangedNamespaces;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.EnduranceGroupLog;
import dev.verbena.nvme.log.ErrorLogEntry;
import dev.verbena.nvme.log.FirmwareSlots;
import dev.verbena.nvme.log.ReservationNotificationLog;
import dev.verbena.nvme.log.SanitizeStatusLog;
import dev.verbena.nvme.log.SelfTestLog;
import dev.verbena.nvme.log.SmartLog;
import dev.verbena.nvme.log.SupportedLogPages;
import dev.verbena.nvme.zns.ChangedZones;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The commands that print log pages.
public final class LogCommands {
    /// What one command asks for.
    private static final int PIECE_BYTES = 4096;

    private LogCommands() {}

    /// A log page of a fixed size. As with nvme-cli the event that announced it is cleared, but for
    /// the list of changed namespaces and the ANA log, by which this connection itself lives.
    private static PageCommand.Page page(
            Controller controller,
            int logPage,
            int namespaceId,
            int bytes,
            Function<MemorySegment, ? extends Rendered> decoder)
            throws IOException {
        return new PageCommand.Page(whole(controller, logPage, namespaceId, bytes), decoder);
    }

    /// A log page in pieces that every controller can return.
    private static byte[] whole(Controller controller, int logPage, int namespaceId, int bytes)
            throws IOException {
        byte[] all = new byte[bytes];
        for (int offset = 0; offset < bytes; offset += PIECE_BYTES) {
            int at = offset;
            int piece = Math.min(PIECE_BYTES, bytes - at);
            // The last piece clears the event: until then the page must not change unseen.
            boolean retain = logPage == LogPage.CHANGED_NAMESPACES || at + piece < bytes;
            byte[] data =
                    page(
                            controller,
                            entry ->
                                    AdminCommands.getLogPage(
                                            entry,
                                            0,
                                            0,
                                            namespaceId,
                                            logPage,
                                            0,
                                            retain,
                                            piece,
                                            at),
                            piece);
            System.arraycopy(data, 0, all, at, piece);
        }
        return all;
    }

    /// A log page with fields that the library's own reader does not have.
    static byte[] page(Controller controller, Consumer<MemorySegment> encoder, int byteCount)
            throws IOException {
        return RawCommand.admin(
                        controller,
                        RawCommand.of(encoder).withDataLength(byteCount),
                        "Get Log Page")
                .data();
    }

    /// A log page of a fixed size that takes no options.
    abstract static class WholePage extends PageCommand {
        private final int logPage;
        private final int namespaceId;
        private final int bytes;
        private final Function<MemorySegment, ? extends Rendered> decoder;

        WholePage(
                int logPage,
                int namespaceId,
                int bytes,
                Function<MemorySegment, ? extends Rendered> decoder) {
            this.logPage = logPage;
            this.namespaceId = namespaceId;
            this.bytes = bytes;
            this.decoder = decoder;
        }

        @Override
        protected final Page read(Controller controller) throws IOException {
            return page(controller, logPage, namespaceId, bytes, decoder);
        }
    }

    /// `verbena smart-log`.
    @Command(name = "smart-log", description = "SMART / health information.")
    public static final class Smart extends NamespacePageCommand {
        @Override
        protected int namespaceId(Controller controller) {
            return namespaceOr(NamespaceOption.ALL);
        }

        @Override
        protected Page read(Controller controller, int id) throws IOException {
            return page(controller, LogPage.SMART, id, SmartLog.SIZE, SmartLog::decode);
        }
    }

    /// `verbena error-log`.
    @Command(name = "error-log", description = "The most recent errors, newest first.")
    public static final class Errors extends PageCommand {
        @Option(
                names = {"-e", "--log-entries"},
                converter = Numbers.Positive.class,
                paramLabel = "N",
                defaultValue = "64",
                description =
                        "How many, at most as many as the controller keeps"
                                + " (default: ${DEFAULT-VALUE}).")
        private int entries;

        @Override
        protected void prepare() {
            if (entries < 1) {
                throw usage("--log-entries " + entries + ": at least 1");
            }
        }

        @Override
        protected Page read(Controller controller) throws IOException {
            int count = Math.min(entries, controller.identify().errorLogEntries() + 1);
            return page(
                    controller,
                    LogPage.ERROR_INFORMATION,
                    NamespaceOption.ALL,
                    count * ErrorLogEntry.SIZE,
                    LogCommands::errors);
        }
    }

    private static Rendered errors(MemorySegment bytes) {
        List<ErrorLogEntry> entries = ErrorLogEntry.decodeAll(bytes);
        return new Output.Document(ErrorLogEntry.values(entries), ErrorLogEntry.toText(entries));
    }

    /// `verbena ana-log`.
    @Command(
            name = "ana-log",
            description = "Asymmetric namespace access: how this path reaches each namespace.")
    public static final class Ana extends PageCommand {
        private static final long GROUP_ID_MAX = 0xFFFF_FFFFL;

        @Option(
                names = {"-g", "--groups"},
                description = "Only the groups, without their namespaces.")
        private boolean groups;

        /// As much as the log can be, as far as one command goes.
        private int pieceBytes(Controller controller) {
            IdentifyController identify = controller.identify();
            long namespaces = identify.maximumAllocatedNamespaces();
            if (namespaces == 0) {
                namespaces = identify.namespaceCount();
            }
            long bytes = AnaLog.byteSizeMax(identify.anaGroupCount(), groups ? 0 : namespaces);
            return Math.clamp(bytes, 4096, controller.transferBytesMax()) / 4 * 4;
        }

        @Override
        protected Page read(Controller controller) throws IOException {
            byte[] log =
                    AnaPages.read(
                            (offset, bytes) ->
                                    page(
                                            controller,
                                            entry ->
                                                    AdminCommands.getLogPage(
                                                            entry,
                                                            0,
                                                            0,
                                                            0,
                                                            LogPage.ASYMMETRIC_NAMESPACE_ACCESS,
                                                            groups ? LogPage.ANA_GROUPS_ONLY : 0,
                                                            true,
                                                            bytes,
                                                            offset),
                                            bytes),
                            pieceBytes(controller));
            // Also groups beyond the largest that the controller says it has: they are shown.
            return new Page(log, page -> AnaLog.decode(page, GROUP_ID_MAX));
        }
    }

    /// `verbena effects-log`.
    @Command(
            name = "effects-log",
            description = "Commands supported and effects: what each command changes.")
    public static final class Effects extends PageCommand {
        @Option(
                names = {"-c", "--csi"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "Command set: 0 NVM, 2 zoned (default: ${DEFAULT-VALUE}).")
        private int commandSet;

        @Override
        protected Page read(Controller controller) throws IOException {
            byte[] page =
                    page(
                            controller,
                            entry ->
                                    AdminCommands.getLogPage(
                                            entry,
                                            0,
                                            0,
                                            0,
                                            LogPage.COMMANDS_SUPPORTED_AND_EFFECTS,
                                            0,
                                            false,
                                            EffectsLog.SIZE,
                                            0,
                                            0,
                                            commandSet,
                                            0),
                            EffectsLog.SIZE);
            return new Page(page, EffectsLog::decode);
        }
    }

    /// `verbena fw-log`.
    @Command(name = "fw-log", description = "Firmware slots.")
    public static final class Firmware extends WholePage {
        Firmware() {
            super(
                    LogPage.FIRMWARE_SLOTS,
                    NamespaceOption.ALL,
                    FirmwareSlots.SIZE,
                    FirmwareSlots::decode);
        }
    }

    /// `verbena supported-log-pages`.
    @Command(name = "supported-log-pages", description = "Which log pages there are.")
    public static final class Supported extends WholePage {
        Supported() {
            super(
                    LogPage.SUPPORTED_LOG_PAGES,
                    0,
                    SupportedLogPages.SIZE,
                    SupportedLogPages::decode);
        }
    }

    /// `verbena self-test-log`.
    @Command(name = "self-test-log", description = "Results of device self-tests.")
    public static final class SelfTest extends WholePage {
        SelfTest() {
            super(
                    LogPage.DEVICE_SELF_TEST,
                    NamespaceOption.ALL,
                    SelfTestLog.SIZE,
                    SelfTestLog::decode);
        }
    }

    /// `verbena sanitize-log`.
    @Command(name = "sanitize-log", description = "Progress and result of the last sanitize.")
    public static final class Sanitize extends WholePage {
        Sanitize() {
            super(LogPage.SANITIZE_STATUS, 0, SanitizeStatusLog.SIZE, SanitizeStatusLog::decode);
        }
    }

    /// `verbena changed-ns-list-log`.
    @Command(
            name = "changed-ns-list-log",
            description = {
                "Namespaces that have changed since the list was last read.",
                "On a connection that was just made it is usually empty."
            })
    public static final class ChangedNs extends WholePage {
        ChangedNs() {
            super(
                    LogPage.CHANGED_NAMESPACES,
                    NamespaceOption.ALL,
                    ChangedNamespaces.SIZE,
                    ChangedNamespaces::decode);
        }
    }

    /// `verbena endurance-log`.
    @Command(name = "endurance-log", description = "Wear of an endurance group.")
    public static final class Endurance extends PageCommand {
        @Option(
                names = {"-g", "--group-id"},
                converter = Numbers.Bits16.class,
                paramLabel = "N",
                required = true,
                description = "The endurance group.")
        private int group;

        @Override
        protected Page read(Controller controller) throws IOException {
            byte[] page =
                    page(
                            controller,
                            entry ->
                                    AdminCommands.getLogPage(
                                            entry,
                                            0,
                                            0,
                                            NamespaceOption.ALL,
                                            LogPage.ENDURANCE_GROUP,
                                            0,
                                            false,
                                            EnduranceGroupLog.SIZE,
                                            0,
                                            group,
                                            0,
                                            0),
                            EnduranceGroupLog.SIZE);
            return new Page(page, EnduranceGroupLog::decode);
        }
    }

    /// `verbena resv-notif-log`.
    @Command(name = "resv-notif-log", description = "The oldest reservation notification.")
    public static final class ReservationNotification extends WholePage {
        ReservationNotification() {
            super(
                    LogPage.RESERVATION_NOTIFICATION,
                    NamespaceOption.ALL,
                    ReservationNotificationLog.SIZE,
                    ReservationNotificationLog::decode);
        }
    }

    /// `verbena zns changed-zone-list`.
    @Command(name = "changed-zone-list", description = "Zones that have changed by themselves.")
    public static final class ChangedZoneList extends NamespacePageCommand {
        @Override
        protected Page read(Controller controller, int id) throws IOException {
            return page(
                    controller, LogPage.CHANGED_ZONES, id, ChangedZones.SIZE, ChangedZones::decode);
        }
    }
}
