/// The `verbena` command.
@org.jspecify.annotations.NullMarked
module dev.verbena.cli {
    requires dev.verbena;
    requires info.picocli;
    requires HdrHistogram;
    requires java.desktop;
    requires jdk.management;
    requires xchart;
    requires static org.jspecify;

    opens dev.verbena.cli to
            info.picocli;
    opens dev.verbena.cli.admin to
            info.picocli;
    opens dev.verbena.cli.base to
            info.picocli;
    opens dev.verbena.cli.demo to
            info.picocli;
    opens dev.verbena.cli.doctor to
            info.picocli;
    opens dev.verbena.cli.io to
            info.picocli;
    opens dev.verbena.cli.perf to
            info.picocli;
}
