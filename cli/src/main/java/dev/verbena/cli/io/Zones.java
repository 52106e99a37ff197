package dev.verbena.cli.io;

import dev.verbena.Controller;
import dev.verbena.PassthroughCommand;
import dev.verbena.PassthroughResult;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.DataFile;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.NamespacePageCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.CommandSet;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.zns.ZoneCommands;
import dev.verbena.nvme.zns.ZoneReport;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `zns report-zones` and `zns zone-append`.
public final class Zones {
    private Zones() {}

    /// `verbena zns report-zones`.
    @Command(name = "report-zones", description = "The zones and their states.")
    public static final class ReportZones extends NamespacePageCommand {
        /// What one command asks for.
        private static final int PIECE_BYTES = 128 << 10;

        @Option(
                names = {"-s", "--start-lba"},
                converter = Numbers.Bits64.class,
                paramLabel = "LBA",
                defaultValue = "0",
                description = "A block of the first zone to report (default: ${DEFAULT-VALUE}).")
        private long start;

        @Option(
                names = {"-d", "--descs"},
                converter = Numbers.Count.class,
                paramLabel = "N",
                description = "How many zones at most (default: all of them).")
        private @Nullable Integer count;

        @Option(
                names = {"-S", "--state"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                defaultValue = "0",
                description = {
                    "Which zones: 0 all, 1 empty, 2 implicitly open, 3 explicitly open, 4 closed,",
                    "5 full, 6 read only, 7 offline (default: ${DEFAULT-VALUE})."
                })
        private int state;

        @Option(
                names = {"-e", "--extended"},
                description = "With the zones' descriptor extensions.")
        private boolean extended;

        @Option(
                names = {"-p", "--partial"},
                description = "The number of zones counts only those that are shown.")
        private boolean partial;

        @Override
        protected Page read(Controller controller, int id) throws IOException {
            ZonedIdentifyNamespace zoned = zoned(controller, id);
            int format = controller.namespace(id).identify().formattedIndex();
            int extension = extended ? zoned.descriptorExtensionBytes(format) : 0;
            Integer most = count;
            ZoneList zones =
                    ZoneList.read(
                            (lba, bytes) -> report(controller, id, lba, bytes),
                            new ZoneList.Question(
                                    start,
                                    zoned.zoneSizeBlocks(format),
                                    extension,
                                    most == null ? -1 : most,
                                    Math.min(PIECE_BYTES, controller.transferBytesMax()),
                                    partial));
            return new Page(
                    zones.bytes(), page -> ZoneReport.decode(page, extension), zones.missing());
        }

        private static ZonedIdentifyNamespace zoned(Controller controller, int id)
                throws IOException {
            byte[] zoned =
                    controller
                            .admin()
                            .identify(IdentifyCns.COMMAND_SET_NAMESPACE, id, 0, CommandSet.ZONED);
            return ZonedIdentifyNamespace.decode(MemorySegment.ofArray(zoned));
        }

        private byte[] report(Controller controller, int id, long lba, int bytes)
                throws IOException {
            PassthroughCommand command =
                    RawCommand.of(entry ->
                                    ZoneCommands.managementReceive(
                                            entry,
                                            0,
                                            0,
                                            id,
                                            lba,
                                            extended
                                                    ? ZoneCommands.REPORT_EXTENDED
                                                    : ZoneCommands.REPORT,
                                            state,
                                            partial,
                                            bytes))
                            .withDataLength(bytes);
            return RawCommand.io(controller, command, "Zone Management Receive").data();
        }
    }

    /// `verbena zns zone-append`.
    @Command(
            name = "zone-append",
            description = "Write behind what a zone holds; prints where. Asks first.")
    public static final class Append extends NamespaceCommand {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Mixin private RetryFlags retry = new RetryFlags();

        @Option(
                names = {"-s", "--zslba"},
                converter = Numbers.Bits64.class,
                paramLabel = "LBA",
                defaultValue = "0",
                description = "First block of the zone (default: ${DEFAULT-VALUE}).")
        private long start;

        @Option(
                names = {"-z", "--data-size"},
                converter = Numbers.Positive.class,
                paramLabel = "BYTES",
                required = true,
                description = "Bytes of data, whole blocks.")
        private int bytes;

        @Option(
                names = {"-d", "--data"},
                paramLabel = "FILE",
                description = "The data (default: standard input).")
        private @Nullable Path file;

        private byte[] data = {};

        @Override
        protected void prepare() throws IOException {
            if (bytes <= 0) {
                throw usage("--data-size " + bytes + ": at least one block");
            }
            confirmation.require(
                    "This writes to the zone at " + Long.toUnsignedString(start) + " of",
                    place(),
                    "");
            data = DataFile.read(environment(), file, bytes);
        }

        @Override
        protected void run(Controller controller) throws IOException {
            int id = namespaceId(controller);
            int block = controller.namespace(id).blockSize();
            if (block == 0 || bytes % block != 0) {
                throw usage("--data-size " + bytes + ": a multiple of " + block);
            }
            PassthroughCommand command =
                    RawCommand.of(entry ->
                                    ZoneCommands.append(
                                            entry, 0, 0, id, start, bytes / block, retry.bits()))
                            .withData(data);
            PassthroughResult result = RawCommand.io(controller, command, "Zone Append");
            output().done(
                            "Success appended data to LBA 0x" + Long.toHexString(result.result()),
                            "lba",
                            Numbers.unsigned(result.result()));
        }
    }
}
