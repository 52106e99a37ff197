package dev.verbena.verbs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The table that `abi/abi.c` prints: what the C compiler makes of the verbs headers.
record AbiTable(
        Map<String, Long> sizes,
        Map<String, Map<String, Member>> members,
        Map<String, Long> constants) {
    /// Where a member lies in its structure, in bytes.
    record Member(long offset, long size) {}

    /// @param release of rdma-core
    static AbiTable committed(int release) {
        String file = "abi-rdma-core-" + release + "-x86_64.txt";
        try (InputStream in = AbiTable.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new AssertionError("the ABI table is not among the test resources");
            }
            return parse(
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                            .lines()
                            .toList());
        } catch (IOException e) {
            throw new AssertionError("the ABI table cannot be read", e);
        }
    }

    long size(String type) {
        Long size = sizes.get(type);
        if (size == null) {
            throw new AssertionError("the ABI table does not have " + type);
        }
        return size;
    }

    static AbiTable parse(List<String> lines) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        Map<String, Map<String, Member>> members = new LinkedHashMap<>();
        Map<String, Long> constants = new LinkedHashMap<>();
        for (String line : lines) {
            List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
            String name = words.get(1);
            switch (words.get(0)) {
                case "size" -> sizes.put(name, Long.valueOf(words.get(2)));
                case "constant" -> constants.put(name, Long.valueOf(words.get(2)));
                case "member" ->
                        members.computeIfAbsent(
                                        name.substring(0, name.indexOf('.')),
                                        type -> new LinkedHashMap<>())
                                .put(
                                        name.substring(name.indexOf('.') + 1),
                                        new Member(
                                                Long.parseLong(words.get(2)),
                                                Long.parseLong(words.get(3))));
                default -> throw new AssertionError("not a line of the ABI table: " + line);
            }
        }
        return new AbiTable(sizes, members, constants);
    }
}
