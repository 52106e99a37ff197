package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One power state of a controller: 32 bytes of Identify Controller.
 *
 * @param maximumPower in units of 0.01 W, or of 0.0001 W where bit 0 of the flags is set (MP)
 * @param flags bit 0 finer power scale, bit 1 not operational (MXPS, NOPS)
 * @param entryLatencyMicros time to enter the state in microseconds (ENLAT)
 * @param exitLatencyMicros time to leave the state in microseconds (EXLAT)
 * @param readThroughput relative, lower is better (RRT)
 * @param readLatency relative, lower is better (RRL)
 * @param writeThroughput relative, lower is better (RWT)
 * @param writeLatency relative, lower is better (RWL)
 * @param idlePower typical power when idle, see the scale (IDLP)
 * @param idleScale as on the wire: bits 7:6, 1 for units of 0.0001 W, 2 for 0.01 W (IPS)
 * @param activePower largest average power of a workload, see the scale (ACTP)
 * @param activeWorkloadScale as on the wire: workload in bits 2:0, scale in bits 7:6 (APW, APS)
 */
public record PowerState(
        int maximumPower,
        int flags,
        long entryLatencyMicros,
        long exitLatencyMicros,
        int readThroughput,
        int readLatency,
        int writeThroughput,
        int writeLatency,
        int idlePower,
        int idleScale,
        int activePower,
        int activeWorkloadScale) {
    /** Size on the wire in bytes. */
    static final int SIZE = 32;

    /** Whether commands are processed in this state. */
    public boolean operational() {
        return (flags & 2) == 0;
    }

    Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("max_power", maximumPower);
        values.put("flags", flags);
        values.put("entry_lat", entryLatencyMicros);
        values.put("exit_lat", exitLatencyMicros);
        values.put("read_tput", readThroughput);
        values.put("read_lat", readLatency);
        values.put("write_tput", writeThroughput);
        values.put("write_lat", writeLatency);
        values.put("idle_power", idlePower);
        values.put("idle_scale", idleScale >>> 6);
        values.put("active_power", activePower);
        values.put("active_power_work", activeWorkloadScale & 7);
        values.put("active_scale", activeWorkloadScale >>> 6);
        return values;
    }

    String toText(int index) {
        return Text.format(
                """
                ps %6d : mp:%s %s enlat:%d exlat:%d rrt:%d rrl:%d
                            rwt:%d rwl:%d idle_power:%s active_power:%s
                            active_power_workload:%s
                """,
                index,
                (flags & 1) != 0
                        ? Text.format("%.4fW", maximumPower / 10_000.0)
                        : Text.format("%.2fW", maximumPower / 100.0),
                operational() ? "operational" : "non-operational",
                entryLatencyMicros,
                exitLatencyMicros,
                readThroughput,
                readLatency,
                writeThroughput,
                writeLatency,
                power(idlePower, idleScale >>> 6),
                power(activePower, activeWorkloadScale >>> 6),
                (activeWorkloadScale & 7) == 0 ? "-" : Integer.toString(activeWorkloadScale & 7));
    }

    private static String power(int power, int scale) {
        return switch (scale) {
            case 0 -> "-";
            case 1 -> Text.format("%.4fW", power / 10_000.0);
            case 2 -> Text.format("%.2fW", power / 100.0);
            default -> power + " (reserved scale)";
        };
    }
}
