package dev.verbena.cli.io;

import dev.verbena.Controller;
import dev.verbena.PassthroughCommand;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.NamespaceCommand;
import dev.verbena.cli.base.NamespacePageCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.RawCommand;
import dev.verbena.nvme.ReservationCommands;
import dev.verbena.nvme.ReservationReport;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The reservation commands.
public final class Reservations {
    private Reservations() {}

    /// What the commands that change something have in common.
    abstract static class Change extends NamespaceCommand {
        @Option(
                names = {"-c", "--crkey"},
                converter = Numbers.Bits64.class,
                paramLabel = "KEY",
                defaultValue = "0",
                description = "This host's current key (default: ${DEFAULT-VALUE}).")
        private long currentKey;

        @Option(
                names = {"-i", "--iekey"},
                description = "Do not check the current key.")
        private boolean ignoreExistingKey;

        final long currentKey() {
            return currentKey;
        }

        final boolean ignoresExistingKey() {
            return ignoreExistingKey;
        }

        /// Writes the command for a namespace.
        abstract void encode(MemorySegment entry, int namespaceId);

        /// Its keys.
        abstract byte[] keys();

        @Override
        protected final void run(Controller controller) throws IOException {
            int id = namespaceId(controller);
            RawCommand.io(
                    controller,
                    RawCommand.of(entry -> encode(entry, id)).withData(keys()),
                    "The reservation command");
            output().done(
                            "NVME Reservation " + name().substring("resv-".length()) + " success",
                            "nsid",
                            Integer.toUnsignedLong(id));
        }

        static byte[] two(long first, long second) {
            byte[] keys = new byte[ReservationCommands.KEYS_SIZE];
            ReservationCommands.keys(MemorySegment.ofArray(keys), 0, first, second);
            return keys;
        }
    }

    /// `verbena resv-register`.
    @Command(name = "resv-register", description = "Register, remove or replace this host's key.")
    public static final class Register extends Change {
        @Option(
                names = {"-k", "--nrkey"},
                converter = Numbers.Bits64.class,
                paramLabel = "KEY",
                defaultValue = "0",
                description = "The new key (default: ${DEFAULT-VALUE}).")
        private long newKey;

        @Option(
                names = {"-r", "--rrega"},
                converter = Numbers.Bits3.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "0 register, 1 remove, 2 replace (default: ${DEFAULT-VALUE}).")
        private int action;

        @Option(
                names = {"-p", "--cptpl"},
                converter = Numbers.Bits2.class,
                paramLabel = "N",
                defaultValue = "0",
                description = {
                    "When power is lost: 0 as before, 2 registrations are lost, 3 they survive",
                    "(default: ${DEFAULT-VALUE})."
                })
        private int persistence;

        @Override
        void encode(MemorySegment entry, int namespaceId) {
            ReservationCommands.register(
                    entry, 0, 0, namespaceId, action, ignoresExistingKey(), persistence);
        }

        @Override
        byte[] keys() {
            return two(currentKey(), newKey);
        }
    }

    /// `verbena resv-acquire`.
    @Command(
            name = "resv-acquire",
            description = "Acquire a reservation, or take another host's away. Asks before that.")
    public static final class Acquire extends Change {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Option(
                names = {"-p", "--prkey"},
                converter = Numbers.Bits64.class,
                paramLabel = "KEY",
                defaultValue = "0",
                description = "Key of the host that loses (default: ${DEFAULT-VALUE}).")
        private long preemptedKey;

        @Option(
                names = {"-t", "--rtype"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                defaultValue = "0",
                description = {
                    "1 write exclusive, 2 exclusive access, 3 and 4 the same for registrants only,",
                    "5 and 6 for all registrants."
                })
        private int type;

        @Option(
                names = {"-a", "--racqa"},
                converter = Numbers.Bits3.class,
                paramLabel = "N",
                defaultValue = "0",
                description = {
                    "0 acquire, 1 preempt, 2 preempt and abort (default: ${DEFAULT-VALUE})."
                })
        private int action;

        @Override
        protected void prepare() throws IOException {
            if (action != ReservationCommands.ACQUIRE) {
                confirmation.require(
                        "This takes the reservation of another host on", place(), " away");
            }
        }

        @Override
        void encode(MemorySegment entry, int namespaceId) {
            ReservationCommands.acquire(
                    entry, 0, 0, namespaceId, action, ignoresExistingKey(), type);
        }

        @Override
        byte[] keys() {
            return two(currentKey(), preemptedKey);
        }
    }

    /// `verbena resv-release`.
    @Command(
            name = "resv-release",
            description = {
                "Release this host's reservation, or clear all.",
                "Asks before reservations and registrations of other hosts are cleared."
            })
    public static final class Release extends Change {
        @Mixin private Confirmation confirmation = new Confirmation();

        @Option(
                names = {"-t", "--rtype"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "Type of the reservation that is held.")
        private int type;

        @Option(
                names = {"-a", "--rrela"},
                converter = Numbers.Bits3.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "0 release, 1 clear (default: ${DEFAULT-VALUE}).")
        private int action;

        @Override
        protected void prepare() throws IOException {
            if (action != ReservationCommands.RELEASE) {
                confirmation.require(
                        "This removes the reservations and keys of all hosts from", place(), "");
            }
        }

        @Override
        void encode(MemorySegment entry, int namespaceId) {
            ReservationCommands.release(
                    entry, 0, 0, namespaceId, action, ignoresExistingKey(), type);
        }

        @Override
        byte[] keys() {
            byte[] key = new byte[ReservationCommands.KEY_SIZE];
            ReservationCommands.key(MemorySegment.ofArray(key), 0, currentKey());
            return key;
        }
    }

    /// `verbena resv-report`.
    @Command(
            name = "resv-report",
            description = {
                "Who holds and who has registered for the reservation.",
                "Always the extended form: a host on fabrics has an identifier of 128 bits."
            })
    public static final class Report extends NamespacePageCommand {
        private static final int BYTES = 4096;

        @Option(
                names = {"-d", "--numd"},
                converter = Dwords.class,
                paramLabel = "N",
                description = "Dwords to read, counted from 0 (default: all of the report).")
        private @Nullable Integer dwords;

        @Option(
                names = {"-e", "--eds"},
                description = "Accepted for habit's sake: it is always so.")
        @SuppressWarnings("UnusedVariable") // for people who are used to give it
        private boolean extended;

        @Override
        protected Page read(Controller controller, int namespaceId) throws IOException {
            Integer told = dwords;
            if (told != null) {
                int bytes = Math.max(ReservationReport.HEADER_SIZE, (told + 1) * 4);
                return new Page(read(controller, namespaceId, bytes), ReservationReport::decode);
            }
            byte[] report = read(controller, namespaceId, BYTES);
            long needed = needed(report);
            if (needed > report.length) {
                report =
                        read(
                                controller,
                                namespaceId,
                                (int) Math.min(needed, controller.transferBytesMax()));
                needed = needed(report);
            }
            return new Page(report, ReservationReport::decode, missing(report, needed));
        }

        /// Bytes of the whole report, of which this is the beginning.
        private static long needed(byte[] report) {
            long registrants =
                    ReservationReport.decode(MemorySegment.ofArray(report)).registrantCount();
            return ReservationReport.HEADER_SIZE + registrants * ReservationReport.REGISTRANT_SIZE;
        }

        static @Nullable String missing(byte[] report, long needed) {
            long fitting = (long) report.length - ReservationReport.HEADER_SIZE;
            long registrants = ReservationReport.REGISTRANT_SIZE;
            return needed <= report.length
                    ? null
                    : (needed - ReservationReport.HEADER_SIZE) / registrants
                            - fitting / registrants
                            + " registrants: the report does not fit one command";
        }

        private static byte[] read(Controller controller, int namespaceId, int bytes)
                throws IOException {
            PassthroughCommand command =
                    RawCommand.of(entry ->
                                    ReservationCommands.report(entry, 0, 0, namespaceId, bytes))
                            .withDataLength(bytes);
            return RawCommand.io(controller, command, "Reservation Report").data();
        }
    }

    /// What fits an array.
    static final class Dwords extends Numbers.OfInt {
        Dwords() {
            super(0, Integer.MAX_VALUE / 4 - 1);
        }
    }
}
