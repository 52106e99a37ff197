package dev.verbena.cli.base;

import java.util.Map;
import java.util.regex.Pattern;

/// What the library calls its connect options, and what the command calls them. Messages of the
/// library name options by its own words; who types commands has never seen those.
public final class OptionWords {
    private static final Map<String, String> WORDS =
            Map.ofEntries(
                    Map.entry("hostTraddr", "--host-traddr"),
                    Map.entry("ioQueues", "--nr-io-queues"),
                    Map.entry("writeQueues", "--nr-write-queues"),
                    Map.entry("pollQueues", "--nr-poll-queues"),
                    Map.entry("queueSize", "--queue-size"),
                    Map.entry("keepAliveTimeout", "--keep-alive-tmo"),
                    Map.entry("reconnectDelay", "--reconnect-delay"),
                    Map.entry("ctrlLossTimeout", "--ctrl-loss-tmo"),
                    Map.entry("duplicateConnect", "--duplicate-connect"),
                    Map.entry("disableSqFlow", "--disable-sqflow"),
                    Map.entry("inCapsuleData", "--no-in-capsule-data"),
                    Map.entry("memoryMode", "--memory-mode"),
                    Map.entry("waitMode", "--wait-mode"),
                    Map.entry("connectTimeout", "--connect-tmo"),
                    Map.entry("adminTimeout", "--admin-tmo"),
                    Map.entry("ioTimeout", "--io-tmo"),
                    Map.entry("discoveryTimeout", "--discovery-tmo"),
                    Map.entry("dhchapSecret", "--dhchap-secret"),
                    Map.entry("dhchapCtrlSecret", "--dhchap-ctrl-secret"));

    private static final Pattern WORD =
            Pattern.compile("\\b(" + String.join("|", WORDS.keySet()) + ")\\b");

    private OptionWords() {}

    /// The command's options by the library's words.
    public static Map<String, String> words() {
        return WORDS;
    }

    /// A message of the library in the command's words.
    public static String translate(String message) {
        return WORD.matcher(message).replaceAll(found -> WORDS.get(found.group()));
    }
}
