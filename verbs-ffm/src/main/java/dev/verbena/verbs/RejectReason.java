package dev.verbena.verbs;

import java.util.Map;

/// Why a connection request was rejected over InfiniBand and RoCE (InfiniBand specification volume
/// 1, section 12.6.7.2).
public final class RejectReason {
    public static final int NO_QUEUE_PAIR = 1;
    public static final int NO_RESOURCES = 3;
    public static final int TIMEOUT = 4;

    /// Nothing listens on the port.
    public static final int INVALID_SERVICE_ID = 8;

    /// The peer still remembers an earlier connection with this queue pair number.
    public static final int STALE_CONNECTION = 10;

    /// The program on the other side refused; its private data says why.
    public static final int CONSUMER_DEFINED = 28;

    private static final Map<Integer, String> NAMES =
            Map.ofEntries(
                    Map.entry(NO_QUEUE_PAIR, "no queue pair available"),
                    Map.entry(2, "no EE context available"),
                    Map.entry(NO_RESOURCES, "no resources available"),
                    Map.entry(TIMEOUT, "time-out"),
                    Map.entry(5, "unsupported request"),
                    Map.entry(6, "invalid communication id"),
                    Map.entry(7, "invalid communication instance"),
                    Map.entry(INVALID_SERVICE_ID, "invalid service id: nothing listens there"),
                    Map.entry(9, "invalid transport service type"),
                    Map.entry(STALE_CONNECTION, "stale connection"),
                    Map.entry(11, "RDC does not exist"),
                    Map.entry(12, "primary remote port GID rejected"),
                    Map.entry(13, "primary remote port LID rejected"),
                    Map.entry(14, "invalid primary service level"),
                    Map.entry(15, "invalid primary traffic class"),
                    Map.entry(16, "invalid primary hop limit"),
                    Map.entry(17, "invalid primary packet rate"),
                    Map.entry(18, "alternate remote port GID rejected"),
                    Map.entry(19, "alternate remote port LID rejected"),
                    Map.entry(20, "invalid alternate service level"),
                    Map.entry(21, "invalid alternate traffic class"),
                    Map.entry(22, "invalid alternate hop limit"),
                    Map.entry(23, "invalid alternate packet rate"),
                    Map.entry(24, "port and connection manager redirection"),
                    Map.entry(25, "port redirection"),
                    Map.entry(26, "invalid path MTU"),
                    Map.entry(27, "insufficient responder resources"),
                    Map.entry(CONSUMER_DEFINED, "rejected by the application"),
                    Map.entry(29, "RNR retry count rejected"),
                    Map.entry(30, "duplicate local communication id"),
                    Map.entry(31, "unsupported class version"),
                    Map.entry(32, "invalid primary flow label"),
                    Map.entry(33, "invalid alternate flow label"),
                    Map.entry(35, "vendor option not supported"));

    private RejectReason() {}

    /// The reason in words; the number for one outside the list.
    public static String name(int reason) {
        String name = NAMES.get(reason);
        return name != null ? name : "reason " + reason;
    }
}
