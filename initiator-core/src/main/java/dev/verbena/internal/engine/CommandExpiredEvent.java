package dev.verbena.internal.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// JFR event of an I/O command that was not answered in its time.
@Name("dev.verbena.CommandExpired")
@Label("Command Expired")
@Description("An I/O command that was not answered in time; its memory is still in use")
@Category({"Verbena", "Queue"})
@StackTrace(false)
public final class CommandExpiredEvent extends Event {
    @Label("Queue")
    int queueId;

    @Label("Command Id")
    int commandId;

    @Label("Token")
    long token;

    /// Reports a command to whoever records.
    public static void report(int queueId, int commandId, long token) {
        CommandExpiredEvent event = new CommandExpiredEvent();
        if (event.isEnabled()) {
            event.queueId = queueId;
            event.commandId = commandId;
            event.token = token;
            event.commit();
        }
    }
}
