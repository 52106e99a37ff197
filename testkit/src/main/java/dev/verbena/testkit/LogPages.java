package dev.verbena.testkit;

import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Version;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// What Get Log Page returns.
final class LogPages {
    private static final int CHANGED_MAX = 1024;

    private LogPages() {}

    static Outcome of(TargetCommand command, TargetController controller) {
        int page = command.u8(40);
        byte[] log =
                isKnown(page, controller.subsystem().version())
                        ? page(page, command, controller)
                        : null;
        if (log == null) {
            return Outcome.status(Outcome.INVALID_LOG_PAGE);
        }
        for (Fault fault : command.faults) {
            log = spoiled(log, fault, controller);
        }
        long offset = command.has(Fault.IgnoreOffset.class) ? 0 : command.dwords(12);
        long bytes =
                4
                        * (1
                                + (Integer.toUnsignedLong(command.dword(10)) >>> 16
                                        | (command.dword(11) & 0xFFFFL) << 16));
        if (offset < 0 || offset % 4 != 0 || offset > log.length || bytes > 1 << 24) {
            return Outcome.status(Outcome.INVALID_FIELD);
        }
        byte[] part = new byte[(int) bytes];
        System.arraycopy(log, (int) offset, part, 0, (int) Math.min(bytes, log.length - offset));
        boolean retain = (command.dword(10) & 1 << 15) != 0;
        if (!retain) {
            controller.pageRead(page);
        }
        return Outcome.data(part);
    }

    private static boolean isKnown(int page, Version version) {
        return switch (page) {
            case LogPage.SUPPORTED_LOG_PAGES -> version.isAtLeast(2, 0);
            case LogPage.ASYMMETRIC_NAMESPACE_ACCESS -> version.isAtLeast(1, 4);
            case LogPage.CHANGED_NAMESPACES, LogPage.COMMANDS_SUPPORTED_AND_EFFECTS ->
                    version.isAtLeast(1, 2);
            default -> true;
        };
    }

    /// Faults speak of the whole page, of which a command reads a part.
    private static byte[] spoiled(byte[] log, Fault fault, TargetController controller) {
        if (fault instanceof Fault.Patch patch) {
            byte[] bytes = patch.bytes();
            byte[] result = Arrays.copyOf(log, Math.max(log.length, patch.offset() + bytes.length));
            System.arraycopy(bytes, 0, result, patch.offset(), bytes.length);
            return result;
        }
        if (fault instanceof Fault.Count count) {
            byte[] result = log.clone();
            long value = Bytes.get(result, count.offset(), 8) + controller.nextCount();
            for (int i = 0; i < 8; i++) {
                result[count.offset() + i] = (byte) (value >>> (8 * i));
            }
            return result;
        }
        return log;
    }

    private static byte @org.jspecify.annotations.Nullable [] page(
            int page, TargetCommand command, TargetController controller) {
        return switch (page) {
            case LogPage.SUPPORTED_LOG_PAGES -> supported(controller);
            case LogPage.ERROR_INFORMATION -> new byte[64];
            case LogPage.SMART ->
                    new Bytes(512).put(1, 300, 2).put(3, 100, 1).put(4, 10, 1).array();
            case LogPage.FIRMWARE_SLOTS -> new Bytes(512).put(0, 1, 1).text(8, 8, "1", ' ').array();
            case LogPage.CHANGED_NAMESPACES ->
                    changed(controller.takeChanged((command.dword(10) & 1 << 15) == 0));
            case LogPage.COMMANDS_SUPPORTED_AND_EFFECTS -> effects();
            case LogPage.ASYMMETRIC_NAMESPACE_ACCESS ->
                    access(controller, (command.dword(10) >>> 8 & 1) != 0);
            case LogPage.DISCOVERY -> controller.isDiscovery() ? controller.discoveryLog() : null;
            default -> null;
        };
    }

    private static byte[] supported(TargetController controller) {
        Bytes page = new Bytes(1024);
        for (int id : new int[] {0, 1, 2, 3, 4, 5, 0x0C}) {
            page.put(4 * id, 1, 4);
        }
        if (controller.isDiscovery()) {
            page.put(4 * LogPage.DISCOVERY, 1, 4);
        }
        return page.array();
    }

    private static byte[] effects() {
        Bytes page = new Bytes(4096);
        for (int opcode : new int[] {2, 6, 8, 9, 10, 0x0C, 0x18}) {
            page.put(4 * opcode, 1, 4);
        }
        for (int opcode : new int[] {0, 1, 2, 4, 5, 8, 9, 0x0C, 0x19}) {
            page.put(1024 + 4 * opcode, 1, 4);
        }
        return page.array();
    }

    private static byte[] changed(Set<Integer> ids) {
        Bytes page = new Bytes(4096);
        if (ids.size() > CHANGED_MAX) {
            return page.put(0, 0xFFFF_FFFFL, 4).array();
        }
        int index = 0;
        for (int id : ids) {
            page.put(4 * index++, id, 4);
        }
        return page.array();
    }

    /// One group for each namespace.
    private static byte[] access(TargetController controller, boolean groupsOnly) {
        TestSubsystem subsystem = controller.subsystem();
        List<TestNamespace> namespaces = subsystem.namespaces();
        int group = groupsOnly ? 32 : 36;
        Bytes page =
                new Bytes(16 + group * namespaces.size())
                        .put(0, controller.accessChanges(), 8)
                        .put(8, namespaces.size(), 2);
        int at = 16;
        for (TestNamespace namespace : namespaces) {
            page.put(at, namespace.id(), 4)
                    .put(at + 4, groupsOnly ? 0 : 1, 4)
                    .put(at + 8, controller.accessChanges(), 8)
                    .put(at + 16, subsystem.access(namespace.id()).code(), 1);
            if (!groupsOnly) {
                page.put(at + 32, namespace.id(), 4);
            }
            at += group;
        }
        return page.array();
    }
}
