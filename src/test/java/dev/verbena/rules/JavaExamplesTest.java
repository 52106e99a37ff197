package dev.verbena.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The programs in Java that the pages show compile.
class JavaExamplesTest {
    private static final String TEST_IMPORTS =
            """
            import static org.junit.jupiter.api.Assertions.*;
            import dev.verbena.*;
            import dev.verbena.nvme.*;
            import dev.verbena.testkit.*;
            import java.lang.foreign.MemorySegment;
            import java.util.List;
            import org.junit.jupiter.api.Test;
            """;

    @Test
    void javaExamples_compile(@TempDir Path output) throws IOException {
        List<String> examples = new ArrayList<>();
        for (Path page : Documents.all()) {
            examples.addAll(Documents.blocks(Files.readString(page), "java"));
        }
        assertThat(examples).hasSizeGreaterThan(1);
        for (String example : examples) {
            assertThat(errors(source(example), output)).as(example).isEmpty();
        }
    }

    /// A test method is put into a class with what tests import; of anything else, the imports come
    /// first, and the rest is the body of a method.
    private static String source(String example) {
        if (example.startsWith("@Test")) {
            return TEST_IMPORTS
                    + "class Example { static final String NQN = \"nqn.2026-01.org.example:a\";\n"
                    + example
                    + "}\n";
        }
        StringBuilder imports = new StringBuilder();
        StringBuilder body = new StringBuilder();
        example.lines()
                .forEach(line ->
                        (line.startsWith("import ") ? imports : body).append(line).append('\n'));
        return imports + "class Example { static void run() throws Exception {\n" + body + "} }\n";
    }

    private static List<String> errors(String source, Path output) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        JavaFileObject file =
                new SimpleJavaFileObject(
                        URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        compiler.getTask(
                        null,
                        null,
                        diagnostics,
                        List.of(
                                "-proc:none",
                                "-d",
                                output.toString(),
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path"))),
                        null,
                        List.of(file))
                .call();
        return diagnostics.getDiagnostics().stream()
                .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
                .map(Diagnostic::toString)
                .toList();
    }
}
