package dev.verbena.verbs;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// Base of the device tests: each test fails when it leaves an object open.
@RdmaTest
abstract class LeakCheckedTest {
    private LeakDetector leaks = LeakDetector.inactive();

    @BeforeEach
    void watch() {
        leaks = LeakDetector.start();
    }

    @AfterEach
    void requireNoLeaks() {
        leaks.close();
    }
}
