package dev.verbena.verbs.probe;

import dev.verbena.verbs.Rdma;
import dev.verbena.verbs.RdmaException;

/// Started in a JVM of its own by tests about missing pieces: prints why RDMA is not available.
public final class Probe {
    private Probe() {}

    /// Prints `available`, or the class and message of the exception.
    public static void main(String[] arguments) {
        try {
            Rdma.requireAvailable();
            System.out.println("available");
        } catch (RdmaException e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }
}
