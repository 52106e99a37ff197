package dev.verbena.internal.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.RdmaPermissionException;
import dev.verbena.verbs.RdmaUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerbsConnectorTest {
    /// EIO, ENODEV, EINVAL, ENOMEM, EAGAIN, EMFILE: what a device that is being reset answers, or a
    /// machine that is short of something. A controller with time left has to try again.
    @ParameterizedTest
    @ValueSource(ints = {5, 19, 22, 12, 11, 24})
    void callThatFailsForTheMoment_isTriedAgain(int errno) {
        assertThat(VerbsConnector.mayPass(new RdmaException("ibv_create_cq", errno))).isTrue();
    }

    @Test
    void whatIsForbiddenOrDoesNotExist_isNotTriedAgain() {
        assertThat(VerbsConnector.mayPass(new RdmaPermissionException("ibv_open_device", 13, "")))
                .isFalse();
        assertThat(VerbsConnector.mayPass(new RdmaUnavailableException("no library"))).isFalse();
        assertThat(VerbsConnector.mayPass(new RdmaException("ibv_alloc_mw", 38))).isFalse();
        assertThat(VerbsConnector.mayPass(new RdmaException("ibv_alloc_mw", 95))).isFalse();
    }
}
