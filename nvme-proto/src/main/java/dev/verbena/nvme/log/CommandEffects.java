package dev.verbena.nvme.log;

/**
 * What a command does besides its task: one entry of the commands supported and effects page.
 *
 * @param value the raw entry
 */
public record CommandEffects(int value) {
    /** Whether the command is supported (CSUPP). */
    public boolean supported() {
        return (value & 1) != 0;
    }

    /** Whether it changes blocks (LBCC). */
    public boolean changesContent() {
        return (value & 2) != 0;
    }

    /** Whether it changes capabilities of a namespace (NCC). */
    public boolean changesNamespace() {
        return (value & 4) != 0;
    }

    /** Whether it changes the inventory of namespaces (NIC). */
    public boolean changesInventory() {
        return (value & 8) != 0;
    }

    /** Whether it changes capabilities of the controller (CCC). */
    public boolean changesController() {
        return (value & 16) != 0;
    }

    /**
     * What else may run meanwhile: 0 no restriction, 1 no other command for the namespace, 2 no
     * other command for any namespace (CSE).
     */
    public int exclusiveness() {
        return value >>> 16 & 7;
    }

    /** Whether a UUID index is taken (UUID selection supported). */
    public boolean uuidSelection() {
        return (value & 1 << 19) != 0;
    }

    /** Scope bits (CSP). */
    public int scope() {
        return value >>> 20;
    }
}
