package dev.verbena.internal.control;

import dev.verbena.Namespace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How one inventory of namespaces differs from the one before.
///
/// @param removed as they were; also those whose id now belongs to another content
/// @param added as they are; also those that took over an id
/// @param changed same content, another size, format or property
public record NamespaceChanges(
        List<Namespace> removed, List<Namespace> added, List<Namespace> changed) {
    public NamespaceChanges {
        removed = List.copyOf(removed);
        added = List.copyOf(added);
        changed = List.copyOf(changed);
    }

    /// Compares two inventories.
    public static NamespaceChanges between(List<Namespace> before, List<Namespace> after) {
        Map<Integer, Namespace> old = new HashMap<>();
        before.forEach(namespace -> old.put(namespace.id(), namespace));
        List<Namespace> removed = new ArrayList<>();
        List<Namespace> added = new ArrayList<>();
        List<Namespace> changed = new ArrayList<>();
        for (Namespace now : after) {
            Namespace then = old.remove(now.id());
            if (then == null) {
                added.add(now);
            } else if (!then.isSameAs(now)) {
                removed.add(then);
                added.add(now);
            } else if (differ(then, now)) {
                changed.add(now);
            }
        }
        before.stream().filter(old::containsValue).forEach(removed::add);
        return new NamespaceChanges(removed, added, changed);
    }

    /// The blocks in use (NUSE) change with every write and are nobody's news.
    private static boolean differ(Namespace then, Namespace now) {
        return !Arrays.equals(withoutUse(then), withoutUse(now))
                || !then.descriptors().equals(now.descriptors());
    }

    private static byte[] withoutUse(Namespace namespace) {
        byte[] bytes = namespace.identify().toByteArray();
        Arrays.fill(bytes, 16, 24, (byte) 0);
        return bytes;
    }

    public boolean isEmpty() {
        return removed.isEmpty() && added.isEmpty() && changed.isEmpty();
    }
}
