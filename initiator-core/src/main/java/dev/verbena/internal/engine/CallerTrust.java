package dev.verbena.internal.engine;

/// Whether callers can be trusted to look for answers themselves, because they join their futures
/// or block: learned from who finds what.
///
/// What the worker finds that nobody waits for yet says nothing: that caller may come and look, or
/// may have been kept from its processor just now. What it finds for a caller that sleeps, or for a
/// stage that somebody has attached, callers would have left lying.
///
/// Threads: the worker's.
final class CallerTrust {
    /// Times in which callers must have found nearly everything before they are trusted; doubled
    /// with every disappointment.
    static final int NEEDED_LEAST = 8;

    static final int NEEDED_MOST = 1024;

    /// Disappointments in a row that end the trust.
    static final int DISAPPOINTMENTS_MAX = 4;

    /// How much more than the worker callers must have found.
    private static final int CALLERS_SHARE = 4;

    private int trust;
    private int needed = NEEDED_LEAST;
    private int disappointments;
    private boolean trusted;

    /// Whether they are.
    boolean isTrusted() {
        return trusted;
    }

    /// Takes note of some time that is over.
    ///
    /// @param byCallers events that callers have found
    /// @param awaited requests the worker has completed that somebody waited for without looking
    void learn(long byCallers, long awaited) {
        if (byCallers > CALLERS_SHARE * awaited) {
            disappointments = 0;
            trust = Math.min(trust + 1, NEEDED_MOST);
            if (trust == NEEDED_MOST) {
                needed = NEEDED_LEAST;
            }
        } else if (awaited > byCallers && (!trusted || ++disappointments == DISAPPOINTMENTS_MAX)) {
            disappointments = 0;
            trust = 0;
            needed = trusted ? Math.min(2 * needed, NEEDED_MOST) : needed;
        }
        trusted = trust >= needed;
    }
}
