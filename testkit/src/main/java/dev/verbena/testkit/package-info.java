/// A fabric and a target in memory, and what can go wrong on them.
@org.jspecify.annotations.NullMarked
package dev.verbena.testkit;
