package dev.verbena.verbs;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Marks a test class that needs an RDMA device. Without one its tests are skipped with the reason;
/// where the environment promises one (`VERBENA_RIG=1`) they fail instead.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("rdma")
@Timeout(120)
@ExtendWith(RdmaCondition.class)
@Inherited
@interface RdmaTest {}
