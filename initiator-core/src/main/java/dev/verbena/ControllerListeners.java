package dev.verbena;

import dev.verbena.internal.control.ControlRuntime;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Those who want to hear of a controller.
///
/// Threads: any.
final class ControllerListeners {
    private static final System.Logger LOG = System.getLogger("dev.verbena");

    private final Controller controller;
    private final ControlRuntime runtime;
    private final List<ControllerListener> listeners = new CopyOnWriteArrayList<>();

    ControllerListeners(Controller controller, ControlRuntime runtime) {
        this.controller = controller;
        this.runtime = runtime;
    }

    void add(ControllerListener listener) {
        listeners.add(listener);
    }

    void remove(ControllerListener listener) {
        listeners.remove(listener);
    }

    void tell(ControllerEvent event) {
        for (ControllerListener listener : listeners) {
            runtime.deliver(() -> tell(listener, event));
        }
    }

    private void tell(ControllerListener listener, ControllerEvent event) {
        try {
            listener.onEvent(controller, event);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "A listener of " + controller + " failed", e);
        }
    }
}
