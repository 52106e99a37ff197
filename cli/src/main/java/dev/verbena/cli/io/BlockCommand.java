package dev.verbena.cli.io;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.cli.base.NamespaceCommand;
import java.io.IOException;

/// A command for a namespace as a block device.
abstract class BlockCommand extends NamespaceCommand {
    abstract void run(BlockDevice device) throws IOException;

    @Override
    protected final void run(Controller controller) throws IOException {
        try (BlockDevice device = controller.openDevice(namespaceId(controller))) {
            run(device);
        }
    }

    /// A place on the device in bytes.
    ///
    /// @throws IOException when it is not on the device
    static long offset(BlockDevice device, long lba, long blocks) throws IOException {
        long size = device.byteSize() / device.blockSize();
        if (lba < 0 || blocks > size || lba > size - blocks) {
            throw new IOException(
                    "Blocks "
                            + Long.toUnsignedString(lba)
                            + ".."
                            + Long.toUnsignedString(lba + blocks - 1)
                            + " are not on the namespace, which has "
                            + size
                            + " blocks");
        }
        return lba * device.blockSize();
    }
}
