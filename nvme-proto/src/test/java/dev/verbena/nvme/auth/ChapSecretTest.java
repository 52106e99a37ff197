package dev.verbena.nvme.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.verbena.nvme.Nqn;
import java.security.SecureRandom;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ChapSecretTest {
    private static final String GOOD =
            "DHHC-1:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL:";

    /** Made by {@code nvme gen-dhchap-key} of nvme-cli 2.3. */
    @ParameterizedTest
    @CsvSource({
        "DHHC-1:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL:, 0",
        "DHHC-1:00:+emOY6C0CZD+/25LZugcpvAV1TxbCbbnaKXAiyTU89Hp4M82nYqLPpH2ILNmYK+Yt4lj+w==:, 0",
        "DHHC-1:00:6q5wfkGt0/o2a/VtlsB+ZbktQz1+Hn8RruaAQq/vKk4Eh9ueRv1qEj/8PbwcwPqjLwMyvFuTaD0DR2CtTW+IQR7KLcs=:,"
                + " 0",
        "DHHC-1:01:PZEPxcjZodFTCcQ8EOlCAQ5knIgr5ngbkLyyXejK1KHDrwNf:, 1",
        "DHHC-1:02:+pU1K8uRVP1Q0vfNcnQtOHwCD6E/J6dyUzghOBJ8tB16RmxfHdoSHjPSvloUGeQLa2CUbQ==:, 2",
        "DHHC-1:03:iQ45IuCpsp5HcZ5Vn4Uuu/1OCfbF++L6xZUtjFkYd7FdEuPiSS2MJm52ZkvMGjudmPKXku1WaJdtqYFZk/wFeBltbjY=:,"
                + " 3"
    })
    void secretOfNvmeCli_isAcceptedAndWrittenBack(String text, int hash) {
        try (ChapSecret secret = ChapSecret.parse(text)) {
            assertThat(secret.hash()).isEqualTo(ChapHash.of(hash));
            assertThat(secret.reveal()).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "DHHC-2:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL:, PREFIX",
        "'', PREFIX",
        "DHHC-1:04:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL:, HASH",
        "DHHC-1:0, HASH",
        "DHHC-1:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL, END",
        "DHHC-1:00:, END",
        "DHHC-1:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw_YFL:, BASE64",
        "DHHC-1:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YF:, LENGTH",
        "DHHC-1:00::, LENGTH",
        "DHHC-1:00:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFM:, CHECKSUM",
        "DHHC-1:00:9deL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL:, CHECKSUM",
        "DHHC-1:02:9ceL26V7WoYw9Y/c8GkzqPivYesQtP3D8jJ8cNbWWSfw/YFL:, LENGTH_FOR_HASH"
    })
    void corruptedSecret_isRefusedForItsReason(String text, ChapSecretException.Reason reason) {
        ChapSecretException e =
                catchThrowableOfType(ChapSecretException.class, () -> ChapSecret.parse(text));
        assertThat(e.reason()).isEqualTo(reason);
        assertThat(e).hasNoCause();
        // Nothing of the key may be in the message.
        for (int i = 10; i + 6 < text.length(); i++) {
            assertThat(e.getMessage()).doesNotContain(text.substring(i, i + 6));
        }
    }

    @Test
    void everySingleCorruptedCharacter_isRefused() {
        for (int i = 0; i < GOOD.length(); i++) {
            char[] characters = GOOD.toCharArray();
            characters[i] = characters[i] == 'A' ? 'B' : 'A';
            String text = new String(characters);
            assertThat(
                            catchThrowableOfType(
                                    ChapSecretException.class, () -> ChapSecret.parse(text)))
                    .as(text)
                    .isNotNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void generatedSecret_isReadBack(ChapHash hash) {
        ChapSecret secret = ChapSecret.generate(hash, new SecureRandom());
        ChapSecret again = ChapSecret.parse(secret.reveal());
        Nqn owner = Nqn.DISCOVERY;
        assertThat(again.hash()).isEqualTo(Optional.of(hash));
        assertThat(again.transformed(owner)).isEqualTo(secret.transformed(owner));
        assertThat(secret.reveal())
                .isNotEqualTo(ChapSecret.generate(hash, new SecureRandom()).reveal());
    }

    @Test
    void secret_isNotInItsText() {
        ChapSecret secret = ChapSecret.parse(GOOD);
        assertThat(secret).hasToString("ChapSecret[not transformed]");
        assertThat(ChapSecret.generate(ChapHash.SHA384, new SecureRandom()))
                .hasToString("ChapSecret[SHA384]");
    }

    @Test
    void closedSecret_cannotBeUsed() {
        ChapSecret secret = ChapSecret.parse(GOOD);
        secret.close();
        secret.close();
        assertThatIllegalStateException().isThrownBy(secret::reveal);
        assertThatIllegalStateException().isThrownBy(() -> secret.transformed(Nqn.DISCOVERY));
    }
}
