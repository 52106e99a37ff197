package dev.verbena.cli.base;

import dev.verbena.Controller;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/// A command for a namespace.
public abstract class NamespaceCommand extends ControllerCommand {
    @Mixin private NamespaceOption namespace = new NamespaceOption();

    @Override
    final void checkNamespace() {
        namespace.or(target(), 0);
    }

    /// The namespace that is meant.
    ///
    /// @throws IOException when none was named and there is not exactly one
    protected final int namespaceId(Controller controller) throws IOException {
        return namespace.resolve(target(), controller);
    }

    /// The namespace that is meant, by its full name.
    protected final Place place() {
        return namespace.place(target());
    }

    /// What a command is for that need not be for a namespace.
    protected final Place placeOrController() {
        return namespaceOr(0) == 0
                ? Place.of("the controller", target().nqn(), target().target())
                : place();
    }

    /// The namespace that was named, or another value.
    protected final int namespaceOr(int other) {
        return namespace.or(target(), other);
    }
}
