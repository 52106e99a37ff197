/// Time, waiting and threads, so that a simulation can have its own.
package dev.verbena.internal.time;
