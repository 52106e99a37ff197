package dev.verbena.verbs.ffi;

/// What to do about the failures that an installation causes. Shown to users as they are.
public final class Hints {
    public static final String PACKAGES =
            "Debian and Ubuntu: apt-get install libibverbs1 librdmacm1 ibverbs-providers;"
                    + " Fedora and RHEL: dnf install libibverbs librdmacm";

    public static final String NO_DEVICE =
            "no RDMA device serves this. `rdma link show` lists the devices; load the NIC's driver, or for soft-RoCE"
                    + " run `modprobe rdma_rxe` and `rdma link add rxe0 type rxe netdev NETDEV`. A device"
                    + " without its user-space provider is invisible: apt-get install"
                    + " ibverbs-providers";

    public static final String NO_CONNECTION_MANAGER =
            "/dev/infiniband/rdma_cm is missing: run `modprobe rdma_ucm`";

    public static final String PERMISSION =
            "the user needs read and write access to /dev/infiniband/uverbs* and"
                    + " /dev/infiniband/rdma_cm (rdma-core's udev rules set them; in a container pass the"
                    + " devices through)";

    /// Without the present limit: to read it needs a descriptor.
    public static final String DESCRIPTORS =
            "the process has as many files open as it may (RLIMIT_NOFILE), and each queue needs some:"
                    + " raise it with `ulimit -n`, or LimitNOFILE in a systemd unit";

    private Hints() {}
}
