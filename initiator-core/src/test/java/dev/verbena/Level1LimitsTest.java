package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a controller does not have, or not in that size, is refused before it is sent.
@Timeout(60)
class Level1LimitsTest {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;

    private static void refused(ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void optionalCommandsThatAreMissing_areNamed() throws IOException {
        try (Level1Fixture f =
                Level1Fixture.open(x -> {
                    x.target.identify(520, 0, 2);
                    x.target.identify(522, 0, 2);
                })) {
            MemorySegment block = f.filled(512, 1);
            IoQueue q = f.queue;
            Namespace ns = f.namespace;
            BlockRanges ranges = new BlockRanges().add(0, 1);
            CopySources sources = new CopySources().add(0, 1);
            record Missing(String name, ThrowingCallable call) {}
            for (Missing missing :
                    List.of(
                            new Missing(
                                    "Compare (ONCS bit 0",
                                    () -> q.tryCompare(ns, 0, 1, block, 0, PLAIN)),
                            new Missing(
                                    "Write Uncorrectable (ONCS bit 1",
                                    () -> q.tryWriteUncorrectable(ns, 0, 1, 0, PLAIN)),
                            new Missing(
                                    "Dataset Management (ONCS bit 2",
                                    () -> q.tryDeallocate(ns, ranges, 0, PLAIN)),
                            new Missing(
                                    "Write Zeroes (ONCS bit 3",
                                    () -> q.tryWriteZeroes(ns, 0, 1, 0, PLAIN)),
                            new Missing(
                                    "Verify (ONCS bit 7", () -> q.tryVerify(ns, 0, 1, 0, PLAIN)),
                            new Missing(
                                    "Copy (ONCS bit 8", () -> q.tryCopy(ns, 0, sources, 0, PLAIN)),
                            new Missing(
                                    "fused Compare and Write (FUSES bit 0",
                                    () ->
                                            q.tryCompareAndWrite(
                                                    ns, 0, 1, block, block, 0, PLAIN)))) {
                assertThatThrownBy(missing.call())
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining(missing.name());
            }
            assertThat(q.inFlightCount()).isZero();
        }
    }

    @Test
    void copyFormatsTheControllerDoesNotTake_areNamed() throws IOException {
        try (Level1Fixture f = Level1Fixture.open(x -> x.target.identify(534, 1, 2))) {
            CopySources sources = new CopySources(2).add(f.namespace, 0, 1);
            assertThatThrownBy(() -> f.queue.tryCopy(f.namespace, 8, sources, 0, PLAIN))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("format 2")
                    .hasMessageContaining("OCFS bit 2");
        }
    }

    /// Limits are powers of two of the page size of 4096 bytes, so of 8 blocks.
    @Test
    void sizeLimitsOfIdentify_areKeptToTheBlock() throws IOException {
        try (Level1Fixture f =
                Level1Fixture.open(x -> {
                    x.target.identify(520, Level1Fixture.ONCS_ALL | 1 << 11, 2);
                    x.disk.limit(0, 1); // VSL: 16 blocks
                    x.disk.limit(1, 2); // WZSL: 32
                    x.disk.limit(2, 3); // WUSL: 64
                    x.disk.limit(17, 4); // WZDSL: 128
                    x.disk.limit(3, 2); // DMRL
                    x.disk.limit(4, 100); // DMRSL
                    x.disk.limit(8, 150); // DMSL
                })) {
            IoQueue q = f.queue;
            Namespace ns = f.namespace;
            assertThat(q.tryVerify(ns, 0, 16, 0, PLAIN)).isTrue();
            refused(() -> q.tryVerify(ns, 0, 17, 0, PLAIN), "VSL", "up to 16");
            assertThat(q.tryWriteZeroes(ns, 0, 32, 0, PLAIN)).isTrue();
            refused(() -> q.tryWriteZeroes(ns, 0, 33, 0, PLAIN), "WZSL", "up to 32");
            assertThat(q.tryWriteZeroes(ns, 0, 128, 0, PLAIN.deallocate())).isTrue();
            refused(() -> q.tryWriteZeroes(ns, 0, 129, 0, PLAIN.deallocate()), "WZDSL", "128");
            assertThat(q.tryWriteUncorrectable(ns, 0, 64, 0, PLAIN)).isTrue();
            refused(() -> q.tryWriteUncorrectable(ns, 0, 65, 0, PLAIN), "WUSL", "up to 64");
            BlockRanges ranges = new BlockRanges().add(0, 100).add(100, 50);
            assertThat(q.tryDeallocate(ns, ranges, 0, PLAIN)).isTrue();
            ranges.add(200, 1);
            refused(() -> q.tryDeallocate(ns, ranges, 0, PLAIN), "1..2", "DMRL");
            ranges.clear();
            refused(() -> q.tryDeallocate(ns, ranges, 0, PLAIN), "DMRL");
            ranges.add(0, 101);
            refused(() -> q.tryDeallocate(ns, ranges, 0, PLAIN), "101", "DMRSL");
            ranges.clear();
            ranges.add(0, 100).add(100, 51);
            refused(() -> q.tryDeallocate(ns, ranges, 0, PLAIN), "151", "DMSL");
            f.poll();
            assertThat(f.done).hasSize(5).allMatch(d -> d.status() == 0);
        }
    }

    @Test
    void controllerWithoutTheseLimits_takesTheLargest() throws IOException {
        try (Level1Fixture f = Level1Fixture.open(x -> x.target.namespace(0, 1L << 40, 8))) {
            f.target.intercept((queue, capsule) -> {
                queue.respond(capsule, 0, 0);
                return true;
            });
            assertThat(f.queue.tryWriteZeroes(f.namespace, 0, 65_536, 0, PLAIN)).isTrue();
            assertThat(f.queue.tryVerify(f.namespace, 0, 65_536, 0, PLAIN)).isTrue();
            refused(() -> f.queue.tryVerify(f.namespace, 0, 65_537, 0, PLAIN), "65536");
            refused(() -> f.queue.tryVerify(f.namespace, 0, Integer.MAX_VALUE, 0, PLAIN), "VSL");
            BlockRanges most = new BlockRanges();
            for (int i = 0; i < BlockRanges.COUNT_MAX; i++) {
                most.add(i * 0xFFFF_FFFFL, 0xFFFF_FFFFL);
            }
            assertThatThrownBy(() -> most.add(0, 1)).isInstanceOf(IllegalStateException.class);
            assertThat(f.queue.tryDeallocate(f.namespace, most, 0, PLAIN)).isTrue();
            f.poll();
            assertThat(f.done).hasSize(3);
            f.target.intercept(f.disk);
        }
    }

    @Test
    void copyLimitsOfTheNamespace_areKept() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            IoQueue q = f.queue;
            Namespace ns = f.namespace;
            CopySources sources = new CopySources();
            refused(() -> q.tryCopy(ns, 500, sources, 0, PLAIN), "MSRC", "1..4");
            sources.add(0, 64).add(64, 36);
            assertThat(q.tryCopy(ns, 500, sources, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            sources.add(100, 1);
            refused(() -> q.tryCopy(ns, 500, sources, 0, PLAIN), "101", "MCL");
            sources.clear();
            sources.add(0, 65);
            refused(() -> q.tryCopy(ns, 500, sources, 0, PLAIN), "65", "MSSRL");
            sources.clear();
            sources.add(0, 1).add(1, 1).add(2, 1).add(3, 1);
            assertThat(q.tryCopy(ns, 500, sources, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            sources.add(4, 1);
            refused(() -> q.tryCopy(ns, 500, sources, 0, PLAIN), "5 source ranges", "MSRC");
            sources.clear();
            sources.add(0, 2);
            refused(() -> q.tryCopy(ns, 1023, sources, 0, PLAIN), "do not fit");
            sources.clear();
            sources.add(1023, 2);
            refused(() -> q.tryCopy(ns, 0, sources, 0, PLAIN), "do not fit");
        }
    }

    @Test
    void copySources_keepToTheirFormat() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            refused(() -> new CopySources(4), "0..3");
            refused(() -> new CopySources(-1), "0..3");
            refused(() -> new CopySources(0).add(f.namespace, 0, 1), "do not name a namespace");
            refused(() -> new CopySources(2).add(0, 1), "name the namespace");
            refused(() -> new CopySources(2).add(f.namespace, 1024, 1), "do not fit");
            refused(() -> new CopySources().add(0, 0), "1..65536");
            refused(() -> new CopySources().add(0, 65_537), "1..65536");
            refused(() -> new CopySources().add(-1, 1), "1..65536");
            CopySources full = new CopySources();
            for (int i = 0; i < CopySources.COUNT_MAX; i++) {
                full.add(i, 1);
            }
            assertThatThrownBy(() -> full.add(0, 1)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void rangesOutsideTheNamespace_areRefused() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            IoQueue q = f.queue;
            Namespace ns = f.namespace;
            refused(() -> q.tryWriteZeroes(ns, 1024, 1, 0, PLAIN), "do not fit");
            refused(() -> q.tryWriteZeroes(ns, 1023, 2, 0, PLAIN), "do not fit");
            refused(() -> q.tryWriteZeroes(ns, 0, 0, 0, PLAIN), "do not fit");
            refused(() -> q.tryWriteZeroes(ns, 0, -1, 0, PLAIN), "do not fit");
            refused(() -> q.tryVerify(ns, -1, 1, 0, PLAIN), "do not fit");
            refused(() -> q.tryDeallocate(ns, new BlockRanges().add(1020, 5), 0, PLAIN), "fit");
            refused(() -> new BlockRanges().add(0, 0), "1..4294967295");
            refused(() -> new BlockRanges().add(0, 1L << 32), "1..4294967295");
            refused(() -> new BlockRanges().add(-1, 1), "1..4294967295");
            assertThat(q.inFlightCount()).isZero();
        }
    }

    @Test
    void namespaceWithMetadata_isRefused_exceptForRawCommands() throws IOException {
        try (Level1Fixture f =
                Level1Fixture.open(x -> x.target.namespace(128, 8, 2))) { // LBAF 0: MS
            MemorySegment block = f.filled(512, 1);
            BlockRanges ranges = new BlockRanges().add(0, 1);
            for (ThrowingCallable call :
                    List.<ThrowingCallable>of(
                            () -> f.queue.tryRead(f.namespace, 0, 1, block, 0),
                            () -> f.queue.tryWrite(f.namespace, 0, 1, block, 0),
                            () -> f.queue.tryWriteZeroes(f.namespace, 0, 1, 0, PLAIN),
                            () -> f.queue.tryDeallocate(f.namespace, ranges, 0, PLAIN))) {
                refused(call, "8 bytes of metadata");
            }
            MemorySegment entry = MemorySegment.ofArray(new byte[64]);
            dev.verbena.nvme.NvmCommands.write(entry, 0, 0, 1, 0, 1, 0);
            assertThat(f.queue.tryRaw(entry, block, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
        }
    }

    @Test
    void options_takeOnlyWhatTheyName() {
        assertThat(PLAIN.forceUnitAccess().limitedRetry().deallocate().flags())
                .isEqualTo(1 << 30 | 1 << 31 | 1 << 25);
        refused(() -> new IoOptions(1, 0), "flags");
        refused(() -> new IoOptions(1 << 29, 0), "flags");
        refused(() -> new IoOptions(0, -1), "negative");
        refused(() -> PLAIN.timeout(java.time.Duration.ZERO), "positive");
        assertThatCode(() -> PLAIN.timeout(java.time.Duration.ofNanos(1)))
                .doesNotThrowAnyException();
    }
}
