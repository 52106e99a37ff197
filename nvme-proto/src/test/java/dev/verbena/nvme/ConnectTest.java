package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectTest {
    @Test
    void connectResult_splitsIdentifierAndFlags() {
        ConnectResult result = ConnectResult.of(0x0006_FFF1);
        assertThat(result.controllerId()).isEqualTo(0xFFF1);
        assertThat(result.authenticationRequired()).isTrue();
        assertThat(result.secureChannelRequired()).isTrue();
        assertThat(ConnectResult.of(1).authenticationRequired()).isFalse();
        assertThat(ConnectResult.of(1).secureChannelRequired()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "0x180, INCOMPATIBLE_FORMAT, record format",
        "0x181, CONTROLLER_BUSY, Try again later",
        "0x183, RESTART_DISCOVERY, discovery log",
        "0x4184, HOST_NOT_ALLOWED, does not allow this host",
        "0x185, INVALID_QUEUE_TYPE, wrong type of queue",
        "0x190, DISCOVERY_RESTART, Read it again",
        "0x191, AUTHENTICATION_REQUIRED, DH-HMAC-CHAP",
        "0x4002, OTHER, Invalid Field in Command (SCT 0h",
        "0x192, OTHER, Command Specific Status 92h"
    })
    void refusedConnect_saysWhyAndWhatToDo(
            String status, ConnectFailure.Reason reason, String words) {
        ConnectFailure failure = ConnectFailure.of(Integer.decode(status), 0);
        assertThat(failure.reason()).isEqualTo(reason);
        assertThat(failure.field()).isNull();
        assertThat(failure.message()).contains(words);
        assertThat(ConnectFailure.explain(Integer.decode(status), 0)).isEqualTo(failure.message());
    }

    @ParameterizedTest
    @CsvSource({
        "0x10000, HOSTID",
        "0x10010, CNTLID",
        "0x10100, SUBNQN",
        "0x10200, HOSTNQN",
        "0x102FF, HOSTNQN",
        "40, RECFMT",
        "42, QID",
        "44, SQSIZE",
        "46, CATTR",
        "48, KATO",
        "0x10012,",
        "0x10300,",
        "0,"
    })
    void invalidParameter_isNamed(String result, String field) {
        ConnectFailure failure = ConnectFailure.of(0x4182, Integer.decode(result));
        assertThat(failure.reason()).isEqualTo(ConnectFailure.Reason.INVALID_PARAMETERS);
        assertThat(failure.field()).isEqualTo(field);
        assertThat(failure.message()).contains(field == null ? "byte" : field);
    }

    @Test
    void request_hasFieldsAtTheirOffsets() {
        byte[] data = RdmaPrivateData.encodeRequest(3, 128, 127, 0x1234);

        assertThat(HexFormat.of().formatHex(data))
                .isEqualTo("0000030080007f003412" + "00".repeat(22));
        assertThat(RdmaPrivateData.Request.decode(data))
                .isEqualTo(new RdmaPrivateData.Request(0, 3, 128, 127, 0x1234));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RdmaPrivateData.encodeRequest(0, 0, 1, 0))
                .withMessageContaining("hostReceiveQueueSize");
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> RdmaPrivateData.Request.decode(new byte[31]))
                .withMessageContaining("31 bytes");
    }

    @Test
    void accept_isDecodedWhateverFollows() {
        byte[] data = new byte[196];
        data[2] = (byte) 0x80;
        assertThat(RdmaPrivateData.Accept.decode(data))
                .isEqualTo(new RdmaPrivateData.Accept(0, 128));
        assertThat(RdmaPrivateData.Accept.decode(new RdmaPrivateData.Accept(0, 65535).encode()))
                .isEqualTo(new RdmaPrivateData.Accept(0, 65535));
    }

    @Test
    void acceptTooShortOrOfAnotherFormat_isRefused() {
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> RdmaPrivateData.Accept.decode(new byte[0]))
                .withMessageContaining("0 bytes, expected at least 4");
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> RdmaPrivateData.Accept.decode(new byte[] {1, 0, 5, 0}))
                .withMessageContaining("record format at offset 0 is 1");
    }

    @ParameterizedTest
    @CsvSource({
        "0, UNKNOWN, true",
        "1, INVALID_PRIVATE_DATA_LENGTH, false",
        "2, INVALID_RECORD_FORMAT, false",
        "3, INVALID_QUEUE_ID, false",
        "4, INVALID_HOST_SEND_QUEUE_SIZE, false",
        "5, INVALID_HOST_RECEIVE_QUEUE_SIZE, false",
        "6, NO_RESOURCES, true",
        "7, INVALID_RESPONDER_RESOURCES, false",
        "8, INVALID_INITIATOR_DEPTH, false",
        "9, UNKNOWN, true",
        "65535, UNKNOWN, true"
    })
    void reject_isNamed(int code, RejectStatus status, boolean retryable) {
        var reject =
                RdmaPrivateData.Reject.decode(new RdmaPrivateData.Reject(0, code, status).encode());
        assertThat(reject.status()).isEqualTo(status);
        assertThat(reject.statusCode()).isEqualTo(code);
        assertThat(reject.status().retryable()).isEqualTo(retryable);
        assertThat(reject.status().explanation()).startsWith("The target rejected").endsWith(".");
        assertThat(status.code()).isEqualTo(status == RejectStatus.UNKNOWN ? -1 : code);
    }

    @Test
    void rejectOfThreeBytes_isRefused() {
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> RdmaPrivateData.Reject.decode(new byte[3]));
    }
}
