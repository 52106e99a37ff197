package dev.verbena.cli;

import dev.verbena.ConnectOptions;
import dev.verbena.Initiator;
import dev.verbena.Target;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.net.InetAddress;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Where to connect and who we are: the flags of `nvme connect`.
final class TargetOptions {
    @Option(
            names = {"-a", "--traddr"},
            required = true,
            description = "Address of the target: name, IPv4 or IPv6.")
    private String traddr = "";

    @Option(
            names = {"-s", "--trsvcid"},
            defaultValue = "4420",
            description = "Port of the target (default: ${DEFAULT-VALUE}).")
    private int trsvcid;

    @Option(
            names = {"-w", "--host-traddr"},
            description = "Local address to connect from.")
    private @Nullable String hostTraddr;

    @Option(
            names = {"-q", "--hostnqn"},
            description =
                    "NQN of this host (default: /etc/nvme/hostnqn, or derived from the machine).")
    private @Nullable String hostNqn;

    @Option(
            names = {"-I", "--hostid"},
            description = "Identifier of this host, a UUID (default: from the host NQN).")
    private @Nullable UUID hostId;

    Target target() {
        return Target.rdma(traddr, trsvcid);
    }

    Initiator open() {
        String nqn = hostNqn;
        UUID id = hostId;
        if (nqn == null) {
            HostIdentity system = HostIdentity.system();
            return Initiator.open(id == null ? system : HostIdentity.of(system.hostNqn(), id));
        }
        return Initiator.open(
                id == null ? HostIdentity.of(Nqn.of(nqn)) : HostIdentity.of(Nqn.of(nqn), id));
    }

    ConnectOptions connectOptions() throws IOException {
        ConnectOptions options = ConnectOptions.defaults();
        String source = hostTraddr;
        return source == null ? options : options.withHostTraddr(InetAddress.getByName(source));
    }
}
