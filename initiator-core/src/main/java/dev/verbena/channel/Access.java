package dev.verbena.channel;

/// What a channel may do with its device.
public enum Access {
    READ_ONLY,
    READ_WRITE
}
