package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.Target;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.LogPage;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a controller announces is never lost for good, and never costs more than its pace: log
/// pages that cannot be read, events that stay, floods. In virtual time.
@Isolated
@Timeout(60)
class EventPaceTest {
    private static final int NAMESPACE_CHANGED = 0x04_00_02;
    private static final int INTERNAL_ERROR = 0x0006;
    private static final int INVALID_LOG_PAGE = 0x4109;

    /// What a second may cost at most, whatever the controller does: commands, calls of a listener,
    /// lines of the log.
    private static final int PER_SECOND_MAX = 20;

    /// What may come at once before that.
    private static final int AT_ONCE_MAX = 60;

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static void isPaced(long count, Duration time, String what) {
        assertThat(count)
                .as(what + " in " + time)
                .isLessThanOrEqualTo(AT_ONCE_MAX + PER_SECOND_MAX * time.toSeconds());
    }

    /// Counts the lines Verbena logs.
    private static final class Lines extends Handler implements AutoCloseable {
        private final Logger logger = Logger.getLogger("dev.verbena");
        private final Level before = logger.getLevel();
        private final boolean parents = logger.getUseParentHandlers();
        private final List<String> lines = new ArrayList<>();

        static Lines count() {
            Lines lines = new Lines();
            lines.logger.addHandler(lines);
            lines.logger.setUseParentHandlers(false);
            lines.logger.setLevel(Level.INFO);
            return lines;
        }

        @Override
        public void publish(LogRecord line) {
            lines.add(line.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            logger.removeHandler(this);
            logger.setUseParentHandlers(parents);
            logger.setLevel(before);
        }
    }

    // A log page that cannot be read.

    @Test
    void changedListThatCannotBeReadOnce_namespacesAreLookedAtAndTheNextChangeToo() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.logPage(LogPage.CHANGED_NAMESPACES),
                        new Fault.Answer(INTERNAL_ERROR, 0));
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(2));
                scene.pass(Duration.ofSeconds(10));
                scene.subsystem.addNamespace(3, 64, 512);
                knows(scene, controller, 3, Duration.ofSeconds(2));
            }
        });
    }

    /// With and without "Do Not Retry".
    @ParameterizedTest
    @ValueSource(ints = {INTERNAL_ERROR, INVALID_LOG_PAGE})
    void changedListThatCanNeverBeRead_isNoReasonToBeDeaf(int status) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.logPage(LogPage.CHANGED_NAMESPACES).always(),
                        new Fault.Answer(status, 0));
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(2));
                scene.pass(Duration.ofMinutes(10));
                long before = scene.target.adminCommandCount(AdminOpcode.GET_LOG_PAGE);
                scene.subsystem.addNamespace(3, 64, 512);
                knows(scene, controller, 3, Duration.ofMinutes(2));
                scene.pass(Duration.ofMinutes(10));
                assertThat(scene.target.adminCommandCount(AdminOpcode.GET_LOG_PAGE) - before)
                        .as("attempts in twelve minutes")
                        .isLessThan(20);
            }
        });
    }

    /// The longest wait is for what is old news. A look that was asked for meanwhile has its pace.
    @Test
    void newsWhileTheChangedListCannotBeRead_isLookedAtSoon() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.logPage(LogPage.CHANGED_NAMESPACES).always(),
                        new Fault.Answer(INVALID_LOG_PAGE, 0));
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(2));
                scene.pass(Duration.ofSeconds(5));
                // Another that cannot be read for the moment: it is looked for after a second.
                scene.target.inject(
                        Occasion.identify(IdentifyCns.NAMESPACE).after(2).times(8),
                        new Fault.Answer(INTERNAL_ERROR, 0));
                scene.subsystem.addNamespace(3, 64, 512);
                scene.target.raiseEvent(NAMESPACE_CHANGED);
                knows(scene, controller, 3, Duration.ofSeconds(15));
            }
        });
    }

    @Test
    void otherLogPageThatCannotBeReadNow_isReadLaterSoThatItsEventComesAgain() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.logPage(LogPage.SMART).times(3),
                        new Fault.Answer(INTERNAL_ERROR, 0));
                scene.target.raiseEvent(0x02_01_01);
                scene.pass(Duration.ofSeconds(20));
                assertThat(scene.target.adminCommandCount(AdminOpcode.GET_LOG_PAGE))
                        .as("ANA at connect, three attempts, and the one that succeeds")
                        .isEqualTo(1 + 3 + 1);
                assertThat(scene.told(ControllerEvent.Notice.class)).hasSize(1);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    private static void knows(
            VirtualScene scene, Controller controller, int namespaceId, Duration most)
            throws InterruptedException {
        scene.await(
                () -> controller.namespaces().stream().anyMatch(n -> n.id() == namespaceId),
                most,
                "namespace " + namespaceId);
    }

    // Events that stay, and floods.

    /// The event is there again as soon as its log page is read.
    @ParameterizedTest
    @CsvSource({
        "0x040002, 4", // namespaces
        "0x0C0302, 12", // ANA
        "0x020101, 2", // health
        "0x010000, 1", // error
        "0x030102, 3", // firmware
        "0x800006, 0x80", // reservations
        "0x7E0002, 0x7E", // a page that does not exist
        "0xC00507, 0xC0", // a vendor's
        "0x70F002, 0x70" // the discovery log, on a controller that has none
    })
    void eventThatStays_costsNoMoreThanItsPace(String event, String page) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1);
                    Lines lines = Lines.count()) {
                int value = Integer.decode(event);
                scene.target.inject(
                        Occasion.logPage(Integer.decode(page)).always(),
                        new Fault.RaiseEvents(value, 1));
                staysQuiet(scene, () -> scene.target.raiseEvent(value), lines);
                disk.read(0, block());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                // Among all that, what matters is heard.
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(5));
            }
        });
    }

    /// Each request for events is answered with one at once.
    @ParameterizedTest
    @ValueSource(ints = {NAMESPACE_CHANGED, 0x02_01_01, 0x00_00_03, 0x00_00_07})
    void requestsThatAreAnsweredAtOnce_costNoMoreThanTheirPace(int event) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1);
                    Lines lines = Lines.count()) {
                scene.target.inject(
                        Occasion.admin(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST).always(),
                        new Fault.RaiseEvents(event, 1));
                staysQuiet(scene, () -> scene.target.raiseEvent(event), lines);
                disk.read(0, block());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                scene.target.heal();
                scene.pass(Duration.ofSeconds(10));
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(5));
            }
        });
    }

    /// Another event each time, with pages that cannot be read.
    @Test
    void floodOfDifferentEvents_isCountedAndWhatMattersIsHeard() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    Lines lines = Lines.count()) {
                scene.start("flood", () -> flood(scene, Duration.ofSeconds(20)));
                staysQuiet(scene, () -> {}, lines);
                scene.pass(Duration.ofSeconds(60));
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                assertThat(lines.lines).anyMatch(line -> line.contains("left out"));
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(5));
            }
        });
    }

    private static void flood(VirtualScene scene, Duration time) {
        try {
            Duration end = scene.now().plus(time);
            for (int i = 0; scene.now().compareTo(end) < 0; i++) {
                scene.target.raiseEvent(2 | (0x10 + i % 200) << 8 | (0xC0 + i % 40) << 16);
                scene.pass(Duration.ofMillis(3));
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void staysQuiet(VirtualScene scene, Runnable beginning, Lines lines)
            throws InterruptedException {
        long logs = scene.target.adminCommandCount(AdminOpcode.GET_LOG_PAGE);
        long requests = scene.target.adminCommandCount(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST);
        long identifies = scene.target.adminCommandCount(AdminOpcode.IDENTIFY);
        int told = scene.events.size();
        Duration time = Duration.ofSeconds(20);
        beginning.run();
        scene.pass(time);
        isPaced(scene.target.adminCommandCount(AdminOpcode.GET_LOG_PAGE) - logs, time, "log reads");
        isPaced(
                scene.target.adminCommandCount(AdminOpcode.IDENTIFY) - identifies,
                time,
                "Identify commands");
        // Each answer may carry an event that matters, so these come sooner.
        assertThat(
                        scene.target.adminCommandCount(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST)
                                - requests)
                .isLessThan(100 + 60 * time.toSeconds());
        isPaced(scene.events.size() - told, time, "calls of a listener");
        isPaced(lines.lines.size(), time, "lines of the log");
    }

    // Requests for events that fail.

    @ParameterizedTest
    @ValueSource(ints = {INTERNAL_ERROR, 0x0105, 0x0007, 0x4105})
    void roundOfRequestsThatFails_isNoEndOfEvents(int status) {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    Occasion.admin(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST).times(8),
                    new Fault.Answer(status, 0));
            try (Controller controller = scene.connect()) {
                scene.pass(Duration.ofMinutes(2));
                scene.subsystem.addNamespace(2, 64, 512);
                knows(scene, controller, 2, Duration.ofSeconds(5));
            }
        });
    }

    /// A controller without events is asked a few times, and told of.
    @ParameterizedTest
    @ValueSource(ints = {0x4001, 0x0001, 0x0105, INTERNAL_ERROR})
    void requestsThatAlwaysFail_areFew(int status) {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    Occasion.admin(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST).always(),
                    new Fault.Answer(status, 0));
            try (Controller controller = scene.connect();
                    Lines lines = Lines.count()) {
                scene.pass(Duration.ofHours(1));
                assertThat(scene.target.adminCommandCount(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST))
                        .isLessThan(status >>> 14 == 0 ? 90 : 20);
                assertThat(lines.lines.size()).isLessThan(20);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    /// Each read of a discovery log is one line at most, however many of its entries are wrong.
    @Test
    void discoveryLogOfWildcards_isOneLine() {
        VirtualScene.play(scene -> {
            for (int i = 0; i < 200; i++) {
                scene.target.addReferral(
                        Target.rdma("0.0.0.0", 4420), "nqn.2024-01.org.example:referral" + i);
            }
            try (Lines lines = Lines.count()) {
                assertThat(scene.initiator().discover(scene.target.address()).entries())
                        .hasSize(201);
                assertThat(lines.lines).hasSize(1);
            }
        });
    }

    @Test
    void eventValues_areWhatTheirNamesSay() {
        assertThat(new AsynchronousEvent(NAMESPACE_CHANGED).kind())
                .isEqualTo(AsynchronousEvent.Kind.NAMESPACE_ATTRIBUTE_CHANGED);
    }
}
