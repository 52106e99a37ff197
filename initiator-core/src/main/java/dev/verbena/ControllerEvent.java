package dev.verbena;

import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.log.AnaLog;
import java.util.List;

/// Something that happened to a controller. Immutable.
public sealed interface ControllerEvent {
    /// The state, the reason or the plan for the next attempt changed.
    record StateChanged(ControllerStatus status) implements ControllerEvent {}

    /// Namespaces came, went or changed.
    ///
    /// When this is told, no command is sent any more to what was removed, nor to what was
    /// formatted in another way.
    ///
    /// @param removed as they were, also those whose id now belongs to other content; their devices
    ///   fail. Those that are not there right after a reconnect may come back, see [BlockDevice]
    /// @param added as they are, also those that took over an id
    /// @param changed same identity, another size, format or property; as they are. Devices of
    ///   those that were formatted in another way fail
    /// @param now all that are active
    record NamespacesChanged(
            List<Namespace> removed,
            List<Namespace> added,
            List<Namespace> changed,
            List<Namespace> now)
            implements ControllerEvent {
        public NamespacesChanged {
            removed = List.copyOf(removed);
            added = List.copyOf(added);
            changed = List.copyOf(changed);
            now = List.copyOf(now);
        }
    }

    /// The controller reaches a group of namespaces better or worse than before; also what has
    /// changed while it was not connected.
    ///
    /// @param log without groups when the controller does not report that any more
    record AnaChanged(AnaLog log) implements ControllerEvent {}

    /// The controller described something that cannot be, such as a namespace with a format that is
    /// not in its own list, or an ANA log that contradicts itself, or it refused to describe it. It
    /// is left out; everything else is used. Said again each time it is read, so at each reconnect;
    /// at the first connect, before there can be a listener, it is only logged.
    ///
    /// Where there is much of it, not each is told, but how many were left out.
    ///
    /// @param message what, and why
    record Ignored(String message) implements ControllerEvent {}

    /// A command of a [BlockDevice] was not answered in its time. What happens to it is up to
    /// [ConnectOptions#timeoutPolicy].
    ///
    /// @param command what it was to do, for people
    /// @param queueId of the I/O queue it is on
    /// @param commandId its CID there
    record CommandExpired(String command, int queueId, int commandId) implements ControllerEvent {}

    /// Any other report of the controller. Its log page, where it has one, is read by Verbena, so
    /// that the next report can come. Reports that come faster than they are told, 16 at once and
    /// then 4 a second, are told once where they are equal, and dropped where too many wait.
    record Notice(AsynchronousEvent event) implements ControllerEvent {}
}
