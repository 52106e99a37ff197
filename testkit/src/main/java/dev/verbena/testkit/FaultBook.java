package dev.verbena.testkit;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.FabricsCommandType;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.testkit.Occasion.Place;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// What is to go wrong on a target, and what has.
///
/// Threads: any.
public final class FaultBook {
    private static final class Rule {
        private final Occasion occasion;
        private final Fault fault;
        private long seen;
        private long happened;

        Rule(Occasion occasion, Fault fault) {
            this.occasion = occasion;
            this.fault = fault;
        }

        boolean applies() {
            long index = seen++;
            boolean now = index >= occasion.skip() && index - occasion.skip() < occasion.count();
            if (now) {
                happened++;
            }
            return now;
        }

        @Override
        public String toString() {
            return occasion + ": " + fault + (happened > 0 ? " (happened " + happened + "x)" : "");
        }
    }

    private final List<Rule> rules = new ArrayList<>();

    FaultBook() {}

    /// Lets something go wrong.
    public synchronized void add(Occasion occasion, Fault fault) {
        rules.add(new Rule(occasion, fault));
    }

    /// Lets nothing go wrong any more.
    public synchronized void clear() {
        rules.clear();
    }

    /// How often anything has gone wrong.
    public synchronized long happenedCount() {
        return rules.stream().mapToLong(rule -> rule.happened).sum();
    }

    /// What goes wrong with a connection of this queue; counts as an occasion.
    synchronized List<Fault> connection(int queueId) {
        return matching(Place.CONNECTION, queueId, -1, -1);
    }

    /// What goes wrong with this command; counts as an occasion.
    synchronized List<Fault> command(int queueId, byte[] capsule) {
        if (rules.isEmpty() || capsule.length < SubmissionEntry.SIZE) {
            return List.of();
        }
        MemorySegment entry = MemorySegment.ofArray(capsule);
        int opcode = SubmissionEntry.opcode(entry, 0);
        int detail = entry.get(ValueLayout.JAVA_BYTE, 40) & 0xFF;
        int property = -1;
        if (opcode == AdminOpcode.FABRICS) {
            detail = entry.get(ValueLayout.JAVA_BYTE, SubmissionEntry.NAMESPACE_ID_OFFSET) & 0xFF;
            property = entry.get(ValueLayout.JAVA_INT_UNALIGNED, 44);
            if (detail == FabricsCommandType.CONNECT) {
                return matching(Place.CONNECT, queueId, -1, -1);
            }
        }
        return matching(queueId == 0 ? Place.ADMIN : Place.IO, opcode, detail, property);
    }

    private List<Fault> matching(Place place, int opcode, int detail, int property) {
        List<Fault> found = List.of();
        for (Rule rule : rules) {
            if (rule.occasion.matches(place, opcode, detail, property) && rule.applies()) {
                if (found.isEmpty()) {
                    found = new ArrayList<>();
                }
                found.add(rule.fault);
            }
        }
        return found;
    }

    /// One line for each: when, what, how often so far.
    @Override
    public synchronized String toString() {
        StringBuilder text = new StringBuilder();
        rules.forEach(rule -> text.append("  ").append(rule).append('\n'));
        return text.toString();
    }
}
