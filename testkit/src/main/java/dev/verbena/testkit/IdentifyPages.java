package dev.verbena.testkit;

import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.nvme.Version;
import java.util.UUID;

/// What Identify returns.
final class IdentifyPages {
    private static final int SIZE = 4096;
    private static final int ALL = 0xFFFF_FFFF;

    /// FLBAS: metadata at the end of each block.
    private static final int EXTENDED = 1 << 4;

    /// Compare, write uncorrectable, DSM, write zeroes, timestamp, verify, copy.
    private static final int ONCS = 0x1CF;

    /// Most ANA groups, as with Linux' target; each namespace is its own.
    private static final int GROUPS_MAX = 128;

    /// Events this controller announces: namespaces, ANA, discovery.
    private static final int OAES = 1 << 8 | 1 << 11 | 1 << 31;

    private IdentifyPages() {}

    static Outcome of(TargetCommand command, TargetController controller) {
        TestSubsystem subsystem = controller.subsystem();
        int id = command.namespaceId;
        if (!isKnown(command.u8(40), subsystem.version())) {
            return Outcome.status(Outcome.INVALID_FIELD);
        }
        return switch (command.u8(40)) {
            case IdentifyCns.CONTROLLER -> Outcome.data(controller(controller));
            case IdentifyCns.NAMESPACE -> {
                TestNamespace namespace = subsystem.namespace(id);
                // An id that is possible and not active has a structure of zeroes.
                yield id == 0 || id == ALL
                        ? Outcome.status(Outcome.INVALID_NAMESPACE)
                        : Outcome.data(namespace == null ? new byte[SIZE] : namespace(namespace));
            }
            case IdentifyCns.ACTIVE_NAMESPACES -> Outcome.data(list(subsystem, id));
            case IdentifyCns.NAMESPACE_DESCRIPTORS -> {
                TestNamespace namespace = subsystem.namespace(id);
                yield namespace == null
                        ? Outcome.status(Outcome.INVALID_NAMESPACE)
                        : Outcome.data(descriptors(namespace));
            }
            case IdentifyCns.COMMAND_SET_CONTROLLER, IdentifyCns.COMMAND_SET_NAMESPACE ->
                    Outcome.data(new byte[SIZE]);
            case IdentifyCns.COMMAND_SET_ACTIVE_NAMESPACES -> Outcome.data(list(subsystem, id));
            case IdentifyCns.INDEPENDENT_NAMESPACE -> {
                TestNamespace namespace = subsystem.namespace(id);
                yield namespace == null
                        ? Outcome.status(Outcome.INVALID_NAMESPACE)
                        : Outcome.data(
                                new Bytes(SIZE).put(4, namespace.id(), 4).put(14, 1, 1).array());
            }
            default -> Outcome.status(Outcome.INVALID_FIELD);
        };
    }

    private static boolean isKnown(int cns, Version version) {
        return switch (cns) {
            case IdentifyCns.NAMESPACE, IdentifyCns.CONTROLLER -> true;
            case IdentifyCns.ACTIVE_NAMESPACES -> version.isAtLeast(1, 1);
            case IdentifyCns.NAMESPACE_DESCRIPTORS -> version.isAtLeast(1, 3);
            default -> version.isAtLeast(2, 0);
        };
    }

    private static byte[] controller(TargetController controller) {
        TestSubsystem subsystem = controller.subsystem();
        boolean discovery = controller.isDiscovery();
        TestSubsystem.Limits limits = subsystem.limits();
        int namespaceMax =
                subsystem.namespaces().stream().mapToInt(TestNamespace::id).max().orElse(1);
        Bytes page =
                new Bytes(SIZE)
                        .text(4, 20, "TESTKIT", ' ')
                        .text(24, 40, "Verbena test target", ' ')
                        .text(64, 8, "1", ' ')
                        .put(76, 1 << 1 | 1 << 3, 1)
                        .put(77, subsystem.transferExponent(), 1)
                        .put(78, controller.id(), 2)
                        .put(80, subsystem.version().value(), 4)
                        .put(92, Integer.toUnsignedLong(OAES), 4)
                        .put(96, 1, 4)
                        .put(111, discovery ? 2 : 1, 1)
                        .put(258, 3, 1)
                        .put(259, TargetController.EVENT_REQUESTS_MAX - 1, 1)
                        .put(261, 1 << 2, 1)
                        .put(320, subsystem.keepAliveUnits(), 2)
                        .put(342, 10, 1)
                        .put(343, 0x1F, 1)
                        .put(344, GROUPS_MAX, 4)
                        .put(348, GROUPS_MAX, 4)
                        .put(512, 0x66, 1)
                        .put(513, 0x44, 1)
                        .put(514, 128, 2)
                        .put(516, discovery ? 0 : namespaceMax, 4)
                        .put(520, ONCS, 2)
                        .put(522, 1, 2)
                        .put(525, 1, 1)
                        .put(534, 1, 2)
                        .put(536, 1 | 1 << 2 | (limits.inCapsuleBytes() > 0 ? 1 << 20 : 0), 4)
                        .text(768, 256, subsystem.nqn(), '\0')
                        .put(1792, capsuleUnits(limits), 4)
                        .put(1796, 1, 4)
                        .put(1800, limits.inCapsuleOffset(), 2)
                        .put(1803, limits.descriptorsMax(), 1);
        for (Fault.Patch patch : subsystem.identity()) {
            page.put(patch.offset(), patch.bytes());
        }
        return page.array();
    }

    private static int capsuleUnits(TestSubsystem.Limits limits) {
        int bytes =
                limits.inCapsuleBytes() == 0
                        ? 0
                        : limits.inCapsuleBytes() + 16 * limits.inCapsuleOffset();
        return (SubmissionEntry.SIZE + bytes) / 16;
    }

    private static byte[] namespace(TestNamespace namespace) {
        long blocks = namespace.blockCount();
        int exponent = Integer.numberOfTrailingZeros(namespace.blockSize());
        UUID uuid = namespace.uuid();
        int metadata = namespace.metadataBytes();
        Bytes page =
                new Bytes(SIZE)
                        .put(0, blocks, 8)
                        .put(8, blocks, 8)
                        .put(16, blocks, 8)
                        .put(24, 1 << 2, 1)
                        .put(26, metadata > 0 ? EXTENDED : 0, 1)
                        .put(30, 1, 1)
                        .put(33, 1, 1)
                        .put(74, 0xFFFF, 2)
                        .put(76, 1 << 20, 4)
                        .put(80, 127, 1)
                        .put(92, namespace.id(), 4)
                        .put(128, metadata, 2)
                        .put(130, exponent, 1);
        return (uuid == null ? page : page.put(104, bigEndian(uuid))).array();
    }

    private static byte[] bigEndian(UUID uuid) {
        return java.nio.ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }

    private static byte[] descriptors(TestNamespace namespace) {
        UUID uuid = namespace.uuid();
        Bytes page = new Bytes(SIZE);
        int at = 0;
        if (uuid != null) {
            page.put(0, 3, 1).put(1, 16, 1).put(4, bigEndian(uuid));
            at = 20;
        }
        return page.put(at, 4, 1).put(at + 1, 1, 1).array();
    }

    private static byte[] list(TestSubsystem subsystem, int after) {
        Bytes page = new Bytes(SIZE);
        int count = 0;
        for (TestNamespace namespace : subsystem.namespaces()) {
            if (Integer.compareUnsigned(namespace.id(), after) > 0 && count < SIZE / 4) {
                page.put(4 * count++, namespace.id(), 4);
            }
        }
        return page.array();
    }

    /// The subsystem of a discovery controller.
    static TestSubsystem discoverySubsystem() {
        return new TestSubsystem(Nqn.DISCOVERY.value()).inCapsuleData(0, 0);
    }
}
