package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricFailure;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// JFR event of a queue that carries nothing any more.
@Name("dev.verbena.QueueDown")
@Label("Queue Down")
@Description("A queue that was lost; its outstanding commands end with Host Aborted Command")
@Category({"Verbena", "Queue"})
@StackTrace(false)
public final class QueueDownEvent extends Event {
    @Label("Queue")
    int queueId;

    @Label("Kind")
    String kind = "";

    @Label("Reason")
    String reason = "";

    /// Reports the end of a queue to whoever records.
    public static void report(int queueId, FabricFailure failure) {
        QueueDownEvent event = new QueueDownEvent();
        if (event.isEnabled()) {
            event.queueId = queueId;
            event.kind = failure.kind().name();
            event.reason = failure.message();
            event.commit();
        }
    }
}
