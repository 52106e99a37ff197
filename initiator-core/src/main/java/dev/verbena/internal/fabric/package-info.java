/// Queue pairs that carry capsules, whatever carries the queue pairs.
///
/// In: an address, a queue id, filled command capsules. Out: responses, send completions and one
/// failure. The interfaces [dev.verbena.internal.fabric.Transport] and
/// [dev.verbena.internal.fabric.FabricQueue] are all the engine and the controller know; `Verbs…`
/// is the implementation over libibverbs.
package dev.verbena.internal.fabric;
