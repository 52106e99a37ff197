package dev.verbena.internal.fabric;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Where an initiator gets its transports from: the RDMA devices of this machine, or a fabric in
/// memory.
///
/// Threads: any.
public interface TransportFactory extends AutoCloseable {
    /// A transport to one target address. Connects nothing yet.
    ///
    /// @param source local address to connect from; null to let routing decide
    /// @param destination resolved address
    /// @param name of the destination, for messages
    Transport open(@Nullable InetSocketAddress source, InetSocketAddress destination, String name);

    /// Releases what the transports share. All of them have to be closed.
    @Override
    void close();
}
