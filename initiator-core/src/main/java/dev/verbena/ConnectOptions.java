package dev.verbena;

import dev.verbena.nvme.HostIdentity;
import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How to connect to a controller. Names, defaults and units follow `nvme connect`; what differs is
/// said here.
///
/// Immutable: each `with…` method returns a changed copy.
///
/// @param host who this host is; null for the initiator's identity
/// @param hostTraddr local address to connect from; null to let routing decide
/// @param ioQueues I/O queues to ask the controller for, 1..65534; default: the number of
///   processors. The controller may grant fewer; see [Controller#ioQueueCount]
/// @param queueSize entries of an I/O queue, 2..65535 (a connection request counts them in 16
///   bits), default 128. One entry stays empty, and the controller's limits apply: see
///   [IoQueue#depth]
/// @param adminQueueSize entries of the admin queue, 2..4096, default 32, which every controller
///   accepts
/// @param keepAliveTimeout the controller gives the association up after this long without a sign
///   of life; default 5 s, zero for never, else at least 100 ms, the granularity controllers count
///   in. Sent in milliseconds
/// @param tos IP type of service (DSCP in the upper six bits), 0..255; -1, the default, leaves it
///   to the system
/// @param retryCount transport retries before a connection counts as broken, 0..7, default 7
/// @param connectTimeout longest time for one queue to connect, handshake and Connect command
///   together; default 30 s. Within it each step of the connection manager has 3 s
/// @param adminTimeout longest time for one admin command, default 60 s
/// @param ioTimeout longest time for one I/O command, default 30 s
public record ConnectOptions(
        @Nullable HostIdentity host,
        @Nullable InetAddress hostTraddr,
        int ioQueues,
        int queueSize,
        int adminQueueSize,
        Duration keepAliveTimeout,
        int tos,
        int retryCount,
        Duration connectTimeout,
        Duration adminTimeout,
        Duration ioTimeout) {
    /// Longest time-out that is accepted: it must fit the 32 bits of milliseconds of the Connect
    /// command.
    public static final Duration TIMEOUT_MAX = Duration.ofDays(24);

    /// Shortest time-out for anything else.
    public static final Duration TIMEOUT_MIN = Duration.ofMillis(1);

    /// Shortest keep-alive time-out: a command is sent every half of it.
    public static final Duration KEEP_ALIVE_TIMEOUT_MIN = Duration.ofMillis(100);

    private static final ConnectOptions DEFAULTS =
            new ConnectOptions(
                    null,
                    null,
                    Runtime.getRuntime().availableProcessors(),
                    128,
                    32,
                    Duration.ofSeconds(5),
                    -1,
                    7,
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(30));

    /// @throws IllegalArgumentException when a value is out of range; the message names it
    public ConnectOptions {
        inRange("ioQueues", ioQueues, 1, 65_534);
        inRange("queueSize", queueSize, 2, 65_535);
        inRange("adminQueueSize", adminQueueSize, 2, 4096);
        inRange("tos", tos, -1, 255);
        inRange("retryCount", retryCount, 0, 7);
        if (!keepAliveTimeout.isZero()) {
            inRange("keepAliveTimeout", keepAliveTimeout, KEEP_ALIVE_TIMEOUT_MIN);
        }
        inRange("connectTimeout", connectTimeout, TIMEOUT_MIN);
        inRange("adminTimeout", adminTimeout, TIMEOUT_MIN);
        inRange("ioTimeout", ioTimeout, TIMEOUT_MIN);
    }

    private static void inRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    name + " is " + value + "; it must be " + min + ".." + max);
        }
    }

    private static void inRange(String name, Duration value, Duration min) {
        if (value.compareTo(min) < 0 || value.compareTo(TIMEOUT_MAX) > 0) {
            throw new IllegalArgumentException(
                    name + " is " + value + "; it must be " + min + ".." + TIMEOUT_MAX);
        }
    }

    /// The defaults of `nvme connect`.
    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    public ConnectOptions withHost(@Nullable HostIdentity value) {
        return new ConnectOptions(
                value,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withHostTraddr(@Nullable InetAddress value) {
        return new ConnectOptions(
                host,
                value,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withIoQueues(int value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                value,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withQueueSize(int value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                value,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withAdminQueueSize(int value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                value,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withKeepAliveTimeout(Duration value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                value,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withTos(int value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                value,
                retryCount,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withRetryCount(int value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                value,
                connectTimeout,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withConnectTimeout(Duration value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                value,
                adminTimeout,
                ioTimeout);
    }

    public ConnectOptions withAdminTimeout(Duration value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                value,
                ioTimeout);
    }

    public ConnectOptions withIoTimeout(Duration value) {
        return new ConnectOptions(
                host,
                hostTraddr,
                ioQueues,
                queueSize,
                adminQueueSize,
                keepAliveTimeout,
                tos,
                retryCount,
                connectTimeout,
                adminTimeout,
                value);
    }
}
