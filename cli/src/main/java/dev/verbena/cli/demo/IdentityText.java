package dev.verbena.cli.demo;

import dev.verbena.Controller;
import dev.verbena.Namespace;
import dev.verbena.nvme.IdentifyController;
import java.util.Locale;

/// The part of Identify a reader wants to see first, in the words of `nvme id-ctrl` and `nvme
/// id-ns`.
final class IdentityText {
    private IdentityText() {}

    static String format(Controller controller) {
        IdentifyController c = controller.identify();
        StringBuilder text = new StringBuilder("NVME Identify Controller:\n");
        line(text, "mn", c.modelNumber());
        line(text, "sn", c.serialNumber());
        line(text, "fr", c.firmwareRevision());
        line(text, "ver", controller.version());
        line(text, "cntlid", controller.controllerId());
        line(text, "subnqn", c.subsystemNqn());
        line(
                text,
                "mdts",
                c.maximumDataTransferSize() + " (" + controller.transferBytesMax() + " bytes)");
        line(
                text,
                "ioccsz",
                c.ioCommandCapsuleBytes() / 16
                        + " ("
                        + controller.inCapsuleBytesMax()
                        + " bytes of data in a capsule)");
        line(text, "maxcmd", c.maximumOutstandingCommands());
        line(text, "nn", c.namespaceCount());
        line(text, "queues", controller.ioQueueCount() + " I/O queues granted");
        for (Namespace n : controller.namespaces()) {
            text.append(String.format(Locale.ROOT, "NVME Identify Namespace %d:%n", n.id()));
            line(
                    text,
                    "nsze",
                    Long.toUnsignedString(n.blockCount())
                            + " blocks of "
                            + n.blockSize()
                            + " bytes");
            n.descriptors().uuid().ifPresent(uuid -> line(text, "uuid", uuid));
            n.descriptors().nguid().ifPresent(nguid -> line(text, "nguid", nguid));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String name, Object value) {
        text.append(String.format(Locale.ROOT, "%-9s : %s%n", name, value));
    }
}
