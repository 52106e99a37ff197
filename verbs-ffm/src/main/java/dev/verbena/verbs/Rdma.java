package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Hints;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Libraries;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_device;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/// What RDMA there is on this machine. Any thread may call.
public final class Rdma {
    private Rdma() {}

    /// Checks that RDMA can be used here: libraries present, native access allowed, at least one
    /// device.
    ///
    /// @throws RdmaUnavailableException with what is missing and how to get it
    public static void requireAvailable() {
        if (devices().isEmpty()) {
            throw new RdmaUnavailableException("no RDMA device: " + Hints.NO_DEVICE);
        }
    }

    /// The RDMA devices that have a user-space provider, in the kernel's order
    /// (`ibv_get_device_list(3)`).
    ///
    /// @throws RdmaUnavailableException when a library or native access is missing
    public static List<RdmaDevice> devices() {
        return list(Rdma::describe);
    }

    /// The `struct ibv_device` of each, for comparing only: the one of a device that has gone may
    /// be gone as well, unless a context holds it.
    static List<Long> pointers() {
        return list(device -> device);
    }

    private static <T> List<T> list(LongFunction<T> look) {
        Libraries.requireLoaded();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            long list = Libibverbs.GET_DEVICE_LIST.callOrNegativeErrno(count.address());
            if (list == -Errno.ENOENT || list == -Errno.EOPNOTSUPP || list == -Errno.ENOSYS) {
                return List.of(); // the kernel has no uverbs at all
            }
            if (list < 0 && list > -4096) {
                throw Errno.failure("ibv_get_device_list", (int) -list);
            }
            try {
                List<T> devices = new ArrayList<>();
                int n = count.get(ValueLayout.JAVA_INT, 0);
                MemorySegment pointers = n == 0 ? MemorySegment.NULL : Native.at(list, 8L * n);
                for (int i = 0; i < n; i++) {
                    devices.add(look.apply(pointers.getAtIndex(ValueLayout.JAVA_LONG, i)));
                }
                return List.copyOf(devices);
            } finally {
                Libibverbs.FREE_DEVICE_LIST.call(list);
            }
        }
    }

    /// Opens the device of a name. The list is read anew: its entries die with it, and a device may
    /// have gone.
    static long openByName(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            long list = Libibverbs.GET_DEVICE_LIST.call(count.address());
            try {
                int n = count.get(ValueLayout.JAVA_INT, 0);
                MemorySegment pointers = n == 0 ? MemorySegment.NULL : Native.at(list, 8L * n);
                for (int i = 0; i < n; i++) {
                    long device = pointers.getAtIndex(ValueLayout.JAVA_LONG, i);
                    if (name.equals(describe(device).name())) {
                        return Libibverbs.OPEN_DEVICE.call(device);
                    }
                }
                throw new RdmaException(
                        "ibv_open_device",
                        Errno.ENODEV,
                        "there is no device " + name + " any more");
            } finally {
                Libibverbs.FREE_DEVICE_LIST.call(list);
            }
        }
    }

    private static RdmaDevice describe(long device) {
        MemorySegment segment = Native.at(device, ibv_device.layout());
        return new RdmaDevice(
                ibv_device.name(segment).getString(0),
                ibv_device.dev_name(segment).getString(0),
                ibv_device.node_type(segment),
                ibv_device.transport_type(segment),
                Long.reverseBytes(Libibverbs.GET_DEVICE_GUID.call(device)));
    }
}
