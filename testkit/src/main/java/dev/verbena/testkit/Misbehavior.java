package dev.verbena.testkit;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Property;

/// Targets that misbehave in ways real ones do, and some that none should: each injects one
/// combination of occasion and fault.
public final class Misbehavior {
    private static final int FATAL = 1 << 1;
    private static final int RECORD_COUNT = 8;

    private Misbehavior() {}

    /// The controller never becomes ready.
    public static void neverReady(TestTarget target) {
        target.inject(Occasion.propertyGet(Property.CSTS).always(), new Fault.Answer(0, 0));
    }

    /// The controller reports a fatal error (CSTS.CFS).
    public static void fatal(TestTarget target) {
        target.inject(Occasion.propertyGet(Property.CSTS).always(), new Fault.Answer(0, FATAL));
    }

    /// The controller claims these capabilities (CAP).
    public static void capabilities(TestTarget target, long value) {
        target.inject(Occasion.propertyGet(Property.CAP).always(), new Fault.Answer(0, value));
    }

    /// A field of Identify Controller is this.
    public static void identifyController(
            TestTarget target, int offset, long value, int byteCount) {
        target.inject(
                Occasion.identify(IdentifyCns.CONTROLLER).always(),
                Fault.Patch.of(offset, value, byteCount));
    }

    /// A field of Identify Namespace is this, for every namespace.
    public static void identifyNamespace(TestTarget target, int offset, long value, int byteCount) {
        target.inject(
                Occasion.identify(IdentifyCns.NAMESPACE).always(),
                Fault.Patch.of(offset, value, byteCount));
    }

    /// Connect is refused.
    ///
    /// @param status 15-bit status
    /// @param invalidOffset IPO and IATTR, for Connect Invalid Parameters (4182h)
    public static void refuseConnect(TestTarget target, int status, int invalidOffset) {
        target.inject(
                Occasion.connect().always(),
                new Fault.Answer(status, Integer.toUnsignedLong(invalidOffset)));
    }

    /// The discovery log is another each time somebody looks.
    public static void restlessDiscoveryLog(TestTarget target) {
        target.inject(Occasion.logPage(LogPage.DISCOVERY).always(), new Fault.Count(0));
    }

    /// The discovery log claims this many entries.
    public static void discoveryRecordCount(TestTarget target, long count) {
        target.inject(
                Occasion.logPage(LogPage.DISCOVERY).always(),
                Fault.Patch.of(RECORD_COUNT, count, 8));
    }

    /// Keep Alive commands are never answered.
    public static void unansweredKeepAlive(TestTarget target) {
        target.inject(Occasion.admin(AdminOpcode.KEEP_ALIVE).always(), new Fault.DropAnswer());
    }

    /// Nothing is answered any more, neither admin nor I/O.
    public static void silence(TestTarget target) {
        target.inject(Occasion.admin().always(), new Fault.DropAnswer());
        target.inject(Occasion.io().always(), new Fault.DropAnswer());
        target.inject(Occasion.connect().always(), new Fault.DropAnswer());
    }
}
