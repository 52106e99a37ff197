package dev.verbena.cli.base;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Messages of the library in the command's words. The library names connect options by its own
/// words and durations as Java prints them; who types commands has never seen either. Whatever a
/// command prints of an exception goes through here.
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

    /// The other ways to give a secret: each is told where the option is named first.
    private static final Map<String, String> OTHER_WAYS =
            Map.of(
                    "dhchapSecret",
                    " (or --dhchap-secret-file, VERBENA_DHCHAP_SECRET)",
                    "dhchapCtrlSecret",
                    " (or --dhchap-ctrl-secret-file, VERBENA_DHCHAP_CTRL_SECRET)");

    /// As [Duration#toString] prints it: PT0.1S, PT576H.
    private static final Pattern DURATION =
            Pattern.compile("\\bPT(?=[-0-9])(-?\\d+H)?(-?\\d+M)?(-?\\d+(\\.\\d+)?S)?(?!\\w)");

    private static final Pattern WORD =
            Pattern.compile("\\b(" + String.join("|", WORDS.keySet()) + ")\\b");

    private OptionWords() {}

    /// The command's options by the library's words.
    public static Map<String, String> words() {
        return WORDS;
    }

    /// A message of the library in the command's words.
    public static String translate(String message) {
        Set<String> told = new HashSet<>();
        String words =
                WORD.matcher(message.replace("the connect options", "the options"))
                        .replaceAll(found -> Matcher.quoteReplacement(word(found.group(), told)));
        return DURATION.matcher(words)
                .replaceAll(found -> Matcher.quoteReplacement(seconds(found.group())));
    }

    /// What an exception says, in the command's words.
    public static String of(Throwable failure) {
        @Nullable String message = failure.getMessage();
        return translate(message == null ? failure.toString() : message);
    }

    private static String word(String libraryWord, Set<String> told) {
        String word = WORDS.getOrDefault(libraryWord, libraryWord);
        return told.add(libraryWord) ? word + OTHER_WAYS.getOrDefault(libraryWord, "") : word;
    }

    /// In seconds, as the command's options have them.
    private static String seconds(String duration) {
        Duration value = Duration.parse(duration);
        BigDecimal seconds =
                BigDecimal.valueOf(value.getSeconds())
                        .add(BigDecimal.valueOf(value.getNano(), 9))
                        .setScale(9, RoundingMode.UNNECESSARY)
                        .stripTrailingZeros();
        return seconds.toPlainString() + " s";
    }
}
