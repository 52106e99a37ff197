/// RDMA verbs for Java: libibverbs and librdmacm as objects, over the Foreign Function & Memory
/// API.
///
/// The only module of Verbena that calls native code; run with
/// `--enable-native-access=dev.verbena.verbs` (on the class path: `ALL-UNNAMED`).
@SuppressWarnings("module") // dev.verbena, which a qualified export names, is built after this one
@org.jspecify.annotations.NullMarked
module dev.verbena.verbs {
    requires static transitive org.jspecify;

    exports dev.verbena.verbs;
    exports dev.verbena.verbs.raw to
            dev.verbena;
}
