package dev.verbena.cli.io;

import dev.verbena.BlockDevice;
import dev.verbena.Durability;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.Output;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `read`, `write` and `compare`.
public final class TransferCommands {
    private TransferCommands() {}

    /// `verbena read`.
    @Command(
            name = "read",
            description = "Read blocks to standard output or a file. JSON has them in hexadecimal.")
    public static final class Read extends TransferCommand {
        @Override
        boolean isSingle() {
            // A block device has no reads from the media.
            return isForced() || super.isSingle();
        }

        @Override
        int opcode() {
            return NvmOpcode.READ;
        }

        @Override
        byte @Nullable [] outgoing(Request request) {
            return null;
        }

        @Override
        byte[] transfer(BlockDevice device, long offset, Request request) throws IOException {
            byte[] data = new byte[request.whole()];
            device.read(offset, MemorySegment.ofArray(data));
            return data;
        }

        @Override
        void show(Request request, byte[] all) throws IOException {
            byte[] data = Arrays.copyOf(all, request.bytes());
            Path to = file();
            if (to != null) {
                Files.write(to, data);
                output().done(name() + ": Success", details(request, "data", to.toString()));
            } else if (output().isJson()) {
                Map<String, Object> values = new LinkedHashMap<>();
                values.put("start_block", request.lba());
                values.put("block_count", request.blocks());
                output().print(Output.dump(values, data), data);
            } else {
                output().bytes(data);
                output().err().println(name() + ": Success");
            }
        }
    }

    private static Object[] details(TransferCommand.Request request, Object... more) {
        Object[] all =
                Arrays.copyOf(
                        new Object[] {
                            "start_block", request.lba(),
                            "block_count", request.blocks(),
                            "data_size", request.bytes()
                        },
                        6 + more.length);
        System.arraycopy(more, 0, all, 6, more.length);
        return all;
    }

    /// What `write` and `compare` have in common: data of this host.
    abstract static class Outgoing extends TransferCommand {
        private byte[] data = {};

        @Override
        void loadData() throws IOException {
            data = load();
        }

        @Override
        final byte[] outgoing(Request request) {
            return padded(data, request);
        }

        @Override
        final void show(Request request, byte[] nothing) throws IOException {
            output().done(name() + ": Success", details(request));
        }
    }

    /// `verbena write`.
    @Command(
            name = "write",
            description = {
                "Write blocks from standard input or a file. Asks first.",
                "What is missing in the last block are zeroes."
            })
    public static final class Write extends Outgoing {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Override
        void loadData() throws IOException {
            confirmation.require(
                    "This overwrites blocks from "
                            + Long.toUnsignedString(range().start())
                            + " on of",
                    place(),
                    "");
            super.loadData();
        }

        @Override
        int opcode() {
            return NvmOpcode.WRITE;
        }

        @Override
        byte[] transfer(BlockDevice device, long offset, Request request) throws IOException {
            device.write(
                    offset,
                    MemorySegment.ofArray(outgoing(request)),
                    isForced() ? Durability.DURABLE : Durability.CACHED);
            return new byte[0];
        }
    }

    /// `verbena compare`.
    @Command(
            name = "compare",
            description = {
                "Compare blocks with standard input or a file. The status is 3 when they differ."
            })
    public static final class Compare extends Outgoing {
        @Override
        int opcode() {
            return NvmOpcode.COMPARE;
        }

        @Override
        byte[] transfer(BlockDevice device, long offset, Request request) throws IOException {
            device.compare(offset, MemorySegment.ofArray(outgoing(request)));
            return new byte[0];
        }
    }
}
