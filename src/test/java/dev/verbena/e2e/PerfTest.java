package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.verbena.cli.Verbena;
import dev.verbena.cli.base.Environment;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// `verbena perf` against a real target.
@TargetTest
class PerfTest {
    @TempDir private Path folder = Path.of("");

    private record Ended(int status, String out, String err) {
        long number(String key) {
            Matcher matcher = Pattern.compile("\"" + key + "\": (\\d+)").matcher(out);
            assertThat(matcher.find()).as("%s in %s", key, out).isTrue();
            return Long.parseLong(matcher.group(1));
        }
    }

    private static Ended perf(LiveTarget live, String options) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Verbena.commandLine(Environment.ofProcess());
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "perf",
                                "--traddr",
                                live.target().traddr(),
                                "--trsvcid",
                                Integer.toString(live.target().trsvcid()),
                                "--nqn",
                                live.nqn(),
                                "--namespace-id",
                                "1",
                                "--runtime",
                                "2s",
                                "--ramp",
                                "500ms",
                                "--offset",
                                "0",
                                "--output-format",
                                "json"));
        arguments.addAll(List.of(options.split(" ")));
        int status = line.execute(arguments.toArray(String[]::new));
        return new Ended(status, out.toString(), err.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--level 1 --iodepth 8",
                "--level 1 --iodepth 8 --threads 2 --queues 2 --bs 64k --wait-mode EVENT",
                "--level 1 --iodepth 4 --memory-mode STRICT --no-in-capsule",
                "--level 2 --iodepth 8",
                "--level 2 --iodepth 8 --blocking --threads 2",
                "--level 3 --iodepth 4 --bs 16k",
                "--level 3 --iodepth 4 --blocking"
            })
    void mixedLoad_isCarriedOutAndVerified(String options, LiveTarget live) {
        assumeTrue(live.backing() != null, "a load overwrites a target that is not ours");
        Ended ended = perf(live, "--rw randrw --verify --force " + options);
        assertThat(ended.status()).as(ended.err()).isZero();
        assertThat(ended.out()).contains("\"verified\": true", "\"interrupted\": false");
        assertThat(ended.number("ios")).isPositive();
    }

    @Test
    void smallWrites_travelInTheCapsuleUnlessToldNotTo(LiveTarget live) {
        assumeTrue(live.backing() != null, "a load overwrites a target that is not ours");
        Ended inside = perf(live, "--rw randwrite --force");
        assertThat(inside.number("in_capsule")).isPositive();
        assertThat(inside.number("keyed")).isZero();
        Ended keyed = perf(live, "--rw randwrite --force --no-in-capsule");
        assertThat(keyed.number("in_capsule")).isZero();
        assertThat(keyed.number("keyed")).isPositive();
    }

    @Test
    void contentThatChangedBehindTheBack_isFoundAndNamed(LiveTarget live) throws Exception {
        assumeTrue(live.backing() != null, "a load overwrites a target that is not ours");
        Ended written = perf(live, "--rw write --verify --force --bs 64k --iodepth 4 --size 1m");
        assertThat(written.status()).as(written.err()).isZero();
        Ended good = perf(live, "--rw read --verify --bs 64k --iodepth 4 --size 1m");
        assertThat(good.status()).as(good.err()).isZero();
        try (RandomAccessFile disk = new RandomAccessFile(live.backing(), "rwd")) {
            byte[] page = new byte[4096];
            disk.seek(512 * 1024);
            disk.write(page);
            disk.getFD().sync();
        }
        Ended bad = perf(live, "--rw read --verify --bs 64k --iodepth 4 --size 1m");
        assertThat(bad.status()).isEqualTo(1);
        assertThat(bad.err()).contains("Wrong data in block 1024: it holds no pattern");
    }

    @Test
    void logAndPicture_areWritten(LiveTarget live) {
        Path log = folder.resolve("a.hdr");
        Path picture = folder.resolve("a.svg");
        Ended ended = perf(live, "--rw randread --hdr-log " + log + " --plot " + picture);
        assertThat(ended.status()).as(ended.err()).isZero();
        assertThat(log).content().contains("Tag=read,");
        // Its text is drawn, not written.
        assertThat(picture).content().contains("<svg", "<path").endsWith("</svg>\n");
    }

    @Test
    void writing_unconfirmed_isRefused(LiveTarget live) {
        Ended ended = perf(live, "--rw randwrite");
        assertThat(ended.status()).isEqualTo(4);
        assertThat(ended.err()).contains("This overwrites", "--force");
    }
}
