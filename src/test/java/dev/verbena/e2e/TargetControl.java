package dev.verbena.e2e;

import java.util.ArrayList;
import java.util.List;

/// The program that makes and changes the target of the tests. Both take the same verbs; what one
/// of them cannot do is said here, or at the test with [OnlyWith].
///
/// In the rig `VERBENA_RIG_TARGET` chooses: `nvmet`, the default, or `spdk`.
enum TargetControl {
    /// The target of the Linux kernel.
    NVMET("rig/target", "Linux", 0) {
        @Override
        List<String> up(List<String> options) {
            return options;
        }
    },

    /// The target of SPDK, in a process of its own.
    SPDK("rig/spdk", "SPDK bdev Controller", 256) {
        @Override
        List<String> up(List<String> options) {
            // The tests know nvmet's port, which is free when it is not up.
            List<String> all = new ArrayList<>(List.of("--port", "4420"));
            for (int i = 0; i < options.size(); i++) {
                boolean tooLittle =
                        i > 0
                                && options.get(i - 1).equals("--inline")
                                && options.get(i).equals("0");
                all.add(tooLittle ? Integer.toString(leastInCapsule()) : options.get(i));
            }
            return all;
        }
    };

    private final String program;
    private final String modelNumber;
    private final int leastInCapsule;

    TargetControl(String program, String modelNumber, int leastInCapsule) {
        this.program = program;
        this.modelNumber = modelNumber;
        this.leastInCapsule = leastInCapsule;
    }

    /// The one that the rig was asked for.
    static TargetControl current() {
        String name = System.getenv("VERBENA_RIG_TARGET");
        return name == null || name.isBlank() || name.equals("nvmet")
                ? NVMET
                : valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }

    /// The options of its `up` for those of `rig/target up`.
    abstract List<String> up(List<String> options);

    String program() {
        return program;
    }

    /// What its controllers call themselves.
    String modelNumber() {
        return modelNumber;
    }

    /// The least in-capsule data in bytes that it can be told to take. Less than a block either
    /// way, so that every write goes by key.
    int leastInCapsule() {
        return leastInCapsule;
    }
}
