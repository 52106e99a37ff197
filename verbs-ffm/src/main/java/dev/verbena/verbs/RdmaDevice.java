package dev.verbena.verbs;

/// An RDMA device as the device list names it. A value: it holds no native resource.
///
/// @param name the kernel's name, for example `rxe0` or `mlx5_0`
/// @param characterDevice its file below `/dev/infiniband`, for example `uverbs0`
/// @param nodeType the raw `enum ibv_node_type`: 1 channel adapter, 2 switch, 3 router, 4 iWARP
///   NIC, …
/// @param transportType the raw `enum ibv_transport_type`: 0 InfiniBand and RoCE, 1 iWARP, …
/// @param guid the node GUID in host byte order
public record RdmaDevice(
        String name, String characterDevice, int nodeType, int transportType, long guid) {

    /// Opens the device (`ibv_open_device(3)`). The caller closes the context.
    ///
    /// @throws RdmaException when the device is gone or access to its file is denied
    public RdmaContext open() {
        return RdmaContext.open(name);
    }
}
