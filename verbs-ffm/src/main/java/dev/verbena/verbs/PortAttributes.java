package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.ibv_port_attr;
import java.lang.foreign.MemorySegment;

/// The state of a port (`struct ibv_port_attr`, `ibv_query_port(3)`).
///
/// @param number counted from 1
/// @param state whether it can carry traffic
/// @param linkLayer what lies below
/// @param maxMtuBytes the largest path MTU the port can do, 256 to 4096
/// @param activeMtuBytes the path MTU in effect
/// @param maxMessageBytes size of one message
/// @param gidTableLength entries of the GID table
/// @param activeWidth raw lane code: 1, 2, 4, 8, 16 for 1, 4, 8, 12, 2 lanes
/// @param activeSpeed raw speed code of one lane
public record PortAttributes(
        int number,
        State state,
        LinkLayer linkLayer,
        int maxMtuBytes,
        int activeMtuBytes,
        int maxMessageBytes,
        int gidTableLength,
        int activeWidth,
        int activeSpeed) {

    /// `enum ibv_port_state`.
    public enum State {
        NOP(0),
        DOWN(1),
        INIT(2),
        ARMED(3),
        ACTIVE(4),
        ACTIVE_DEFER(5),
        /// A code this library does not know.
        UNKNOWN(-1);

        private final int code;

        State(int code) {
            this.code = code;
        }

        static State of(int code) {
            for (State candidate : values()) {
                if (candidate.code == code) {
                    return candidate;
                }
            }
            return UNKNOWN;
        }
    }

    /// `IBV_LINK_LAYER_*`.
    public enum LinkLayer {
        UNSPECIFIED(0),
        INFINIBAND(1),
        ETHERNET(2),
        /// A code this library does not know.
        UNKNOWN(-1);

        private final int code;

        LinkLayer(int code) {
            this.code = code;
        }

        static LinkLayer of(int code) {
            for (LinkLayer candidate : values()) {
                if (candidate.code == code) {
                    return candidate;
                }
            }
            return UNKNOWN;
        }
    }

    static PortAttributes decode(int number, MemorySegment a) {
        return new PortAttributes(
                number,
                State.of(ibv_port_attr.state(a)),
                LinkLayer.of(Byte.toUnsignedInt(ibv_port_attr.link_layer(a))),
                mtuBytes(ibv_port_attr.max_mtu(a)),
                mtuBytes(ibv_port_attr.active_mtu(a)),
                ibv_port_attr.max_msg_sz(a),
                ibv_port_attr.gid_tbl_len(a),
                Byte.toUnsignedInt(ibv_port_attr.active_width(a)),
                Byte.toUnsignedInt(ibv_port_attr.active_speed(a)));
    }

    /// `enum ibv_mtu`: 1 is 256 bytes, 5 is 4096; 0 for a code this library does not know.
    static int mtuBytes(int code) {
        return code >= 1 && code <= 5 ? 128 << code : 0;
    }
}
