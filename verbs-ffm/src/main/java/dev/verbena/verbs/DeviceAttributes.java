package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.ibv_device_attr;
import java.lang.foreign.MemorySegment;

/// What a device can do (`struct ibv_device_attr`, `ibv_query_device(3)`). Limits are upper bounds;
/// a device may refuse combinations below them.
///
/// @param firmwareVersion as the device words it; empty for software devices
/// @param nodeGuid in host byte order
/// @param vendorId the vendor's id
/// @param vendorPartId the vendor's part number
/// @param hardwareVersion the vendor's revision
/// @param capabilityFlags raw `enum ibv_device_cap_flags`; the predicates below name those that
///   matter
/// @param maxMemoryRegionBytes size of one memory region
/// @param maxMemoryRegions number of memory regions
/// @param maxMemoryWindows number of memory windows
/// @param maxProtectionDomains number of protection domains
/// @param maxQueuePairs number of queue pairs
/// @param maxQueuePairWorkRequests outstanding work requests of one work queue
/// @param maxSegments scatter/gather elements of a work request (`max_sge`)
/// @param maxReadSegments scatter/gather elements of an RDMA READ (`max_sge_rd`)
/// @param maxReadAtomicPerQueuePair RDMA READs and atomics a queue pair can serve at once
///   (`max_qp_rd_atom`)
/// @param maxInitiatedReadAtomicPerQueuePair RDMA READs and atomics it can have outstanding
///   (`max_qp_init_rd_atom`)
/// @param maxCompletionQueues number of completion queues
/// @param maxCompletionQueueEntries entries of one completion queue
/// @param maxSharedReceiveQueues number of shared receive queues; 0: none
/// @param maxSharedReceiveQueueWorkRequests outstanding receives of one
/// @param maxSharedReceiveQueueSegments scatter elements of its receives
/// @param portCount physical ports, numbered from 1
public record DeviceAttributes(
        String firmwareVersion,
        long nodeGuid,
        int vendorId,
        int vendorPartId,
        int hardwareVersion,
        int capabilityFlags,
        long maxMemoryRegionBytes,
        int maxMemoryRegions,
        int maxMemoryWindows,
        int maxProtectionDomains,
        int maxQueuePairs,
        int maxQueuePairWorkRequests,
        int maxSegments,
        int maxReadSegments,
        int maxReadAtomicPerQueuePair,
        int maxInitiatedReadAtomicPerQueuePair,
        int maxCompletionQueues,
        int maxCompletionQueueEntries,
        int maxSharedReceiveQueues,
        int maxSharedReceiveQueueWorkRequests,
        int maxSharedReceiveQueueSegments,
        int portCount) {
    static final int MEM_MGT_EXTENSIONS = 1 << 21;
    static final int MEM_WINDOW_TYPE_2A = 1 << 23;
    static final int MEM_WINDOW_TYPE_2B = 1 << 24;

    static DeviceAttributes decode(MemorySegment a) {
        return new DeviceAttributes(
                ibv_device_attr.fw_ver(a).getString(0),
                Long.reverseBytes(ibv_device_attr.node_guid(a)),
                ibv_device_attr.vendor_id(a),
                ibv_device_attr.vendor_part_id(a),
                ibv_device_attr.hw_ver(a),
                ibv_device_attr.device_cap_flags(a),
                ibv_device_attr.max_mr_size(a),
                ibv_device_attr.max_mr(a),
                ibv_device_attr.max_mw(a),
                ibv_device_attr.max_pd(a),
                ibv_device_attr.max_qp(a),
                ibv_device_attr.max_qp_wr(a),
                ibv_device_attr.max_sge(a),
                ibv_device_attr.max_sge_rd(a),
                ibv_device_attr.max_qp_rd_atom(a),
                ibv_device_attr.max_qp_init_rd_atom(a),
                ibv_device_attr.max_cq(a),
                ibv_device_attr.max_cqe(a),
                ibv_device_attr.max_srq(a),
                ibv_device_attr.max_srq_wr(a),
                ibv_device_attr.max_srq_sge(a),
                Byte.toUnsignedInt(ibv_device_attr.phys_port_cnt(a)));
    }

    /// Type 2A memory windows: bound to a queue pair's number only.
    public boolean memoryWindowType2A() {
        return (capabilityFlags & MEM_WINDOW_TYPE_2A) != 0;
    }

    /// Type 2B memory windows: bound to a queue pair and a protection domain. The common kind.
    public boolean memoryWindowType2B() {
        return (capabilityFlags & MEM_WINDOW_TYPE_2B) != 0;
    }

    /// SEND_WITH_INV and LOCAL_INV, and the rest of the memory management extensions.
    public boolean managementExtensions() {
        return (capabilityFlags & MEM_MGT_EXTENSIONS) != 0;
    }
}
