/// The `verbena` command.
@org.jspecify.annotations.NullMarked
module dev.verbena.cli {
    requires dev.verbena;
    requires info.picocli;
    requires HdrHistogram;
    requires static org.jspecify;

    opens dev.verbena.cli to
            info.picocli;
}
