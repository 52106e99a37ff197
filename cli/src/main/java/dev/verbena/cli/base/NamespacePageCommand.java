package dev.verbena.cli.base;

import dev.verbena.Controller;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/// A command that reads one structure of a namespace and prints it.
public abstract class NamespacePageCommand extends PageCommand {
    @Mixin private NamespaceOption namespace = new NamespaceOption();

    @Override
    final void checkNamespace() {
        namespace.or(target(), 0);
    }

    /// Reads the structure.
    ///
    /// @param namespaceId of the namespace that is meant
    protected abstract Page read(Controller controller, int namespaceId) throws IOException;

    /// Which namespace is meant. What is true of all namespaces together may be asked for without
    /// naming one.
    protected int namespaceId(Controller controller) throws IOException {
        return namespace.resolve(target(), controller);
    }

    /// The namespace that was named, or another value.
    protected final int namespaceOr(int other) {
        return namespace.or(target(), other);
    }

    @Override
    protected final Page read(Controller controller) throws IOException {
        return read(controller, namespaceId(controller));
    }
}
