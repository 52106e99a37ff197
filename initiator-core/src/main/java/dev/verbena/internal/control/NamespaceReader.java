package dev.verbena.internal.control;

import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NamespaceDescriptors;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Asks a controller for its namespaces.
public final class NamespaceReader {
    // Status codes, all of SCT 0h.
    private static final int INVALID_OPCODE = 0x01;
    private static final int INVALID_FIELD = 0x02;
    private static final int INVALID_NAMESPACE = 0x0B;

    private static final NamespaceDescriptors NONE = new NamespaceDescriptors(List.of());

    private NamespaceReader() {}

    /// All active namespaces, by id. One that disappears meanwhile is left out, and so is one that
    /// cannot be as the controller describes it: the others are usable. When the controller cannot
    /// tell at this moment, nothing is known, and nothing is returned.
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
        if (identify == null) {
            // Removed between the list and this command.
            return null;
        }
        NamespaceDescriptors descriptors = descriptorsIfPresent(calls, id);
        return descriptors == null ? null : new Namespace(id, identify, descriptors);
    }

    /// Empty where the controller has no such structure, as before NVMe 1.3; null where it has no
    /// such namespace. Any other failure says nothing about the identity of the namespace, which
    /// the devices of those that were removed depend on.
    private static @Nullable NamespaceDescriptors descriptorsIfPresent(AdminCalls calls, int id)
            throws IOException {
        try {
            return calls.namespaceDescriptors(id);
        } catch (NvmeException e) {
            return switch (e.status().typeAndCode()) {
                case INVALID_OPCODE, INVALID_FIELD -> NONE;
                case INVALID_NAMESPACE -> identifyIfPresent(calls, id) == null ? null : NONE;
                default -> {
                    if (isForNow(e.status())) {
                        throw e;
                    }
                    yield NONE;
                }
            };
        }
    }

    /// Whether another answer may come later. A controller that is being disabled refuses with
    /// Command Sequence Error, which Linux's target marks "Do Not Retry".
    private static boolean isForNow(NvmeStatus status) {
        return !status.doNotRetry() || status.typeAndCode() == Session.COMMAND_SEQUENCE_ERROR;
    }

    private static @Nullable IdentifyNamespace identifyIfPresent(AdminCalls calls, int id)
            throws IOException {
        try {
            IdentifyNamespace answer = calls.identifyNamespace(id);
            return answer.isActive() ? answer : null;
        } catch (NvmeException e) {
            if (e.status().typeAndCode() == INVALID_NAMESPACE) {
                return null;
            }
            throw e;
        }
    }
}
