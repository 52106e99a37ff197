/// Associations with controllers: connect, enable, identify, keep alive, shut down; and reading
/// discovery logs.
///
/// In: an address, a subsystem NQN, options. Out: live queues and decoded structures, or an
/// exception that says what went wrong.
package dev.verbena.internal.control;
