package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LeakDetectorTest {
    @Test
    void objectLeftOpen_failsWithThePlaceThatOpenedIt() {
        LeakDetector detector = LeakDetector.start();
        Lifecycle leaked = openedByThisMethod();
        new Lifecycle("closed again").close(() -> {});
        assertThat(detector.openObjects())
                .extracting(LeakDetector.Leak::name)
                .containsExactly("leaked object");
        assertThatThrownBy(detector::close)
                .isInstanceOf(AssertionError.class)
                .hasMessage("1 objects were not closed: leaked object")
                .satisfies(e ->
                        assertThat(e.getSuppressed()[0].getStackTrace())
                                .anyMatch(frame ->
                                        frame.getMethodName().equals("openedByThisMethod")));
        leaked.close(() -> {});
    }

    private static Lifecycle openedByThisMethod() {
        return new Lifecycle("leaked object");
    }

    @Test
    void everythingClosed_isSilent() {
        try (LeakDetector detector = LeakDetector.start()) {
            new Lifecycle("object").close(() -> {});
            assertThat(detector.openObjects()).isEmpty();
        }
    }

    @Test
    void objectOpenedBefore_isNotCounted() {
        Lifecycle before = new Lifecycle("before");
        try (LeakDetector detector = LeakDetector.start()) {
            assertThat(detector.openObjects()).isEmpty();
        }
        before.close(() -> {});
    }

    @Test
    void secondDetector_isRefused() {
        try (LeakDetector detector = LeakDetector.start()) {
            assertThat(detector.openObjects()).isEmpty();
            assertThatThrownBy(LeakDetector::start).isInstanceOf(IllegalStateException.class);
        }
    }
}
