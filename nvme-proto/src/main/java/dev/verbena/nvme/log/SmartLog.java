package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Map;

/** SMART / health information (log page 02h). */
public final class SmartLog extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 512;

    /** Bytes that one {@link #dataUnitsRead() data unit} stands for. */
    public static final int DATA_UNIT_BYTES = 512_000;

    private static final int SENSORS_OFFSET = 200;
    private static final int SENSORS_MAX = 8;
    private static final int KELVIN_OF_ZERO_CELSIUS = 273;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    critical_warning 0 1 hex
                    temperature 1 2 dec
                    avail_spare 3 1 dec
                    spare_thresh 4 1 dec
                    percent_used 5 1 dec
                    endurance_grp_critical_warning_summary 6 1 hex
                    data_units_read 32 16 big
                    data_units_written 48 16 big
                    host_read_commands 64 16 big
                    host_write_commands 80 16 big
                    controller_busy_time 96 16 big
                    power_cycles 112 16 big
                    power_on_hours 128 16 big
                    unsafe_shutdowns 144 16 big
                    media_errors 160 16 big
                    num_err_log_entries 176 16 big
                    warning_temp_time 192 4 dec
                    critical_comp_time 196 4 dec
                    temperature_sensor_1 200 2 dec later
                    temperature_sensor_2 202 2 dec later
                    temperature_sensor_3 204 2 dec later
                    temperature_sensor_4 206 2 dec later
                    temperature_sensor_5 208 2 dec later
                    temperature_sensor_6 210 2 dec later
                    temperature_sensor_7 212 2 dec later
                    temperature_sensor_8 214 2 dec later
                    thm_temp1_trans_count 216 4 dec
                    thm_temp2_trans_count 220 4 dec
                    thm_temp1_total_time 224 4 dec
                    thm_temp2_total_time 228 4 dec
                    op_lifetime_energy_consumed 232 8 dec later
                    interval_power_measurement 240 4 dec later
                    """);

    private SmartLog(MemorySegment segment) {
        super(segment, 0, SIZE, "SMART Log");
    }

    /**
     * Copies and decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static SmartLog decode(MemorySegment segment) {
        return new SmartLog(segment);
    }

    /** Critical warnings, one bit each; 0 is good. */
    public int criticalWarning() {
        return u8(0);
    }

    /** Composite temperature in kelvins. */
    public int temperatureKelvin() {
        return u16(1);
    }

    /** Spare capacity left in percent. */
    public int availableSparePercent() {
        return u8(3);
    }

    /** Spare capacity in percent below which a warning is due. */
    public int availableSpareThresholdPercent() {
        return u8(4);
    }

    /** Estimate of the life used in percent, may exceed 100. */
    public int percentageUsed() {
        return u8(5);
    }

    /** Data read by hosts, in units of {@value #DATA_UNIT_BYTES} bytes, rounded up. */
    public BigInteger dataUnitsRead() {
        return u128(32);
    }

    /** Data written by hosts, in units of {@value #DATA_UNIT_BYTES} bytes, rounded up. */
    public BigInteger dataUnitsWritten() {
        return u128(48);
    }

    /** Read commands completed. */
    public BigInteger hostReadCommands() {
        return u128(64);
    }

    /** Write commands completed. */
    public BigInteger hostWriteCommands() {
        return u128(80);
    }

    /** Time the controller was busy in minutes. */
    public BigInteger controllerBusyMinutes() {
        return u128(96);
    }

    public BigInteger powerCycles() {
        return u128(112);
    }

    public BigInteger powerOnHours() {
        return u128(128);
    }

    public BigInteger unsafeShutdowns() {
        return u128(144);
    }

    /** Errors of media and data integrity. */
    public BigInteger mediaErrors() {
        return u128(160);
    }

    /** Entries ever written to the error log. */
    public BigInteger errorLogEntries() {
        return u128(176);
    }

    /** A sensor's temperature in kelvins, 0 for no sensor; sensors are numbered 1 to 8. */
    public int temperatureSensorKelvin(int sensor) {
        return u16(SENSORS_OFFSET + 2 * java.util.Objects.checkIndex(sensor - 1, SENSORS_MAX));
    }

    @Override
    public Map<String, Object> values() {
        return values(FIELDS);
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("Smart Log:\n");
        line(text, "critical_warning", Text.alternateHex(u8(0)));
        line(text, "temperature", celsius(temperatureKelvin()));
        line(text, "available_spare", availableSparePercent() + "%");
        line(text, "available_spare_threshold", availableSpareThresholdPercent() + "%");
        line(text, "percentage_used", percentageUsed() + "%");
        line(text, "endurance group critical warning summary", Text.alternateHex(u8(6)));
        line(text, "Data Units Read", dataUnits(dataUnitsRead()));
        line(text, "Data Units Written", dataUnits(dataUnitsWritten()));
        line(text, "host_read_commands", hostReadCommands());
        line(text, "host_write_commands", hostWriteCommands());
        line(text, "controller_busy_time", controllerBusyMinutes());
        line(text, "power_cycles", powerCycles());
        line(text, "power_on_hours", powerOnHours());
        line(text, "unsafe_shutdowns", unsafeShutdowns());
        line(text, "media_errors", mediaErrors());
        line(text, "num_err_log_entries", errorLogEntries());
        line(text, "Warning Temperature Time", u32Long(192));
        line(text, "Critical Composite Temperature Time", u32Long(196));
        for (int sensor = 1; sensor <= SENSORS_MAX; sensor++) {
            if (temperatureSensorKelvin(sensor) != 0) {
                line(
                        text,
                        "Temperature Sensor " + sensor,
                        celsius(temperatureSensorKelvin(sensor)));
            }
        }
        line(text, "Thermal Management T1 Trans Count", u32Long(216));
        line(text, "Thermal Management T2 Trans Count", u32Long(220));
        line(text, "Thermal Management T1 Total Time", u32Long(224));
        line(text, "Thermal Management T2 Total Time", u32Long(228));
        return text.toString();
    }

    private static void line(StringBuilder text, String name, Object value) {
        text.append(Text.format("%-40s: %s\n", name, value));
    }

    private static String celsius(int kelvin) {
        return Text.format("%d°C (%d Kelvin)", kelvin - KELVIN_OF_ZERO_CELSIUS, kelvin);
    }

    private static String dataUnits(BigInteger units) {
        double bytes = units.doubleValue() * DATA_UNIT_BYTES;
        String[] scales = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
        int scale = 0;
        while (bytes >= 1000 && scale < scales.length - 1) {
            bytes /= 1000;
            scale++;
        }
        return Text.format("%s (%.2f %s)", units, bytes, scales[scale]);
    }
}
