/// RDMA verbs and the RDMA connection manager as Java objects.
///
/// Start at [dev.verbena.verbs.EventChannel] to connect to a peer or to be connected to, or at
/// [dev.verbena.verbs.Rdma] to look at the devices.
///
/// # Ownership
///
/// An object is made by its parent and closed by whoever had it made. A parent refuses to close
/// while children are open (`IllegalStateException`, naming them); a second close does nothing; a
/// native destroy that fails throws [dev.verbena.verbs.RdmaException] and leaves the object open.
/// Nothing is released by garbage collection. [dev.verbena.verbs.LeakDetector] finds what was
/// forgotten.
///
/// # Memory
///
/// The device does not know about arenas. Memory stays valid until its
/// [dev.verbena.verbs.MemoryRegion] is closed and every work request that uses it is known to be
/// complete or its queue pair is closed.
///
/// # Data path
///
/// [dev.verbena.verbs.QueuePair] posts chains of prebuilt [dev.verbena.verbs.SendSlots] and
/// [dev.verbena.verbs.ReceiveSlots]; [dev.verbena.verbs.CompletionQueue] fills a
/// [dev.verbena.verbs.WorkCompletions] batch. These calls never wait, allocate nothing, and report
/// failure as errno value or status. Everything else throws.
///
/// # Threads
///
/// One thread at a time posts to a queue pair, one polls a completion queue, one waits on a
/// channel, and neither may overlap with closing that queue pair or completion queue. Everything
/// else may be called from any thread. Waits are blocking native calls with a deadline and a
/// wake-up, for platform threads.
package dev.verbena.verbs;
