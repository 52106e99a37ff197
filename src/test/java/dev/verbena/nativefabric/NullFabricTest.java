package dev.verbena.nativefabric;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Marks a class of tests that run over the null fabric, with its namespaces' content and its
/// checks of keys and bounds switched on.
///
/// `./verify native` promises it (`VERBENA_NATIVE=1`); then the tests fail where it is missing.
/// Elsewhere they are skipped with the reason.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("native")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ExtendWith(NullFabricCondition.class)
@interface NullFabricTest {}
