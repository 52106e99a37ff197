package dev.verbena.nvme;

/**
 * A version of the NVMe base specification, as in the VS property and Identify Controller.
 *
 * @param value the raw field: major 31:16, minor 15:8, tertiary 7:0
 */
public record Version(int value) implements Comparable<Version> {
    public int major() {
        return value >>> 16;
    }

    public int minor() {
        return value >>> 8 & 0xFF;
    }

    public int tertiary() {
        return value & 0xFF;
    }

    /** Whether it is this version or a younger one. */
    public boolean isAtLeast(int major, int minor) {
        return Integer.compareUnsigned(value, major << 16 | minor << 8) >= 0;
    }

    /** Orders by age of the specification. */
    @Override
    public int compareTo(Version other) {
        return Integer.compareUnsigned(value, other.value);
    }

    /** Such as {@code 1.3} or {@code 1.2.1}. */
    @Override
    public String toString() {
        return tertiary() == 0
                ? major() + "." + minor()
                : major() + "." + minor() + "." + tertiary();
    }
}
