package dev.verbena.testkit;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.FabricsCommandType;

/// When something goes wrong: at which commands, or at which connections.
///
/// An occasion is narrowed by the methods that return another one:
/// `Occasion.io(NvmOpcode.READ).after(3).times(2)` is the fourth and the fifth read.
///
/// @param place where to look
/// @param opcode of the command, -1 for any; the queue id for connections
/// @param detail what the command asks for, -1 for any: the structure of Identify (CNS), the
///   identifier of a log page or feature, the type of a Fabrics command
/// @param property offset of the property, for Property Get and Set; -1 for any
/// @param skip occasions that pass first, 0 or more
/// @param count how often it happens then, 1 or more
public record Occasion(Place place, int opcode, int detail, int property, long skip, long count) {
    /// Where an occasion can be.
    public enum Place {
        /// A queue is connected.
        CONNECTION,
        /// A command arrives on an admin queue.
        ADMIN,
        /// A command other than Connect arrives on an I/O queue.
        IO,
        /// A Connect command arrives, on any queue.
        CONNECT
    }

    private static final int ANY = -1;

    private static Occasion of(Place place, int opcode, int detail, int property) {
        return new Occasion(place, opcode, detail, property, 0, 1);
    }

    /// The first connection of any queue.
    public static Occasion connection() {
        return of(Place.CONNECTION, ANY, ANY, ANY);
    }

    /// The first connection of one queue.
    public static Occasion connection(int queueId) {
        return of(Place.CONNECTION, queueId, ANY, ANY);
    }

    /// The first Connect command on any queue.
    public static Occasion connect() {
        return of(Place.CONNECT, ANY, ANY, ANY);
    }

    /// The first Connect command on one queue.
    public static Occasion connect(int queueId) {
        return of(Place.CONNECT, queueId, ANY, ANY);
    }

    /// The first I/O command.
    public static Occasion io() {
        return of(Place.IO, ANY, ANY, ANY);
    }

    /// The first I/O command with this opcode.
    public static Occasion io(int opcode) {
        return of(Place.IO, opcode, ANY, ANY);
    }

    /// The first admin command.
    public static Occasion admin() {
        return of(Place.ADMIN, ANY, ANY, ANY);
    }

    /// The first admin command with this opcode.
    public static Occasion admin(int opcode) {
        return of(Place.ADMIN, opcode, ANY, ANY);
    }

    /// The first Identify of one structure.
    public static Occasion identify(int cns) {
        return of(Place.ADMIN, AdminOpcode.IDENTIFY, cns, ANY);
    }

    /// The first Get Log Page of one page.
    public static Occasion logPage(int page) {
        return of(Place.ADMIN, AdminOpcode.GET_LOG_PAGE, page, ANY);
    }

    /// The first Set Features of one feature.
    public static Occasion setFeature(int feature) {
        return of(Place.ADMIN, AdminOpcode.SET_FEATURES, feature, ANY);
    }

    /// The first Property Get of one property.
    public static Occasion propertyGet(int property) {
        return of(Place.ADMIN, AdminOpcode.FABRICS, FabricsCommandType.PROPERTY_GET, property);
    }

    /// The same, after some have passed.
    public Occasion after(long occasions) {
        return new Occasion(place, opcode, detail, property, occasions, count);
    }

    /// The same, several times in a row.
    public Occasion times(long occasions) {
        return new Occasion(place, opcode, detail, property, skip, occasions);
    }

    /// The same, each time from then on.
    public Occasion always() {
        return times(Long.MAX_VALUE);
    }

    boolean matches(Place where, int commandOpcode, int commandDetail, int commandProperty) {
        return where == place
                && (opcode == ANY || opcode == commandOpcode)
                && (detail == ANY || detail == commandDetail)
                && (property == ANY || property == commandProperty);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(place.name().toLowerCase(java.util.Locale.ROOT));
        if (opcode != ANY) {
            text.append(place == Place.ADMIN || place == Place.IO ? " opcode " : " queue ")
                    .append(Integer.toHexString(opcode))
                    .append('h');
        }
        if (detail != ANY) {
            text.append(' ').append(Integer.toHexString(detail)).append('h');
        }
        if (property != ANY) {
            text.append(" property ").append(Integer.toHexString(property)).append('h');
        }
        if (skip > 0) {
            text.append(", after ").append(skip);
        }
        if (count == Long.MAX_VALUE) {
            text.append(", always");
        } else if (count != 1) {
            text.append(", ").append(count).append(" times");
        }
        return text.toString();
    }
}
