package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private final Lifecycle parent = new Lifecycle("parent");

    @Test
    void closeWithOpenChildren_refusesAndNamesThem() {
        Lifecycle first = new Lifecycle("first child", parent);
        Lifecycle second = new Lifecycle("second child", parent);
        assertThatThrownBy(() -> parent.close(() -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "parent cannot be closed while these are open: first child, second child");
        first.close(() -> {});
        second.close(() -> {});
        parent.close(() -> {});
        assertThat(parent.isOpen()).isFalse();
    }

    @Test
    void secondClose_doesNothing() {
        AtomicInteger destroyed = new AtomicInteger();
        parent.close(destroyed::incrementAndGet);
        parent.close(destroyed::incrementAndGet);
        assertThat(destroyed).hasValue(1);
    }

    @Test
    void failingDestroy_leavesTheObjectOpenAndMayBeRepeated() {
        Lifecycle child = new Lifecycle("child", parent);
        RdmaException busy = new RdmaException("ibv_dealloc_pd", 16);
        assertThatThrownBy(() ->
                        child.close(() -> {
                            throw busy;
                        }))
                .isSameAs(busy)
                .hasMessage("ibv_dealloc_pd: EBUSY (16)");
        assertThat(child.isOpen()).isTrue();
        assertThat(parent.hasChildren()).isTrue();
        child.close(() -> {});
        assertThat(parent.hasChildren()).isFalse();
    }

    @Test
    void failingCreation_leavesNoChildBehind() {
        Lifecycle child = new Lifecycle("child", parent);
        assertThatThrownBy(() ->
                        child.create(() -> {
                            throw new RdmaException("ibv_create_cq", 22);
                        }))
                .isInstanceOf(RdmaException.class);
        assertThat(parent.hasChildren()).isFalse();
        assertThat(child.isOpen()).isFalse();
    }

    @Test
    void childOfClosedParent_isRefusedAndNotAttachedElsewhere() {
        Lifecycle other = new Lifecycle("other");
        parent.close(() -> {});
        assertThatThrownBy(() -> new Lifecycle("child", other, parent))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("parent is closed");
        assertThat(other.hasChildren()).isFalse();
    }

    @Test
    void useAfterClose_namesTheObject() {
        parent.rename("queue pair 17");
        parent.close(() -> {});
        assertThatThrownBy(parent::requireOpen)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("queue pair 17 is closed");
    }

    @Test
    void manyThreadsClosing_destroyOnce() throws InterruptedException {
        AtomicInteger destroyed = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                awaitQuietly(start);
                                parent.close(destroyed::incrementAndGet);
                            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(destroyed).hasValue(1);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void all_runsEverythingAndReportsEveryFailure() {
        List<String> ran = new ArrayList<>();
        assertThatThrownBy(() ->
                        Lifecycle.all(
                                () -> ran.add("a"),
                                () -> {
                                    throw new IllegalStateException("first");
                                },
                                () -> {
                                    throw new IllegalStateException("second");
                                },
                                () -> ran.add("b")))
                .hasMessage("first")
                .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("second"));
        assertThat(ran).containsExactly("a", "b");
    }
}
