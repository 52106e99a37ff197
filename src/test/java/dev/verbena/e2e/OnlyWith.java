package dev.verbena.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// A test, or a class of them, of something that one of the rig's targets does and the others do
/// not. With the others it is skipped, and the report has the reason.
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OnlyWith.Condition.class)
@interface OnlyWith {
    /// The target that it runs against.
    TargetControl value();

    /// What the other targets do differently.
    String because();

    /// Looks for the annotation.
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return AnnotationSupport.findAnnotation(context.getElement(), OnlyWith.class)
                    .filter(only -> only.value() != TargetControl.current())
                    .map(only ->
                            ConditionEvaluationResult.disabled(
                                    "not with " + TargetControl.current() + ": " + only.because()))
                    .orElse(ConditionEvaluationResult.enabled("this is the target for it"));
        }
    }
}
