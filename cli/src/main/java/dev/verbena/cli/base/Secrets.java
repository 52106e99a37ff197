package dev.verbena.cli.base;

import dev.verbena.nvme.auth.ChapSecret;
import dev.verbena.nvme.auth.ChapSecretException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A secret from where it is said to be: an option, a file, a variable. It is read once: a pipe can
/// be given for a file.
final class Secrets {
    /// More than any secret has.
    private static final int FILE_BYTES_MAX = 4096;

    private static final Set<PosixFilePermission> FOR_OTHERS =
            Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);

    private final String option;
    private final String fileOption;
    private final String variable;
    private @Nullable ChapSecret found;

    /// @param option that holds it
    /// @param fileOption that names a file
    /// @param variable that holds it when neither is given
    Secrets(String option, String fileOption, String variable) {
        this.option = option;
        this.fileOption = fileOption;
        this.variable = variable;
    }

    /// The secret, which stays open as long as the process: the controller needs it for each
    /// connection.
    ///
    /// @return null when none is given
    /// @throws IllegalArgumentException when it is said twice, or is none
    /// @throws IOException when the file cannot be read
    @Nullable ChapSecret find(Environment environment, @Nullable String given, @Nullable Path file)
            throws IOException {
        if (found == null) {
            found = read(environment, given, file);
        }
        return found;
    }

    private @Nullable ChapSecret read(
            Environment environment, @Nullable String given, @Nullable Path file)
            throws IOException {
        if (given != null && file != null) {
            throw new IllegalArgumentException(option + " and " + fileOption + ": one of them");
        }
        if (given != null) {
            return parse(option, given);
        }
        if (file != null) {
            return parse(fileOption + " " + file, read(environment, file));
        }
        String text = environment.variables().get(variable);
        // An empty variable is how scripts say that there is none.
        return text == null || text.isBlank() ? null : parse(variable, text);
    }

    private static ChapSecret parse(String where, String text) {
        try {
            return ChapSecret.parse(text.strip());
        } catch (ChapSecretException e) {
            throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
        }
    }

    private String read(Environment environment, Path file) throws IOException {
        warnOfReaders(environment, file);
        byte[] bytes =
                Input.await(() -> {
                    try (InputStream input = Files.newInputStream(file)) {
                        return input.readNBytes(FILE_BYTES_MAX + 1);
                    }
                });
        if (bytes.length > FILE_BYTES_MAX) {
            throw new IllegalArgumentException(fileOption + " " + file + ": too long for a secret");
        }
        String text = new String(bytes, StandardCharsets.US_ASCII);
        Arrays.fill(bytes, (byte) 0);
        return text;
    }

    private void warnOfReaders(Environment environment, Path file) throws IOException {
        if (!Files.isRegularFile(file)
                || !Files.getFileStore(file).supportsFileAttributeView("posix")) {
            return;
        }
        if (Files.getPosixFilePermissions(file).stream().anyMatch(FOR_OTHERS::contains)) {
            String warning =
                    "warning: "
                            + fileOption
                            + " "
                            + file
                            + ": other users can read it; chmod 600 "
                            + file
                            + "\n";
            environment.err().write(warning.getBytes(StandardCharsets.UTF_8));
        }
    }
}
