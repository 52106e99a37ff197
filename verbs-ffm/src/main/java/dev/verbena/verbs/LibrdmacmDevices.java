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
///
/// librdmacm opens every device once and shares the context among all identifiers of the process.
/// Nobody else may close it: librdmacm would close it once more. Two things follow.
///
/// **Pinning.** librdmacm closes the context of a device that it knows to be gone as soon as its
/// own count of users is 0: identifiers and lists of devices. Protection domains, queues and
/// regions are not counted. So a list is held from a context's first user to its last.
///
/// **Letting go.** Drivers without support for being taken away, rdma_rxe among them, hold up the
/// removal of a device until every context is closed. librdmacm learns that a device is gone only
/// when it compares its list with the system's, which [#retire] makes it do: then freeing the
/// pinned list closes the context in the regular way. But it refuses to compare when the system has
/// no device left at all (`sync_devices_list` in its `cma.c`, rdma-core 44 to 65). That leaves
/// [#abandon]: it puts descriptors of nothing in the place of the context's two, by `dup3`.
///
/// Why that is sound. It happens only when the device has left the system's list and this library
/// has no object on the context and no identifier that has asked for it, under the lock that hands
/// contexts out; one that asks later gets ENODEV. The *numbers* stay open and stay librdmacm's: no
/// other file can get them, and when librdmacm closes the context one day, it closes the
/// placeholders. What it calls before, to release its own protection domain, fails with an errno at
/// the placeholder, as it would at a device that is gone. Code outside of this library that uses
/// the same context, through [RdmaContext#handle()] or a librdmacm of its own making in this
/// process, gets other errnos from a dead device than it would have got, and does not see its last
/// asynchronous event. A provider that maps pages of its context keeps the kernel's file open
/// through them, so there the descriptors would not be enough; those are drivers of hardware, whose
/// removal does not wait for anybody.
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
            if (contains(list, count.get(ValueLayout.JAVA_INT, 0), context)) {
                return use.apply(list);
            }
            Librdmacm.FREE_DEVICES.call(list);
            throw new RdmaException(
                    "rdma_get_devices", Errno.ENODEV, "the device has just been removed");
        }
    }

    /// Whether a device has left the device list.
    ///
    /// @param device the `struct ibv_device *`
    /// @param announced its removal has been announced, so it is worth waiting for
    static boolean isGone(String deviceName, long device, boolean announced) {
        long deadline = System.nanoTime() + REMOVAL_MAX.toNanos();
        try {
            boolean listed = isListed(device);
            while (announced && listed && deadline - System.nanoTime() > 0) {
                LockSupport.parkNanos(POLL_NANOS);
                listed = isListed(device);
            }
            return !listed;
        } catch (RdmaException e) {
            // The caller closes something else and does not fail for this.
            LOG.log(Level.WARNING, "cannot tell whether " + deviceName + " was removed", e);
            return false;
        }
    }

    /// libibverbs keeps one structure per device and gives the same one out as long as that device
    /// is there; the context holds it. Names are given again: a card that was reset comes back as
    /// another device with the same name.
    static boolean isListed(long device) {
        return Rdma.pointers().contains(device);
    }

    /// Makes librdmacm look whether a device is still there.
    ///
    /// @return true when it knows now that the context's device is gone, so that it closes the
    ///   context when nothing uses it any more
    static boolean retire(long context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            long list = Librdmacm.GET_DEVICES.callOrNegativeErrno(count.address());
            if (list < 0 && list > -4096) {
                return false;
            }
            boolean listed = contains(list, count.get(ValueLayout.JAVA_INT, 0), context);
            Librdmacm.FREE_DEVICES.call(list);
            return !listed;
        }
    }

    private static boolean contains(long list, int n, long context) {
        MemorySegment contexts = Native.at(list, Long.BYTES * (n + 1L));
        for (int i = 0; i < n; i++) {
            if (contexts.getAtIndex(ValueLayout.JAVA_LONG, i) == context) {
                return true;
            }
        }
        return false;
    }

    /// Gives the kernel back what a context of a removed device holds there, where librdmacm
    /// cannot: see the class comment.
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
