package dev.verbena;

import java.time.Instant;
import java.util.Optional;

/// What a controller is doing, and what comes next.
///
/// @param state where it stands
/// @param since when it got there
/// @param reason why it is not live, or why it was lost the last time; empty when it never was
/// @param attempts failed attempts to connect since it was live the last time
/// @param nextAttempt when it is tried to be connected again; empty while nothing is planned or an
///   attempt is under way
/// @param givesUpAt when a lost controller is given up; empty while it is live or when it never is
/// @param requestsFail whether requests fail at once instead of waiting for the controller to come
///   back, because `fastIoFailTimeout` is over or the controller is dead
public record ControllerStatus(
        ControllerState state,
        Instant since,
        Optional<String> reason,
        int attempts,
        Optional<Instant> nextAttempt,
        Optional<Instant> givesUpAt,
        boolean requestsFail) {
    /// One line for people: the state, the reason and the next attempt.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(state.toString());
        reason.ifPresent(why -> text.append(" (").append(why).append(')'));
        if (attempts > 0) {
            text.append(", failed attempts: ").append(attempts);
        }
        nextAttempt.ifPresent(when -> text.append(", next attempt at ").append(when));
        givesUpAt.ifPresent(when -> text.append(", given up at ").append(when));
        return text.toString();
    }
}
