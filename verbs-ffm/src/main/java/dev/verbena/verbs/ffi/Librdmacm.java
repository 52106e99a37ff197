package dev.verbena.verbs.ffi;

import dev.verbena.verbs.ffi.gen.VerbsFunctions;

/// The functions librdmacm exports (man pages `rdma_*(3)`), each with its error convention.
public final class Librdmacm {
    public static final NativeFunction CREATE_EVENT_CHANNEL =
            NativeFunction.of(
                    "rdma_create_event_channel",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::rdma_create_event_channel$descriptor,
                    VerbsFunctions::rdma_create_event_channel$address);
    public static final NativeFunction GET_DEVICES =
            NativeFunction.of(
                    "rdma_get_devices",
                    Convention.NULL_SETS_ERRNO,
                    VerbsFunctions::rdma_get_devices$descriptor,
                    VerbsFunctions::rdma_get_devices$address);
    public static final NativeFunction CREATE_ID =
            NativeFunction.of(
                    "rdma_create_id",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_create_id$descriptor,
                    VerbsFunctions::rdma_create_id$address);
    public static final NativeFunction DESTROY_ID =
            NativeFunction.of(
                    "rdma_destroy_id",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_destroy_id$descriptor,
                    VerbsFunctions::rdma_destroy_id$address);
    public static final NativeFunction BIND_ADDR =
            NativeFunction.of(
                    "rdma_bind_addr",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_bind_addr$descriptor,
                    VerbsFunctions::rdma_bind_addr$address);
    public static final NativeFunction RESOLVE_ADDR =
            NativeFunction.of(
                    "rdma_resolve_addr",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_resolve_addr$descriptor,
                    VerbsFunctions::rdma_resolve_addr$address);
    public static final NativeFunction RESOLVE_ROUTE =
            NativeFunction.of(
                    "rdma_resolve_route",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_resolve_route$descriptor,
                    VerbsFunctions::rdma_resolve_route$address);
    public static final NativeFunction CREATE_QP =
            NativeFunction.of(
                    "rdma_create_qp",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_create_qp$descriptor,
                    VerbsFunctions::rdma_create_qp$address);
    public static final NativeFunction CONNECT =
            NativeFunction.of(
                    "rdma_connect",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_connect$descriptor,
                    VerbsFunctions::rdma_connect$address);
    public static final NativeFunction LISTEN =
            NativeFunction.of(
                    "rdma_listen",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_listen$descriptor,
                    VerbsFunctions::rdma_listen$address);
    public static final NativeFunction ACCEPT =
            NativeFunction.of(
                    "rdma_accept",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_accept$descriptor,
                    VerbsFunctions::rdma_accept$address);
    public static final NativeFunction REJECT =
            NativeFunction.of(
                    "rdma_reject",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_reject$descriptor,
                    VerbsFunctions::rdma_reject$address);
    public static final NativeFunction DISCONNECT =
            NativeFunction.of(
                    "rdma_disconnect",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_disconnect$descriptor,
                    VerbsFunctions::rdma_disconnect$address);
    public static final NativeFunction SET_OPTION =
            NativeFunction.of(
                    "rdma_set_option",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_set_option$descriptor,
                    VerbsFunctions::rdma_set_option$address);
    public static final NativeFunction GET_CM_EVENT =
            NativeFunction.of(
                    "rdma_get_cm_event",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_get_cm_event$descriptor,
                    VerbsFunctions::rdma_get_cm_event$address);
    public static final NativeFunction ACK_CM_EVENT =
            NativeFunction.of(
                    "rdma_ack_cm_event",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::rdma_ack_cm_event$descriptor,
                    VerbsFunctions::rdma_ack_cm_event$address);
    public static final NativeFunction DESTROY_EVENT_CHANNEL =
            NativeFunction.of(
                    "rdma_destroy_event_channel",
                    Convention.INFALLIBLE,
                    VerbsFunctions::rdma_destroy_event_channel$descriptor,
                    VerbsFunctions::rdma_destroy_event_channel$address);
    public static final NativeFunction DESTROY_QP =
            NativeFunction.of(
                    "rdma_destroy_qp",
                    Convention.INFALLIBLE,
                    VerbsFunctions::rdma_destroy_qp$descriptor,
                    VerbsFunctions::rdma_destroy_qp$address);
    public static final NativeFunction FREE_DEVICES =
            NativeFunction.of(
                    "rdma_free_devices",
                    Convention.INFALLIBLE,
                    VerbsFunctions::rdma_free_devices$descriptor,
                    VerbsFunctions::rdma_free_devices$address);

    private Librdmacm() {}
}
