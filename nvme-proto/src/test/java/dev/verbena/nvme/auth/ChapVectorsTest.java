package dev.verbena.nvme.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.Nqn;
import java.math.BigInteger;
import java.util.Base64;
import java.util.HexFormat;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The cryptography against OpenSSL: see {@code src/test/fixtures/auth-vectors}. */
class ChapVectorsTest {
    private static final HexFormat HEX = HexFormat.of();

    @ParameterizedTest(name = "{0} {1}")
    @CsvFileSource(resources = "vectors.csv", maxCharsPerColumn = 8192)
    void everyStep_isWhatOpensslComputes(
            String hashName,
            String groupName,
            String key,
            String host,
            String subsystem,
            String transformed,
            String challenge,
            String sequence,
            String transaction,
            String exponent,
            String peer,
            String own,
            String shared,
            String augmented,
            String response,
            String answer) {
        ChapHash hash = ChapHash.valueOf(hashName.toUpperCase(java.util.Locale.ROOT));
        ChapGroup group = ChapGroup.valueOf(groupName.toUpperCase(java.util.Locale.ROOT));
        ChapSecret secret = ChapSecret.parse(secretText(hash.id(), HEX.parseHex(key)));
        assertThat(hex(secret.transformed(Nqn.of(host)))).isEqualTo(transformed);

        byte[] question = HEX.parseHex(challenge);
        if (group != ChapGroup.NULL) {
            BigInteger x = new BigInteger(exponent, 16);
            assertThat(hex(ChapCrypto.publicValue(group, x))).isEqualTo(own);
            assertThat(ChapCrypto.isValid(group, HEX.parseHex(peer))).isTrue();
            byte[] secretValue = ChapCrypto.sharedSecret(group, x, HEX.parseHex(peer));
            assertThat(hex(secretValue)).isEqualTo(shared);
            question = ChapCrypto.augmented(hash, secretValue, question);
        }
        assertThat(hex(question)).isEqualTo(augmented);
        int sequenceNumber = Integer.reverseBytes(HexFormat.fromHexDigits(sequence));
        int transactionId =
                Short.toUnsignedInt(
                        Short.reverseBytes((short) HexFormat.fromHexDigits(transaction)));
        byte[] fromHost =
                ChapCrypto.response(
                        hash,
                        HEX.parseHex(transformed),
                        question,
                        sequenceNumber,
                        transactionId,
                        0,
                        ChapCrypto.Role.HOST,
                        Nqn.of(host),
                        Nqn.of(subsystem));
        assertThat(hex(fromHost)).isEqualTo(response);
        byte[] fromController =
                ChapCrypto.response(
                        hash,
                        HEX.parseHex(key),
                        question,
                        sequenceNumber,
                        transactionId,
                        0,
                        ChapCrypto.Role.CONTROLLER,
                        Nqn.of(subsystem),
                        Nqn.of(host));
        assertThat(hex(fromController)).isEqualTo(answer);
    }

    static String secretText(int hash, byte[] key) {
        CRC32 crc = new CRC32();
        crc.update(key);
        byte[] all = java.util.Arrays.copyOf(key, key.length + 4);
        for (int i = 0; i < 4; i++) {
            all[key.length + i] = (byte) (crc.getValue() >>> (8 * i));
        }
        return "DHHC-1:0" + hash + ":" + Base64.getEncoder().encodeToString(all) + ":";
    }

    private static String hex(byte[] bytes) {
        return HEX.formatHex(bytes);
    }

    @ParameterizedTest
    @EnumSource(value = ChapGroup.class, names = "FFDHE.*", mode = EnumSource.Mode.MATCH_ALL)
    void primeOfEveryGroup_isASafePrimeOfItsLength(ChapGroup group) {
        assertThat(group.prime().bitLength()).isEqualTo(8 * group.byteSize());
        if (group.byteSize() <= 512) {
            assertThat(group.prime().isProbablePrime(20)).isTrue();
            assertThat(group.prime().shiftRight(1).isProbablePrime(20)).isTrue();
        }
    }

    @Test
    void publicValueOutsideItsRange_isRefused() {
        ChapGroup group = ChapGroup.FFDHE2048;
        BigInteger prime = group.prime();
        assertThat(valid(BigInteger.ZERO)).isFalse();
        assertThat(valid(BigInteger.ONE)).isFalse();
        assertThat(valid(BigInteger.TWO)).isTrue();
        assertThat(valid(prime.subtract(BigInteger.TWO))).isTrue();
        assertThat(valid(prime.subtract(BigInteger.ONE))).isFalse();
        assertThat(valid(prime)).isFalse();
        assertThat(ChapGroup.of(group.id())).contains(group);
        assertThat(ChapGroup.of(6)).isEmpty();
        assertThat(ChapHash.of(4)).isEmpty();
    }

    private static boolean valid(BigInteger value) {
        return ChapCrypto.isValid(ChapGroup.FFDHE2048, value.toByteArray());
    }
}
