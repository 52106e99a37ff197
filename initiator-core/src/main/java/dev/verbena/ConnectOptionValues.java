package dev.verbena;

import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.auth.ChapSecret;
import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The values of [ConnectOptions], each said once. Changed only between [#copy] and [#check].
final class ConnectOptionValues implements Cloneable {
    @Nullable HostIdentity host = null;
    @Nullable InetAddress hostTraddr = null;
    int ioQueues = Runtime.getRuntime().availableProcessors();
    int writeQueues = 0;
    int pollQueues = 1;
    int queueSize = 128;
    int adminQueueSize = 32;
    int connectParallelism = 4;
    @Nullable Duration keepAliveTimeout = null;
    Duration reconnectDelay = Duration.ofSeconds(10);
    Duration ctrlLossTimeout = Duration.ofMinutes(10);
    Duration fastIoFailTimeout = Duration.ofSeconds(-1);
    int tos = -1;
    int retryCount = 7;
    int rnrRetryCount = 7;
    int ackTimeout = -1;
    boolean inCapsuleData = true;
    boolean disableSqFlow = false;
    boolean crdEnabled = true;
    boolean duplicateConnect = false;
    MemoryMode memoryMode = MemoryMode.AUTO;
    WaitMode waitMode = WaitMode.ADAPTIVE;
    TimeoutPolicy timeoutPolicy = TimeoutPolicy.RECOVER;
    @Nullable ChapSecret dhchapSecret = null;
    @Nullable ChapSecret dhchapCtrlSecret = null;
    Duration connectTimeout = Duration.ofSeconds(30);
    Duration adminTimeout = Duration.ofSeconds(60);
    Duration ioTimeout = Duration.ofSeconds(30);
    Duration discoveryTimeout = Duration.ofSeconds(60);

    ConnectOptionValues copy() {
        try {
            return (ConnectOptionValues) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    void check() {
        inRange("ioQueues", ioQueues, 1, 65_534);
        inRange("writeQueues", writeQueues, 0, 65_534);
        inRange("pollQueues", pollQueues, 0, 65_534);
        inRange("queueSize", queueSize, 2, 65_535);
        inRange("adminQueueSize", adminQueueSize, 2, 4096);
        inRange("connectParallelism", connectParallelism, 1, 64);
        inRange("tos", tos, -1, 255);
        inRange("retryCount", retryCount, 0, 7);
        inRange("rnrRetryCount", rnrRetryCount, 0, 7);
        inRange("ackTimeout", ackTimeout, -1, 31);
        Duration keepAlive = keepAliveTimeout;
        if (keepAlive != null && !keepAlive.isZero()) {
            inRange("keepAliveTimeout", keepAlive, ConnectOptions.KEEP_ALIVE_TIMEOUT_MIN);
        }
        inRange("reconnectDelay", reconnectDelay, ConnectOptions.TIMEOUT_MIN);
        if (!ctrlLossTimeout.isNegative()) {
            inRange("ctrlLossTimeout", ctrlLossTimeout, Duration.ZERO);
        }
        if (!fastIoFailTimeout.isNegative()) {
            inRange("fastIoFailTimeout", fastIoFailTimeout, Duration.ZERO);
        }
        inRange("connectTimeout", connectTimeout, ConnectOptions.TIMEOUT_MIN);
        inRange("adminTimeout", adminTimeout, ConnectOptions.TIMEOUT_MIN);
        inRange("discoveryTimeout", discoveryTimeout, ConnectOptions.TIMEOUT_MIN);
        inRange("ioTimeout", ioTimeout, ConnectOptions.TIMEOUT_MIN);
        if (dhchapCtrlSecret != null && dhchapSecret == null) {
            throw new IllegalArgumentException(
                    "dhchapCtrlSecret is set and dhchapSecret is not: only a host that proves itself can demand"
                            + " it of the controller. Set dhchapSecret first");
        }
    }

    private static void inRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    name + " is " + value + "; it must be " + min + ".." + max);
        }
    }

    private static void inRange(String name, Duration value, Duration min) {
        if (value.compareTo(min) < 0 || value.compareTo(ConnectOptions.TIMEOUT_MAX) > 0) {
            throw new IllegalArgumentException(
                    name
                            + " is "
                            + value
                            + "; it must be "
                            + min
                            + ".."
                            + ConnectOptions.TIMEOUT_MAX);
        }
    }
}
