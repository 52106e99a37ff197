package dev.verbena.verbs.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.ffi.gen.ibv_context;
import dev.verbena.verbs.ffi.gen.verbs_context;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// Which of a context's extended functions are seen, on contexts made by hand.
class ExtendedOpsTest {
    private static final long OFFSET = verbs_context.modify_cq$offset();

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment whole = arena.allocate(verbs_context.layout());
    private final MemorySegment plain = verbs_context.context(whole);

    private long symbol() {
        return ExtendedOps.symbol(plain.address(), OFFSET);
    }

    ExtendedOpsTest() {
        ibv_context.abi_compat(plain, MemorySegment.ofAddress(ExtendedOps.VERBS_ABI_IS_EXTENDED));
        verbs_context.sz(whole, verbs_context.sizeof());
        verbs_context.modify_cq(whole, MemorySegment.ofAddress(0x1234));
    }

    @Test
    void extendedContext_hasTheFunction() {
        assertThat(symbol()).isEqualTo(0x1234);
        assertThat(new ExtendedOps(plain.address()).modifyCompletionQueue()).isNotNull();
    }

    @Test
    void plainContext_hasNone() {
        ibv_context.abi_compat(plain, MemorySegment.NULL);
        assertThat(symbol()).isZero();
    }

    @Test
    void contextThatEndsBehindTheFunction_hasNone() {
        verbs_context.sz(whole, verbs_context.sizeof() - OFFSET - 1);
        assertThat(symbol()).isZero();
        verbs_context.sz(whole, verbs_context.sizeof() - OFFSET);
        assertThat(symbol()).isEqualTo(0x1234);
    }

    @Test
    void contextOfANewerRelease_hasItWhereItWas() {
        verbs_context.sz(whole, verbs_context.sizeof() + 48);
        assertThat(symbol()).isEqualTo(0x1234);
    }

    @Test
    void functionNotProvided_isNone() {
        verbs_context.modify_cq(whole, MemorySegment.NULL);
        assertThat(symbol()).isZero();
        assertThat(new ExtendedOps(plain.address()).modifyCompletionQueue()).isNull();
        assertThat(new ExtendedOps(plain.address()).queryDevice()).isNull();
    }
}
