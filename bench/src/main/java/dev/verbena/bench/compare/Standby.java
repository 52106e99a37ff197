package dev.verbena.bench.compare;

import dev.verbena.cli.Verbena;
import dev.verbena.cli.base.Environment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/// Carries out commands of the `verbena` command line, one line of standard input each, in one JVM:
/// what the compilers have learned serves all rounds, as it does in an application that stays.
///
/// After the output of each comes a line `=== STATUS`. Arguments are separated by blanks and have
/// none in them.
public final class Standby {
    private Standby() {}

    public static void main(String... arguments) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Environment environment = Environment.ofProcess();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            int status = Verbena.commandLine(environment).execute(line.strip().split(" +"));
            System.out.println("=== " + status);
            System.out.flush();
        }
    }
}
