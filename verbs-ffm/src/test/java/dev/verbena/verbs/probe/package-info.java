/// Programs that tests start in JVMs of their own.
package dev.verbena.verbs.probe;
