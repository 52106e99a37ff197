package dev.verbena.cli.doctor;

import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.Rdma;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.RdmaDevice;
import dev.verbena.verbs.RdmaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The machine's devices, by the verbs library and sysfs.
record VerbsView(Path root) implements RdmaView {
    /// GID tables have up to some hundred entries, nearly all of them unused.
    private static final int GIDS_MAX = 1024;

    @Override
    public List<Device> devices() {
        return Rdma.devices().stream().map(this::device).toList();
    }

    private Device device(RdmaDevice device) {
        try (RdmaContext context = device.open()) {
            DeviceAttributes attributes = context.attributes();
            List<Port> ports = new ArrayList<>();
            for (int port = 1; port <= attributes.portCount(); port++) {
                ports.add(port(context, device.name(), port));
            }
            return new Device(
                    device.name(),
                    "",
                    attributes.firmwareVersion(),
                    attributes.memoryWindowType2A() || attributes.memoryWindowType2B(),
                    attributes.maxQueuePairWorkRequests(),
                    ports);
        } catch (RdmaException e) {
            return new Device(
                    device.name(), String.valueOf(e.getMessage()), "", false, 0, List.of());
        }
    }

    private Port port(RdmaContext context, String device, int number) {
        PortAttributes port = context.port(number);
        List<GidEntry> gids = new ArrayList<>();
        for (int i = 0; i < Math.min(port.gidTableLength(), GIDS_MAX); i++) {
            Gid gid = context.gid(number, i);
            if (!gid.isZero()) {
                Path attributes =
                        root.resolve("sys/class/infiniband/" + device + "/ports/" + number)
                                .resolve("gid_attrs");
                gids.add(
                        new GidEntry(
                                i,
                                gid.address().getHostAddress(),
                                line(attributes.resolve("types/" + i)),
                                line(attributes.resolve("ndevs/" + i))));
            }
        }
        boolean active =
                port.state() == PortAttributes.State.ACTIVE
                        || port.state() == PortAttributes.State.ACTIVE_DEFER;
        return new Port(
                number,
                active,
                port.state().toString(),
                port.linkLayer().toString(),
                port.activeMtuBytes(),
                gids);
    }

    private static String line(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            // Not every kernel and link has these files.
            return "";
        }
    }
}
