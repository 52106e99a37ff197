package dev.verbena.testkit;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.FabricsCommandType;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.LogPage;
import org.jspecify.annotations.Nullable;

/// Carries admin commands out.
final class AdminService {
    private AdminService() {}

    /// Carries a command out; null when the answer comes later.
    static @Nullable Outcome execute(
            TargetCommand command, byte[] data, TargetController controller) {
        controller.seen();
        if (command.isFabrics()) {
            return switch (command.fabricsType()) {
                case FabricsCommandType.PROPERTY_GET -> controller.propertyGet(command);
                case FabricsCommandType.PROPERTY_SET -> controller.propertySet(command);
                case FabricsCommandType.AUTHENTICATION_SEND ->
                        controller.authenticationSend(command, data);
                case FabricsCommandType.AUTHENTICATION_RECEIVE ->
                        controller.authenticationReceive(command);
                default -> Outcome.status(Outcome.INVALID_OPCODE);
            };
        }
        if (!controller.isReady()) {
            return Outcome.status(Outcome.SEQUENCE_ERROR);
        }
        if (controller.isDiscovery()) {
            int refusal = discoveryRefusal(command);
            if (refusal != 0) {
                return Outcome.status(refusal);
            }
        }
        return switch (command.opcode) {
            case AdminOpcode.IDENTIFY -> IdentifyPages.of(command, controller);
            case AdminOpcode.GET_LOG_PAGE -> LogPages.of(command, controller);
            case AdminOpcode.SET_FEATURES -> controller.setFeature(command, data);
            case AdminOpcode.GET_FEATURES -> controller.getFeature(command);
            case AdminOpcode.KEEP_ALIVE -> Outcome.SUCCESS;
            case AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST -> controller.eventRequest(command);
            case AdminOpcode.ABORT -> abort(command, controller);
            default -> Outcome.status(Outcome.INVALID_OPCODE);
        };
    }

    /// What a discovery controller does not do: as little as that of Linux' target, which refuses
    /// all else.
    ///
    /// @return the status, 0 for a command it carries out
    private static int discoveryRefusal(TargetCommand command) {
        int what = command.u8(40);
        return switch (command.opcode) {
            case AdminOpcode.KEEP_ALIVE, AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST -> 0;
            case AdminOpcode.IDENTIFY -> what == IdentifyCns.CONTROLLER ? 0 : Outcome.INVALID_FIELD;
            case AdminOpcode.GET_LOG_PAGE -> what == LogPage.DISCOVERY ? 0 : Outcome.INVALID_FIELD;
            case AdminOpcode.SET_FEATURES, AdminOpcode.GET_FEATURES ->
                    what == Feature.KEEP_ALIVE_TIMER
                                    || what == Feature.ASYNCHRONOUS_EVENT_CONFIGURATION
                            ? 0
                            : Outcome.INVALID_FIELD;
            default -> Outcome.INVALID_OPCODE;
        };
    }

    /// Aborts what waits for ever: an event request, or a command whose answer was dropped. All
    /// else is as good as done.
    private static Outcome abort(TargetCommand command, TargetController controller) {
        int queueId = command.dword(10) & 0xFFFF;
        int commandId = command.dword(10) >>> 16;
        for (TargetCommand other : controller.outstanding(queueId)) {
            if (other.id == commandId
                    && (controller.abort(other) || other.has(Fault.DropAnswer.class))) {
                TargetListener.send(other, Outcome.status(Outcome.ABORT_REQUESTED));
                return Outcome.result(0);
            }
        }
        return Outcome.result(1);
    }
}
