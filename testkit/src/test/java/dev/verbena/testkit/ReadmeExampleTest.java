package dev.verbena.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.NvmeException;
import dev.verbena.nvme.NvmOpcode;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadmeExampleTest {
    static final String NQN = "nqn.2024-01.org.example:disk";

    @Test
    void recordsSurviveAReadError() throws Exception {
        try (TestFabric fabric = TestFabric.open()) {
            TestTarget target = fabric.addTarget("192.0.2.1", 4420);
            TestNamespace namespace = target.addSubsystem(NQN).addNamespace(1, 2048, 512);
            try (Initiator initiator = fabric.openInitiator();
                    Controller controller = initiator.connect(target.address(), NQN);
                    BlockDevice disk = controller.openDevice(1)) {
                // The code under test writes through the library ...
                byte[] record = new byte[512];
                record[0] = 42;
                disk.write(0, MemorySegment.ofArray(record));
                // ... and the test looks at the other side,
                assertArrayEquals(record, namespace.read(0, 1));
                // or lets something go wrong there.
                target.inject(Occasion.io(NvmOpcode.READ), new Fault.Answer(0x4281, 0));
                MemorySegment back = MemorySegment.ofArray(new byte[512]);
                assertThrows(NvmeException.class, () -> disk.read(0, back));
                disk.read(0, back);
            }
            assertEquals(0, target.controllerCount());
            assertEquals(List.of(), fabric.violations());
        }
    }
}
