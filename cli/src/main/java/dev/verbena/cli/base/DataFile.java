package dev.verbena.cli.base;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Data that a command reads from a file or from standard input.
public final class DataFile {
    private DataFile() {}

    /// Reads at most so many bytes; what is missing at the end are zeroes.
    ///
    /// @param file null for standard input
    /// @param bytes how many the command moves
    /// @throws IOException when there is none at all
    public static byte[] read(Environment environment, @Nullable Path file, int bytes)
            throws IOException {
        return Arrays.copyOf(upTo(environment, file, bytes), bytes);
    }

    /// Reads at most so many bytes.
    ///
    /// @param file null for standard input
    /// @throws IOException when there is none at all
    public static byte[] upTo(Environment environment, @Nullable Path file, int bytes)
            throws IOException {
        byte[] data;
        if (file == null) {
            if (environment.terminal().isPresent()) {
                // A person should know what is waited for.
                String message = "Reading data from standard input\n";
                environment.err().write(message.getBytes(StandardCharsets.UTF_8));
            }
            data = Input.await(() -> environment.in().readNBytes(bytes));
        } else {
            data =
                    Input.await(() -> {
                        try (InputStream input = Files.newInputStream(file)) {
                            return input.readNBytes(bytes);
                        }
                    });
        }
        if (data.length == 0) {
            throw new IOException(
                    (file == null ? "Standard input" : file.toString()) + " holds no data");
        }
        return data;
    }
}
