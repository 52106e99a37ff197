package dev.verbena;

import dev.verbena.nvme.Nqn;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Warns of names that are no well-formed NQNs, of each once. They work with most targets; where
/// one refuses such a name, the warning says why.
///
/// Threads: any.
final class IrregularNames {
    /// Names that are remembered; of more nothing is said, as they come from the network.
    static final int COUNT_MAX = 32;

    private static final System.Logger LOG = System.getLogger("dev.verbena");

    private final Set<Nqn> warned = ConcurrentHashMap.newKeySet();

    /// Warns of a name, unless it is well formed or was warned of.
    ///
    /// @param what has the name
    /// @return whether this was the time to warn
    boolean warnOf(String what, Nqn name) {
        boolean now =
                name.irregularity().isPresent() && warned.size() < COUNT_MAX && warned.add(name);
        if (now) {
            LOG.log(
                    Level.WARNING,
                    "The name of the {0}, {1}, is used as it is; it is not a well-formed NQN: {2}",
                    what,
                    name,
                    name.irregularity().orElse(""));
        }
        return now;
    }
}
