package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerEvent.NamespacesChanged;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.nvme.log.AnaState;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// What a target reports while a controller is connected.
@TargetTest({"--namespaces", "2", "--max-size", "96M", "--ana-group", "2=optimized"})
class EventsTest {
    private final BlockingQueue<ControllerEvent> events = new LinkedBlockingQueue<>();

    private Controller connect(Initiator initiator, LiveTarget live) throws Exception {
        events.clear();
        Controller controller = live.connect(initiator);
        controller.addListener((c, event) -> events.add(event));
        return controller;
    }

    /// The next event of a kind; others are of no interest.
    private <T extends ControllerEvent> T next(Class<T> type, Predicate<T> wanted)
            throws InterruptedException {
        while (true) {
            ControllerEvent event = events.poll(60, TimeUnit.SECONDS);
            assertThat(event).as(type.getSimpleName()).isNotNull();
            if (type.isInstance(event) && wanted.test(type.cast(event))) {
                return type.cast(event);
            }
        }
    }

    @Test
    void namespaceGoesAndComes_againAndAgain(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live)) {
            for (int i = 0; i < 3; i++) {
                live.change("ns-enable", live.nqn(), "2", "0");
                NamespacesChanged gone = next(NamespacesChanged.class, e -> !e.removed().isEmpty());
                assertThat(gone.removed()).extracting(Namespace::id).containsExactly(2);
                assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(1);
                live.change("ns-enable", live.nqn(), "2", "1");
                NamespacesChanged back = next(NamespacesChanged.class, e -> !e.added().isEmpty());
                assertThat(back.added()).extracting(Namespace::id).containsExactly(2);
                assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(1, 2);
            }
        }
    }

    @Test
    void namespaceGrows_isToldWithItsNewSize(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live)) {
            long before = controller.namespace(1).byteSize();
            live.change("ns-resize", live.nqn(), "1", "96M");
            NamespacesChanged grown = next(NamespacesChanged.class, e -> !e.changed().isEmpty());
            assertThat(grown.changed().getFirst().byteSize()).isEqualTo(96L << 20);
            assertThat(before).isLessThan(96L << 20);
            assertThat(controller.namespace(1).byteSize()).isEqualTo(96L << 20);
        }
    }

    @Test
    void anaStateChanges_areToldEachTime(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live)) {
            assertThat(controller.anaLog()).isPresent();
            for (AnaState state :
                    new AnaState[] {
                        AnaState.INACCESSIBLE, AnaState.NON_OPTIMIZED, AnaState.OPTIMIZED
                    }) {
                live.change("ana", "1", "2", state.toString());
                next(
                        ControllerEvent.AnaChanged.class,
                        e ->
                                e.log().groups().stream()
                                        .anyMatch(g -> g.id() == 2 && g.state() == state));
            }
        } finally {
            live.change("ana", "1", "2", "optimized");
        }
    }
}
