package dev.verbena.cli.base;

import dev.verbena.Target;

/// What a command would change, by its full name: the namespace, the subsystem and where that is. A
/// question contains one, because the target may come from a variable that was set long ago.
public final class Place {
    private final String name;

    private Place(String name) {
        this.name = name;
    }

    /// Something of a subsystem.
    ///
    /// @param what such as "namespace 1"
    public static Place of(String what, String nqn, Target target) {
        return new Place(what + " of " + nqn + " at " + target);
    }

    /// A namespace.
    public static Place namespace(int id, String nqn, Target target) {
        return of(
                id == NamespaceOption.ALL
                        ? "all namespaces"
                        : "namespace " + Integer.toUnsignedString(id),
                nqn,
                target);
    }

    @Override
    public String toString() {
        return name;
    }
}
