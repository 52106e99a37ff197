package dev.verbena.verbs.probe;

import dev.verbena.verbs.Access;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.Rdma;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.RdmaException;
import java.lang.foreign.Arena;

/// Registers as many bytes as its argument says and prints how that went.
public final class RegisterProbe {
    private RegisterProbe() {}

    /// Prints `registered`, or the class and message of the exception.
    public static void main(String[] arguments) {
        try (RdmaContext context = Rdma.devices().getFirst().open();
                ProtectionDomain domain = context.allocateProtectionDomain();
                Arena arena = Arena.ofShared();
                MemoryRegion region =
                        domain.register(
                                arena.allocate(Long.parseLong(arguments[0]), 4096),
                                Access.LOCAL_WRITE)) {
            System.out.println("registered " + region.byteSize());
        } catch (RdmaException e) {
            System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }
}
