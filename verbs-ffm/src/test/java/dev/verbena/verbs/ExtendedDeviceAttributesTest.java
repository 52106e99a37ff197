package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.ffi.gen.ibv_cq_moderation_caps;
import dev.verbena.verbs.ffi.gen.ibv_device_attr;
import dev.verbena.verbs.ffi.gen.ibv_device_attr_ex;
import dev.verbena.verbs.ffi.gen.ibv_odp_caps;
import dev.verbena.verbs.ffi.gen.ibv_pci_atomic_caps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class ExtendedDeviceAttributesTest {
    private final MemorySegment structure = Arena.ofAuto().allocate(ibv_device_attr_ex.layout());

    private ExtendedDeviceAttributes decode() {
        return ExtendedDeviceAttributes.decode(structure);
    }

    @Test
    void nothingKnown_isZeroAndNotSupported() {
        ExtendedDeviceAttributes attributes = decode();
        assertThat(attributes.atomicity()).isEqualTo(ExtendedDeviceAttributes.Atomicity.NONE);
        assertThat(attributes.onDemandPaging().supported()).isFalse();
        assertThat(attributes.onDemandPaging().implicit()).isFalse();
        assertThat(attributes.moderationCountMax()).isZero();
        assertThat(attributes.portCount()).isZero();
    }

    @Test
    void values_areTakenUnsignedFromTheirPlaces() {
        MemorySegment basic = ibv_device_attr_ex.orig_attr(structure);
        ibv_device_attr.atomic_cap(basic, 2);
        ibv_device_attr.max_qp(basic, 77);
        MemorySegment paging = ibv_device_attr_ex.odp_caps(structure);
        ibv_odp_caps.general_caps(paging, 3);
        ibv_odp_caps.per_transport_caps.rc_odp_caps(ibv_odp_caps.per_transport_caps(paging), 31);
        MemorySegment moderation = ibv_device_attr_ex.cq_mod_caps(structure);
        ibv_cq_moderation_caps.max_cq_count(moderation, (short) 0xffff);
        ibv_cq_moderation_caps.max_cq_period(moderation, (short) 0xfffe);
        MemorySegment atomics = ibv_device_attr_ex.pci_atomic_caps(structure);
        ibv_pci_atomic_caps.fetch_add(atomics, (short) 3);
        ibv_pci_atomic_caps.swap(atomics, (short) 2);
        ibv_pci_atomic_caps.compare_swap(atomics, (short) 7);
        ibv_device_attr_ex.completion_timestamp_mask(structure, 0x7fff_ffff_ffffL);
        ibv_device_attr_ex.hca_core_clock(structure, 156_250);
        ibv_device_attr_ex.device_cap_flags_ex(structure, 1L << 34);
        ibv_device_attr_ex.max_dm_size(structure, 131_072);
        ibv_device_attr_ex.phys_port_cnt_ex(structure, 300);
        ExtendedDeviceAttributes attributes = decode();
        assertThat(attributes)
                .isEqualTo(
                        new ExtendedDeviceAttributes(
                                DeviceAttributes.decode(basic),
                                ExtendedDeviceAttributes.Atomicity.GLOBAL,
                                1L << 34,
                                new ExtendedDeviceAttributes.OnDemandPaging(3, 31),
                                0x7fff_ffff_ffffL,
                                156_250,
                                65_535,
                                65_534,
                                131_072,
                                12,
                                8,
                                28,
                                300));
        assertThat(attributes.basic().maxQueuePairs()).isEqualTo(77);
        assertThat(attributes.onDemandPaging().supported()).isTrue();
        assertThat(attributes.onDemandPaging().implicit()).isTrue();
    }

    @Test
    void noExtendedPortCount_isTheBasicOne() {
        ibv_device_attr.phys_port_cnt(ibv_device_attr_ex.orig_attr(structure), (byte) 2);
        assertThat(decode().portCount()).isEqualTo(2);
    }
}
