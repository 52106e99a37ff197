package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Libc;
import dev.verbena.verbs.ffi.Librdmacm;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_context;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;

/// librdmacm's own list of open devices (`rdma_get_devices(3)`): keeping one open while it is used,
/// and letting go of it.
final class LibrdmacmDevices {
    private static final System.Logger LOG = System.getLogger("dev.verbena.verbs");

    /// How long a removed device may take to leave the device list.
    private static final Duration REMOVAL_MAX = Duration.ofSeconds(5);

    private static final long POLL_NANOS = Duration.ofMillis(10).toNanos();

    private LibrdmacmDevices() {}

    /// Takes a list that holds a reference to the device of a context.
    ///
    /// @param use gets the list's address; whoever it hands that to frees it
    /// @throws RdmaException ENODEV when librdmacm has the device no more
    static <T> T pin(long context, LongFunction<T> use) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            long list = Librdmacm.GET_DEVICES.call(count.address());
            int n = count.get(ValueLayout.JAVA_INT, 0);
            MemorySegment contexts = Native.at(list, Long.BYTES * (n + 1L));
            for (int i = 0; i < n; i++) {
                if (contexts.getAtIndex(ValueLayout.JAVA_LONG, i) == context) {
                    return use.apply(list);
                }
            }
            Librdmacm.FREE_DEVICES.call(list);
            throw new RdmaException(
                    "rdma_get_devices", Errno.ENODEV, "the device has just been removed");
        }
    }

    /// Whether a device has left the device list.
    ///
    /// @param announced its removal has been announced, so it is worth waiting for
    static boolean isGone(String deviceName, boolean announced) {
        long deadline = System.nanoTime() + REMOVAL_MAX.toNanos();
        try {
            boolean listed = isListed(deviceName);
            while (announced && listed && deadline - System.nanoTime() > 0) {
                LockSupport.parkNanos(POLL_NANOS);
                listed = isListed(deviceName);
            }
            return !listed;
        } catch (RdmaException e) {
            // The caller closes something else and does not fail for this.
            LOG.log(Level.WARNING, "cannot tell whether " + deviceName + " was removed", e);
            return false;
        }
    }

    private static boolean isListed(String deviceName) {
        return Rdma.devices().stream().anyMatch(device -> device.name().equals(deviceName));
    }

    /// Gives the kernel back what a context of a removed device holds there.
    ///
    /// The removal of a device whose driver waits for its users, such as rdma_rxe, hangs until
    /// every context is closed. Only librdmacm may close this one, and it does so no sooner than
    /// another device turns up. So the context's descriptors are replaced by ones of nothing: the
    /// kernel sees them closed, and librdmacm still closes numbers that are its own.
    static void abandon(long context) {
        MemorySegment structure = Native.at(context, ibv_context.layout());
        try {
            int nothing = (int) Libc.EVENTFD.call(0, Waiter.EFD_CLOEXEC | Waiter.EFD_NONBLOCK);
            Libc.DUP3.call(nothing, ibv_context.async_fd(structure), Libc.O_CLOEXEC);
            Libc.DUP3.call(nothing, ibv_context.cmd_fd(structure), Libc.O_CLOEXEC);
            Libc.CLOSE.tryCall(nothing);
        } catch (RdmaException e) {
            // Out of descriptors; the process still holds the device then, and the caller closes
            // something else.
            LOG.log(Level.WARNING, "a removed device stays open", e);
        }
    }

    /// Makes librdmacm release the protection domain it keeps beside a context. It does so when the
    /// last identifier goes, but not when the last list goes, so an identifier is made to go once
    /// more.
    ///
    /// @param localAddress an address of the device
    static void releaseProtectionDomain(InetSocketAddress localAddress) {
        try (EventChannel channel = EventChannel.open();
                CmId id = channel.createId()) {
            id.bind(new InetSocketAddress(localAddress.getAddress(), 0));
        } catch (RdmaException e) {
            // The device lost the address or is going away: what is left is one domain, until it is
            // used again.
            LOG.log(Level.DEBUG, "librdmacm keeps its protection domain", e);
        }
    }
}
