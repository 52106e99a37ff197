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
/// # Connections
///
/// The active side: [dev.verbena.verbs.CmId#resolveAddress], [dev.verbena.verbs.CmId#resolveRoute],
/// [dev.verbena.verbs.CmId#createQueuePair], post receives, [dev.verbena.verbs.CmId#connect]. The
/// passive side: [dev.verbena.verbs.CmId#bind], [dev.verbena.verbs.CmId#listen], and on the
/// identifier of each [dev.verbena.verbs.CmEvent.ConnectRequest] the queue pair, its receives and
/// [dev.verbena.verbs.CmId#accept]. Each step's outcome is an event of the
/// [dev.verbena.verbs.EventChannel]; [dev.verbena.verbs.CmEvent.Established] makes the
/// [dev.verbena.verbs.UnconnectedQueuePair] a [dev.verbena.verbs.QueuePair]. Either side may put up
/// to 56 bytes (active) or 196 bytes (passive) of private data into that exchange.
///
/// # End
///
/// When a connection has ended, or [dev.verbena.verbs.QueuePair#error()] was called, everything
/// posted completes as flushed. [dev.verbena.verbs.QueuePair#drain] waits for all of it;
/// [dev.verbena.verbs.QueuePair#close()] ends the use of memory without it. The module's README has
/// a server and a client in full.
///
/// # Threads
///
/// One thread at a time posts to a queue pair, one polls a completion queue, one waits on a
/// channel, and neither may overlap with closing that queue pair or completion queue. Everything
/// else may be called from any thread. Waits are blocking native calls with a deadline and a
/// wake-up, for platform threads.
package dev.verbena.verbs;
