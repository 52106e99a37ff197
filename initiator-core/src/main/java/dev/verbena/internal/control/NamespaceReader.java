package dev.verbena.internal.control;

import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NamespaceDescriptors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Asks a controller for its namespaces.
public final class NamespaceReader {
    /// Invalid Namespace or Format (SCT 0h, SC 0Bh).
    private static final int INVALID_NAMESPACE = 0x0B;

    private NamespaceReader() {}

    /// All active namespaces, by id. One that disappears meanwhile is left out, and so is one that
    /// cannot be as the controller describes it: the others are usable.
    ///
    /// @param onIgnored told of the latter: which, and why
    public static List<Namespace> read(AdminCalls calls, Consumer<String> onIgnored)
            throws IOException {
        List<Namespace> found = new ArrayList<>();
        for (int id : calls.activeNamespaces()) {
            try {
                Namespace namespace = read(calls, id);
                if (namespace != null) {
                    found.add(namespace);
                }
            } catch (ImpossibleAnswerException e) {
                onIgnored.accept(
                        "Namespace "
                                + Integer.toUnsignedString(id)
                                + " is left out. "
                                + e.getMessage());
            }
        }
        return List.copyOf(found);
    }

    private static @Nullable Namespace read(AdminCalls calls, int id) throws IOException {
        IdentifyNamespace identify = identifyIfPresent(calls, id);
        if (identify == null || !identify.isActive()) {
            // Removed between the list and this command.
            return null;
        }
        NamespaceDescriptors descriptors;
        try {
            descriptors = calls.namespaceDescriptors(id);
        } catch (NvmeException e) {
            // Before NVMe 1.3 there is no such structure; the namespace is usable without.
            descriptors = new NamespaceDescriptors(List.of());
        }
        return new Namespace(id, identify, descriptors);
    }

    private static @Nullable IdentifyNamespace identifyIfPresent(AdminCalls calls, int id)
            throws IOException {
        try {
            return calls.identifyNamespace(id);
        } catch (NvmeException e) {
            if (e.status().typeAndCode() == INVALID_NAMESPACE) {
                return null;
            }
            throw e;
        }
    }
}
