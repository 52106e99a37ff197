package dev.verbena.nvme;

import static dev.verbena.nvme.Entries.encoded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.FeatureValues.HostBehavior;
import dev.verbena.nvme.FeatureValues.QueueCounts;
import dev.verbena.nvme.FeatureValues.Timestamp;
import dev.verbena.nvme.auth.ChapMessage;
import dev.verbena.nvme.zns.ZoneCommands;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Random arguments, seeded with the repetition's number, come back out of what was encoded. */
class RoundTripTest {
    private static final int ROUNDS = 100;
    private static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static SplittableRandom random(RepetitionInfo round) {
        return new SplittableRandom(0x5EED_0000L + round.getCurrentRepetition());
    }

    /** A number of so many bits, all its bits set in one case of eight. */
    private static int number(SplittableRandom random, int bits) {
        int mask = (int) ((1L << bits) - 1);
        return random.nextInt(8) == 0 ? mask : random.nextInt() & mask;
    }

    /** Bits of a dword of an entry. */
    private static int bits(MemorySegment entry, int dword, int high, int low) {
        int value = SubmissionEntry.dword(entry, 0, dword);
        return value << (31 - high) >>> (31 - high + low);
    }

    private static long u64(MemorySegment entry, long offset) {
        return entry.get(U64, offset);
    }

    private static void assertHead(MemorySegment entry, int opcode, int commandId, int nsid) {
        assertThat(SubmissionEntry.opcode(entry, 0)).isEqualTo(opcode);
        assertThat(SubmissionEntry.commandId(entry, 0)).isEqualTo(commandId);
        assertThat(SubmissionEntry.namespaceId(entry, 0)).isEqualTo(nsid);
        assertThat(SubmissionEntry.fused(entry, 0)).isZero();
    }

    private interface Ranged {
        void encode(MemorySegment s, long o, int cid, int nsid, long lba, int count, int flags);
    }

    @RepeatedTest(ROUNDS)
    void commandsWithBlocks(RepetitionInfo round) {
        SplittableRandom random = random(round);
        Ranged[] encoders = {
            NvmCommands::read,
            NvmCommands::write,
            NvmCommands::compare,
            NvmCommands::writeZeroes,
            NvmCommands::verify,
            ZoneCommands::append
        };
        int[] opcodes = {2, 1, 5, 8, 0x0C, 0x7D};
        for (int i = 0; i < opcodes.length; i++) {
            int cid = number(random, 16);
            int nsid = random.nextInt();
            long lba = random.nextLong();
            int count = number(random, 16) + 1;
            int flags = random.nextInt() & 0xFF00_0000;
            Ranged encoder = encoders[i];
            MemorySegment entry =
                    encoded((s, o) -> encoder.encode(s, o, cid, nsid, lba, count, flags));
            assertHead(entry, opcodes[i], cid, nsid);
            assertThat(u64(entry, 40)).isEqualTo(lba);
            assertThat(bits(entry, 12, 15, 0)).isEqualTo(count - 1);
            assertThat(bits(entry, 12, 31, 24)).isEqualTo(flags >>> 24);
        }
    }

    @RepeatedTest(ROUNDS)
    void hintsAndProtection(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int flags = random.nextInt() & 0xFF00_0000;
        int hints = number(random, 8);
        int type = number(random, 4);
        int specific = number(random, 16);
        int upper = number(random, 16);
        long lower = random.nextLong();
        int tag = number(random, 16);
        int mask = number(random, 16);
        MemorySegment entry =
                encoded((s, o) -> {
                    NvmCommands.write(s, o, 1, 1, 0, 8, flags);
                    NvmCommands.hints(s, o, hints, type, specific);
                    ProtectionInformation.encode(s, o, upper, lower, tag, mask);
                });
        assertThat(bits(entry, 12, 15, 0)).isEqualTo(7);
        assertThat(bits(entry, 12, 23, 20)).isEqualTo(type);
        assertThat(bits(entry, 12, 31, 24)).isEqualTo(flags >>> 24);
        assertThat(bits(entry, 13, 7, 0)).isEqualTo(hints);
        assertThat(bits(entry, 13, 31, 16)).isEqualTo(specific);
        assertThat(SubmissionEntry.dword(entry, 0, 2)).isEqualTo(upper);
        assertThat(SubmissionEntry.dword(entry, 0, 3)).isEqualTo((int) (lower >>> 32));
        assertThat(SubmissionEntry.dword(entry, 0, 14)).isEqualTo((int) lower);
        assertThat(bits(entry, 15, 15, 0)).isEqualTo(tag);
        assertThat(bits(entry, 15, 31, 16)).isEqualTo(mask);
    }

    @RepeatedTest(ROUNDS)
    void logPagesAndFeatures(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int nsid = random.nextInt();
        int page = number(random, 8);
        int lsp = number(random, 7);
        boolean retain = random.nextBoolean();
        int bytes = (number(random, 28) + 1) * 4;
        long offset = random.nextLong() & Long.MAX_VALUE & ~3L;
        int lsi = number(random, 16);
        int csi = number(random, 8);
        int uuid = number(random, 7);
        MemorySegment log =
                encoded((s, o) ->
                        AdminCommands.getLogPage(
                                s, o, 3, nsid, page, lsp, retain, bytes, offset, lsi, csi, uuid));
        assertHead(log, AdminOpcode.GET_LOG_PAGE, 3, nsid);
        assertThat(bits(log, 10, 7, 0)).isEqualTo(page);
        assertThat(bits(log, 10, 14, 8)).isEqualTo(lsp);
        assertThat(bits(log, 10, 15, 15)).isEqualTo(retain ? 1 : 0);
        assertThat(bits(log, 11, 15, 0) << 16 | bits(log, 10, 31, 16)).isEqualTo(bytes / 4 - 1);
        assertThat(bits(log, 11, 31, 16)).isEqualTo(lsi);
        assertThat(u64(log, 48)).isEqualTo(offset);
        assertThat(bits(log, 14, 6, 0)).isEqualTo(uuid);
        assertThat(bits(log, 14, 31, 24)).isEqualTo(csi);

        int feature = number(random, 8);
        int select = number(random, 3);
        int value = random.nextInt();
        MemorySegment set =
                encoded((s, o) -> AdminCommands.setFeatures(s, o, 4, feature, retain, nsid, value));
        assertHead(set, AdminOpcode.SET_FEATURES, 4, nsid);
        assertThat(bits(set, 10, 7, 0)).isEqualTo(feature);
        assertThat(bits(set, 10, 31, 31)).isEqualTo(retain ? 1 : 0);
        assertThat(SubmissionEntry.dword(set, 0, 11)).isEqualTo(value);
        MemorySegment get =
                encoded((s, o) -> AdminCommands.getFeatures(s, o, 5, feature, select, nsid, value));
        assertHead(get, AdminOpcode.GET_FEATURES, 5, nsid);
        assertThat(bits(get, 10, 10, 8)).isEqualTo(select);
        assertThat(SubmissionEntry.dword(get, 0, 11)).isEqualTo(value);

        MemorySegment identify =
                encoded((s, o) -> AdminCommands.identify(s, o, 6, page, nsid, lsi, csi, lsp, uuid));
        assertHead(identify, AdminOpcode.IDENTIFY, 6, nsid);
        assertThat(bits(identify, 10, 7, 0)).isEqualTo(page);
        assertThat(bits(identify, 10, 31, 16)).isEqualTo(lsi);
        assertThat(bits(identify, 11, 15, 0)).isEqualTo(lsp);
        assertThat(bits(identify, 11, 31, 24)).isEqualTo(csi);
        assertThat(bits(identify, 14, 6, 0)).isEqualTo(uuid);
    }

    @RepeatedTest(ROUNDS)
    void descriptors(RepetitionInfo round) {
        SplittableRandom random = random(round);
        long address = random.nextLong();
        int length = number(random, 24);
        int key = random.nextInt();
        boolean invalidate = random.nextBoolean();
        MemorySegment keyed =
                MemorySegment.ofArray(
                        encoded(
                                Sgl.SIZE,
                                (s, o) ->
                                        Sgl.keyedDescriptor(
                                                s, o, address, length, key, invalidate)));
        assertThat(Sgl.type(keyed, 0))
                .isEqualTo(invalidate ? Sgl.TYPE_KEYED_INVALIDATE : Sgl.TYPE_KEYED);
        assertThat(Sgl.address(keyed, 0)).isEqualTo(address);
        assertThat(Sgl.keyedLength(keyed, 0)).isEqualTo(length);
        assertThat(Sgl.key(keyed, 0)).isEqualTo(key);
        int large = number(random, 31);
        MemorySegment block =
                MemorySegment.ofArray(
                        encoded(Sgl.SIZE, (s, o) -> Sgl.dataBlockDescriptor(s, o, address, large)));
        assertThat(Sgl.type(block, 0)).isEqualTo(Sgl.TYPE_DATA_BLOCK);
        assertThat(Sgl.address(block, 0)).isEqualTo(address);
        assertThat(Sgl.length(block, 0)).isEqualTo(large);
    }

    @RepeatedTest(ROUNDS)
    void ranges(RepetitionInfo round) {
        SplittableRandom random = random(round);
        long lba = random.nextLong();
        long blocks = random.nextLong() & 0xFFFF_FFFFL;
        int attributes = random.nextInt();
        int index = random.nextInt(DatasetRanges.COUNT_MAX);
        byte[] dataset =
                encoded(
                        DatasetRanges.BUFFER_SIZE,
                        (s, o) -> {
                            DatasetRanges.clear(s, o);
                            DatasetRanges.encode(s, o, index, attributes, lba, blocks);
                        });
        MemorySegment range = MemorySegment.ofArray(dataset).asSlice(16L * index, 16);
        assertThat((int) u64(range, 0)).isEqualTo(attributes);
        assertThat(u64(range, 0) >>> 32).isEqualTo(blocks);
        assertThat(u64(range, 8)).isEqualTo(lba);

        int format = random.nextInt(4);
        int nsid = format < 2 ? 0 : random.nextInt();
        int count = number(random, 16) + 1;
        byte[] copy =
                encoded(
                        CopyRanges.size(format),
                        (s, o) -> CopyRanges.encode(s, o, 0, format, nsid, lba, count));
        MemorySegment source = MemorySegment.ofArray(copy);
        assertThat((int) u64(source, 0)).isEqualTo(nsid);
        assertThat(u64(source, 8)).isEqualTo(lba);
        assertThat(u64(source, 16) & 0xFFFF).isEqualTo(count - 1);
    }

    @RepeatedTest(ROUNDS)
    void connecting(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int queue = number(random, 16);
        int size = 1 + random.nextInt(0xFFFF);
        int controller = number(random, 16);
        int keepAlive = random.nextInt() & Integer.MAX_VALUE;
        assertThat(
                        RdmaPrivateData.Request.decode(
                                RdmaPrivateData.encodeRequest(queue, size, size - 1, controller)))
                .isEqualTo(new RdmaPrivateData.Request(0, queue, size, size - 1, controller));
        RdmaPrivateData.Accept accept = new RdmaPrivateData.Accept(0, size);
        assertThat(RdmaPrivateData.Accept.decode(accept.encode())).isEqualTo(accept);
        RdmaPrivateData.Reject reject =
                new RdmaPrivateData.Reject(0, controller, RejectStatus.of(controller));
        assertThat(RdmaPrivateData.Reject.decode(reject.encode())).isEqualTo(reject);
        MemorySegment connect =
                encoded((s, o) -> FabricsCommands.connect(s, o, 9, queue, size, 4, keepAlive));
        assertThat(SubmissionEntry.opcode(connect, 0)).isEqualTo(0x7F);
        assertThat(bits(connect, 1, 7, 0)).isEqualTo(FabricsCommandType.CONNECT);
        assertThat(bits(connect, 10, 31, 16)).isEqualTo(queue);
        assertThat(bits(connect, 11, 15, 0)).isEqualTo(size);
        assertThat(bits(connect, 11, 23, 16)).isEqualTo(4);
        assertThat(SubmissionEntry.dword(connect, 0, 12)).isEqualTo(keepAlive);
        int property = number(random, 12) & ~7;
        long value = random.nextLong();
        MemorySegment set =
                encoded((s, o) -> FabricsCommands.propertySet(s, o, 9, property, true, value));
        assertThat(bits(set, 10, 2, 0)).isEqualTo(1);
        assertThat(SubmissionEntry.dword(set, 0, 11)).isEqualTo(property);
        assertThat(u64(set, 48)).isEqualTo(value);
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
        assertThat(
                        HostBehavior.decode(
                                MemorySegment.ofArray(
                                        encoded(
                                                FeatureValues.HOST_BEHAVIOR_SIZE,
                                                behavior::encode))))
                .isEqualTo(behavior);
        Timestamp time = new Timestamp(random.nextLong() >>> 16, 0);
        assertThat(
                        Timestamp.decode(
                                MemorySegment.ofArray(
                                        encoded(FeatureValues.TIMESTAMP_SIZE, time::encode))))
                .isEqualTo(time);
        QueueCounts counts =
                new QueueCounts(1 + random.nextInt(0xFFFF), 1 + random.nextInt(0xFFFF));
        assertThat(QueueCounts.of(counts.dword11())).isEqualTo(counts);
        int[] controllers =
                random.ints(random.nextInt(50), 0, 0xFFF0).sorted().distinct().toArray();
        assertThat(
                        ControllerList.decode(
                                MemorySegment.ofArray(
                                        encoded(
                                                ControllerList.SIZE,
                                                (s, o) ->
                                                        ControllerList.encode(s, o, controllers)))))
                .containsExactly(Arrays.stream(controllers).boxed().toArray(Integer[]::new));
    }

    @RepeatedTest(ROUNDS)
    void authenticationMessages(RepetitionInfo round) {
        SplittableRandom random = random(round);
        int transaction = number(random, 16);
        int hashLength = new int[] {32, 48, 64}[random.nextInt(3)];
        ChapMessage[] messages = {
            new ChapMessage.Success1(transaction, true, bytes(random, hashLength)),
            new ChapMessage.Success2(transaction),
            new ChapMessage.Failure(transaction, random.nextBoolean(), 1 + random.nextInt(7)),
        };
        for (ChapMessage message : messages) {
            MemorySegment buffer = MemorySegment.ofArray(new byte[ChapMessage.BUFFER_SIZE]);
            int size =
                    switch (message) {
                        case ChapMessage.Success1 m -> m.encode(buffer, 0);
                        case ChapMessage.Success2 m -> m.encode(buffer, 0);
                        case ChapMessage.Failure m -> m.encode(buffer, 0);
                        default -> throw new AssertionError(message);
                    };
            ChapMessage decoded = ChapMessage.decode(buffer.asSlice(0, size));
            assertThat(decoded).usingRecursiveComparison().isEqualTo(message);
        }
    }

    private static byte[] bytes(SplittableRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
