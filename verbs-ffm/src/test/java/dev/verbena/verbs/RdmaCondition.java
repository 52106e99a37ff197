package dev.verbena.verbs;

import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Decides for [RdmaTest].
final class RdmaCondition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return evaluate("1".equals(System.getenv("VERBENA_RIG")));
    }

    static ConditionEvaluationResult evaluate(boolean deviceExpected) {
        try {
            Rdma.requireAvailable();
            List<RdmaDevice> devices = Rdma.devices();
            return ConditionEvaluationResult.enabled("devices: " + devices);
        } catch (RdmaException e) {
            if (deviceExpected) {
                throw new AssertionError(
                        "VERBENA_RIG=1 promises an RDMA device: " + e.getMessage(), e);
            }
            return ConditionEvaluationResult.disabled(e.getMessage());
        }
    }
}
