/// Memory a fabric may touch: registered regions, their keys, and who uses them at the moment.
///
/// In: segments of native memory. Out: [dev.verbena.internal.memory.Region]s with addresses and
/// keys, found again by address on the data path. Knows the verbs layer, nothing of NVMe.
package dev.verbena.internal.memory;
