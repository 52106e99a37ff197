package dev.verbena.internal.engine;

/// How many commands may be repeated because their status allows it: a reserve that repeats draw on
/// and successes fill again, so that a controller that refuses everything is not asked everything
/// several times over.
///
/// Threads: one owner.
final class RetryBudget {
    /// Repeats in a full reserve.
    static final int RESERVE = 256;

    /// Successes that earn one repeat.
    static final int SUCCESSES_PER_REPEAT = 8;

    private int credit = RESERVE * SUCCESSES_PER_REPEAT;

    /// Counts a success.
    ///
    /// @return whether that changed anything
    boolean succeeded() {
        if (credit == RESERVE * SUCCESSES_PER_REPEAT) {
            return false;
        }
        credit++;
        return true;
    }

    /// Takes one repeat; false when the reserve is empty.
    boolean tryTake() {
        if (credit < SUCCESSES_PER_REPEAT) {
            return false;
        }
        credit -= SUCCESSES_PER_REPEAT;
        return true;
    }

    /// Repeats left.
    int left() {
        return credit / SUCCESSES_PER_REPEAT;
    }
}
