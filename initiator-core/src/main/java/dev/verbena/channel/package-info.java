/// Block devices as `java.nio` channels: any offset, any length.
///
/// [dev.verbena.channel.DeviceFileChannel] is an [java.nio.channels.AsynchronousFileChannel],
/// [dev.verbena.channel.DeviceByteChannel] a [java.nio.channels.SeekableByteChannel] that gathers
/// and scatters.
///
/// A device reads and writes whole blocks. Where a read begins or ends inside a block, the rest of
/// the block is read along and thrown away. Where a write does, the block is read first, and
/// written as a whole with the rest as it was: *read, modify, write*. What that means:
///
/// - It takes one read more, and is not atomic: a power failure may leave the write half done, as
///   it may with any write of several blocks.
/// - Writes of one channel that touch the same block wait for each other when one of them has to
///   read first, so none of them is lost. That is per channel: two channels, two devices, or
///   another host that write to different parts of the same block at the same time can lose one of
///   the writes. Share one channel, or keep to whole blocks. Up to 1024 writes of a channel can
///   wait so; the next blocks its caller until one of them can go on, or fails with an
///   [java.io.IOException] on the thread of a device's queue, which must not be blocked.
///
/// Whole blocks in the memory of a [dev.verbena.DmaArena] go to the device without a copy
/// ([java.lang.foreign.MemorySegment#asByteBuffer]).
///
/// A channel does not own its device: closing the one leaves the other open.
package dev.verbena.channel;
