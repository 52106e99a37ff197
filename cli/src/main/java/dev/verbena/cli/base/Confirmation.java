package dev.verbena.cli.base;

import java.io.IOException;
import java.util.Objects;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Asks before something cannot be undone: `--force`.
public final class Confirmation {
    @Option(
            names = "--force",
            description = "Do not ask. Needed where there is no terminal to ask on.")
    private boolean force;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    /// Asks, unless that is not wanted.
    ///
    /// @param before what is about to happen, as the beginning of a sentence
    /// @param place to what it happens
    /// @param after the end of the sentence
    /// @throws NotConfirmedException when the answer is not yes, or nobody can be asked
    public void require(String before, Place place, String after) throws IOException {
        if (force) {
            return;
        }
        String what = before + " " + place + after;
        Environment.Terminal terminal = TargetOptions.environment(spec).terminal();
        if (!terminal.isPresent()) {
            throw new NotConfirmedException(
                    what + "; there is no terminal to ask on: repeat with --force");
        }
        String answer =
                Input.await(() ->
                        Objects.requireNonNullElse(
                                terminal.ask(what + ". Type yes to go on: "), ""));
        if (!answer.strip().equalsIgnoreCase("yes")) {
            throw new NotConfirmedException("Nothing was done");
        }
    }
}
