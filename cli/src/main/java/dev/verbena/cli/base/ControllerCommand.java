package dev.verbena.cli.base;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// A command that connects a controller, does one thing and disconnects.
public abstract class ControllerCommand implements Callable<Integer> {
    @Mixin private TargetOptions target = new TargetOptions();

    @Mixin private Output output = new Output();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public final Integer call() throws IOException {
        target.nqn();
        checkNamespace();
        // What is wrong with them is told before anybody is asked anything.
        ConnectOptions options = target.connectOptions(ConnectOptions.defaults().withIoQueues(1));
        prepare();
        try (Initiator initiator = target.open();
                Controller controller = target.connect(initiator, options)) {
            run(controller);
        }
        return 0;
    }

    /// Refuses an option and an address that contradict each other.
    void checkNamespace() {}

    /// What can be refused, asked or read before anything is connected.
    protected void prepare() throws IOException {}

    /// Does the one thing.
    protected abstract void run(Controller controller) throws IOException;

    protected final TargetOptions target() {
        return target;
    }

    protected final Output output() {
        return output;
    }

    protected final Environment environment() {
        return TargetOptions.environment(spec);
    }

    /// Name of the command, as it was typed.
    protected final String name() {
        return spec.name();
    }

    /// What to throw when arguments do not go together.
    protected final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
