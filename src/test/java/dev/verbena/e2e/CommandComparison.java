package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.NvmeCliJson;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// A command whose JSON is to have nvme-cli's values.
///
/// @param ours our command
/// @param theirs nvme-cli's, with `DEV` for the kernel's controller, and `ZONED` for namespace 2 of
///   the one on PCI, for commands that want a namespace's own device
/// @param except names that are not compared
record CommandComparison(String ours, String theirs, Set<String> except) {
    /// Reads `ours | theirs | except,except`.
    static CommandComparison parse(String line) {
        String[] part = line.split("\\|", -1);
        return new CommandComparison(
                part[0].strip(),
                part[1].strip(),
                Arrays.stream(part[2].strip().split(",", -1))
                        .filter(name -> !name.isEmpty())
                        .collect(Collectors.toSet()));
    }

    /// Counters may move between two commands: ours is right when it agrees with nvme-cli's before
    /// or after it.
    void check(Commands commands, String device) throws IOException {
        Map<String, Object> before = theirs(device);
        Commands.Ended ended = commands.run(ours + " --output-format json");
        assertThat(ended.status()).as(ended.err()).isZero();
        Map<String, Object> actual = NvmeCliJson.parse(ended.out());
        int compared;
        try {
            compared = NvmeCliJson.compare(before, actual, except);
        } catch (AssertionError e) {
            compared = NvmeCliJson.compare(theirs(device), actual, except);
        }
        assertThat(compared).as("values compared").isPositive();
    }

    /// A line for nvme-cli with the devices it is about.
    static String withDevices(String theirs, String device) throws IOException {
        String line = theirs.replace("DEV", "/dev/" + device);
        return line.contains("ZONED") ? line.replace("ZONED", LiveTarget.namespaceOnPci(2)) : line;
    }

    private Map<String, Object> theirs(String device) throws IOException {
        Map<String, Object> values =
                NvmeCliJson.parse(Commands.nvme(withDevices(theirs, device) + " -o json"));
        // Some pages are one object named after the device.
        Object only = values.get(device);
        return only == null ? values : NvmeCliJson.map(only);
    }

    @Override
    public String toString() {
        return ours;
    }
}
