package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Librdmacm;
import dev.verbena.verbs.ffi.Native;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;

/// librdmacm's own list of open devices (`rdma_get_devices(3)`): keeping one open while it is used,
/// and making librdmacm notice that one has gone.
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

    /// Lets librdmacm close a device nobody here uses any more, if it was removed. Without that its
    /// context stays open until librdmacm looks at its list for another reason, and the removal of
    /// a device whose driver waits for its users, such as rdma_rxe, hangs as long.
    ///
    /// @param announced its removal has been announced, so it is worth waiting until it leaves the
    ///   device list
    static void letGo(String deviceName, boolean announced) {
        long deadline = System.nanoTime() + REMOVAL_MAX.toNanos();
        try {
            boolean listed = isListed(deviceName);
            while (announced && listed && deadline - System.nanoTime() > 0) {
                LockSupport.parkNanos(POLL_NANOS);
                listed = isListed(deviceName);
            }
            if (!listed) {
                // Brings the list up to date, which closes what is gone.
                long list = Librdmacm.GET_DEVICES.callOrNegativeErrno(0);
                if (list > 0) {
                    Librdmacm.FREE_DEVICES.call(list);
                }
            }
        } catch (RdmaException e) {
            // The caller closes something else and did not fail.
            LOG.log(
                    Level.WARNING,
                    "librdmacm may keep the removed device " + deviceName + " open",
                    e);
        }
    }

    private static boolean isListed(String deviceName) {
        return Rdma.devices().stream().anyMatch(device -> device.name().equals(deviceName));
    }
}
