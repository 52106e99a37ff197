/// The `verbena` command: thin commands over the public API.
package dev.verbena.cli;
