package dev.verbena.cli.base;

import dev.verbena.Controller;
import dev.verbena.Namespace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which namespace is meant: `--namespace-id`.
public final class NamespaceOption {
    /// All namespaces, or none in particular.
    public static final int ALL = 0xFFFF_FFFF;

    @Option(
            names = {"-n", "--namespace-id"},
            converter = Numbers.Bits32.class,
            paramLabel = "NSID",
            description =
                    "Namespace (default: the one in the target's address, or the only one there"
                            + " is).")
    private @Nullable Integer id;

    /// What was given, or another value.
    public int or(TargetOptions target, int other) {
        return target.namespaceId(id).orElse(other);
    }

    /// The namespace by its full name; the only one there is, when none was named.
    public Place place(TargetOptions target) {
        int named = or(target, 0);
        return named == 0
                ? Place.of("the only namespace", target.nqn(), target.target())
                : Place.namespace(named, target.nqn(), target.target());
    }

    /// What was given, or the only active namespace.
    ///
    /// @throws IOException when there are several or none
    public int resolve(TargetOptions target, Controller controller) throws IOException {
        Optional<Integer> named = target.namespaceId(id);
        if (named.isPresent()) {
            return named.get();
        }
        List<Namespace> all = controller.namespaces();
        if (all.size() == 1) {
            return all.getFirst().id();
        }
        throw new IOException(
                all.isEmpty()
                        ? controller.subsystemNqn() + " has no active namespace"
                        : "Which namespace? Name one of "
                                + all.stream()
                                        .map(each -> Integer.toUnsignedString(each.id()))
                                        .toList()
                                + " with --namespace-id");
    }
}
