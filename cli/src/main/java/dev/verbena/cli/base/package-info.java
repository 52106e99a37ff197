/// What all commands share: where to connect, how to print, whether to ask, how to end.
package dev.verbena.cli.base;
