package dev.verbena.cli.doctor;

import java.util.List;

/// The RDMA devices as the checks see them.
interface RdmaView {
    /// A device.
    ///
    /// @param open how opening it ended: empty when it went well
    record Device(
            String name,
            String open,
            String firmware,
            boolean memoryWindows,
            int queueEntriesMax,
            List<Port> ports) {}

    /// A port of a device.
    record Port(
            int number,
            boolean active,
            String state,
            String link,
            int mtuBytes,
            List<GidEntry> gids) {}

    /// An entry of a port's GID table.
    ///
    /// @param type such as `RoCE v2`
    /// @param interfaceName the network interface; empty where there is none
    record GidEntry(int index, String gid, String type, String interfaceName) {}

    /// The devices there are.
    ///
    /// @throws RuntimeException when that cannot be asked; the message says why and what to do
    List<Device> devices();
}
