package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.auth.ChapHash;
import dev.verbena.nvme.auth.ChapSecret;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectOptionsTest {
    private static final ConnectOptions DEFAULTS = ConnectOptions.defaults();

    private static void refused(Runnable change, String name) {
        assertThatThrownBy(change::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " is ");
    }

    @Test
    void defaults_areThoseOfNvmeConnect() {
        assertThat(DEFAULTS.queueSize()).isEqualTo(128);
        assertThat(DEFAULTS.adminQueueSize()).isEqualTo(32);
        assertThat(DEFAULTS.keepAliveTimeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(DEFAULTS.tos()).isEqualTo(-1);
        assertThat(DEFAULTS.ioQueues()).isPositive();
        assertThat(DEFAULTS.host()).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 65_535, Integer.MAX_VALUE})
    void ioQueuesOutOfRange_isRefused(int value) {
        refused(() -> DEFAULTS.withIoQueues(value), "ioQueues");
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, 0, 1, 65_536})
    void queueSizeOutOfRange_isRefused(int value) {
        refused(() -> DEFAULTS.withQueueSize(value), "queueSize");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 4097})
    void adminQueueSizeOutOfRange_isRefused(int value) {
        refused(() -> DEFAULTS.withAdminQueueSize(value), "adminQueueSize");
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 256})
    void tosOutOfRange_isRefused(int value) {
        refused(() -> DEFAULTS.withTos(value), "tos");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 8})
    void retryCountOutOfRange_isRefused(int value) {
        refused(() -> DEFAULTS.withRetryCount(value), "retryCount");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT-1S", "PT0.000000001S", "PT0.099S", "P24DT0.001S", "P36500D"})
    void keepAliveTimeoutOutOfRange_isRefused(Duration value) {
        refused(() -> DEFAULTS.withKeepAliveTimeout(value), "keepAliveTimeout");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PT-1S", "PT0S", "PT0.000999999S", "P24DT0.001S", "PT2562047788015215H"})
    void otherTimeoutOutOfRange_isRefused(Duration value) {
        refused(() -> DEFAULTS.withConnectTimeout(value), "connectTimeout");
        refused(() -> DEFAULTS.withAdminTimeout(value), "adminTimeout");
        refused(() -> DEFAULTS.withIoTimeout(value), "ioTimeout");
    }

    @Test
    void valuesAtTheLimits_areAccepted() {
        assertThat(DEFAULTS.withIoQueues(1).withIoQueues(65_534).ioQueues()).isEqualTo(65_534);
        assertThat(DEFAULTS.withQueueSize(2).withQueueSize(65_535).queueSize()).isEqualTo(65_535);
        assertThat(DEFAULTS.withAdminQueueSize(2).withAdminQueueSize(4096).adminQueueSize())
                .isEqualTo(4096);
        assertThat(DEFAULTS.withTos(0).withTos(255).tos()).isEqualTo(255);
        assertThat(DEFAULTS.withRetryCount(0).withRetryCount(7).retryCount()).isEqualTo(7);
        assertThat(DEFAULTS.withKeepAliveTimeout(Duration.ZERO).keepAliveTimeout()).isZero();
        ConnectOptions longest =
                DEFAULTS.withKeepAliveTimeout(Duration.ofMillis(100))
                        .withKeepAliveTimeout(ConnectOptions.TIMEOUT_MAX)
                        .withConnectTimeout(Duration.ofMillis(1))
                        .withIoTimeout(ConnectOptions.TIMEOUT_MAX);
        assertThat(longest.keepAliveTimeout().toMillis())
                .as("fits the 32 bits of the Connect command")
                .isLessThanOrEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void eachChange_leavesEverythingElse() throws Exception {
        HostIdentity host = HostIdentity.generate();
        ConnectOptions all =
                DEFAULTS.withHost(host)
                        .withHostTraddr(InetAddress.getLoopbackAddress())
                        .withIoQueues(3)
                        .withQueueSize(4)
                        .withAdminQueueSize(5)
                        .withKeepAliveTimeout(Duration.ofSeconds(6))
                        .withTos(7)
                        .withRetryCount(1)
                        .withConnectTimeout(Duration.ofSeconds(9))
                        .withAdminTimeout(Duration.ofSeconds(10))
                        .withIoTimeout(Duration.ofSeconds(11));
        assertThat(all.host()).isEqualTo(host);
        assertThat(all.hostTraddr()).isEqualTo(InetAddress.getLoopbackAddress());
        assertThat(all.ioQueues()).isEqualTo(3);
        assertThat(all.queueSize()).isEqualTo(4);
        assertThat(all.adminQueueSize()).isEqualTo(5);
        assertThat(all.keepAliveTimeout()).isEqualTo(Duration.ofSeconds(6));
        assertThat(all.tos()).isEqualTo(7);
        assertThat(all.retryCount()).isEqualTo(1);
        assertThat(all.connectTimeout()).isEqualTo(Duration.ofSeconds(9));
        assertThat(all.adminTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(all.ioTimeout()).isEqualTo(Duration.ofSeconds(11));
        assertThat(DEFAULTS.tos()).as("the original").isEqualTo(-1);
    }

    @Test
    void newOptionsOutOfRange_areRefused() {
        refused(() -> DEFAULTS.withWriteQueues(-1), "writeQueues");
        refused(() -> DEFAULTS.withPollQueues(65_535), "pollQueues");
        refused(() -> DEFAULTS.withConnectParallelism(0), "connectParallelism");
        refused(() -> DEFAULTS.withConnectParallelism(65), "connectParallelism");
        refused(() -> DEFAULTS.withRnrRetryCount(8), "rnrRetryCount");
        refused(() -> DEFAULTS.withAckTimeout(-2), "ackTimeout");
        refused(() -> DEFAULTS.withAckTimeout(32), "ackTimeout");
        refused(() -> DEFAULTS.withReconnectDelay(Duration.ZERO), "reconnectDelay");
        refused(() -> DEFAULTS.withCtrlLossTimeout(Duration.ofDays(25)), "ctrlLossTimeout");
        refused(() -> DEFAULTS.withFastIoFailTimeout(Duration.ofDays(25)), "fastIoFailTimeout");
    }

    @Test
    void controllersSecretWithoutTheHosts_isRefused() {
        try (ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, new SecureRandom())) {
            refused(() -> DEFAULTS.withDhchapCtrlSecret(secret), "dhchapCtrlSecret");
            ConnectOptions both = DEFAULTS.withDhchapSecret(secret).withDhchapCtrlSecret(secret);
            refused(() -> both.withDhchapSecret(null), "dhchapCtrlSecret");
            both.withDhchapCtrlSecret(null).withDhchapSecret(null);
        }
    }

    @Test
    void negativeTimeouts_meanForEver() {
        assertThat(DEFAULTS.withCtrlLossTimeout(Duration.ofSeconds(-1)).ctrlLossTimeout())
                .isNegative();
        assertThat(DEFAULTS.withCtrlLossTimeout(Duration.ZERO).ctrlLossTimeout()).isZero();
        assertThat(DEFAULTS.fastIoFailTimeout()).isNegative();
        assertThat(DEFAULTS.withFastIoFailTimeout(Duration.ZERO).fastIoFailTimeout()).isZero();
    }
}
