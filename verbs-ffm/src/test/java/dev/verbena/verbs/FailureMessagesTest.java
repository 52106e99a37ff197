package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.ffi.Errno;
import org.junit.jupiter.api.Test;

/// What users read when something is missing.
class FailureMessagesTest {
    @Test
    void noDescriptorLeft_namesTheLimit() {
        assertThat(Errno.failure("ibv_create_comp_channel", Errno.EMFILE))
                .hasMessageContaining("EMFILE")
                .hasMessageContaining("RLIMIT_NOFILE")
                .hasMessageContaining("ulimit -n");
    }

    @Test
    void failedRegistration_namesTheMemoryLimitAndHowToRaiseIt() {
        RdmaException e = Errno.failure("ibv_reg_mr", Errno.ENOMEM);
        assertThat(e)
                .isInstanceOf(MemoryLimitException.class)
                .hasMessageStartingWith("ibv_reg_mr: ENOMEM (12): ")
                .hasMessageContaining("RLIMIT_MEMLOCK (now ")
                .hasMessageContaining("ulimit -l unlimited")
                .hasMessageNotContaining("unknown");
        assertThat(e.operation()).isEqualTo("ibv_reg_mr");
        assertThat(e.errno()).isEqualTo(12);
        assertThat(e.errnoName()).isEqualTo("ENOMEM");
    }

    @Test
    void deniedAccess_namesTheDeviceFiles() {
        assertThat(Errno.failure("ibv_open_device", Errno.EACCES))
                .isInstanceOf(RdmaPermissionException.class)
                .hasMessageContaining("/dev/infiniband/uverbs*");
    }

    @Test
    void missingDevice_saysHowToMakeOne() {
        assertThat(Errno.failure("rdma_resolve_addr", Errno.ENODEV))
                .hasMessageContaining("rdma link add rxe0 type rxe");
    }

    @Test
    void unknownErrno_isStillPrecise() {
        assertThat(Errno.failure("rdma_connect", 4711))
                .isExactlyInstanceOf(RdmaException.class)
                .hasMessage("rdma_connect: errno 4711 (4711)");
    }

    @Test
    void failedDestroy_isSuccessOnlyWhereTheDeviceWasTaken() {
        for (int errno : new int[] {Errno.EIO, Errno.ENODEV}) {
            assertThat(Errno.isGoneWithItsDevice(errno, () -> true)).isTrue();
            assertThat(Errno.isGoneWithItsDevice(errno, () -> false)).isFalse();
        }
    }

    @Test
    void failedDestroyForAnotherReason_isAFailure_withoutAQuestion() {
        for (int errno : new int[] {Errno.EBUSY, Errno.EINVAL, Errno.ENOMEM}) {
            assertThat(
                            Errno.isGoneWithItsDevice(
                                    errno,
                                    () -> {
                                        throw new AssertionError("asked for errno " + errno);
                                    }))
                    .isFalse();
        }
    }
}
