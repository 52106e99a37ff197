package dev.verbena.internal.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The events of a connection on their way from the dispatcher to the connecting thread, and to the
/// queue.
@Timeout(20)
class ConnectionEventsTest {
    private final List<String> taken = Collections.synchronizedList(new ArrayList<>());

    @Test
    void eventBeforeTheHandOver_isPolled() throws InterruptedException {
        ConnectionEvents<String> events = new ConnectionEvents<>();
        events.add("ESTABLISHED");
        assertThat(events.poll(0)).isEqualTo("ESTABLISHED");
        assertThat(events.poll(0)).isNull();
    }

    @Test
    void eventsAroundTheHandOver_reachTheTakerInOrder() {
        ConnectionEvents<String> events = new ConnectionEvents<>();
        events.add("DISCONNECTED");
        events.handOver(taken::add);
        events.add("TIMEWAIT_EXIT");
        assertThat(taken).containsExactly("DISCONNECTED", "TIMEWAIT_EXIT");
    }

    /// The dispatcher has found that nobody has taken over, and is about to put the event away: at
    /// that moment the connecting thread takes over.
    @Test
    void handOverWhileAnEventIsPutAway_eventReachesTheTaker() throws InterruptedException {
        List<Thread> takers = new ArrayList<>();
        List<ConnectionEvents<String>> made = new ArrayList<>();
        Consumer<String> taker = taken::add;
        ConnectionEvents<String> events =
                new ConnectionEvents<>(
                        new ArrayBlockingQueue<>(ConnectionEvents.EVENTS_MAX) {
                            @Override
                            public boolean offer(String event) {
                                Thread thread =
                                        Thread.ofPlatform()
                                                .daemon()
                                                .start(() -> made.getFirst().handOver(taker));
                                takers.add(thread);
                                awaitEndOrBlock(thread);
                                return super.offer(event);
                            }
                        });
        made.add(events);
        events.add("DISCONNECTED");
        for (Thread thread : takers) {
            thread.join();
        }
        assertThat(takers).hasSize(1);
        assertThat(taken).containsExactly("DISCONNECTED");
    }

    @Test
    void moreEventsThanAConnectionHas_areDropped_theFirstStay() throws InterruptedException {
        ConnectionEvents<Integer> events = new ConnectionEvents<>();
        for (int i = 0; i <= ConnectionEvents.EVENTS_MAX; i++) {
            events.add(i);
        }
        for (int i = 0; i < ConnectionEvents.EVENTS_MAX; i++) {
            assertThat(events.poll(0)).isEqualTo(i);
        }
        assertThat(events.poll(0)).isNull();
    }

    private static void awaitEndOrBlock(Thread thread) {
        while (true) {
            switch (thread.getState()) {
                case TERMINATED, BLOCKED, WAITING -> {
                    return;
                }
                default -> Thread.onSpinWait();
            }
        }
    }
}
