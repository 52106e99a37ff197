package dev.verbena.verbs;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Whether one native object is open, and which other objects still need it.
///
/// A child attaches itself to every parent before its native half is created and detaches after
/// that is gone, so a parent can never be destroyed under a child. Any thread may call; a close
/// runs its destroy exactly once.
final class Lifecycle {
    private final List<Lifecycle> parents = new CopyOnWriteArrayList<>();
    private final Set<Lifecycle> children = new LinkedHashSet<>();
    private volatile String name;
    private volatile Runnable whenUnused = () -> {};
    private boolean closed;

    /// Opens a lifecycle below its parents.
    ///
    /// @throws IllegalStateException when a parent is closed; nothing is attached then
    Lifecycle(String name, Lifecycle... parents) {
        this.name = name;
        try {
            for (Lifecycle parent : parents) {
                join(parent);
            }
        } catch (IllegalStateException e) {
            this.parents.forEach(parent -> parent.detach(this));
            throw e;
        }
        LeakDetector.opened(this);
    }

    /// A lifecycle that the leak detector does not count, for what this library does not own.
    static Lifecycle untracked(String name) {
        Lifecycle lifecycle = new Lifecycle(name);
        LeakDetector.closed(lifecycle);
        return lifecycle;
    }

    /// Creates the native half; when that fails, this lifecycle leaves its parents again.
    ///
    /// @return what `create` returned
    long create(LongSupplier create) {
        boolean created = false;
        try {
            long handle = create.getAsLong();
            created = true;
            return handle;
        } finally {
            if (!created) {
                finish();
            }
        }
    }

    /// How this object is called in messages, for example `memory region at 0x7f00 of 4096 bytes`.
    void rename(String newName) {
        this.name = newName;
    }

    /// Fails unless open.
    synchronized void requireOpen() {
        if (closed) {
            throw closedException();
        }
    }

    synchronized boolean isOpen() {
        return !closed;
    }

    IllegalStateException closedException() {
        return new IllegalStateException(name + " is closed");
    }

    /// Runs an action that must not overlap with the close, if open.
    synchronized void ifOpen(Runnable action) {
        if (!closed) {
            action.run();
        }
    }

    /// Closes: refuses while children are open, else destroys once. When the destroy fails, the
    /// object stays open and its close may be tried again.
    ///
    /// @throws IllegalStateException naming the open children
    void close(Runnable destroy) {
        synchronized (this) {
            if (closed) {
                return;
            }
            refuseWithChildren();
            closed = true;
        }
        boolean destroyed = false;
        try {
            destroy.run();
            destroyed = true;
        } finally {
            if (destroyed) {
                finish();
            } else {
                synchronized (this) {
                    closed = false;
                }
            }
        }
    }

    private void refuseWithChildren() {
        if (!children.isEmpty()) {
            throw new IllegalStateException(
                    name
                            + " cannot be closed while these are open: "
                            + children.stream()
                                    .map(Lifecycle::name)
                                    .collect(Collectors.joining(", ")));
        }
    }

    private void finish() {
        synchronized (this) {
            closed = true;
        }
        parents.forEach(parent -> parent.detach(this));
        LeakDetector.closed(this);
    }

    private synchronized void attach(Lifecycle child) {
        if (closed) {
            throw closedException();
        }
        children.add(child);
    }

    private void detach(Lifecycle child) {
        boolean unused;
        synchronized (this) {
            unused = children.remove(child) && children.isEmpty();
        }
        if (unused) {
            whenUnused.run();
        }
    }

    /// Becomes a child of one more parent.
    ///
    /// @throws IllegalStateException when the parent is closed
    void join(Lifecycle parent) {
        parent.attach(this);
        parents.add(parent);
    }

    /// Runs an action each time the last child has gone. Set before there are any.
    void whenUnused(Runnable action) {
        this.whenUnused = action;
    }

    synchronized boolean hasChildren() {
        return !children.isEmpty();
    }

    String name() {
        return name;
    }

    @Override
    public String toString() {
        return name;
    }

    /// Runs every action, then throws the first failure with the others suppressed.
    static void all(Runnable... actions) {
        RuntimeException failure = null;
        for (Runnable action : actions) {
            failure = attempt(action, failure);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static @Nullable RuntimeException attempt(
            Runnable action, @Nullable RuntimeException failure) {
        try {
            action.run();
            return failure;
        } catch (RuntimeException e) {
            if (failure == null) {
                return e;
            }
            failure.addSuppressed(e);
            return failure;
        }
    }
}
