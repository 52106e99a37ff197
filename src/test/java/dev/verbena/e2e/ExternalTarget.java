package dev.verbena.e2e;

import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.Target;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A target that is not ours, named by a variable of its own. The tests overwrite its namespace 1,
/// so they want to be told twice: the address, and that it may be overwritten.
///
/// Not the variable of the `verbena` command: that one is exported for reading, often with the
/// address of somebody's disk.
final class ExternalTarget {
    /// `address:port/nqn`.
    static final String ADDRESS = "VERBENA_E2E_TARGET";

    /// [#YES], or nothing is done; `./verify e2e --overwrite` sets it.
    static final String OVERWRITE = "VERBENA_E2E_OVERWRITE";

    static final String YES = "yes";

    private static boolean shown;

    private ExternalTarget() {}

    /// What the variable names; null when it names nothing.
    static @Nullable String address(Map<String, String> variables) {
        String value = variables.get(ADDRESS);
        return value == null || value.isBlank() ? null : value.strip();
    }

    /// Lets nothing begin on a target that may not be overwritten.
    ///
    /// @throws IllegalStateException when the permission is missing
    static void requirePermission(Map<String, String> variables) {
        String address = address(variables);
        if (address != null && !YES.equals(variables.get(OVERWRITE))) {
            throw new IllegalStateException(
                    ADDRESS
                            + " is set, and these tests overwrite namespace 1 of "
                            + address
                            + ". Run ./verify e2e --overwrite (or set "
                            + OVERWRITE
                            + "="
                            + YES
                            + ") if it holds nothing of value; unset "
                            + ADDRESS
                            + " for a target in the rig.");
        }
    }

    /// Reads `address:port/nqn`.
    static LiveTarget parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException(ADDRESS + " wants address:port/nqn, not " + text);
        }
        return new LiveTarget(
                Target.parse(text.substring(0, slash)), text.substring(slash + 1), null);
    }

    /// Prints what is about to be overwritten, once per run, before the first test.
    static synchronized void show(LiveTarget target) throws IOException {
        if (!shown) {
            try (Initiator initiator = Initiator.open();
                    Controller controller = target.connect(initiator)) {
                System.out.println(Identity.of(target, controller));
            }
            shown = true;
        }
    }

    /// What is about to be overwritten.
    ///
    /// @param namespace UUID, NGUID or EUI64 of namespace 1
    record Identity(
            String address,
            String nqn,
            String model,
            String serialNumber,
            String namespace,
            long blockCount,
            int blockSize) {
        static Identity of(LiveTarget target, Controller controller) throws IOException {
            Namespace namespace = controller.namespace(1);
            return new Identity(
                    target.target().toString(),
                    controller.subsystemNqn(),
                    controller.identify().modelNumber(),
                    controller.identify().serialNumber(),
                    namespace.identity().orElse("without an identifier"),
                    namespace.blockCount(),
                    namespace.blockSize());
        }

        @Override
        public String toString() {
            return """
            The tests OVERWRITE namespace 1 of %s at %s
              model: %s
              serial number: %s
              namespace: %s, %s blocks of %d bytes\
            """
                    .formatted(
                            nqn,
                            address,
                            model,
                            serialNumber,
                            namespace,
                            Long.toUnsignedString(blockCount),
                            blockSize);
        }
    }
}
