package dev.verbena.cli.base;

import org.jspecify.annotations.Nullable;
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
    /// @param what is about to happen, as the beginning of a sentence
    /// @throws NotConfirmedException when the answer is not yes, or nobody can be asked
    public void require(String what) throws NotConfirmedException {
        if (force) {
            return;
        }
        Environment.Terminal terminal = TargetOptions.environment(spec).terminal();
        if (!terminal.isPresent()) {
            throw new NotConfirmedException(
                    what + "; there is no terminal to ask on: repeat with --force");
        }
        @Nullable String answer = terminal.ask(what + ". Type yes to go on: ");
        if (answer == null || !answer.strip().equalsIgnoreCase("yes")) {
            throw new NotConfirmedException("Nothing was done");
        }
    }
}
