/// The initiator: discover subsystems, connect controllers, read and write namespaces.
///
/// [dev.verbena.Initiator] is where to begin. [dev.verbena.BlockDevice] is the comfortable way to
/// do I/O, [dev.verbena.IoQueue] the fast one. Memory that the network card may touch without a
/// copy comes from a [dev.verbena.DmaArena].
package dev.verbena;
