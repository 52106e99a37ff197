/// The NVMe over Fabrics initiator.
///
/// Start at [dev.verbena.Initiator]. Native access is needed by one module only,
/// `dev.verbena.verbs`: run with `--enable-native-access=dev.verbena.verbs` on the module path or
/// `ALL-UNNAMED` on the class path.
@SuppressWarnings("module") // the testkit, which qualified exports name, is built after this module
@org.jspecify.annotations.NullMarked
module dev.verbena {
    requires transitive dev.verbena.nvme;
    requires transitive dev.verbena.verbs;
    requires static transitive org.jspecify;
    requires jdk.jfr;

    exports dev.verbena;
    exports dev.verbena.channel;

    // For the fabric in memory and the simulations, not for applications.
    exports dev.verbena.internal.control to
            dev.verbena.testkit;
    exports dev.verbena.internal.engine to
            dev.verbena.testkit;
    exports dev.verbena.internal.fabric to
            dev.verbena.testkit;
    exports dev.verbena.internal.memory to
            dev.verbena.testkit;
    exports dev.verbena.internal.time to
            dev.verbena.testkit;
}
