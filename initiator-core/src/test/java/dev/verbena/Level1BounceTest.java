package dev.verbena;

import static dev.verbena.Level1Fixture.bytes;
import static dev.verbena.Level1Fixture.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.Level1Fixture.Done;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.nvme.NvmOpcode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Memory of the bounce pool belongs to one command, and to no later one in the same slot.
@Timeout(60)
class Level1BounceTest {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;
    private static final int BLOCK = 512;
    private static final int BLOCKS = 16;
    private static final int BYTES = BLOCKS * BLOCK;

    /// Reads that are not answered yet.
    private final Deque<SentCapsule> held = new ArrayDeque<>();

    private Level1Fixture open() throws IOException {
        Level1Fixture f =
                Level1Fixture.open(x -> {
                    x.target.identify(1803, 1, 1);
                    x.target.identify(1792, 64 / 16, 4); // nothing in the capsule
                });
        f.target.intercept((queue, capsule) -> {
            if (queue.queueId() != 0 && capsule.opcode() == NvmOpcode.READ) {
                held.add(capsule);
                return true;
            }
            return f.disk.take(queue, capsule);
        });
        return f;
    }

    private void answerReads(Level1Fixture f) {
        while (!held.isEmpty()) {
            assertThat(f.disk.take(f.fabric, held.remove())).isTrue();
        }
        f.poll();
    }

    private static BufferList pieces(Level1Fixture f, long seed) {
        MemorySegment all = f.filled(BYTES, seed);
        return new BufferList().add(all.asSlice(0, BLOCK)).add(all.asSlice(BLOCK, BYTES - BLOCK));
    }

    private static void assertContent(BufferList list, long seed) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < list.size(); i++) {
            all.writeBytes(bytes(list.segment(i)));
        }
        assertThat(Arrays.mismatch(all.toByteArray(), pattern(BYTES, seed)))
                .as("first wrong byte")
                .isEqualTo(-1);
    }

    private static void write(Level1Fixture f, int lba, long seed) throws IOException {
        assertThat(f.queue.tryWrite(f.namespace, lba, BLOCKS, f.filled(BYTES, seed), 0)).isTrue();
        assertThat(f.status()).isZero();
    }

    private static boolean start(Level1Fixture f, String command, long token) throws IOException {
        return switch (command) {
            case "flush" -> f.queue.tryFlush(f.namespace, token);
            case "write zeroes" -> f.queue.tryWriteZeroes(f.namespace, 900, 1, token, PLAIN);
            case "verify" -> f.queue.tryVerify(f.namespace, 0, 1, token, PLAIN);
            case "direct write" -> f.queue.tryWrite(f.namespace, 901, 1, f.filled(BLOCK, 9), token);
            default -> throw new IllegalArgumentException(command);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"flush", "write zeroes", "verify", "direct write"})
    void commandsBehindABouncedPair_leaveTheNextBouncedReadAlone(String command)
            throws IOException {
        try (Level1Fixture f = open()) {
            write(f, 0, 1);
            write(f, 100, 5);
            assertThat(
                            f.queue.tryCompareAndWrite(
                                    f.namespace, 0, BLOCKS, pieces(f, 1), pieces(f, 2), 1, PLAIN))
                    .isTrue();
            assertThat(f.status()).isZero();
            BufferList list = pieces(f, 77);
            assertThat(f.queue.tryRead(f.namespace, 100, BLOCKS, list, 2, PLAIN)).isTrue();
            // In every slot there is, among them those of the pair.
            for (int i = 1; i < f.queue.depth(); i++) {
                assertThat(start(f, command, 10 + i)).isTrue();
            }
            f.poll();
            assertThat(f.done).hasSize(f.queue.depth() - 1).allMatch(done -> done.token() > 10);
            assertContent(list, 77);
            f.done.clear();
            answerReads(f);
            assertThat(f.done).containsExactly(new Done(2, 0));
            assertContent(list, 5);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void poolOfABouncedPair_isFreeAgain_whicheverHalfFails(boolean compareFails)
            throws IOException {
        try (Level1Fixture f = open()) {
            write(f, 0, 1);
            BufferList old = pieces(f, compareFails ? 8 : 1);
            BufferList fresh = pieces(f, 1);
            for (int i = 0; i < 300; i++) {
                assertThat(f.queue.tryCompareAndWrite(f.namespace, 0, BLOCKS, old, fresh, 1, PLAIN))
                        .as("round %d", i)
                        .isTrue();
                assertThat(f.status()).isEqualTo(compareFails ? 0x285 : 0);
            }
        }
    }

    /// Bounced reads against pairs, flushes and write zeroes, answered in any order.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomMix_readsBringTheirOwnBlocks(long seed) throws IOException {
        Random random = new Random(seed);
        try (Level1Fixture f = open()) {
            write(f, 0, 1);
            BufferList[] lists = new BufferList[64];
            int[] lbas = new int[64];
            for (int lba = 1; lba < 5; lba++) {
                write(f, 100 * lba, lba);
            }
            BufferList same = pieces(f, 1);
            CompletionHandler checked =
                    (token, status, result) -> {
                        assertThat(status).isZero();
                        if (token < lists.length) {
                            int read = (int) token;
                            BufferList list = java.util.Objects.requireNonNull(lists[read]);
                            assertContent(list, lbas[read]);
                        }
                    };
            for (int i = 0; i < 64; i++) {
                lists[i] = pieces(f, 1000 + i);
                lbas[i] = 1 + random.nextInt(4);
                int before = random.nextInt(4);
                for (int k = 0; k < before; k++) {
                    var _ =
                            switch (random.nextInt(3)) {
                                case 0 -> f.queue.tryFlush(f.namespace, 100);
                                case 1 -> f.queue.tryWriteZeroes(f.namespace, 900, 1, 101, PLAIN);
                                default ->
                                        f.queue.tryCompareAndWrite(
                                                f.namespace, 0, BLOCKS, same, same, 102, PLAIN);
                            };
                    if (random.nextBoolean()) {
                        f.queue.poll(checked);
                    }
                }
                while (!f.queue.tryRead(f.namespace, 100L * lbas[i], BLOCKS, lists[i], i, PLAIN)) {
                    f.queue.poll(checked);
                    answer(f, random.nextInt(3));
                    f.queue.poll(checked);
                }
                f.queue.submit();
                answer(f, random.nextInt(2));
            }
            while (f.queue.inFlightCount() > 0) {
                f.queue.poll(checked);
                answer(f, held.size());
            }
        }
    }

    private void answer(Level1Fixture f, int count) {
        for (int i = 0; i < count && !held.isEmpty(); i++) {
            assertThat(f.disk.take(f.fabric, held.remove())).isTrue();
        }
    }
}
