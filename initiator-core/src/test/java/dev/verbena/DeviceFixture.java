package dev.verbena;

import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.fakes.FakeTransport;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.time.Duration;
import java.util.function.UnaryOperator;

/// An open device over a target in memory, for tests of other packages too.
@SuppressWarnings("exports") // the doubles are test code, as this is: nothing is exported to users
public final class DeviceFixture implements AutoCloseable {
    public final FakeMemoryDomain memory = new FakeMemoryDomain();
    public final FakeTarget target;
    public final FakeTransport transport;
    public final Controller controller;
    public final BlockDevice device;

    /// @param blockCount blocks of 512 bytes
    public DeviceFixture(int blockCount) throws IOException {
        this(blockCount, options -> options);
    }

    public DeviceFixture(int blockCount, UnaryOperator<ConnectOptions> change) throws IOException {
        this(blockCount, change, true);
    }

    /// @param optional whether the controller has the optional commands
    public DeviceFixture(int blockCount, UnaryOperator<ConnectOptions> change, boolean optional)
            throws IOException {
        target = new FakeTarget(memory, blockCount);
        target.identify(520, optional ? 0xFFFF : 0, 2); // ONCS
        target.identify(522, optional ? 1 : 0, 2); // FUSES
        target.identify(532, 7, 2); // ACWU
        target.identify(534, 1, 2); // OCFS
        target.namespace(74, 100, 2); // MSSRL
        target.namespace(76, 1000, 4); // MCL
        target.namespace(80, 127, 1); // MSRC
        transport = new FakeTransport(memory, target);
        ConnectOptions options =
                change.apply(
                        ConnectOptions.defaults()
                                .withIoQueues(2)
                                .withKeepAliveTimeout(Duration.ofSeconds(30)));
        controller =
                Controller.connect(
                        transport,
                        new AssociationParameters(
                                Nqn.of("nqn.2024-01.org.example:disk"),
                                HostIdentity.generate(),
                                options,
                                options.keepAliveTimeout()),
                        closed -> {});
        device = controller.openDevice(1);
    }

    @Override
    public void close() {
        controller.close();
    }
}
