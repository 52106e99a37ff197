package dev.verbena.cli.io;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.Namespace;
import dev.verbena.PassthroughCommand;
import dev.verbena.cli.base.DataFile;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.NvmCommands;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Reading, writing and comparing.
///
/// Plain requests go through a [BlockDevice], which cuts them to the controller's limits. With
/// flags that only a single command has (retries, protection information, hints) one raw command is
/// sent.
abstract class TransferCommand extends NamespaceCommand {
    private static final int REQUEST_BYTES_MAX = Integer.MAX_VALUE - 8;

    /// No larger blocks have been seen.
    private static final int BLOCK_BYTES_MAX = 1 << 16;

    @Mixin private BlockRange range = new BlockRange();

    @Mixin private RetryFlags retry = new RetryFlags();

    @Option(
            names = {"-z", "--data-size"},
            converter = RequestBytes.class,
            paramLabel = "BYTES",
            description = {
                "Bytes of data. Without --block-count it decides how many blocks, rounded up; with",
                "it, it has to end in the last of them (default: all of the blocks)."
            })
    private @Nullable Integer dataSize;

    @Option(
            names = {"-d", "--data"},
            paramLabel = "FILE",
            description = "The data (default: standard input or output).")
    private @Nullable Path file;

    @Option(
            names = {"-p", "--prinfo"},
            converter = Numbers.Bits4.class,
            paramLabel = "N",
            defaultValue = "0",
            description = {
                "Protection information: 8 the controller adds and strips it, 4 check the guard,",
                "2 the application tag, 1 the reference tag."
            })
    private int protection;

    @Option(
            names = {"-r", "--ref-tag"},
            converter = Numbers.Bits32.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "Reference tag of the protection information.")
    private int referenceTag;

    @Option(
            names = {"-a", "--app-tag"},
            converter = Numbers.Bits16.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "Application tag of the protection information.")
    private int applicationTag;

    @Option(
            names = {"-m", "--app-tag-mask"},
            converter = Numbers.Bits16.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "Which bits of the application tag are checked.")
    private int applicationTagMask;

    @Option(
            names = {"-D", "--dsm"},
            converter = Numbers.Bits8.class,
            paramLabel = "N",
            defaultValue = "0",
            description = "Hints: how often and how fast the blocks will be used.")
    private int hints;

    @Option(
            names = {"-t", "--latency"},
            description = "Print how long it took.")
    private boolean latency;

    /// What one request can move.
    static final class RequestBytes extends Numbers.OfInt {
        RequestBytes() {
            super(1, REQUEST_BYTES_MAX);
        }
    }

    /// What is there to do.
    ///
    /// @param bytes of data, without what pads the last block
    record Request(Namespace namespace, long lba, long blocks, int bytes) {
        int whole() {
            return Math.toIntExact(blocks * namespace.blockSize());
        }
    }

    @Override
    protected void prepare() throws IOException {
        loadData();
    }

    /// Reads what is to be written before anything is connected, and asks.
    void loadData() throws IOException {}

    /// Reads standard input or the file, as far as blocks of any size could need it.
    final byte[] load() throws IOException {
        Integer told = dataSize;
        long most = told == null ? range.blocks() * BLOCK_BYTES_MAX : told;
        return DataFile.upTo(environment(), file, (int) Math.min(most, REQUEST_BYTES_MAX));
    }

    final BlockRange range() {
        return range;
    }

    final @Nullable Path file() {
        return file;
    }

    final boolean isForced() {
        return retry.isForced();
    }

    /// The opcode, for a single command.
    abstract int opcode();

    /// Whether data goes to the controller.
    abstract byte @Nullable [] outgoing(Request request);

    /// By way of the block device.
    ///
    /// @return what was read; empty for the others
    abstract byte[] transfer(BlockDevice device, long offset, Request request) throws IOException;

    /// Prints the result.
    abstract void show(Request request, byte[] data) throws IOException;

    /// Whether a flag is used that only a single command has.
    boolean isSingle() {
        return retry.isLimited()
                || protection != 0
                || referenceTag != 0
                || applicationTag != 0
                || applicationTagMask != 0
                || hints != 0;
    }

    @Override
    protected final void run(Controller controller) throws IOException {
        Request request = request(controller);
        long begin = System.nanoTime();
        byte[] data;
        if (isSingle()) {
            data = single(controller, request);
        } else {
            try (BlockDevice device = controller.openDevice(request.namespace().id())) {
                long offset = BlockCommand.offset(device, request.lba(), request.blocks());
                data = transfer(device, offset, request);
            }
        }
        long micros = (System.nanoTime() - begin) / 1000;
        if (latency) {
            output().err().println(" latency: " + name() + ": " + micros + " us");
        }
        show(request, data);
    }

    private Request request(Controller controller) throws IOException {
        Namespace namespace = controller.namespace(namespaceId(controller));
        int block = namespace.blockSize();
        if (block == 0) {
            throw new IOException(namespace + " has no LBA format that can be used");
        }
        Integer told = dataSize;
        long blocks =
                told == null || range.isCounted() ? range.blocks() : Math.ceilDiv(told, block);
        if (blocks > REQUEST_BYTES_MAX / block) {
            throw usage(blocks + " blocks of " + block + " bytes: at most 2 GiB in one request");
        }
        int whole = (int) blocks * block;
        if (told != null && Math.ceilDiv(told, block) != blocks) {
            // Whichever of the two was meant, the other would touch blocks nobody spoke of.
            throw usage(
                    "--data-size "
                            + told
                            + " and --block-count "
                            + (blocks - 1)
                            + " do not agree: "
                            + (blocks == 1 ? "1 block is " : blocks + " blocks are ")
                            + whole
                            + " bytes");
        }
        return new Request(namespace, range.start(), blocks, told == null ? whole : told);
    }

    private byte[] single(Controller controller, Request request) throws IOException {
        if (request.blocks() > NvmCommands.BLOCK_COUNT_MAX) {
            throw usage(
                    request.blocks()
                            + " blocks: at most "
                            + NvmCommands.BLOCK_COUNT_MAX
                            + " in one command");
        }
        int flags = retry.bits() | protection << 26;
        PassthroughCommand command =
                RawCommand.of(entry ->
                                NvmCommands.ranged(
                                        entry,
                                        0,
                                        opcode(),
                                        0,
                                        request.namespace().id(),
                                        request.lba(),
                                        (int) request.blocks(),
                                        flags))
                        .withDword(13, hints)
                        .withDword(14, referenceTag)
                        .withDword(15, (applicationTag & 0xFFFF) | (applicationTagMask << 16));
        byte[] outgoing = outgoing(request);
        command =
                outgoing == null
                        ? command.withDataLength(request.whole())
                        : command.withData(outgoing);
        return RawCommand.io(controller, command, "The " + name()).data();
    }

    /// The data of a request, filled up with zeroes to whole blocks.
    static byte[] padded(byte[] data, Request request) {
        return Arrays.copyOf(
                Arrays.copyOf(data, Math.min(data.length, request.bytes())), request.whole());
    }
}
