package dev.verbena.internal.fabric;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where an initiator gets its transports from: the RDMA devices of this machine, or a fabric in
/// memory.
///
/// Threads: any.
public interface TransportFactory extends AutoCloseable {
    /// A transport to one target. Connects nothing yet.
    ///
    /// @param source local address to connect from; null to let routing decide
    Transport open(@Nullable InetSocketAddress source, Destination destination);

    /// All addresses of a host name, best first. Asked for each connection: the JVM itself keeps
    /// answers for 30 s (`networkaddress.cache.ttl`).
    default List<InetAddress> lookUp(String name) throws UnknownHostException {
        return List.of(InetAddress.getAllByName(name));
    }

    /// Releases what the transports share. All of them have to be closed.
    @Override
    void close();
}
