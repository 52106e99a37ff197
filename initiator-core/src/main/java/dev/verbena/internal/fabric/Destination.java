package dev.verbena.internal.fabric;

import dev.verbena.AddressUnreachableException;
import dev.verbena.ConnectFailedException;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a transport leads: an address, or a name that may mean other addresses later.
///
/// Each connection of an admin queue, the first and every other, asks anew what the name means and
/// tries all addresses, beginning with the one that worked last. The I/O queues of a connection
/// follow its admin queue.
///
/// Threads: any; [#connect] blocks its caller.
public final class Destination {
    /// Addresses of one name that are tried.
    public static final int ADDRESSES_MAX = 16;

    /// Says which addresses there are at this moment.
    @FunctionalInterface
    public interface Lookup {
        /// The addresses, best first.
        ///
        /// @throws AddressUnreachableException when there are none, or it is not known in time
        List<InetSocketAddress> addresses(Deadline deadline) throws IOException;
    }

    /// Connects a queue to one address.
    ///
    /// @param <T> what it becomes
    @FunctionalInterface
    public interface Attempt<T> {
        /// Connects.
        T connect(InetSocketAddress address) throws IOException;
    }

    private final String name;
    private final Lookup lookup;
    private volatile @Nullable InetSocketAddress current;

    /// @param name for messages: address and port
    public Destination(String name, Lookup lookup) {
        this.name = name;
        this.lookup = lookup;
    }

    /// A destination that is always the same address.
    public static Destination of(InetSocketAddress address, String name) {
        return new Destination(name, deadline -> List.of(address));
    }

    /// Address and port, for messages.
    public String name() {
        return name;
    }

    /// Connects a queue to the first address that lets it.
    ///
    /// @param source local address to connect from; null to let routing decide
    /// @throws ConnectFailedException of the first address that may let it another time, else of
    ///   the first; those of the others are suppressed in it
    public <T> T connect(
            int queueId, @Nullable InetSocketAddress source, Deadline deadline, Attempt<T> attempt)
            throws IOException {
        InetSocketAddress present = current;
        if (queueId != 0 && present != null) {
            return attempt.connect(present);
        }
        List<ConnectFailedException> failures = new ArrayList<>();
        for (InetSocketAddress address : usable(source, lookup.addresses(deadline), present)) {
            if (!failures.isEmpty() && deadline.expired()) {
                break;
            }
            try {
                T connected = attempt.connect(address);
                current = address;
                return connected;
            } catch (ConnectFailedException e) {
                failures.add(e);
            }
        }
        ConnectFailedException first =
                failures.stream()
                        .filter(ConnectFailedException::retryable)
                        .findFirst()
                        .orElse(failures.getFirst());
        failures.stream().filter(other -> !other.equals(first)).forEach(first::addSuppressed);
        throw first;
    }

    private List<InetSocketAddress> usable(
            @Nullable InetSocketAddress source,
            List<InetSocketAddress> found,
            @Nullable InetSocketAddress last)
            throws AddressUnreachableException {
        List<InetSocketAddress> addresses = new ArrayList<>();
        String why = "it has no address";
        for (InetSocketAddress address : found) {
            boolean six = address.getAddress() instanceof Inet6Address;
            if (source != null && six != source.getAddress() instanceof Inet6Address) {
                why = "it has no address of the kind of the local address, " + source.getAddress();
            } else if (source == null && lacksInterface(address)) {
                why =
                        "a link-local address needs the interface it is reached over, as in"
                                + " fe80::1%eth0";
            } else {
                addresses.add(address);
            }
        }
        if (addresses.isEmpty()) {
            throw new AddressUnreachableException(
                    name, 0, name + " cannot be reached: " + why, null);
        }
        if (last != null && addresses.remove(last)) {
            addresses.addFirst(last);
        }
        return addresses.subList(0, Math.min(ADDRESSES_MAX, addresses.size()));
    }

    private static boolean lacksInterface(InetSocketAddress address) {
        return address.getAddress() instanceof Inet6Address six
                && six.isLinkLocalAddress()
                && six.getScopeId() == 0;
    }

    @Override
    public String toString() {
        return name;
    }
}
