package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;
import org.jspecify.annotations.Nullable;

/**
 * Why a Connect was refused, and what to do about it.
 *
 * @param reason what the host can branch on
 * @param field the field the controller objected to, such as {@code SUBNQN}; null where it named
 *     none
 * @param message one or two sentences for people
 */
public record ConnectFailure(Reason reason, @Nullable String field, String message) {
    /** Kinds of refusal. */
    public enum Reason {
        /** The controller does not know this record format. */
        INCOMPATIBLE_FORMAT,
        /** All controllers are in use; a later attempt may succeed. */
        CONTROLLER_BUSY,
        /** A parameter is wrong: see the field. */
        INVALID_PARAMETERS,
        /** The subsystem is not available here; read the discovery log again. */
        RESTART_DISCOVERY,
        /** This host may not use the subsystem. */
        HOST_NOT_ALLOWED,
        /** The command does not fit the queue it was sent on. */
        INVALID_QUEUE_TYPE,
        /** The discovery log changed while it was read; read it again. */
        DISCOVERY_RESTART,
        /** The queue must be authenticated first. */
        AUTHENTICATION_REQUIRED,
        /** Any other status. */
        OTHER
    }

    private static final int IN_DATA = 1 << 16;

    /**
     * Explains a Connect that did not succeed.
     *
     * @param status 15-bit status, as {@link CompletionEntry#status} returns it
     * @param result dword 0 of the response: where status is Connect Invalid Parameters, the offset
     *     of the field (IPO, 15:0) and whether it is in the data (IATTR, bit 16)
     */
    public static ConnectFailure of(int status, int result) {
        NvmeStatus decoded = new NvmeStatus(status);
        Reason reason =
                decoded.codeType() == NvmeStatus.TYPE_COMMAND_SPECIFIC
                        ? reason(decoded.code())
                        : Reason.OTHER;
        if (reason == Reason.INVALID_PARAMETERS) {
            return invalidParameters(result);
        }
        return new ConnectFailure(reason, null, message(reason, decoded));
    }

    /** The message alone. */
    public static String explain(int status, int result) {
        return of(status, result).message();
    }

    private static Reason reason(int code) {
        return switch (code) {
            case 0x80 -> Reason.INCOMPATIBLE_FORMAT;
            case 0x81 -> Reason.CONTROLLER_BUSY;
            case 0x82 -> Reason.INVALID_PARAMETERS;
            case 0x83 -> Reason.RESTART_DISCOVERY;
            case 0x84 -> Reason.HOST_NOT_ALLOWED;
            case 0x85 -> Reason.INVALID_QUEUE_TYPE;
            case 0x90 -> Reason.DISCOVERY_RESTART;
            case 0x91 -> Reason.AUTHENTICATION_REQUIRED;
            default -> Reason.OTHER;
        };
    }

    private static String message(Reason reason, NvmeStatus status) {
        return switch (reason) {
            case INCOMPATIBLE_FORMAT ->
                    "The controller does not support this Connect record format (0).";
            case CONTROLLER_BUSY ->
                    "The controller is already associated with a host, or all controllers of the"
                            + " subsystem are in use. Try again later, or disconnect another host.";
            case INVALID_PARAMETERS -> "One of the Connect parameters is invalid.";
            case RESTART_DISCOVERY ->
                    "The subsystem is not available at this address any more. Read the discovery log"
                            + " again and connect to an address it lists.";
            case HOST_NOT_ALLOWED ->
                    "The subsystem does not allow this host. Add the host's NQN to the subsystem's"
                            + " allowed hosts, or connect with a host NQN that is allowed.";
            case INVALID_QUEUE_TYPE -> "The command was sent on the wrong type of queue.";
            case DISCOVERY_RESTART ->
                    "The discovery log changed while it was being read. Read it again.";
            case AUTHENTICATION_REQUIRED ->
                    "The subsystem requires in-band authentication. Configure a DH-HMAC-CHAP secret"
                            + " for this host.";
            case OTHER -> "The controller refused the Connect: " + status + ".";
        };
    }

    private static ConnectFailure invalidParameters(int result) {
        int offset = result & 0xFFFF;
        boolean inData = (result & IN_DATA) != 0;
        String field = inData ? dataField(offset) : entryField(offset);
        String place =
                Text.format("%s byte %d", inData ? "Connect data" : "Connect command", offset);
        if (field == null) {
            return new ConnectFailure(
                    Reason.INVALID_PARAMETERS,
                    null,
                    "The controller refused a Connect parameter at " + place + ".");
        }
        return new ConnectFailure(
                Reason.INVALID_PARAMETERS,
                field,
                "The controller refused " + field + " (" + place + "): " + hint(field));
    }

    private static @Nullable String dataField(int offset) {
        if (offset < 16) {
            return "HOSTID";
        }
        if (offset < 18) {
            return "CNTLID";
        }
        if (offset >= ConnectData.SUBSYSTEM_NQN_OFFSET && offset < ConnectData.HOST_NQN_OFFSET) {
            return "SUBNQN";
        }
        if (offset >= ConnectData.HOST_NQN_OFFSET
                && offset < ConnectData.HOST_NQN_OFFSET + Nqn.FIELD_SIZE) {
            return "HOSTNQN";
        }
        return null;
    }

    private static @Nullable String entryField(int offset) {
        return switch (offset) {
            case 40, 41 -> "RECFMT";
            case 42, 43 -> "QID";
            case 44, 45 -> "SQSIZE";
            case 46 -> "CATTR";
            case 48, 49, 50, 51 -> "KATO";
            default -> null;
        };
    }

    private static String hint(String field) {
        return switch (field) {
            case "HOSTID" -> "the host identifier is not acceptable, for example all zeros.";
            case "CNTLID" ->
                    "no such controller, or it is not the controller of this association. Use the"
                            + " dynamic controller identifier, or one that the discovery log lists.";
            case "SUBNQN" ->
                    "the target has no subsystem of this name at this address. Check the name"
                            + " against the discovery log.";
            case "HOSTNQN" ->
                    "the host NQN is not acceptable. Check its format and the subsystem's allowed"
                            + " hosts.";
            case "SQSIZE" -> "the queue is too large or too small. Use fewer entries.";
            case "QID" ->
                    "this queue is not available: it exists already, or too many were asked for.";
            case "CATTR" ->
                    "a connect attribute is not supported. Connect without disabling SQ flow"
                            + " control.";
            case "KATO" -> "the keep alive time-out is not acceptable.";
            default -> "the value is not acceptable.";
        };
    }
}
