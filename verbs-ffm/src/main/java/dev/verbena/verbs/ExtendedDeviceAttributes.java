package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.ibv_cq_moderation_caps;
import dev.verbena.verbs.ffi.gen.ibv_device_attr;
import dev.verbena.verbs.ffi.gen.ibv_device_attr_ex;
import dev.verbena.verbs.ffi.gen.ibv_odp_caps;
import dev.verbena.verbs.ffi.gen.ibv_pci_atomic_caps;
import java.lang.foreign.MemorySegment;

/// What a device can do beyond [DeviceAttributes] (`struct ibv_device_attr_ex`,
/// `ibv_query_device_ex(3)`). Devices, drivers and libraries that do not know a value report it as
/// 0.
///
/// @param basic the attributes that every device has
/// @param atomicity what the device's atomics are atomic with
/// @param capabilityFlags raw `device_cap_flags_ex`: [DeviceAttributes#capabilityFlags()] and flags
///   from bit 32 on; 0 when not known
/// @param onDemandPaging which operations may use memory that is not pinned
/// @param completionTimestampMask the valid bits of a completion's time stamp; 0: there are none
/// @param coreClockKilohertz frequency of the clock those come from; 0 when not known
/// @param moderationCountMax completions that [CompletionQueue#moderate] may collect; 0: it cannot
/// @param moderationMicrosMax how long it may collect them, in microseconds
/// @param deviceMemoryBytesMax memory on the device that can be allocated; 0: none
/// @param pciFetchAddBytes operand sizes of atomics the device itself does over PCI, as the sum of
///   those it can: 4, 8, 16 bytes; 0: none
/// @param pciSwapBytes likewise
/// @param pciCompareSwapBytes likewise
/// @param portCount physical ports, numbered from 1; also right above 255
public record ExtendedDeviceAttributes(
        DeviceAttributes basic,
        Atomicity atomicity,
        long capabilityFlags,
        OnDemandPaging onDemandPaging,
        long completionTimestampMask,
        long coreClockKilohertz,
        int moderationCountMax,
        int moderationMicrosMax,
        long deviceMemoryBytesMax,
        int pciFetchAddBytes,
        int pciSwapBytes,
        int pciCompareSwapBytes,
        long portCount) {

    /// What remote atomics are atomic with (`enum ibv_atomic_cap`).
    public enum Atomicity {
        /// There are no atomics.
        NONE(0),
        /// Among each other, on this device.
        DEVICE(1),
        /// Also with the CPU and other devices.
        GLOBAL(2),
        /// A code this library does not know.
        UNKNOWN(-1);

        private final int code;

        Atomicity(int code) {
            this.code = code;
        }

        static Atomicity of(int code) {
            for (Atomicity candidate : values()) {
                if (candidate.code == code) {
                    return candidate;
                }
            }
            return UNKNOWN;
        }
    }

    /// Which operations may use memory registered with [Access#ON_DEMAND] (`struct ibv_odp_caps`).
    ///
    /// @param general raw `enum ibv_odp_general_caps`
    /// @param reliable raw `enum ibv_odp_transport_cap_bits` for reliable connections: 1 send, 2
    ///   receive, 4 write, 8 read, 16 atomic, 32 receive from a shared queue
    public record OnDemandPaging(long general, int reliable) {
        static final int SUPPORT = 1;
        static final int SUPPORT_IMPLICIT = 2;

        /// Whether there is any.
        public boolean supported() {
            return (general & SUPPORT) != 0;
        }

        /// Whether one region can span the whole address space.
        public boolean implicit() {
            return (general & SUPPORT_IMPLICIT) != 0;
        }
    }

    static ExtendedDeviceAttributes decode(MemorySegment a) {
        MemorySegment basic = ibv_device_attr_ex.orig_attr(a);
        MemorySegment paging = ibv_device_attr_ex.odp_caps(a);
        MemorySegment moderation = ibv_device_attr_ex.cq_mod_caps(a);
        MemorySegment atomics = ibv_device_attr_ex.pci_atomic_caps(a);
        DeviceAttributes attributes = DeviceAttributes.decode(basic);
        long ports = Integer.toUnsignedLong(ibv_device_attr_ex.phys_port_cnt_ex(a));
        return new ExtendedDeviceAttributes(
                attributes,
                Atomicity.of(ibv_device_attr.atomic_cap(basic)),
                ibv_device_attr_ex.device_cap_flags_ex(a),
                new OnDemandPaging(
                        ibv_odp_caps.general_caps(paging),
                        ibv_odp_caps.per_transport_caps.rc_odp_caps(
                                ibv_odp_caps.per_transport_caps(paging))),
                ibv_device_attr_ex.completion_timestamp_mask(a),
                ibv_device_attr_ex.hca_core_clock(a),
                Short.toUnsignedInt(ibv_cq_moderation_caps.max_cq_count(moderation)),
                Short.toUnsignedInt(ibv_cq_moderation_caps.max_cq_period(moderation)),
                ibv_device_attr_ex.max_dm_size(a),
                operandBytes(ibv_pci_atomic_caps.fetch_add(atomics)),
                operandBytes(ibv_pci_atomic_caps.swap(atomics)),
                operandBytes(ibv_pci_atomic_caps.compare_swap(atomics)),
                ports == 0 ? attributes.portCount() : ports);
    }

    /// `enum ibv_pci_atomic_op_size`: bits 0, 1 and 2 are 4, 8 and 16 bytes.
    private static int operandBytes(short sizes) {
        return (sizes & 7) << 2;
    }
}
