package dev.verbena.nvme;

import static dev.verbena.nvme.Entries.encoded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.FeatureValues.HostBehavior;
import dev.verbena.nvme.FeatureValues.QueueCounts;
import dev.verbena.nvme.FeatureValues.Timestamp;
import dev.verbena.nvme.auth.ChapMessage;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/**
 * Random objects, seeded with the repetition's number, come back out of what was encoded. Encoders
 * of numbers are in {@link EncoderRoundTripTest}.
 */
class RoundTripTest {
    private static final int ROUNDS = 100;

    private static SplittableRandom random(RepetitionInfo round) {
        return new SplittableRandom(0x5EED_0000L + round.getCurrentRepetition());
    }

    /** A number of so many bits, all its bits set in one case of eight. */
    private static int number(SplittableRandom random, int bits) {
        int mask = (int) ((1L << bits) - 1);
        return random.nextInt(8) == 0 ? mask : random.nextInt() & mask;
    }

    private static byte[] bytes(SplittableRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static List<Integer> identifiers(SplittableRandom random) {
        return random.ints(1 + random.nextInt(30), 0, 256).boxed().toList();
    }

    @RepeatedTest(ROUNDS)
    void privateDataOfConnections(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int queue = number(random, 16);
        int size = 1 + random.nextInt(0xFFFF);
        int controller = number(random, 16);
        assertThat(
                        RdmaPrivateData.Request.decode(
                                RdmaPrivateData.encodeRequest(queue, size, size - 1, controller)))
                .isEqualTo(new RdmaPrivateData.Request(0, queue, size, size - 1, controller));
        RdmaPrivateData.Accept accept = new RdmaPrivateData.Accept(0, size);
        assertThat(RdmaPrivateData.Accept.decode(accept.encode())).isEqualTo(accept);
        RdmaPrivateData.Reject reject =
                new RdmaPrivateData.Reject(0, controller, RejectStatus.of(controller));
        assertThat(RdmaPrivateData.Reject.decode(reject.encode())).isEqualTo(reject);
    }

    @RepeatedTest(ROUNDS)
    void dataOfConnect(RepetitionInfo round) {
        SplittableRandom random = random(round);
        HostIdentity host =
                HostIdentity.of(Nqn.ofUuid(new UUID(random.nextLong(), random.nextLong())));
        Nqn subsystem = Nqn.of("nqn.2026-11.dev.verbena:" + "x".repeat(1 + random.nextInt(190)));
        int controller = number(random, 16);
        byte[] data =
                encoded(
                        ConnectData.SIZE,
                        (s, o) -> ConnectData.encode(s, o, host, controller, subsystem));
        assertThat(Arrays.copyOf(data, 16)).isEqualTo(host.hostIdBytes());
        assertThat((data[16] & 0xFF) | ((data[17] & 0xFF) << 8)).isEqualTo(controller);
        assertThat(Arrays.copyOfRange(data, 18, 256)).containsOnly(0);
        assertThat(nqn(data, 256)).isEqualTo(subsystem.toString());
        assertThat(nqn(data, 512)).isEqualTo(host.hostNqn().toString());
        assertThat(Arrays.copyOfRange(data, 768, 1024)).containsOnly(0);
        assertThat(
                        encoded(
                                FeatureValues.HOST_IDENTIFIER_SIZE,
                                (s, o) -> FeatureValues.hostIdentifier(s, o, host)))
                .isEqualTo(host.hostIdBytes());
    }

    /** The name in a field of 256 bytes, of which those behind it must be 0. */
    private static String nqn(byte[] data, int offset) {
        int end = offset;
        while (data[end] != 0) {
            end++;
        }
        assertThat(Arrays.copyOfRange(data, end, offset + 256)).containsOnly(0);
        return new String(data, offset, end - offset, StandardCharsets.UTF_8);
    }

    @RepeatedTest(ROUNDS)
    void valuesOfFeatures(RepetitionInfo round) {
        SplittableRandom random = random(round);
        HostBehavior behavior =
                new HostBehavior(
                        random.nextBoolean(),
                        random.nextBoolean(),
                        random.nextBoolean(),
                        random.nextBoolean(),
                        number(random, 16));
        byte[] data = encoded(FeatureValues.HOST_BEHAVIOR_SIZE, behavior::encode);
        assertThat(HostBehavior.decode(MemorySegment.ofArray(data))).isEqualTo(behavior);
        Timestamp time = new Timestamp(random.nextLong() >>> 16, 0);
        data = encoded(FeatureValues.TIMESTAMP_SIZE, time::encode);
        assertThat(Timestamp.decode(MemorySegment.ofArray(data))).isEqualTo(time);
        QueueCounts counts =
                new QueueCounts(1 + random.nextInt(0xFFFF), 1 + random.nextInt(0xFFFF));
        assertThat(QueueCounts.of(counts.dword11())).isEqualTo(counts);
    }

    @RepeatedTest(ROUNDS)
    void controllerLists(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int count = random.nextInt(8) == 0 ? ControllerList.ENTRIES_MAX : random.nextInt(50);
        int[] controllers = random.ints(count, 0, 0x10000).toArray();
        byte[] data =
                encoded(ControllerList.SIZE, (s, o) -> ControllerList.encode(s, o, controllers));
        assertThat(ControllerList.decode(MemorySegment.ofArray(data)))
                .containsExactly(Arrays.stream(controllers).boxed().toArray(Integer[]::new));
    }

    @RepeatedTest(ROUNDS)
    void authenticationMessages(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int transaction = number(random, 16);
        int length = new int[] {32, 48, 64}[random.nextInt(3)];
        int group = new int[] {0, 256, 384, 512, 768, 1024}[random.nextInt(6)];
        ChapMessage[] messages = {
            new ChapMessage.Negotiate(
                    transaction, number(random, 8), identifiers(random), identifiers(random)),
            new ChapMessage.Challenge(
                    transaction,
                    number(random, 8),
                    number(random, 8),
                    random.nextInt(),
                    bytes(random, length),
                    bytes(random, group)),
            new ChapMessage.Reply(
                    transaction,
                    random.nextBoolean(),
                    random.nextInt(),
                    bytes(random, length),
                    bytes(random, length),
                    bytes(random, group)),
            new ChapMessage.Success1(transaction, true, bytes(random, length)),
            new ChapMessage.Success1(transaction, false, new byte[length]),
            new ChapMessage.Success2(transaction),
            new ChapMessage.Failure(transaction, random.nextBoolean(), number(random, 8)),
        };
        for (ChapMessage message : messages) {
            MemorySegment buffer = MemorySegment.ofArray(bytes(random, ChapMessage.BUFFER_SIZE));
            int size = message.encode(buffer, 0);
            assertThat(ChapMessage.decode(buffer.asSlice(0, size)))
                    .usingRecursiveComparison()
                    .isEqualTo(message);
        }
    }
}
