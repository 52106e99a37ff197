package dev.verbena.internal.fabric;

import dev.verbena.internal.memory.Region;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A connected queue pair: command capsules out, response capsules in.
///
/// Every slot owns one command capsule, a piece of [#capsules] at [#capsuleOffset]. The owner fills
/// it, stages it, and rings once for all that is staged. A capsule must not be changed between
/// staging and the moment [#stage] tells.
///
/// Threads: one owner calls everything, except [#fail] and [#wakeUp], which any thread may call.
public interface FabricQueue {
    /// Bytes of a response capsule this side is prepared to receive.
    int RESPONSE_BYTES = 16;

    /// 0 for the admin queue.
    int queueId();

    /// Capsules that may be outstanding at the same time.
    int depth();

    /// The memory of all capsules. May be all of native memory: only what starts at
    /// [#capsuleOffset] belongs to the queue. Gone after [#close].
    MemorySegment capsules();

    /// Where a slot's capsule starts in [#capsules].
    ///
    /// @throws IndexOutOfBoundsException for a slot this queue does not have
    long capsuleOffset(int slot);

    /// Bytes of a slot's capsule.
    int capsuleBytes();

    /// Sets a piece of a slot's in-capsule data, for the next [#stage] of that slot.
    ///
    /// @param index 0 for the piece right behind the header
    /// @param address registered memory
    /// @param bytes more than 0
    /// @param localKey of that memory
    void segment(int slot, int index, long address, int bytes, int localKey);

    /// Whether the keys of regions are of no use to the peer, and every command binds a key of its
    /// own instead ([#bind]).
    boolean bindsKeys();

    /// Makes a key for some bytes, valid from the capsule staged next for this slot until the peer
    /// or [#invalidate] ends it.
    ///
    /// @param region holds all of the bytes
    /// @param controllerWrites whether the key lets the peer write, otherwise it lets it read
    /// @return the key
    /// @throws IllegalStateException unless [#bindsKeys]
    int bind(int slot, Region region, long address, int bytes, boolean controllerWrites);

    /// Ends the key last bound for a slot, with the next [#ring]; [FabricEvents#invalidated] tells
    /// when nobody can use it any more.
    void invalidate(int slot, int tag);

    /// Puts a slot's capsule on the list for the next [#ring].
    ///
    /// @param tag returned with [FabricEvents#sent], 0..65535
    /// @param headerBytes bytes of the slot's capsule to send: 64, plus what lies before in-capsule
    ///   data
    /// @param segmentCount pieces of in-capsule data that follow, as set with [#segment]
    /// @return whether [FabricEvents#sent] will tell when the device is done with it. If not, the
    ///   capsule is free after [#ring]
    boolean stage(int slot, int tag, int headerBytes, int segmentCount);

    /// Sends everything staged. Failures show in [#failure].
    void ring();

    /// Reports what has completed, up to an internal batch; in a [FabricGroup] for all of its
    /// queues.
    ///
    /// @param events of this queue, from now on
    /// @return the number of events; 0 also when the queue has failed and nothing is left
    int poll(FabricEvents events);

    /// Whether [#poll] would find something; fetches it into the batch that [#poll] reports,
    /// without reporting it.
    boolean hasCompletions();

    /// Why the queue is unusable; null while it works.
    @Nullable FabricFailure failure();

    /// Makes the queue unusable. The first reason stays. Any thread.
    void fail(FabricFailure failure);

    /// Asks for a wake-up at the next completion. Poll once more before [#block]: what completed
    /// earlier wakes nobody.
    void arm();

    /// Waits for a completion after [#arm], for [#wakeUp], or for the time to pass.
    void block(long timeoutNanos);

    /// Ends [#block] early, or lets the next one return at once. Any thread.
    void wakeUp();

    /// Stops the queue pair and reports what was still under way, as far as it leaves a trace.
    /// Afterwards, when true, the device will neither read nor write any memory on behalf of this
    /// queue.
    ///
    /// @return false when flushing did not end in time; then only [#close] makes memory safe
    boolean drain(FabricEvents events, Deadline deadline);

    /// Destroys the queue pair and releases its memory.
    ///
    /// @return false when the device refused to let go: memory the queue used must then never be
    ///   reused
    boolean close();
}
