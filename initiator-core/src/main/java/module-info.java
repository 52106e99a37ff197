/// The NVMe over Fabrics initiator.
///
/// Start at [dev.verbena.Initiator]. Native access is needed by one module only,
/// `dev.verbena.verbs`: run with `--enable-native-access=dev.verbena.verbs` on the module path or
/// `ALL-UNNAMED` on the class path.
@org.jspecify.annotations.NullMarked
module dev.verbena {
    requires transitive dev.verbena.nvme;
    requires transitive dev.verbena.verbs;
    requires static transitive org.jspecify;

    exports dev.verbena;
}
