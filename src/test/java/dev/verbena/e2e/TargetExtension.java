package dev.verbena.e2e;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// Gives a class of tests its target; see [TargetTest].
final class TargetExtension
        implements ExecutionCondition, BeforeAllCallback, AfterAllCallback, ParameterResolver {
    private static final ExtensionContext.Namespace STORE =
            ExtensionContext.Namespace.create(TargetExtension.class);

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        // Before anything else, and for each class: an exception here fails it.
        ExternalTarget.requirePermission(System.getenv());
        if (wantsPassthru(context)
                && (!LiveTarget.inRig()
                        || LiveTarget.external() != null
                        || LiveTarget.pciController() == null)) {
            return disabled("needs the NVMe controller of rig/run --passthru");
        }
        if (wantsPassthru(context) && TargetControl.current() != TargetControl.NVMET) {
            return disabled("only the kernel's target hands a controller through");
        }
        if (LiveTarget.inRig() || LiveTarget.external() != null) {
            return enabled("there is a target");
        }
        return disabled("needs a target: run ./verify e2e");
    }

    private static boolean wantsPassthru(ExtensionContext context) {
        return context.getTestClass()
                .map(type -> type.getAnnotation(TargetTest.class))
                .filter(annotation -> List.of(annotation.value()).contains("--passthru"))
                .isPresent();
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        String external = LiveTarget.external();
        LiveTarget target;
        if (external != null) {
            target = ExternalTarget.parse(external);
            ExternalTarget.show(target);
        } else {
            TargetTest annotation = context.getRequiredTestClass().getAnnotation(TargetTest.class);
            List<String> options = new ArrayList<>(List.of("--size", "64M"));
            options.addAll(List.of(annotation.value()));
            if (TargetControl.current() == TargetControl.SPDK) {
                options.addAll(List.of(annotation.spdk()));
            }
            List<String> up = new ArrayList<>(List.of("up"));
            up.addAll(TargetControl.current().up(options));
            // What a killed run may have left would only confuse this one.
            LiveTarget.rig(List.of("down"));
            LiveTarget.rig(up);
            target = LiveTarget.ofRig();
        }
        context.getStore(STORE).put(LiveTarget.class, target);
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (LiveTarget.external() == null) {
            LiveTarget.rig(List.of("down"));
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == LiveTarget.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(STORE).get(LiveTarget.class);
    }
}
