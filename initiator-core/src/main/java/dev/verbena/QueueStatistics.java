package dev.verbena;

/// What one I/O queue has done since it was opened: a snapshot.
///
/// Every number is exact for some recent moment; they are read one after another while the queue
/// works, so sums need not fit to the last command.
///
/// @param submitted commands handed to the queue; a fused pair counts as two
/// @param completed commands that have ended, well or not
/// @param genericErrors completions with a generic status (SCT 0h) that is not success
/// @param commandSpecificErrors completions with a command specific status (SCT 1h)
/// @param mediaErrors completions with a media or data integrity status (SCT 2h), among them
///   Compare Failure
/// @param pathErrors completions with a path related status (SCT 3h), among them every command that
///   was outstanding when the connection ended
/// @param vendorErrors completions with a vendor specific status, or one of a reserved type
/// @param inCapsule commands whose data travelled in the command capsule
/// @param keyed commands whose data the controller moved by one key
/// @param keyedList commands whose data the controller moved by a list of keys
/// @param bounced commands whose data was copied, because it lay in more pieces than one command
///   can name; each is also counted by the way the copy travelled
/// @param windowsBound memory windows bound, one for each command in strict memory mode
/// @param remoteInvalidations windows the controller invalidated with its response
/// @param localInvalidations windows this side had to invalidate
/// @param doorbells batches of commands handed to the device
/// @param polls looks for completions
/// @param emptyPolls looks that found none
/// @param waits times the owner slept for a completion
/// @param expired commands not answered in their time
public record QueueStatistics(
        long submitted,
        long completed,
        long genericErrors,
        long commandSpecificErrors,
        long mediaErrors,
        long pathErrors,
        long vendorErrors,
        long inCapsule,
        long keyed,
        long keyedList,
        long bounced,
        long windowsBound,
        long remoteInvalidations,
        long localInvalidations,
        long doorbells,
        long polls,
        long emptyPolls,
        long waits,
        long expired) {
    /// Completions with any status but success.
    public long errors() {
        return genericErrors + commandSpecificErrors + mediaErrors + pathErrors + vendorErrors;
    }
}
