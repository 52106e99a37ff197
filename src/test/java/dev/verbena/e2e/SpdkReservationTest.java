package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.IoOptions;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.ReservationCommands;
import dev.verbena.nvme.ReservationReport;
import dev.verbena.nvme.ReservationType;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// Reservations between two hosts, by raw commands.
@TargetTest({"--persist", "--size", "16M"})
@OnlyWith(
        value = TargetControl.SPDK,
        because = "the rig's kernels have no reservations in their target")
class SpdkReservationTest {
    private static final long KEY = 0xA11CE;

    private static Controller connect(Initiator initiator, LiveTarget live, HostIdentity host)
            throws IOException {
        return initiator.connect(live.target(), live.nqn(), LiveTarget.patient().withHost(host));
    }

    private static int raw(Level1Harness h, MemorySegment entry, MemorySegment data)
            throws IOException {
        return h.run(t -> h.queue.tryRaw(entry, data, t, IoOptions.DEFAULT));
    }

    private static MemorySegment entry() {
        return MemorySegment.ofArray(new byte[SubmissionEntry.SIZE]);
    }

    private static int register(Level1Harness h, int persistence) throws IOException {
        MemorySegment keys = h.arena.allocate(ReservationCommands.KEYS_SIZE, 8);
        ReservationCommands.keys(keys, 0, 0, KEY);
        MemorySegment entry = entry();
        ReservationCommands.register(
                entry, 0, 0, 1, ReservationCommands.REGISTER, false, persistence);
        return raw(h, entry, keys);
    }

    private static int acquire(Level1Harness h) throws IOException {
        MemorySegment keys = h.arena.allocate(ReservationCommands.KEYS_SIZE, 8);
        ReservationCommands.keys(keys, 0, KEY, 0);
        MemorySegment entry = entry();
        ReservationCommands.acquire(
                entry,
                0,
                0,
                1,
                ReservationCommands.ACQUIRE,
                false,
                ReservationType.WRITE_EXCLUSIVE.code());
        return raw(h, entry, keys);
    }

    /// Unregistering the holder ends the reservation as well.
    private static int unregister(Level1Harness h) throws IOException {
        MemorySegment keys = h.arena.allocate(ReservationCommands.KEYS_SIZE, 8);
        ReservationCommands.keys(keys, 0, KEY, 0);
        MemorySegment entry = entry();
        ReservationCommands.register(
                entry,
                0,
                0,
                1,
                ReservationCommands.UNREGISTER,
                false,
                ReservationCommands.PERSIST_NO_CHANGE);
        return raw(h, entry, keys);
    }

    private static ReservationReport report(Level1Harness h) throws IOException {
        MemorySegment data = h.arena.allocate(ReservationReport.byteSize(4), 8);
        MemorySegment entry = entry();
        ReservationCommands.report(entry, 0, 0, 1, (int) data.byteSize());
        assertThat(raw(h, entry, data)).isZero();
        return ReservationReport.decode(data);
    }

    private static int write(Level1Harness h) throws IOException {
        MemorySegment block = h.filled(512, 3);
        return h.run(t -> h.queue.tryWrite(h.namespace, 0, 1, block, t));
    }

    private static int read(Level1Harness h) throws IOException {
        MemorySegment block = h.filled(512, 3);
        return h.run(t -> h.queue.tryRead(h.namespace, 0, 1, block, t));
    }

    @Test
    void writeExclusive_keepsOtherHostsFromWriting(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller one = connect(initiator, live, HostIdentity.generate());
                Controller two = connect(initiator, live, HostIdentity.generate());
                Level1Harness holder = new Level1Harness(one, 1, 1 << 20);
                Level1Harness other = new Level1Harness(two, 1, 1 << 20)) {
            assertThat(register(holder, ReservationCommands.PERSIST_NO_CHANGE)).isZero();
            assertThat(write(other)).isZero();
            assertThat(acquire(holder)).isZero();
            assertThat(write(holder)).isZero();
            assertThat(read(other)).isZero();
            assertThat(new NvmeStatus(write(other)).name()).isEqualTo("Reservation Conflict");
            ReservationReport report = report(other);
            assertThat(report.type()).isEqualTo(ReservationType.WRITE_EXCLUSIVE);
            assertThat(report.registrants())
                    .singleElement()
                    .satisfies(r -> {
                        assertThat(r.holder()).isTrue();
                        assertThat(r.key()).isEqualTo(KEY);
                    });
            assertThat(unregister(holder)).isZero();
            assertThat(write(other)).isZero();
            assertThat(report(holder).type()).isEqualTo(ReservationType.NONE);
        }
    }

    @Test
    void reservationThatPersists_isThereAfterARestart(LiveTarget live) throws IOException {
        HostIdentity host = HostIdentity.generate();
        try (Initiator initiator = Initiator.open()) {
            try (Controller controller = connect(initiator, live, host);
                    Level1Harness h = new Level1Harness(controller, 1, 1 << 20)) {
                assertThat(register(h, ReservationCommands.PERSIST_SET)).isZero();
                assertThat(acquire(h)).isZero();
            }
            live.change("kill");
            live.change("start");
            try (Controller controller = connect(initiator, live, host);
                    Controller two = connect(initiator, live, HostIdentity.generate());
                    Level1Harness h = new Level1Harness(controller, 1, 1 << 20);
                    Level1Harness other = new Level1Harness(two, 1, 1 << 20)) {
                assertThat(report(h).persistsThroughPowerLoss()).isEqualTo(1);
                assertThat(new NvmeStatus(write(other)).name()).isEqualTo("Reservation Conflict");
                assertThat(unregister(h)).isZero();
                assertThat(write(other)).isZero();
            }
        }
    }
}
