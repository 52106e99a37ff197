/// The network between an initiator and a target in memory: queue pairs, keys, delivery.
@org.jspecify.annotations.NullMarked
package dev.verbena.testkit.internal.wire;
