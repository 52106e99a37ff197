package dev.verbena.nativefabric;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import dev.verbena.verbs.Rdma;
import dev.verbena.verbs.RdmaException;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/// See [NullFabricTest].
final class NullFabricCondition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (!"1".equals(System.getenv("VERBENA_NATIVE"))) {
            return disabled("needs the null fabric: run ./verify native");
        }
        if (!isLoaded()) {
            throw new IllegalStateException(
                    "VERBENA_NATIVE=1, but libibverbs.so.1 is not that of the null fabric:"
                            + " LD_LIBRARY_PATH="
                            + System.getenv("LD_LIBRARY_PATH"));
        }
        return enabled("the null fabric is here");
    }

    private static boolean isLoaded() {
        try {
            return Rdma.devices().stream().anyMatch(device -> device.name().equals("null0"));
        } catch (RdmaException e) {
            return false;
        }
    }
}
