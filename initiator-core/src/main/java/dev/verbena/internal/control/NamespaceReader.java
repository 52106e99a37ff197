package dev.verbena.internal.control;

import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NamespaceDescriptors;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Asks a controller for its namespaces.
public final class NamespaceReader {
    // Status codes, all of SCT 0h.
    private static final int INVALID_OPCODE = 0x01;
    private static final int INVALID_FIELD = 0x02;
    private static final int INVALID_NAMESPACE = 0x0B;

    /// SCT 1h: the host has to authenticate again.
    private static final int AUTHENTICATION_REQUIRED = 0x191;

    private static final NamespaceDescriptors NONE = new NamespaceDescriptors(List.of());

    /// Hears of namespaces that are left out.
    public interface LeftOut {
        /// Tells of one.
        ///
        /// @param message which, and why
        /// @param forNow whether the controller may tell more about it later, without announcing it
        void tell(String message, boolean forNow);

        /// It is not known what namespaces are at the moment, though they were known before on this
        /// connection. Told while the reading goes on, because that may take a while.
        ///
        /// @param ids all of which that is so
        default void unknown(Set<Integer> ids) {}
    }

    /// What a reading has found.
    ///
    /// @param namespaces by id; those that are unknown as they were
    /// @param unknown ids of those that the controller lists, but does not describe at the moment
    public record Reading(List<Namespace> namespaces, Set<Integer> unknown) {}

    /// Commands of one reading that are repeated because the controller cannot answer them now.
    private static final int REPEATS_MAX = 8;

    /// Commands about one namespace that are repeated, and the wait before.
    private static final int REPEATS_OF_ONE_MAX = 3;

    private static final String LEFT_OUT = " is left out. ";

    private static final Duration REPEAT_DELAY = Duration.ofMillis(200);

    private final AdminCalls calls;
    private final List<Namespace> known;
    private final LeftOut leftOut;
    private final Set<Integer> unknown = new HashSet<>();
    private int repeats;

    private NamespaceReader(AdminCalls calls, List<Namespace> known, LeftOut leftOut) {
        this.calls = calls;
        this.known = known;
        this.leftOut = leftOut;
    }

    /// All active namespaces, by id. One that disappears meanwhile is left out, and so is one that
    /// cannot be as the controller describes it, or that it does not describe: the others are
    /// usable.
    ///
    /// @param known what has been read on this connection before: no answer is no other answer
    /// @param leftOut told of what is left out, or unknown
    /// @throws IOException when the list cannot be read, or the connection is of no use
    public static Reading read(AdminCalls calls, List<Namespace> known, LeftOut leftOut)
            throws IOException {
        return new NamespaceReader(calls, known, leftOut).readAll();
    }

    private Reading readAll() throws IOException {
        List<Namespace> found = new ArrayList<>();
        for (int id : calls.activeNamespaces()) {
            try {
                Namespace namespace = readRepeatedly(id);
                if (namespace != null) {
                    found.add(namespace);
                }
            } catch (ImpossibleAnswerException e) {
                tell(id, LEFT_OUT, e, false);
            } catch (NvmeException e) {
                if (isOfTheConnection(e.status())) {
                    throw e;
                }
                Optional<Namespace> before =
                        e.status().doNotRetry() ? Optional.empty() : before(id);
                before.ifPresent(found::add);
                tell(
                        id,
                        before.isPresent() ? " is not described, its requests wait. " : LEFT_OUT,
                        e,
                        !e.status().doNotRetry());
            }
        }
        return new Reading(List.copyOf(found), Set.copyOf(unknown));
    }

    private Optional<Namespace> before(int id) {
        return known.stream().filter(one -> one.id() == id).findFirst();
    }

    private void tell(int id, String what, IOException why, boolean forNow) {
        leftOut.tell("Namespace " + Integer.toUnsignedString(id) + what + why.getMessage(), forNow);
    }

    /// A device of a namespace that is left out fails: a moment's trouble is not enough for that.
    private @Nullable Namespace readRepeatedly(int id) throws IOException {
        for (int own = 0; ; own++) {
            try {
                Namespace namespace = read(calls, id);
                unknown.remove(id);
                return namespace;
            } catch (NvmeException e) {
                boolean forNow = isForNow(e.status());
                if (forNow && before(id).isPresent() && unknown.add(id)) {
                    leftOut.unknown(Set.copyOf(unknown));
                } else if (!forNow) {
                    unknown.remove(id);
                }
                if (!forNow || own == REPEATS_OF_ONE_MAX || repeats == REPEATS_MAX) {
                    throw e;
                }
            }
            repeats++;
            pause();
        }
    }

    private static void pause() throws InterruptedIOException {
        try {
            Time.sleep(REPEAT_DELAY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while the namespaces are read");
        }
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
                    if (isForNow(e.status()) || isOfTheConnection(e.status())) {
                        throw e;
                    }
                    yield NONE;
                }
            };
        }
    }

    /// Whether another answer to the same command may come on this connection.
    private static boolean isForNow(NvmeStatus status) {
        return !status.doNotRetry() && !isOfTheConnection(status);
    }

    /// Whether a status says that the whole connection is of no use, and nothing about what was
    /// asked for. A controller that is being disabled refuses with Command Sequence Error, which
    /// Linux's target marks "Do Not Retry".
    public static boolean isOfTheConnection(NvmeStatus status) {
        return status.typeAndCode() == Session.COMMAND_SEQUENCE_ERROR
                || status.typeAndCode() == AUTHENTICATION_REQUIRED;
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
