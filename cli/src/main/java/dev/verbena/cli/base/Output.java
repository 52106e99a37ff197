package dev.verbena.cli.base;

import dev.verbena.nvme.Rendered;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// How a command prints what it found: `--output-format`.
public final class Output {
    static final String FORMAT = "--output-format";

    /// The formats.
    public enum Format {
        NORMAL,
        JSON,
        BINARY;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final class FormatConverter implements ITypeConverter<Format> {
        @Override
        public Format convert(String text) {
            return Arrays.stream(Format.values())
                    .filter(format -> format.toString().equals(text))
                    .findFirst()
                    .orElseThrow(() ->
                            new TypeConversionException(
                                    "'" + text + "' is not normal, json or binary"));
        }
    }

    /// Text and values that belong together.
    public record Document(Map<String, Object> values, String toText) implements Rendered {}

    @Option(
            names = FORMAT,
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            defaultValue = "normal",
            description = "normal, json or binary (default: ${DEFAULT-VALUE}).")
    private Format format = Format.NORMAL;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    public Format format() {
        return format;
    }

    public boolean isJson() {
        return format == Format.JSON;
    }

    public boolean isBinary() {
        return format == Format.BINARY;
    }

    /// Where text goes.
    public PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /// Where messages go that are no result.
    public PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /// Prints what a command found.
    ///
    /// @param bytes as they came, for the binary format; null where there are none
    public void print(Rendered result, byte @Nullable [] bytes) throws IOException {
        switch (format) {
            case JSON -> out().println(result.toJson());
            case NORMAL -> out().print(result.toText());
            case BINARY -> bytes(requireBytes(bytes));
        }
        flush();
    }

    private byte[] requireBytes(byte @Nullable [] bytes) {
        if (bytes == null) {
            throw noBinary();
        }
        return bytes;
    }

    private ParameterException noBinary() {
        return new ParameterException(
                spec.commandLine(),
                "The result has no binary form: --output-format normal or json");
    }

    /// To be called first by commands that take long, or change something, and whose result has no
    /// binary form.
    ///
    /// @throws ParameterException when that is wanted
    public void refuseBinary() {
        if (format == Format.BINARY) {
            throw noBinary();
        }
    }

    /// Writes data as it is.
    public void bytes(byte[] data) throws IOException {
        out().flush();
        TargetOptions.environment(spec).checkOutput();
        try {
            TargetOptions.environment(spec).out().write(data);
        } catch (IOException e) {
            flush();
        }
        flush();
    }

    /// @throws StandardOutput.OutputException when something could not be written
    private void flush() throws StandardOutput.OutputException {
        out().flush();
        TargetOptions.environment(spec).checkOutput();
    }

    /// Says that a command without a result has succeeded: a sentence, or a JSON object with the
    /// command's name, its `status` and what else is worth knowing.
    ///
    /// @param details names and values, alternating
    /// @throws StandardOutput.OutputException when it could not be written
    public void done(String sentence, Object... details) throws StandardOutput.OutputException {
        if (!isJson()) {
            out().println(sentence);
            flush();
            return;
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("command", spec.name());
        values.put("status", "success");
        for (int i = 0; i + 1 < details.length; i += 2) {
            values.put(details[i].toString(), details[i + 1]);
        }
        out().println(new Document(values, "").toJson());
        flush();
    }

    /// What was printed does not fit into a name and a value.
    static String hexDump(byte[] data) {
        StringBuilder text =
                new StringBuilder("       0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f\n");
        for (int at = 0; at < data.length; at += 16) {
            StringBuilder hex = new StringBuilder();
            StringBuilder ascii = new StringBuilder();
            for (int i = at; i < Math.min(at + 16, data.length); i++) {
                hex.append(Numbers.hex(data[i] & 0xFF, 2)).append(' ');
                ascii.append(data[i] > 0x20 && data[i] < 0x7F ? (char) data[i] : '.');
            }
            text.append(String.format(Locale.ROOT, "%04x: %-48s\"%s\"%n", at, hex, ascii));
        }
        return text.toString();
    }

    /// Data nobody knows the meaning of: hexadecimal in text and in JSON.
    public static Rendered dump(Map<String, Object> values, byte[] data) {
        Map<String, Object> all = new LinkedHashMap<>(values);
        all.put("data", java.util.HexFormat.of().formatHex(data));
        return new Document(all, Objects.requireNonNull(hexDump(data)));
    }
}
