package dev.verbena.nvme;

/**
 * What kind of command a status answers. Command-specific codes from 80h upwards mean different
 * things for different kinds.
 */
public enum StatusContext {
    /** An admin command. */
    ADMIN,
    /** A command of the NVM or Zoned Namespace command set. */
    IO,
    /** Connect and the other Fabrics commands. */
    FABRICS
}
