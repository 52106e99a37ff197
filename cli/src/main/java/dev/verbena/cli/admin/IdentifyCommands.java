package dev.verbena.cli.admin;

import dev.verbena.Controller;
import dev.verbena.cli.base.ControllerCommand;
import dev.verbena.cli.base.NamespacePageCommand;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.PageCommand;
import dev.verbena.nvme.ActiveNamespaceList;
import dev.verbena.nvme.CommandSet;
import dev.verbena.nvme.ControllerList;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.IndependentNamespace;
import dev.verbena.nvme.NamespaceDescriptors;
import dev.verbena.nvme.NvmIdentifyController;
import dev.verbena.nvme.NvmIdentifyNamespace;
import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.zns.ZonedIdentifyController;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The commands that print what Identify returns.
public final class IdentifyCommands {
    /// Where the vendor's part of Identify Controller and Identify Namespace begins.
    private static final int CONTROLLER_VENDOR_OFFSET = 3072;

    private static final int NAMESPACE_VENDOR_OFFSET = 384;

    private IdentifyCommands() {}

    /// A structure with its vendor's part shown at the end.
    private record WithVendor(WireStructure structure, int offset) implements Rendered {
        private Rendered vendor() {
            byte[] all = structure.toByteArray();
            return Output.dump(Map.of(), Arrays.copyOfRange(all, offset, all.length));
        }

        @Override
        public Map<String, Object> values() {
            Map<String, Object> values = new LinkedHashMap<>(structure.values());
            values.put("vs", vendor().values().getOrDefault("data", ""));
            return values;
        }

        @Override
        public String toText() {
            return structure.toText() + "vs[]:\n" + vendor().toText();
        }
    }

    private static Function<MemorySegment, Rendered> decoder(
            boolean vendor, Function<MemorySegment, ? extends WireStructure> plain, int offset) {
        return bytes -> vendor ? new WithVendor(plain.apply(bytes), offset) : plain.apply(bytes);
    }

    /// One structure.
    private static PageCommand.Page page(
            Controller controller,
            int cns,
            int namespaceId,
            int commandSet,
            Function<MemorySegment, ? extends Rendered> decoder)
            throws IOException {
        return new PageCommand.Page(
                controller.admin().identify(cns, namespaceId, 0, commandSet), decoder);
    }

    /// What a command set says of the controller.
    abstract static class ControllerPage extends PageCommand {
        private final int commandSet;
        private final Function<MemorySegment, ? extends Rendered> decoder;

        ControllerPage(int commandSet, Function<MemorySegment, ? extends Rendered> decoder) {
            this.commandSet = commandSet;
            this.decoder = decoder;
        }

        @Override
        protected final Page read(Controller controller) throws IOException {
            return page(controller, IdentifyCns.COMMAND_SET_CONTROLLER, 0, commandSet, decoder);
        }
    }

    /// What is said of a namespace, without further options.
    abstract static class NamespacePage extends NamespacePageCommand {
        private final int cns;
        private final int commandSet;
        private final Function<MemorySegment, ? extends Rendered> decoder;

        NamespacePage(
                int cns, int commandSet, Function<MemorySegment, ? extends Rendered> decoder) {
            this.cns = cns;
            this.commandSet = commandSet;
            this.decoder = decoder;
        }

        @Override
        protected final Page read(Controller controller, int id) throws IOException {
            return page(controller, cns, id, commandSet, decoder);
        }
    }

    /// `verbena id-ctrl`.
    @Command(name = "id-ctrl", description = "Identify Controller: what the controller is.")
    public static final class IdCtrl extends PageCommand {
        @Option(
                names = {"-v", "--vendor-specific"},
                description = "Show the vendor's part too.")
        private boolean vendorSpecific;

        @Override
        protected Page read(Controller controller) throws IOException {
            return page(
                    controller,
                    IdentifyCns.CONTROLLER,
                    0,
                    0,
                    decoder(vendorSpecific, IdentifyController::decode, CONTROLLER_VENDOR_OFFSET));
        }
    }

    /// `verbena id-ns`.
    @Command(name = "id-ns", description = "Identify Namespace: size, formats, features.")
    public static final class IdNs extends NamespacePageCommand {
        @Option(
                names = "--allocated",
                description = "Also where the namespace is not attached to this controller.")
        private boolean allocated;

        @Option(
                names = {"-v", "--vendor-specific"},
                description = "Show the vendor's part too.")
        private boolean vendorSpecific;

        @Override
        protected Page read(Controller controller, int id) throws IOException {
            int cns = allocated ? IdentifyCns.ALLOCATED_NAMESPACE : IdentifyCns.NAMESPACE;
            return page(
                    controller,
                    cns,
                    id,
                    0,
                    decoder(vendorSpecific, IdentifyNamespace::decode, NAMESPACE_VENDOR_OFFSET));
        }
    }

    /// `verbena ns-descs`.
    @Command(
            name = "ns-descs",
            description = "Namespace Identification Descriptors: UUID, NGUID, EUI64, command set.")
    public static final class NsDescs extends NamespacePage {
        NsDescs() {
            super(IdentifyCns.NAMESPACE_DESCRIPTORS, 0, NamespaceDescriptors::decode);
        }
    }

    /// `verbena nvm-id-ctrl`.
    @Command(
            name = "nvm-id-ctrl",
            description = "Identify Controller of the NVM command set: limits of its commands.")
    public static final class NvmIdCtrl extends ControllerPage {
        NvmIdCtrl() {
            super(CommandSet.NVM, NvmIdentifyController::decode);
        }
    }

    /// `verbena nvm-id-ns`.
    @Command(
            name = "nvm-id-ns",
            description = "Identify Namespace of the NVM command set: protection information.")
    public static final class NvmIdNs extends NamespacePage {
        NvmIdNs() {
            super(IdentifyCns.COMMAND_SET_NAMESPACE, CommandSet.NVM, NvmIdentifyNamespace::decode);
        }
    }

    /// `verbena cmdset-ind-id-ns`.
    @Command(
            name = "cmdset-ind-id-ns",
            description = "Identify Namespace, the part that all command sets share.")
    public static final class IndependentIdNs extends NamespacePage {
        IndependentIdNs() {
            super(IdentifyCns.INDEPENDENT_NAMESPACE, 0, IndependentNamespace::decode);
        }
    }

    /// `verbena zns id-ctrl`.
    @Command(name = "id-ctrl", description = "Identify Controller of the zoned command set.")
    public static final class ZnsIdCtrl extends ControllerPage {
        ZnsIdCtrl() {
            super(CommandSet.ZONED, ZonedIdentifyController::decode);
        }
    }

    /// `verbena zns id-ns`.
    @Command(
            name = "id-ns",
            description = "Identify Namespace of the zoned command set: zones and their limits.")
    public static final class ZnsIdNs extends NamespacePage {
        ZnsIdNs() {
            super(
                    IdentifyCns.COMMAND_SET_NAMESPACE,
                    CommandSet.ZONED,
                    ZonedIdentifyNamespace::decode);
        }
    }

    /// `verbena list-ns`.
    @Command(name = "list-ns", description = "List the ids of the namespaces.")
    public static final class ListNs extends ControllerCommand {
        /// Most ids of one list, as the library has it: a controller must not keep it growing.
        private static final int IDS_MAX = 65_536;

        private static final ValueLayout.OfInt LITTLE_ENDIAN_INT =
                ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        @Option(
                names = {"-n", "--namespace-id"},
                converter = Numbers.Bits32.class,
                paramLabel = "NSID",
                defaultValue = "1",
                description = "First id of the list (default: ${DEFAULT-VALUE}).")
        private int first;

        @Option(
                names = {"-y", "--csi"},
                converter = Numbers.Bits8.class,
                paramLabel = "N",
                description = "Only those of a command set: 0 NVM, 1 key value, 2 zoned.")
        private @Nullable Integer commandSet;

        @Option(
                names = {"-a", "--all"},
                description = "Also those that are not attached to this controller.")
        private boolean all;

        @Override
        protected void prepare() {
            if (first == 0) {
                throw usage("--namespace-id 0: namespaces are counted from 1");
            }
        }

        @Override
        protected void run(Controller controller) throws IOException {
            int cns = all ? IdentifyCns.ALLOCATED_NAMESPACES : IdentifyCns.ACTIVE_NAMESPACES;
            Integer set = commandSet;
            if (set != null) {
                cns =
                        all
                                ? IdentifyCns.COMMAND_SET_ALLOCATED_NAMESPACES
                                : IdentifyCns.COMMAND_SET_ACTIVE_NAMESPACES;
            }
            List<Integer> ids = new ArrayList<>();
            String missing = collect(controller, cns, set == null ? 0 : set, ids);
            List<Map<String, Long>> list =
                    ids.stream().map(id -> Map.of("nsid", Integer.toUnsignedLong(id))).toList();
            output().print(
                            new Output.Document(
                                    Map.of("nsid_list", list), ActiveNamespaceList.toText(ids)),
                            null);
            if (missing != null) {
                throw new IOException("Not shown: " + missing);
            }
        }

        /// Reads list after list.
        ///
        /// @return what is missing in the end; null when nothing is
        private @Nullable String collect(Controller controller, int cns, int set, List<Integer> ids)
                throws IOException {
            int after = first - 1;
            while (true) {
                byte[] page = controller.admin().identify(cns, after, 0, set);
                MemorySegment segment = MemorySegment.ofArray(page);
                for (int i = 0; i < ActiveNamespaceList.ENTRIES_MAX; i++) {
                    int id = segment.get(LITTLE_ENDIAN_INT, 4L * i);
                    if (id == 0) {
                        return null;
                    }
                    if (Integer.compareUnsigned(id, after) <= 0) {
                        return "what is behind id "
                                + Integer.toUnsignedString(after)
                                + ": the ids do not ascend, the next one is "
                                + Integer.toUnsignedString(id);
                    }
                    if (ids.size() == IDS_MAX) {
                        return "there are more than "
                                + IDS_MAX
                                + "; go on with --namespace-id "
                                + Integer.toUnsignedString(id);
                    }
                    ids.add(id);
                    after = id;
                }
            }
        }
    }

    /// `verbena list-ctrl`.
    @Command(name = "list-ctrl", description = "List the ids of the subsystem's controllers.")
    public static final class ListCtrl extends PageCommand {
        private static final int ID_MAX = 0xFFFF;

        @Option(
                names = {"-c", "--cntid"},
                converter = Numbers.Bits16.class,
                paramLabel = "N",
                defaultValue = "0",
                description = "First id of the list (default: ${DEFAULT-VALUE}).")
        private int first;

        @Option(
                names = {"-n", "--namespace-id"},
                converter = Numbers.Bits32.class,
                paramLabel = "NSID",
                defaultValue = "0",
                description = "Only those this namespace is attached to.")
        private int namespaceId;

        @Override
        protected Page read(Controller controller) throws IOException {
            int cns =
                    namespaceId == 0 ? IdentifyCns.CONTROLLERS : IdentifyCns.NAMESPACE_CONTROLLERS;
            List<Integer> ids = new ArrayList<>();
            ByteArrayOutputStream lists = new ByteArrayOutputStream();
            @Nullable String missing = null;
            int next = first;
            boolean full = true;
            while (full && next <= ID_MAX && missing == null) {
                byte[] page = controller.admin().identify(cns, namespaceId, next, 0);
                List<Integer> list = ControllerList.decode(MemorySegment.ofArray(page));
                for (int id : list) {
                    if (id < next) {
                        missing =
                                "what is behind id "
                                        + (next - 1)
                                        + ": the ids do not ascend, the next one is "
                                        + id;
                        break;
                    }
                    ids.add(id);
                    next = id + 1;
                }
                full = list.size() == ControllerList.ENTRIES_MAX;
                if (lists.size() == 0 || !list.isEmpty()) {
                    lists.writeBytes(page);
                }
            }
            Rendered shown =
                    new Output.Document(
                            Map.of(
                                    "ctrl_list",
                                    ids.stream().map(id -> Map.of("ctrl_id", id)).toList()),
                            ControllerList.toText(ids));
            return new Page(lists.toByteArray(), bytes -> shown, missing);
        }
    }
}
