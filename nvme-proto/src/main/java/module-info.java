/**
 * NVMe and NVMe over Fabrics on the wire: encoders that write into a caller's memory without
 * allocating, decoders that turn untrusted bytes into values, status codes by name. No I/O, no
 * native code, no threads.
 */
@org.jspecify.annotations.NullMarked
module dev.verbena.nvme {
    requires static transitive org.jspecify;

    exports dev.verbena.nvme;
    exports dev.verbena.nvme.auth;
    exports dev.verbena.nvme.log;
    exports dev.verbena.nvme.zns;
}
