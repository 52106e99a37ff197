/// Commands for namespaces: their blocks, reservations and zones.
package dev.verbena.cli.io;
