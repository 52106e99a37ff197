package dev.verbena;

/// What happens when an I/O command, of an [IoQueue] or of a [BlockDevice], is not answered within
/// its time-out. Admin commands always [#RECOVER].
///
/// It is reported in any case: to the [CompletionHandler] of an [IoQueue]; for the commands of a
/// [BlockDevice] as [ControllerEvent.CommandExpired].
///
/// Whatever the policy: the memory of the command stays in use until the device cannot touch it any
/// more, so the command itself ends only with an answer or with its queue.
public enum TimeoutPolicy {
    /// The connection counts as lost: it is taken down and made again. What Linux does. A request
    /// of a [BlockDevice] ends with [CommandTimeoutException].
    RECOVER,
    /// The controller is asked to abort the command; when that does not end it within another
    /// time-out, as [#RECOVER]. A request of a [BlockDevice] whose command was aborted ends with
    /// [CommandTimeoutException], and the connection stays.
    ABORT_THEN_RECOVER,
    /// Only an event is reported; the command stays under way until it is answered or the
    /// connection ends. Then a request of a [BlockDevice] is treated as any other that a lost
    /// connection interrupts.
    REPORT_ONLY
}
