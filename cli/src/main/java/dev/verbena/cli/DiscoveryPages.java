package dev.verbena.cli;

import dev.verbena.DiscoveryLog;
import dev.verbena.DiscoveryTree;
import dev.verbena.SubsystemAddress;
import dev.verbena.Target;
import dev.verbena.cli.base.OptionWords;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryExtension;
import dev.verbena.nvme.DiscoveryLogText;
import dev.verbena.nvme.Rendered;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Discovery logs as text and values.
final class DiscoveryPages {
    private DiscoveryPages() {}

    /// One log, in the words of `nvme discover`.
    record Log(DiscoveryLog log) implements Rendered {
        @Override
        public Map<String, Object> values() {
            Map<String, Object> values =
                    new LinkedHashMap<>(DiscoveryLogText.values(log.header(), log.entries()));
            List<Map<String, Object>> attributes = new ArrayList<>();
            for (int i = 0; i < log.extensions().size(); i++) {
                Optional<DiscoveryExtension> extension = log.extensions().get(i);
                if (extension.isPresent()) {
                    attributes.add(Map.of("record", i, "attributes", extension.get().toString()));
                }
            }
            if (!attributes.isEmpty()) {
                values.put("extensions", attributes);
            }
            return values;
        }

        @Override
        public String toText() {
            StringBuilder text = new StringBuilder(log.toString());
            for (int i = 0; i < log.extensions().size(); i++) {
                Optional<DiscoveryExtension> extension = log.extensions().get(i);
                if (extension.isPresent()) {
                    text.append("entry ").append(i).append(": ").append(extension.get());
                    text.append('\n');
                }
            }
            return text.toString();
        }
    }

    /// A log and those it refers to.
    record Tree(DiscoveryTree tree) implements Rendered {
        /// @throws IOException when not even the log that was asked for could be read
        void requireRoot() throws IOException {
            Optional<Exception> failure = tree.failure();
            if (failure.isPresent()) {
                throw failure.get() instanceof IOException io
                        ? io
                        : new IOException(failure.get().getMessage(), failure.get());
            }
        }

        @Override
        public Map<String, Object> values() {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("target", tree.target().toString());
            tree.log().ifPresent(log -> values.put("log", new Log(log).values()));
            tree.failure().ifPresent(why -> values.put("failure", OptionWords.of(why)));
            values.put(
                    "referrals",
                    tree.referrals().stream().map(branch -> new Tree(branch).values()).toList());
            return values;
        }

        @Override
        public String toText() {
            StringBuilder text = new StringBuilder();
            append(text, "");
            return text.toString();
        }

        private void append(StringBuilder text, String indent) {
            text.append(indent).append("discovery at ").append(tree.target()).append('\n');
            tree.failure()
                    .ifPresent(why ->
                            text.append(indent)
                                    .append("  ")
                                    .append(OptionWords.of(why))
                                    .append('\n'));
            for (DiscoveryEntry entry : tree.log().map(DiscoveryLog::entries).orElse(List.of())) {
                if (entry.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM) {
                    text.append(indent)
                            .append("  ")
                            .append(DiscoveryLogText.transportType(entry.transportType()))
                            .append(' ')
                            .append(place(entry))
                            .append('\n');
                }
            }
            for (DiscoveryTree branch : tree.referrals()) {
                new Tree(branch).append(text, indent + "  ");
            }
        }

        /// What can be pasted behind a command, where it is a place for this host.
        private static String place(DiscoveryEntry entry) {
            try {
                return new SubsystemAddress(
                                Target.of(entry), entry.subsystemNqn(), Optional.empty())
                        .toString();
            } catch (IllegalArgumentException e) {
                return entry.transportAddress()
                        + ' '
                        + entry.transportServiceId()
                        + ' '
                        + entry.subsystemNqn();
            }
        }
    }
}
