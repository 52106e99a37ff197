package dev.verbena.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// A class of tests that talk to a real target.
///
/// In the rig (`VERBENA_RIG=1`) a target is brought up for the class with the options given here,
/// and taken down afterwards. With `VERBENA_E2E_TARGET=address:port/nqn` that target is used
/// instead, and overwritten, which [ExternalTarget] wants to be permitted; tests that have to
/// change the target are skipped. With neither, the class is skipped and says so.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("target")
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(TargetExtension.class)
@interface TargetTest {
    /// Options of `rig/target up`; of `rig/spdk up` where the class is only for SPDK.
    String[] value() default {};

    /// Options of `rig/spdk up` beside those, which do nothing where the target is Linux's.
    String[] spdk() default {};
}
