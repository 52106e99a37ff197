package dev.verbena.cli.admin;

import dev.verbena.Controller;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.NamespaceOption;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.RawBinary;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.LogPage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `verbena get-log`.
@Command(name = "get-log", description = "Any log page, as bytes.")
public final class GetLogCommand extends NamespaceCommand {
    /// What one command asks for; every controller can do that.
    private static final int PIECE_BYTES = 4096;

    @Option(
            names = {"-i", "--log-id"},
            converter = Numbers.Bits8.class,
            paramLabel = "N",
            required = true,
            description = "The log page, 0..0xff.")
    private int logId;

    @Option(
            names = {"-l", "--log-len"},
            converter = Numbers.Count.class,
            paramLabel = "BYTES",
            required = true,
            description = "How much of it; a multiple of 4.")
    private int length;

    @Option(
            names = {"-o", "--lpo"},
            converter = Offset.class,
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Where to begin (default: ${DEFAULT-VALUE}).")
    private long offset;

    /// Where a page can be read without going beyond 63 bits.
    static final class Offset extends Numbers.OfLong {
        Offset() {
            super(0, Long.MAX_VALUE - Integer.MAX_VALUE);
        }
    }

    @Option(
            names = {"-s", "--lsp"},
            converter = Numbers.Bits7.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "The page's own field, 0..127.")
    private int logSpecific;

    @Option(
            names = {"-S", "--lsi"},
            converter = Numbers.Bits16.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "The page's own identifier, 0..65535.")
    private int logSpecificId;

    @Option(
            names = {"-r", "--rae"},
            description = "Leave the event that announced the page as it is.")
    private boolean retain;

    @Option(
            names = {"-U", "--uuid-index"},
            converter = Numbers.Bits7.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "UUID index, 0..127.")
    private int uuidIndex;

    @Option(
            names = {"-y", "--csi"},
            converter = Numbers.Bits8.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "Command set.")
    private int commandSet;

    @Option(
            names = {"-O", "--ot"},
            description = "The offset counts entries, not bytes.")
    private boolean byIndex;

    @Mixin
    @SuppressWarnings("UnusedVariable") // becomes the output format
    private RawBinary rawBinary = new RawBinary();

    @Override
    protected void prepare() {
        if (length < 4 || length % 4 != 0) {
            throw usage("--log-len " + length + ": a multiple of 4, at least 4");
        }
        if (byIndex && length > PIECE_BYTES) {
            throw usage("--log-len " + length + ": with --ot at most " + PIECE_BYTES);
        }
    }

    @Override
    protected void run(Controller controller) throws IOException {
        ByteArrayOutputStream page = new ByteArrayOutputStream(length);
        while (page.size() < length) {
            int piece = Math.min(PIECE_BYTES, length - page.size());
            long at = offset + page.size();
            // The last piece clears the event: until then the page must not change unseen.
            boolean retains = retain || page.size() + piece < length;
            page.writeBytes(
                    LogCommands.page(
                            controller, entry -> encode(entry, retains, piece, at), piece));
        }
        byte[] bytes = page.toByteArray();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("log_id", logId);
        values.put("name", LogPage.name(logId));
        values.put("log_len", length);
        if (output().format() == Output.Format.NORMAL) {
            output().out()
                    .println(
                            "Log page 0x"
                                    + Numbers.hex(logId, 2)
                                    + " ("
                                    + LogPage.name(logId)
                                    + "), "
                                    + length
                                    + " bytes:");
        }
        output().print(Output.dump(values, bytes), bytes);
    }

    private void encode(MemorySegment entry, boolean retains, int piece, long at) {
        AdminCommands.getLogPage(
                entry,
                0,
                0,
                namespaceOr(NamespaceOption.ALL),
                logId,
                logSpecific,
                retains,
                piece,
                byIndex ? 0 : at,
                logSpecificId,
                commandSet,
                uuidIndex);
        if (byIndex) {
            AdminCommands.logPageIndex(entry, 0, offset);
        }
    }
}
