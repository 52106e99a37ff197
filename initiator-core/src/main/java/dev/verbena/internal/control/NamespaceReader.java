package dev.verbena.internal.control;

import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NamespaceDescriptors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asks a controller for its namespaces.
public final class NamespaceReader {
    /// Invalid Namespace or Format (SCT 0h, SC 0Bh).
    private static final int INVALID_NAMESPACE = 0x0B;

    private NamespaceReader() {}

    /// All active namespaces, by id. One that disappears meanwhile is left out.
    public static List<Namespace> read(AdminCalls calls) throws IOException {
        List<Namespace> found = new ArrayList<>();
        for (int id : calls.activeNamespaces()) {
            IdentifyNamespace identify = identifyIfPresent(calls, id);
            if (identify == null || !identify.isActive()) {
                // Removed between the list and this command.
                continue;
            }
            NamespaceDescriptors descriptors;
            try {
                descriptors = calls.namespaceDescriptors(id);
            } catch (NvmeException e) {
                // Before NVMe 1.3 there is no such structure; the namespace is usable without.
                descriptors = new NamespaceDescriptors(List.of());
            }
            found.add(new Namespace(id, identify, descriptors));
        }
        return List.copyOf(found);
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
