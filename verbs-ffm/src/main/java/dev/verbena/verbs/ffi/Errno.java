package dev.verbena.verbs.ffi;

import dev.verbena.verbs.MemoryLimitException;
import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.RdmaPermissionException;
import java.util.Map;
import java.util.function.BooleanSupplier;

/// errno values of Linux (`errno(3)`; numbers from asm-generic) and the exception each becomes.
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int ENODEV = 19;
    public static final int EMFILE = 24;
    public static final int EINVAL = 22;
    public static final int ENOSYS = 38;
    public static final int EOPNOTSUPP = 95;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETUNREACH = 101;
    public static final int ENOTCONN = 107;
    public static final int ETIMEDOUT = 110;
    public static final int EHOSTUNREACH = 113;

    private static final Map<Integer, String> NAMES =
            Map.ofEntries(
                    Map.entry(0, "OK"),
                    Map.entry(EPERM, "EPERM"),
                    Map.entry(ENOENT, "ENOENT"),
                    Map.entry(3, "ESRCH"),
                    Map.entry(EINTR, "EINTR"),
                    Map.entry(EIO, "EIO"),
                    Map.entry(ENXIO, "ENXIO"),
                    Map.entry(7, "E2BIG"),
                    Map.entry(9, "EBADF"),
                    Map.entry(EAGAIN, "EAGAIN"),
                    Map.entry(ENOMEM, "ENOMEM"),
                    Map.entry(EACCES, "EACCES"),
                    Map.entry(14, "EFAULT"),
                    Map.entry(EBUSY, "EBUSY"),
                    Map.entry(17, "EEXIST"),
                    Map.entry(18, "EXDEV"),
                    Map.entry(ENODEV, "ENODEV"),
                    Map.entry(EINVAL, "EINVAL"),
                    Map.entry(23, "ENFILE"),
                    Map.entry(EMFILE, "EMFILE"),
                    Map.entry(28, "ENOSPC"),
                    Map.entry(32, "EPIPE"),
                    Map.entry(33, "EDOM"),
                    Map.entry(34, "ERANGE"),
                    Map.entry(ENOSYS, "ENOSYS"),
                    Map.entry(52, "EBADE"),
                    Map.entry(61, "ENODATA"),
                    Map.entry(62, "ETIME"),
                    Map.entry(71, "EPROTO"),
                    Map.entry(74, "EBADMSG"),
                    Map.entry(75, "EOVERFLOW"),
                    Map.entry(90, "EMSGSIZE"),
                    Map.entry(92, "ENOPROTOOPT"),
                    Map.entry(93, "EPROTONOSUPPORT"),
                    Map.entry(EOPNOTSUPP, "EOPNOTSUPP"),
                    Map.entry(97, "EAFNOSUPPORT"),
                    Map.entry(98, "EADDRINUSE"),
                    Map.entry(EADDRNOTAVAIL, "EADDRNOTAVAIL"),
                    Map.entry(100, "ENETDOWN"),
                    Map.entry(ENETUNREACH, "ENETUNREACH"),
                    Map.entry(103, "ECONNABORTED"),
                    Map.entry(104, "ECONNRESET"),
                    Map.entry(105, "ENOBUFS"),
                    Map.entry(106, "EISCONN"),
                    Map.entry(ENOTCONN, "ENOTCONN"),
                    Map.entry(ETIMEDOUT, "ETIMEDOUT"),
                    Map.entry(111, "ECONNREFUSED"),
                    Map.entry(EHOSTUNREACH, "EHOSTUNREACH"),
                    Map.entry(114, "EALREADY"),
                    Map.entry(115, "EINPROGRESS"),
                    Map.entry(116, "ESTALE"));

    private Errno() {}

    /// The symbolic name of an errno value; `errno N` for one this table does not have.
    public static String name(int errno) {
        String name = NAMES.get(errno);
        return name != null ? name : "errno " + errno;
    }

    /// Whether an object that could not be destroyed is gone all the same.
    ///
    /// When a driver takes a device away from its users (`disassociate_ucontext` in the kernel),
    /// the kernel destroys everything that was made on the device, and from then on answers every
    /// verb with EIO, also those that destroy (`ib_uverbs_disassociate_ucontext`; libibverbs hides
    /// that where `RDMAV_ALLOW_DISASSOC_DESTROY` is set). The same answer of a device that is there
    /// means that it has not let go.
    ///
    /// @param errno what the verb that destroys answered
    /// @param deviceTaken asked only where the answer leaves the question open
    public static boolean isGoneWithItsDevice(int errno, BooleanSupplier deviceTaken) {
        return (errno == EIO || errno == ENODEV) && deviceTaken.getAsBoolean();
    }

    /// The exception for a failed native call, with the remedy where one is known.
    public static RdmaException failure(String operation, int errno) {
        boolean registers = operation.startsWith("ibv_reg_mr");
        if (registers && errno == ENOMEM) {
            return new MemoryLimitException(operation, errno, MemoryLock.hint());
        }
        boolean creates =
                operation.startsWith("ibv_create_")
                        || operation.equals("rdma_create_qp")
                        || operation.equals("ibv_resize_cq");
        if (creates && errno == ENOMEM) {
            return new RdmaException(
                    operation,
                    errno,
                    "the request exceeds what the device offers, or " + MemoryLock.hint());
        }
        if (errno == EACCES || errno == EPERM) {
            return new RdmaPermissionException(operation, errno, Hints.PERMISSION);
        }
        if (errno == ENODEV) {
            return new RdmaException(operation, errno, Hints.NO_DEVICE);
        }
        if (errno == EMFILE) {
            return new RdmaException(operation, errno, Hints.DESCRIPTORS);
        }
        return new RdmaException(operation, errno, "");
    }
}
