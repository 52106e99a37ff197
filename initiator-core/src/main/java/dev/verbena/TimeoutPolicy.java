package dev.verbena;

/// What happens when a command of an [IoQueue] is not answered within its time-out. Admin commands
/// and those of a [BlockDevice] always [#RECOVER].
///
/// Whatever the policy: the memory of the command stays in use until the device cannot touch it any
/// more, so the command itself ends only with an answer or with its queue.
public enum TimeoutPolicy {
    /// The connection counts as lost: it is taken down and made again. What Linux does.
    RECOVER,
    /// The controller is asked to abort the command; when that does not end it within another
    /// time-out, as [#RECOVER].
    ABORT_THEN_RECOVER,
    /// Only an event is reported; the command stays under way until it is answered or the
    /// connection ends.
    REPORT_ONLY
}
