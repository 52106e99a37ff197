package dev.verbena;

/// Hears what happens to a controller.
@FunctionalInterface
public interface ControllerListener {
    /// Something happened. Called in order, one call at a time for all controllers of an initiator,
    /// on a thread of its own: it may block, but holds up other listeners while it does, and when
    /// 1024 calls are waiting the oldest are dropped. An exception is logged and changes nothing.
    void onEvent(Controller controller, ControllerEvent event);
}
