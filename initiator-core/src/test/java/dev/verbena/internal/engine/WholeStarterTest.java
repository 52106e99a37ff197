package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import org.junit.jupiter.api.Test;

class WholeStarterTest {
    /// HotSpot's FreqInlineSize: longer methods are inlined nowhere.
    private static final int INLINE_BYTES_MAX = 325;

    @Test
    void start_isTooLongToBeInlined() throws IOException {
        assertThat(codeLength(WholeStarter.class, "start")).isGreaterThan(INLINE_BYTES_MAX);
    }

    private static int codeLength(Class<?> type, String method) throws IOException {
        try (InputStream code = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            assertThat(code).isNotNull();
            for (MethodModel model : ClassFile.of().parse(code.readAllBytes()).methods()) {
                if (model.methodName().equalsString(method)) {
                    return ((CodeAttribute) model.code().orElseThrow()).codeLength();
                }
            }
        }
        throw new AssertionError(type + " has no method " + method);
    }
}
