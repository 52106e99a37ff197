package dev.verbena.internal.fabric;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Transports over libibverbs and librdmacm, which share one dispatcher of connection events.
public final class VerbsTransportFactory implements TransportFactory {
    private final CmDispatcher dispatcher;

    private VerbsTransportFactory(CmDispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    /// Opens the libraries.
    ///
    /// @throws dev.verbena.verbs.RdmaUnavailableException when a library, native access or the
    ///   kernel's RDMA support is missing
    public static VerbsTransportFactory open() {
        return new VerbsTransportFactory(CmDispatcher.open());
    }

    @Override
    public Transport open(@Nullable InetSocketAddress source, Destination destination) {
        return new VerbsTransport(dispatcher, source, destination);
    }

    @Override
    public void close() {
        dispatcher.close();
    }
}
