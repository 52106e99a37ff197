/// An in-memory fabric: queues, registered memory and a target that a test scripts.
///
/// Everything a queue of the initiator needs below it, without a device: what was posted can be
/// looked at, and every event, answer and failure is the test's decision.
package dev.verbena.fakes;
