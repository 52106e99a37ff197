package dev.verbena;

/// A piece of a block device.
///
/// @param offset first byte
/// @param length in bytes
public record ByteRange(long offset, long length) {}
