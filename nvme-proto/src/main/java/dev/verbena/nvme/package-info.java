/**
 * Commands, completions, data structures and identities of NVMe and NVMe over Fabrics.
 *
 * <p>Encoders are static methods that write into a caller's segment at a byte offset, own exactly
 * the bytes they name, clear them first and allocate nothing. Decoders copy what they were given,
 * check every length and count, and throw {@link dev.verbena.nvme.WireFormatException} naming
 * structure, offset, value and expectation. Unknown or reserved values are kept and shown, never
 * refused. Every decoded value is immutable and may be shared between threads; an encoder may be
 * called by any thread that may write to the segment.
 *
 * <p>All multi-byte fields are little-endian unless an accessor says otherwise. Section numbers in
 * comments refer to the NVM Express Base Specification, revision 2.0, unless another is named.
 */
package dev.verbena.nvme;
