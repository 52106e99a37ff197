package dev.verbena.cli.io;

import dev.verbena.BlockDevice;
import dev.verbena.ByteRange;
import dev.verbena.Controller;
import dev.verbena.PassthroughCommand;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.DatasetRanges;
import dev.verbena.nvme.NvmCommands;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The commands for blocks that move no data through this host.
public final class BlockCommands {
    private BlockCommands() {}

    /// A command for one range of blocks.
    abstract static class Ranged extends BlockCommand {
        @Mixin private BlockRange range = new BlockRange();

        BlockRange range() {
            return range;
        }

        @Override
        final void run(BlockDevice device) throws IOException {
            long offset = offset(device, range.start(), range.blocks());
            run(device, offset, range.blocks() * device.blockSize());
            output().done(
                            name() + ": Success, " + range,
                            "start_block",
                            range.start(),
                            "block_count",
                            range.blocks());
        }

        abstract void run(BlockDevice device, long offset, long bytes) throws IOException;
    }

    /// A command after which the content of a range is gone.
    abstract static class Destructive extends Ranged {
        @Mixin private Confirmation confirmation = new Confirmation();

        /// What it does to the range, as a verb.
        abstract String deed();

        @Override
        protected final void prepare() throws IOException {
            confirmation.require("This " + deed() + " " + range() + " of", place(), "");
        }
    }

    /// `verbena write-zeroes`.
    @Command(name = "write-zeroes", description = "Fill blocks with zeroes. Asks first.")
    public static final class WriteZeroes extends Destructive {
        @Option(
                names = {"-d", "--deac"},
                description = "The controller may give the blocks up, which then read as zeroes.")
        private boolean deallocate;

        @Override
        String deed() {
            return "overwrites";
        }

        @Override
        void run(BlockDevice device, long offset, long bytes) throws IOException {
            if (!deallocate) {
                device.writeZeroes(offset, bytes);
                return;
            }
            try {
                device.writeZeroesAsync(offset, bytes, true).join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
            }
        }
    }

    /// `verbena write-uncor`.
    @Command(
            name = "write-uncor",
            description = {
                "Destroy the content of blocks. Asks first.",
                "Reading them fails until they are written: for tests of error handling."
            })
    public static final class WriteUncorrectable extends Destructive {
        @Override
        String deed() {
            return "destroys";
        }

        @Override
        void run(BlockDevice device, long offset, long bytes) throws IOException {
            device.writeUncorrectable(offset, bytes);
        }
    }

    /// `verbena verify`.
    @Command(
            name = "verify",
            description = "Let the controller check that blocks can be read, without moving them.")
    public static final class Verify extends Ranged {
        @Override
        void run(BlockDevice device, long offset, long bytes) throws IOException {
            device.verify(offset, bytes);
        }
    }

    /// `verbena flush`.
    @Command(
            name = "flush",
            description = "Make what was written durable, where there is a volatile write cache.")
    public static final class Flush extends BlockCommand {
        @Override
        void run(BlockDevice device) throws IOException {
            device.flush();
            output().done(
                            "NVMe Flush: success",
                            "nsid",
                            Integer.toUnsignedLong(device.namespace().id()));
        }
    }

    /// Lists that describe ranges have the same length, or are absent.
    private static int at(List<Integer> list, int index) {
        return list.isEmpty() ? 0 : list.get(index);
    }

    /// `verbena copy`.
    @Command(
            name = "copy",
            description = {
                "Copy blocks within the namespace. Asks first.",
                "They do not move through this host."
            })
    public static final class Copy extends BlockCommand {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Option(
                names = {"-d", "--sdlba"},
                converter = Numbers.Bits64.class,
                paramLabel = "LBA",
                required = true,
                description = "Where the first block goes.")
        private long destination;

        @Option(
                names = {"-s", "--slbs"},
                converter = Numbers.Bits64.class,
                paramLabel = "LBA",
                split = ",",
                required = true,
                description = "First block of each source range.")
        private List<Long> starts = List.of();

        @Option(
                names = {"-b", "--blocks"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                split = ",",
                required = true,
                description = "Number of blocks of each source range, counted from 0.")
        private List<Integer> counts = List.of();

        @Override
        protected void prepare() throws IOException {
            if (starts.size() != counts.size()) {
                throw usage("--slbs and --blocks need the same number of values");
            }
            confirmation.require(
                    "This overwrites the blocks from "
                            + Long.toUnsignedString(destination)
                            + " on of",
                    place(),
                    "");
        }

        @Override
        void run(BlockDevice device) throws IOException {
            List<ByteRange> sources = new ArrayList<>();
            long total = 0;
            for (int i = 0; i < starts.size(); i++) {
                long blocks = Integer.toUnsignedLong(counts.get(i)) + 1;
                total += blocks;
                sources.add(
                        new ByteRange(
                                offset(device, starts.get(i), blocks),
                                blocks * device.blockSize()));
            }
            device.copy(sources, offset(device, destination, total));
            output().done(
                            "NVMe Copy: success",
                            "ranges",
                            sources.size(),
                            "block_count",
                            total,
                            "sdlba",
                            destination);
        }
    }

    /// `verbena dsm`.
    @Command(
            name = "dsm",
            description = {
                "Deallocate ranges of blocks, or say how they will be used.",
                "Dataset Management; asks before blocks are deallocated."
            })
    public static final class Dsm extends NamespaceCommand {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Option(
                names = {"-a", "--ctx-attrs"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                split = ",",
                description = "Context attributes of each range (default: 0).")
        private List<Integer> attributes = List.of();

        @Option(
                names = {"-b", "--blocks"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                split = ",",
                required = true,
                description = "Number of blocks of each range, a count.")
        private List<Integer> counts = List.of();

        @Option(
                names = {"-s", "--slbs"},
                converter = Numbers.Bits64.class,
                paramLabel = "LBA",
                split = ",",
                required = true,
                description = "First block of each range.")
        private List<Long> starts = List.of();

        @Option(
                names = {"-d", "--ad"},
                description = "The blocks are not needed any more.")
        private boolean deallocate;

        @Option(
                names = {"-w", "--idw"},
                description = "The ranges will be written as a whole.")
        private boolean integralWrite;

        @Option(
                names = {"-r", "--idr"},
                description = "The ranges will be read as a whole.")
        private boolean integralRead;

        @Option(
                names = {"-c", "--cdw11"},
                converter = Numbers.Bits32.class,
                paramLabel = "N",
                defaultValue = "0",
                description =
                        "All attributes of the command at once, instead of --ad, --idw, --idr.")
        private int dword11;

        private int flags() {
            return dword11 != 0
                    ? dword11
                    : (deallocate ? NvmCommands.ATTRIBUTE_DEALLOCATE : 0)
                            | (integralWrite ? NvmCommands.ATTRIBUTE_INTEGRAL_WRITE : 0)
                            | (integralRead ? NvmCommands.ATTRIBUTE_INTEGRAL_READ : 0);
        }

        @Override
        protected void prepare() throws IOException {
            boolean same =
                    starts.size() == counts.size()
                            && (attributes.isEmpty() || attributes.size() == starts.size());
            if (!same || starts.size() > DatasetRanges.COUNT_MAX) {
                throw usage(
                        "--slbs, --blocks and --ctx-attrs need the same number of values, at most "
                                + DatasetRanges.COUNT_MAX);
            }
            if (flags() == 0) {
                throw usage("Say what for: --ad, --idw, --idr or --cdw11");
            }
            if ((flags() & NvmCommands.ATTRIBUTE_DEALLOCATE) != 0) {
                confirmation.require(
                        "This gives up "
                                + starts.size()
                                + (starts.size() == 1 ? " range" : " ranges")
                                + " of blocks of",
                        place(),
                        "");
            }
        }

        @Override
        protected void run(Controller controller) throws IOException {
            int id = namespaceId(controller);
            byte[] ranges = new byte[DatasetRanges.BUFFER_SIZE];
            MemorySegment segment = MemorySegment.ofArray(ranges);
            for (int i = 0; i < starts.size(); i++) {
                DatasetRanges.encode(
                        segment,
                        0,
                        i,
                        at(attributes, i),
                        starts.get(i),
                        Integer.toUnsignedLong(counts.get(i)));
            }
            PassthroughCommand command =
                    RawCommand.of(entry ->
                                    NvmCommands.datasetManagement(
                                            entry, 0, 0, id, starts.size(), flags() & 7))
                            .withDword(11, flags())
                            .withData(Arrays.copyOf(ranges, starts.size() * DatasetRanges.SIZE));
            RawCommand.io(controller, command, "Dataset Management");
            output().done("NVMe DSM: success", "ranges", starts.size(), "cdw11", flags());
        }
    }
}
