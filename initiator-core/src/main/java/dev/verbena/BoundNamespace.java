package dev.verbena;

import dev.verbena.internal.engine.DeviceContext;
import dev.verbena.internal.engine.NamespaceLimits;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The namespace an open device is bound to: the one place that decides whether what the controller
/// has under its id is still the same, in the same format.
///
/// Who changes it lets the queues look at their requests then.
///
/// Threads: any.
final class BoundNamespace {
    /// What one command to a namespace may name.
    interface Limits {
        /// The limits over the present connection.
        ///
        /// @throws IOException when a device cannot work with the namespace; the message says why
        NamespaceLimits of(Namespace namespace) throws IOException;
    }

    private final Limits limits;
    private final DeviceContext context;
    private volatile Namespace namespace;

    /// Whether the controller does not tell at the moment what it has under the id. Guarded by
    /// this.
    private boolean unknown;

    /// @throws IOException when a device cannot work with the namespace
    BoundNamespace(Namespace namespace, Limits limits) throws IOException {
        this.namespace = namespace;
        this.limits = limits;
        this.context = new DeviceContext(limits.of(namespace));
    }

    /// As it was last found.
    Namespace namespace() {
        return namespace;
    }

    DeviceContext context() {
        return context;
    }

    /// The namespace is what it was.
    ///
    /// @param now what the controller has under the id; null for nothing
    /// @param mayComeBack whether nothing can be a matter of time
    synchronized void compare(@Nullable Namespace now, boolean mayComeBack) {
        boolean wasUnknown = unknown;
        unknown = false;
        if (now == null) {
            missing(mayComeBack, wasUnknown);
        } else if (!namespace.isSameAs(now)) {
            context.gone(removed());
        } else if (!namespace.isFormattedAs(now)) {
            context.gone(
                    "Namespace "
                            + Integer.toUnsignedString(now.id())
                            + " was formatted with "
                            + now.describeFormat()
                            + " instead of "
                            + namespace.describeFormat()
                            + "; open it again");
        } else {
            use(now);
        }
    }

    private void missing(boolean mayComeBack, boolean wasUnknown) {
        // Without an identity nobody could tell that it is the same when it is back.
        if (mayComeBack && namespace.identity().isPresent()) {
            context.away();
        } else if (wasUnknown || context.isPresent()) {
            context.gone(removed());
        }
    }

    /// A change was announced, and the controller does not tell what it was: requests wait until it
    /// does, for they must not go to other content.
    synchronized void unknown() {
        unknown = true;
        context.away();
    }

    private String removed() {
        return "Namespace "
                + Integer.toUnsignedString(namespace.id())
                + " was removed, or its id belongs to another now";
    }

    private void use(Namespace now) {
        try {
            NamespaceLimits found = limits.of(now);
            namespace = now;
            context.found(found);
        } catch (IOException e) {
            context.gone(e.getMessage() + "; open it again when that has changed");
        }
    }

    /// The connection is another one, and with it what one command can carry.
    synchronized void refresh() {
        try {
            context.refresh(limits.of(namespace));
        } catch (IOException e) {
            context.gone(e.getMessage() + "; open it again when that has changed");
        }
    }

    /// Whether it is waited for.
    boolean isAway() {
        return !context.isPresent() && !context.isGone();
    }

    /// It was waited for for some time.
    ///
    /// @param forGood whether it is not waited for any longer; else requests fail meanwhile
    synchronized void stillAway(boolean forGood) {
        if (!isAway()) {
            return;
        }
        if (unknown) {
            context.awayTooLong(
                    "The controller does not tell whether namespace "
                            + Integer.toUnsignedString(namespace.id())
                            + " is still the same, after it announced a change");
        } else if (forGood) {
            context.gone(removed() + ": it did not come back with the connection");
        } else {
            context.awayTooLong(
                    "Namespace "
                            + Integer.toUnsignedString(namespace.id())
                            + " did not come back with the connection so far");
        }
    }

    /// The device is being closed.
    ///
    /// @return whether it was waited for, and is not any longer
    synchronized boolean close() {
        context.refuse("The device is closed");
        if (!isAway()) {
            return false;
        }
        context.gone("The device was closed while its namespace was away");
        return true;
    }
}
