package dev.verbena.nvme.log;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/** Commands supported and effects (log page 05h) of the admin and one I/O command set. */
public final class EffectsLog extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final int OPCODES = 256;
    private static final int IO_OFFSET = 4 * OPCODES;

    private EffectsLog(MemorySegment segment) {
        super(segment, 0, SIZE, "Commands Supported and Effects Log");
    }

    /**
     * Copies and decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static EffectsLog decode(MemorySegment segment) {
        return new EffectsLog(segment);
    }

    /** The effects of an admin command, by opcode 0 to 255. */
    public CommandEffects admin(int opcode) {
        return new CommandEffects(u32(4 * Objects.checkIndex(opcode, OPCODES)));
    }

    /** The effects of an I/O command, by opcode 0 to 255. */
    public CommandEffects io(int opcode) {
        return new CommandEffects(u32(IO_OFFSET + 4 * Objects.checkIndex(opcode, OPCODES)));
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("admin_cmd_set", commands("ACS", this::admin, AdminOpcode::name));
        values.put("io_cmd_set", commands("IOCS", this::io, NvmOpcode::name));
        return values;
    }

    private static Map<String, Object> commands(
            String set, IntFunction<CommandEffects> effects, IntFunction<String> names) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int opcode = 0; opcode < OPCODES; opcode++) {
            int value = effects.apply(opcode).value();
            if (value != 0) {
                values.put(
                        Text.format("%s_%d (%s)", set, opcode, names.apply(opcode)),
                        Integer.toUnsignedLong(value));
            }
        }
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("Admin Commands\n");
        lines(text, "ACS", this::admin, AdminOpcode::name);
        text.append("\nI/O Commands\n");
        lines(text, "IOCS", this::io, NvmOpcode::name);
        return text.toString();
    }

    private static void lines(
            StringBuilder text,
            String set,
            IntFunction<CommandEffects> effects,
            IntFunction<String> names) {
        for (int opcode = 0; opcode < OPCODES; opcode++) {
            CommandEffects entry = effects.apply(opcode);
            if (entry.value() != 0) {
                text.append(
                        Text.format(
                                "%-8s [%-32s] %08x %s%s%s%s%s%s CSE %d CSP %#x\n",
                                set + opcode,
                                names.apply(opcode),
                                entry.value(),
                                entry.supported() ? " CSUPP+" : " CSUPP-",
                                entry.changesContent() ? " LBCC+" : " LBCC-",
                                entry.changesNamespace() ? " NCC+" : " NCC-",
                                entry.changesInventory() ? " NIC+" : " NIC-",
                                entry.changesController() ? " CCC+" : " CCC-",
                                entry.uuidSelection() ? " USS+" : " USS-",
                                entry.exclusiveness(),
                                entry.scope()));
            }
        }
    }
}
