package dev.verbena;

import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.auth.ChapSecret;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How to connect to a controller. Names, defaults and units follow `nvme connect`; what differs is
/// said at the option.
///
/// Immutable: each `with…` method returns a changed copy, or throws an [IllegalArgumentException]
/// that names the value which is out of range.
public final class ConnectOptions {
    /// Longest time-out that is accepted: it must fit the 32 bits of milliseconds of the Connect
    /// command.
    public static final Duration TIMEOUT_MAX = Duration.ofDays(24);

    /// Shortest time-out for anything else.
    public static final Duration TIMEOUT_MIN = Duration.ofMillis(1);

    /// Shortest keep-alive time-out: a command is sent every half of it.
    public static final Duration KEEP_ALIVE_TIMEOUT_MIN = Duration.ofMillis(100);

    /// How long a target has to refuse a controller that was connected, with "do not retry" and
    /// without anything else in between, before that is believed.
    public static final Duration REFUSAL_GRACE = Duration.ofSeconds(30);

    private static final Duration KEEP_ALIVE_TIMEOUT_DEFAULT = Duration.ofSeconds(5);

    private static final ConnectOptions DEFAULTS = new ConnectOptions(new ConnectOptionValues());

    /// Filled by [#with], then never changed.
    private final ConnectOptionValues values;

    private ConnectOptions(ConnectOptionValues values) {
        this.values = values;
    }

    /// The defaults of `nvme connect`.
    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    private ConnectOptions with(Consumer<ConnectOptionValues> change) {
        ConnectOptionValues changed = values.copy();
        change.accept(changed);
        changed.check();
        return new ConnectOptions(changed);
    }

    /// Who this host is; null, the default, for the initiator's identity.
    public @Nullable HostIdentity host() {
        return values.host;
    }

    /// Changes [#host].
    public ConnectOptions withHost(@Nullable HostIdentity value) {
        return with(copy -> copy.host = value);
    }

    /// Local address to connect from; null, the default, to let routing decide.
    public @Nullable InetAddress hostTraddr() {
        return values.hostTraddr;
    }

    /// Changes [#hostTraddr].
    public ConnectOptions withHostTraddr(@Nullable InetAddress value) {
        return with(copy -> copy.hostTraddr = value);
    }

    /// I/O queues for reading and writing to ask the controller for, 1..65534; default: the number
    /// of processors. The controller may grant fewer; see [Controller#ioQueueCount].
    public int ioQueues() {
        return values.ioQueues;
    }

    /// Changes [#ioQueues].
    public ConnectOptions withIoQueues(int value) {
        return with(copy -> copy.ioQueues = value);
    }

    /// I/O queues only for writing, besides [#ioQueues], which then only read; 0, the default, for
    /// none.
    public int writeQueues() {
        return values.writeQueues;
    }

    /// Changes [#writeQueues].
    public ConnectOptions withWriteQueues(int value) {
        return with(copy -> copy.writeQueues = value);
    }

    /// I/O queues kept for [Controller#openQueue], besides the others; default 1.
    public int pollQueues() {
        return values.pollQueues;
    }

    /// Changes [#pollQueues].
    public ConnectOptions withPollQueues(int value) {
        return with(copy -> copy.pollQueues = value);
    }

    /// Entries of an I/O queue, 2..65535 (a connection request counts them in 16 bits), default
    /// 128. One entry stays empty, and the controller's limits apply: see [IoQueue#depth].
    public int queueSize() {
        return values.queueSize;
    }

    /// Changes [#queueSize].
    public ConnectOptions withQueueSize(int value) {
        return with(copy -> copy.queueSize = value);
    }

    /// Entries of the admin queue, 2..4096; default 32, which every controller accepts.
    public int adminQueueSize() {
        return values.adminQueueSize;
    }

    /// Changes [#adminQueueSize].
    public ConnectOptions withAdminQueueSize(int value) {
        return with(copy -> copy.adminQueueSize = value);
    }

    /// I/O queues that are connected at the same time, 1..64, default 4. Targets lose connections
    /// when too many arrive at once.
    public int connectParallelism() {
        return values.connectParallelism;
    }

    /// Changes [#connectParallelism].
    public ConnectOptions withConnectParallelism(int value) {
        return with(copy -> copy.connectParallelism = value);
    }

    /// The controller gives the association up after this long without a sign of life; default 5 s,
    /// zero for never, else at least 100 ms, the granularity controllers count in. Sent in
    /// milliseconds.
    public Duration keepAliveTimeout() {
        return keepAliveTimeoutOr(KEEP_ALIVE_TIMEOUT_DEFAULT);
    }

    /// The keep-alive time-out that was chosen, whatever its value; else another default.
    Duration keepAliveTimeoutOr(Duration otherwise) {
        Duration chosen = values.keepAliveTimeout;
        return chosen == null ? otherwise : chosen;
    }

    /// Changes [#keepAliveTimeout].
    public ConnectOptions withKeepAliveTimeout(Duration value) {
        return with(copy -> copy.keepAliveTimeout = value);
    }

    /// Longest wait between two attempts to connect again; default 10 s. The first attempt comes at
    /// once, the waits grow up to this and are spread at random.
    public Duration reconnectDelay() {
        return values.reconnectDelay;
    }

    /// Changes [#reconnectDelay].
    public ConnectOptions withReconnectDelay(Duration value) {
        return with(copy -> copy.reconnectDelay = value);
    }

    /// How long a lost controller is tried to be connected again before it is given up; default 600
    /// s, zero to give up at once, negative for never.
    ///
    /// It is given up earlier when the target answers each attempt for [#REFUSAL_GRACE] with a
    /// refusal that says "do not retry", such as an unknown subsystem, a host that is not allowed,
    /// or a secret that is not accepted: a target that is being started says so as well, so the
    /// first of them is not believed. (Linux gives up at the first, but begins to try only after 10
    /// s.) The first connect fails at once.
    public Duration ctrlLossTimeout() {
        return values.ctrlLossTimeout;
    }

    /// Changes [#ctrlLossTimeout].
    public ConnectOptions withCtrlLossTimeout(Duration value) {
        return with(copy -> copy.ctrlLossTimeout = value);
    }

    /// How long requests wait for a lost controller before they fail; negative, the default, for as
    /// long as it is tried to be connected again.
    public Duration fastIoFailTimeout() {
        return values.fastIoFailTimeout;
    }

    /// Changes [#fastIoFailTimeout].
    public ConnectOptions withFastIoFailTimeout(Duration value) {
        return with(copy -> copy.fastIoFailTimeout = value);
    }

    /// IP type of service (DSCP in the upper six bits), 0..255; -1, the default, leaves it to the
    /// system.
    public int tos() {
        return values.tos;
    }

    /// Changes [#tos].
    public ConnectOptions withTos(int value) {
        return with(copy -> copy.tos = value);
    }

    /// Transport retries before a connection counts as broken, 0..7, default 7.
    public int retryCount() {
        return values.retryCount;
    }

    /// Changes [#retryCount].
    public ConnectOptions withRetryCount(int value) {
        return with(copy -> copy.retryCount = value);
    }

    /// Retries while the peer has no receive posted, 0..6, or 7, the default, for ever.
    public int rnrRetryCount() {
        return values.rnrRetryCount;
    }

    /// Changes [#rnrRetryCount].
    public ConnectOptions withRnrRetryCount(int value) {
        return with(copy -> copy.rnrRetryCount = value);
    }

    /// Time the device waits for an acknowledgement, 4.096 µs · 2^n for n = 0..31; -1, the default,
    /// leaves it to the device.
    public int ackTimeout() {
        return values.ackTimeout;
    }

    /// Changes [#ackTimeout].
    public ConnectOptions withAckTimeout(int value) {
        return with(copy -> copy.ackTimeout = value);
    }

    /// Whether small writes travel in the command capsule where the controller takes them; default
    /// true.
    public boolean inCapsuleData() {
        return values.inCapsuleData;
    }

    /// Changes [#inCapsuleData].
    public ConnectOptions withInCapsuleData(boolean value) {
        return with(copy -> copy.inCapsuleData = value);
    }

    /// Whether to ask the controller to do without submission queue flow control; a controller that
    /// refuses is connected with it. Default false.
    public boolean disableSqFlow() {
        return values.disableSqFlow;
    }

    /// Changes [#disableSqFlow].
    public ConnectOptions withDisableSqFlow(boolean value) {
        return with(copy -> copy.disableSqFlow = value);
    }

    /// Whether to tell the controller that its retry delays (CRD) are honoured; default true.
    public boolean crdEnabled() {
        return values.crdEnabled;
    }

    /// Changes [#crdEnabled].
    public ConnectOptions withCrdEnabled(boolean value) {
        return with(copy -> copy.crdEnabled = value);
    }

    /// Whether a second connection of the same host to the same subsystem at the same address is
    /// allowed; default false.
    public boolean duplicateConnect() {
        return values.duplicateConnect;
    }

    /// Changes [#duplicateConnect].
    public ConnectOptions withDuplicateConnect(boolean value) {
        return with(copy -> copy.duplicateConnect = value);
    }

    /// What the controller can reach of this host's memory; default [MemoryMode#AUTO].
    public MemoryMode memoryMode() {
        return values.memoryMode;
    }

    /// Changes [#memoryMode].
    public ConnectOptions withMemoryMode(MemoryMode value) {
        return with(copy -> copy.memoryMode = value);
    }

    /// How threads that own queues wait for completions; default [WaitMode#ADAPTIVE].
    public WaitMode waitMode() {
        return values.waitMode;
    }

    /// Changes [#waitMode].
    public ConnectOptions withWaitMode(WaitMode value) {
        return with(copy -> copy.waitMode = value);
    }

    /// What happens when a command is not answered in time; default [TimeoutPolicy#RECOVER].
    public TimeoutPolicy timeoutPolicy() {
        return values.timeoutPolicy;
    }

    /// Changes [#timeoutPolicy].
    public ConnectOptions withTimeoutPolicy(TimeoutPolicy value) {
        return with(copy -> copy.timeoutPolicy = value);
    }

    /// The host's secret for DH-HMAC-CHAP; null, the default, for none. It has to stay open as long
    /// as the controller does.
    ///
    /// A secret is a demand: each queue of the controller is authenticated with it, also when the
    /// target does not ask for that. A target that does not go through with it is refused with an
    /// [AuthenticationNotOfferedException], at a reconnect too. (Linux authenticates only when it
    /// is asked.) Discovery controllers are authenticated only when they ask: most cannot, and what
    /// their log leads to is authenticated in any case.
    public @Nullable ChapSecret dhchapSecret() {
        return values.dhchapSecret;
    }

    /// Changes [#dhchapSecret].
    public ConnectOptions withDhchapSecret(@Nullable ChapSecret value) {
        return with(copy -> copy.dhchapSecret = value);
    }

    /// The controller's secret: with it the controller has to prove itself too, on each queue.
    /// Null, the default, for none. Refused without [#dhchapSecret], which has to be set before.
    public @Nullable ChapSecret dhchapCtrlSecret() {
        return values.dhchapCtrlSecret;
    }

    /// Changes [#dhchapCtrlSecret].
    public ConnectOptions withDhchapCtrlSecret(@Nullable ChapSecret value) {
        return with(copy -> copy.dhchapCtrlSecret = value);
    }

    /// Longest time for one queue to connect, handshake and Connect command together; default 30 s.
    /// Within it each step of the connection manager has 3 s.
    public Duration connectTimeout() {
        return values.connectTimeout;
    }

    /// Changes [#connectTimeout].
    public ConnectOptions withConnectTimeout(Duration value) {
        return with(copy -> copy.connectTimeout = value);
    }

    /// Longest time for one admin command, default 60 s.
    public Duration adminTimeout() {
        return values.adminTimeout;
    }

    /// Changes [#adminTimeout].
    public ConnectOptions withAdminTimeout(Duration value) {
        return with(copy -> copy.adminTimeout = value);
    }

    /// Time for discovery at an address as a whole, its referrals included, at least 1 ms, default
    /// 60 s. What has been read by then is the result.
    public Duration discoveryTimeout() {
        return values.discoveryTimeout;
    }

    /// Changes [#discoveryTimeout].
    public ConnectOptions withDiscoveryTimeout(Duration value) {
        return with(copy -> copy.discoveryTimeout = value);
    }

    /// Longest time for one I/O command, default 30 s.
    public Duration ioTimeout() {
        return values.ioTimeout;
    }

    /// Changes [#ioTimeout].
    public ConnectOptions withIoTimeout(Duration value) {
        return with(copy -> copy.ioTimeout = value);
    }
}
