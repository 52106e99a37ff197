/// A fabric and an NVMe over Fabrics target in memory, for tests without RDMA hardware.
///
/// Start at [dev.verbena.testkit.TestFabric].
@org.jspecify.annotations.NullMarked
module dev.verbena.testkit {
    requires transitive dev.verbena;
    requires transitive dev.verbena.nvme;
    requires static transitive org.jspecify;

    exports dev.verbena.testkit;
}
