package dev.verbena.internal.memory;

import dev.verbena.verbs.DeviceAttributes;

/// What can be told from who made a device (`vendor_id` of its attributes).
public final class Vendors {
    private static final int RXE = 0xFFFFFF;
    private static final int SIW = 0x626D74;

    private static final int MELLANOX = 0x02C9;
    private static final int INTEL = 0x8086;
    private static final int BROADCOM = 0x14E4;
    private static final int AMAZON = 0x1D0F;
    private static final int CHELSIO = 0x1425;
    private static final int MARVELL = 0x1077;

    /// Firmware version of the null fabric of `bench`, which has no vendor.
    private static final String NULL_FABRIC = "null";

    private Vendors() {}

    /// Whether the device is a driver without hardware.
    static boolean isSoftware(DeviceAttributes device) {
        return device.vendorId() == RXE || device.vendorId() == SIW;
    }

    /// Whether posting is known to be a matter of user space: some stores and a doorbell, neither a
    /// system call nor a wait.
    public static boolean postsFromUserSpace(DeviceAttributes device) {
        return switch (device.vendorId()) {
            case MELLANOX, INTEL, BROADCOM, AMAZON, CHELSIO, MARVELL -> true;
            default -> device.firmwareVersion().equals(NULL_FABRIC);
        };
    }
}
