package dev.verbena.nvme;

/**
 * What to do with a command that ended with a status: the reading of {@link NvmeStatus} that an
 * initiator acts on.
 *
 * <p>This says what is sensible, not what is safe: a command that is not idempotent and whose
 * completion was never seen may have been executed, and how often to retry is the caller's bound.
 *
 * @param samePath whether the same command may be sent to the same controller again
 * @param otherPath whether the same command may be sent through another controller
 * @param followUp what else the host has to do first
 */
public record Disposition(SamePath samePath, boolean otherPath, FollowUp followUp) {
    /** Whether to repeat a command on the controller that refused it. */
    public enum SamePath {
        /** It would end the same way. */
        NO,
        /** At once. */
        NOW,
        /**
         * After a delay: the controller's retry delay where the status names one, else the caller's
         * own; for an ANA transition at most the controller's transition time.
         */
        WAIT
    }

    /** What a status asks of the host besides repeating the command. */
    public enum FollowUp {
        NONE,
        /** The namespace is gone or changed: read the list of namespaces again. */
        RESCAN_NAMESPACES,
        /** The association is over: connect again. */
        RECONNECT,
        /** The path's state has changed: read the ANA log. */
        READ_ANA_LOG,
        /** The subsystem has moved: read the discovery log. */
        READ_DISCOVERY_LOG,
        /** The queue's authentication has lapsed: authenticate, then repeat. */
        REAUTHENTICATE
    }

    /** Any command may be answered so once a queue's authentication has lapsed. */
    private static final int AUTHENTICATION_REQUIRED = 0x91;

    private static final Disposition FAIL = new Disposition(SamePath.NO, false, FollowUp.NONE);
    private static final Disposition RETRY = new Disposition(SamePath.NOW, false, FollowUp.NONE);
    private static final Disposition RETRY_ANYWHERE =
            new Disposition(SamePath.NOW, true, FollowUp.NONE);
    private static final Disposition RETRY_ELSEWHERE =
            new Disposition(SamePath.NO, true, FollowUp.NONE);
    private static final Disposition WAIT = new Disposition(SamePath.WAIT, false, FollowUp.NONE);
    private static final Disposition WAIT_OR_ELSEWHERE =
            new Disposition(SamePath.WAIT, true, FollowUp.NONE);

    /**
     * The disposition of a status. Where the controller forbids a retry (DNR) there is none,
     * whatever the code says; the follow-up remains.
     *
     * @param context what kind of command was answered
     */
    public static Disposition of(NvmeStatus status, StatusContext context) {
        Disposition byCode =
                switch (status.codeType()) {
                    case NvmeStatus.TYPE_GENERIC -> generic(status.code());
                    case NvmeStatus.TYPE_COMMAND_SPECIFIC ->
                            commandSpecific(status.code(), context);
                    case NvmeStatus.TYPE_MEDIA -> FAIL;
                    case NvmeStatus.TYPE_PATH -> path(status.code());
                    // The only thing known of other codes is that a retry is not forbidden.
                    default -> RETRY;
                };
        return status.doNotRetry()
                ? new Disposition(SamePath.NO, false, byCode.followUp())
                : byCode;
    }

    /** Whether the command is over: nothing can be gained by sending it again anywhere. */
    public boolean isFinal() {
        return samePath == SamePath.NO && !otherPath;
    }

    private static Disposition generic(int code) {
        return switch (code) {
            case 0x04 -> RETRY; // data transfer error
            case 0x06, 0x22 -> RETRY_ANYWHERE; // internal error, transient transport error
            case 0x05 -> WAIT_OR_ELSEWHERE; // power loss: the controller is going down
            case 0x08 -> RETRY_ELSEWHERE; // submission queue deleted: normal at teardown
            case 0x0B -> new Disposition(SamePath.NO, false, FollowUp.RESCAN_NAMESPACES);
            case 0x19 -> new Disposition(SamePath.NO, true, FollowUp.RECONNECT);
            case 0x1A -> new Disposition(SamePath.NO, false, FollowUp.RECONNECT);
            // Sanitize failed or running, media not ready, format running: later.
            case 0x1C, 0x1D, 0x24, 0x84 -> WAIT;
            // Interrupted (the status names the delay), namespace not ready on this controller.
            case 0x21, 0x82 -> WAIT_OR_ELSEWHERE;
            // Success, caller's errors, aborts asked for, limits, protection, reservations.
            case 0x00, 0x01, 0x02, 0x03, 0x07, 0x09, 0x0A -> FAIL;
            case 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16 -> FAIL;
            case 0x18, 0x1B, 0x1E, 0x1F, 0x20, 0x23, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A -> FAIL;
            case 0x80, 0x81, 0x83, 0x85, 0x86, 0x87, 0x88, 0x89 -> FAIL;
            default -> RETRY;
        };
    }

    private static Disposition commandSpecific(int code, StatusContext context) {
        if (context != StatusContext.FABRICS && code != AUTHENTICATION_REQUIRED) {
            return FAIL;
        }
        return switch (code) {
            case 0x81 -> WAIT; // controller busy
            case 0x83, 0x90 -> new Disposition(SamePath.NO, false, FollowUp.READ_DISCOVERY_LOG);
            case AUTHENTICATION_REQUIRED ->
                    new Disposition(SamePath.NOW, false, FollowUp.REAUTHENTICATE);
            default -> FAIL;
        };
    }

    private static Disposition path(int code) {
        return switch (code) {
            case 0x00 -> RETRY_ANYWHERE; // internal path error
            // Lost for good.
            case 0x01 -> new Disposition(SamePath.NO, true, FollowUp.READ_ANA_LOG);
            // Inaccessible and in transition: where no other controller reaches the namespace, a
            // transition may be going on, so both are waited for.
            case 0x02, 0x03 -> new Disposition(SamePath.WAIT, true, FollowUp.READ_ANA_LOG);
            default -> RETRY_ELSEWHERE;
        };
    }
}
