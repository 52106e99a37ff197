/// Command slots and queues: from "read these blocks" to a filled capsule and back.
///
/// In: commands with a token. Out: exactly one completion for each, after the device has let go of
/// its buffer. Knows the fabric's interfaces, registered memory and NVMe encodings; nothing of
/// controllers.
package dev.verbena.internal.engine;
