package dev.verbena.verbs.ffi;

import dev.verbena.verbs.ffi.gen.VerbsFunctions;

/// The functions libibverbs exports (man pages `ibv_*(3)`), each with its error convention.
public final class Libibverbs {
    public static final NativeFunction GET_DEVICE_LIST =
            NativeFunction.of(
                    "ibv_get_device_list",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_get_device_list$descriptor,
                    VerbsFunctions::ibv_get_device_list$address);
    public static final NativeFunction OPEN_DEVICE =
            NativeFunction.of(
                    "ibv_open_device",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_open_device$descriptor,
                    VerbsFunctions::ibv_open_device$address);
    public static final NativeFunction ALLOC_PD =
            NativeFunction.of(
                    "ibv_alloc_pd",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_alloc_pd$descriptor,
                    VerbsFunctions::ibv_alloc_pd$address);
    public static final NativeFunction REG_MR =
            NativeFunction.of(
                    "ibv_reg_mr",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_reg_mr$descriptor,
                    VerbsFunctions::ibv_reg_mr$address);
    public static final NativeFunction REG_MR_IOVA2 =
            NativeFunction.of(
                    "ibv_reg_mr_iova2",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_reg_mr_iova2$descriptor,
                    VerbsFunctions::ibv_reg_mr_iova2$address);
    public static final NativeFunction CREATE_COMP_CHANNEL =
            NativeFunction.of(
                    "ibv_create_comp_channel",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_create_comp_channel$descriptor,
                    VerbsFunctions::ibv_create_comp_channel$address);
    public static final NativeFunction CREATE_CQ =
            NativeFunction.of(
                    "ibv_create_cq",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_create_cq$descriptor,
                    VerbsFunctions::ibv_create_cq$address);
    public static final NativeFunction CREATE_SRQ =
            NativeFunction.of(
                    "ibv_create_srq",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::ibv_create_srq$descriptor,
                    VerbsFunctions::ibv_create_srq$address);
    public static final NativeFunction QUERY_DEVICE =
            NativeFunction.of(
                    "ibv_query_device",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_query_device$descriptor,
                    VerbsFunctions::ibv_query_device$address);
    public static final NativeFunction QUERY_PORT =
            NativeFunction.of(
                    "ibv_query_port",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_query_port$descriptor,
                    VerbsFunctions::ibv_query_port$address);
    public static final NativeFunction DEALLOC_PD =
            NativeFunction.of(
                    "ibv_dealloc_pd",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_dealloc_pd$descriptor,
                    VerbsFunctions::ibv_dealloc_pd$address);
    public static final NativeFunction DEREG_MR =
            NativeFunction.of(
                    "ibv_dereg_mr",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_dereg_mr$descriptor,
                    VerbsFunctions::ibv_dereg_mr$address);
    public static final NativeFunction DESTROY_COMP_CHANNEL =
            NativeFunction.of(
                    "ibv_destroy_comp_channel",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_destroy_comp_channel$descriptor,
                    VerbsFunctions::ibv_destroy_comp_channel$address);
    public static final NativeFunction DESTROY_CQ =
            NativeFunction.of(
                    "ibv_destroy_cq",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_destroy_cq$descriptor,
                    VerbsFunctions::ibv_destroy_cq$address);
    public static final NativeFunction RESIZE_CQ =
            NativeFunction.of(
                    "ibv_resize_cq",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_resize_cq$descriptor,
                    VerbsFunctions::ibv_resize_cq$address);
    public static final NativeFunction DESTROY_QP =
            NativeFunction.of(
                    "ibv_destroy_qp",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_destroy_qp$descriptor,
                    VerbsFunctions::ibv_destroy_qp$address);
    public static final NativeFunction MODIFY_QP =
            NativeFunction.of(
                    "ibv_modify_qp",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_modify_qp$descriptor,
                    VerbsFunctions::ibv_modify_qp$address);
    public static final NativeFunction QUERY_QP =
            NativeFunction.of(
                    "ibv_query_qp",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_query_qp$descriptor,
                    VerbsFunctions::ibv_query_qp$address);
    public static final NativeFunction DESTROY_SRQ =
            NativeFunction.of(
                    "ibv_destroy_srq",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_destroy_srq$descriptor,
                    VerbsFunctions::ibv_destroy_srq$address);
    public static final NativeFunction MODIFY_SRQ =
            NativeFunction.of(
                    "ibv_modify_srq",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_modify_srq$descriptor,
                    VerbsFunctions::ibv_modify_srq$address);
    public static final NativeFunction QUERY_SRQ =
            NativeFunction.of(
                    "ibv_query_srq",
                    Convention.RETURNS_ERRNO,
                    VerbsFunctions::ibv_query_srq$descriptor,
                    VerbsFunctions::ibv_query_srq$address);
    public static final NativeFunction CLOSE_DEVICE =
            NativeFunction.of(
                    "ibv_close_device",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::ibv_close_device$descriptor,
                    VerbsFunctions::ibv_close_device$address);
    public static final NativeFunction GET_CQ_EVENT =
            NativeFunction.of(
                    "ibv_get_cq_event",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::ibv_get_cq_event$descriptor,
                    VerbsFunctions::ibv_get_cq_event$address);
    public static final NativeFunction GET_ASYNC_EVENT =
            NativeFunction.of(
                    "ibv_get_async_event",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::ibv_get_async_event$descriptor,
                    VerbsFunctions::ibv_get_async_event$address);
    public static final NativeFunction QUERY_GID =
            NativeFunction.of(
                    "ibv_query_gid",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::ibv_query_gid$descriptor,
                    VerbsFunctions::ibv_query_gid$address);
    public static final NativeFunction FREE_DEVICE_LIST =
            NativeFunction.of(
                    "ibv_free_device_list",
                    Convention.INFALLIBLE,
                    VerbsFunctions::ibv_free_device_list$descriptor,
                    VerbsFunctions::ibv_free_device_list$address);
    public static final NativeFunction GET_DEVICE_NAME =
            NativeFunction.of(
                    "ibv_get_device_name",
                    Convention.INFALLIBLE,
                    VerbsFunctions::ibv_get_device_name$descriptor,
                    VerbsFunctions::ibv_get_device_name$address);
    public static final NativeFunction GET_DEVICE_GUID =
            NativeFunction.of(
                    "ibv_get_device_guid",
                    Convention.INFALLIBLE,
                    VerbsFunctions::ibv_get_device_guid$descriptor,
                    VerbsFunctions::ibv_get_device_guid$address);
    public static final NativeFunction ACK_CQ_EVENTS =
            NativeFunction.of(
                    "ibv_ack_cq_events",
                    Convention.INFALLIBLE,
                    VerbsFunctions::ibv_ack_cq_events$descriptor,
                    VerbsFunctions::ibv_ack_cq_events$address);
    public static final NativeFunction ACK_ASYNC_EVENT =
            NativeFunction.of(
                    "ibv_ack_async_event",
                    Convention.INFALLIBLE,
                    VerbsFunctions::ibv_ack_async_event$descriptor,
                    VerbsFunctions::ibv_ack_async_event$address);

    private Libibverbs() {}
}
