package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import java.lang.foreign.MemorySegment;

/**
 * One entry of the discovery log page: a subsystem and where it can be reached, or a referral to
 * another discovery service.
 *
 * <p>Texts come from the peer. They end at the first NUL, lose trailing blanks (but for the name,
 * which may end in them) and show what is not printable as an escape; nothing else is assumed about
 * them.
 *
 * @param transportType {@link #TRANSPORT_RDMA} and its neighbours (TRTYPE)
 * @param addressFamily {@link #ADDRESS_IPV4} and its neighbours (ADRFAM)
 * @param subsystemType {@link #SUBSYSTEM_NVM} and its neighbours (SUBTYPE)
 * @param treq transport requirements: secure channel 1:0, bit 2 flow control can be disabled
 * @param portId port of the subsystem (PORTID)
 * @param controllerId controller to connect to, FFFFh for any (CNTLID)
 * @param adminQueueSizeMaximum most entries of the admin queue (ASQSZ)
 * @param eflags bit 0 duplicate, bit 1 explicit persistent connections, bit 2 no CDC connectivity
 * @param transportServiceId port number or the like (TRSVCID)
 * @param subsystemNqn name of the subsystem as the peer gave it (SUBNQN)
 * @param transportAddress address as the peer gave it (TRADDR)
 * @param tsas transport-specific part
 */
public record DiscoveryEntry(
        int transportType,
        int addressFamily,
        int subsystemType,
        int treq,
        int portId,
        int controllerId,
        int adminQueueSizeMaximum,
        int eflags,
        String transportServiceId,
        String subsystemNqn,
        String transportAddress,
        TransportSpecificAddress tsas) {
    /** Size of an entry without extended attributes, in bytes. */
    public static final int SIZE = 1024;

    public static final int TRANSPORT_PCIE = 0;
    public static final int TRANSPORT_RDMA = 1;
    public static final int TRANSPORT_FC = 2;
    public static final int TRANSPORT_TCP = 3;
    public static final int TRANSPORT_LOOP = 254;

    public static final int ADDRESS_IPV4 = 1;
    public static final int ADDRESS_IPV6 = 2;
    public static final int ADDRESS_INFINIBAND = 3;
    public static final int ADDRESS_FC = 4;

    /** A referral to another discovery service. */
    public static final int SUBSYSTEM_REFERRAL = 1;

    /** An NVM subsystem. */
    public static final int SUBSYSTEM_NVM = 2;

    /** The discovery subsystem the log was read from. */
    public static final int SUBSYSTEM_CURRENT_DISCOVERY = 3;

    /** {@link #eflags}: the same information is in another entry; do not follow. */
    public static final int FLAG_DUPLICATE = 1;

    /** {@link #eflags}: the discovery controller supports persistent connections. */
    public static final int FLAG_PERSISTENT = 2;

    /** {@link #eflags}: the subsystem has no connectivity to the central discovery controller. */
    public static final int FLAG_NO_CDC = 4;

    /** {@link #treq}: submission queue flow control can be disabled. */
    public static final int TREQ_FLOW_CONTROL_DISABLE = 4;

    private static final int TSAS_OFFSET = 768;

    /**
     * Decodes an entry.
     *
     * @param offset where it starts in the segment, in bytes
     * @throws WireFormatException if fewer than {@value #SIZE} bytes follow
     */
    public static DiscoveryEntry decode(MemorySegment segment, long offset) {
        Bytes entry = Bytes.copy(segment, offset, SIZE, "Discovery Log entry");
        int transportType = entry.u8(0);
        return new DiscoveryEntry(
                transportType,
                entry.u8(1),
                entry.u8(2),
                entry.u8(3),
                entry.u16(4),
                entry.u16(6),
                entry.u16(8),
                entry.u16(10),
                entry.ascii(32, 32),
                name(entry),
                entry.ascii(512, 256),
                tsas(transportType, entry));
    }

    /** Blanks may be a part of a name, unless they only fill a field that no NUL ends. */
    private static String name(Bytes entry) {
        String whole = entry.utf8Padded(256, 256);
        return whole.length() > Nqn.BYTES_MAX ? entry.utf8(256, 256) : whole;
    }

    private static TransportSpecificAddress tsas(int transportType, Bytes entry) {
        return switch (transportType) {
            case TRANSPORT_RDMA ->
                    new TransportSpecificAddress.Rdma(
                            entry.u8(TSAS_OFFSET),
                            entry.u8(TSAS_OFFSET + 1),
                            entry.u8(TSAS_OFFSET + 2),
                            entry.u16(TSAS_OFFSET + 8));
            case TRANSPORT_TCP -> new TransportSpecificAddress.Tcp(entry.u8(TSAS_OFFSET));
            default ->
                    new TransportSpecificAddress.Other(
                            entry.hex(TSAS_OFFSET, 256).replaceAll("(00)+$", ""));
        };
    }

    /** Whether this is a referral to another discovery service. */
    public boolean isReferral() {
        return subsystemType == SUBSYSTEM_REFERRAL;
    }

    /** Whether this is about a discovery service, another or the one the log was read from. */
    public boolean isDiscovery() {
        return subsystemType == SUBSYSTEM_REFERRAL || subsystemType == SUBSYSTEM_CURRENT_DISCOVERY;
    }

    /**
     * Whether this discovery service tells what that of another entry tells as well. The flag means
     * nothing in the entry of an NVM subsystem.
     */
    public boolean isDuplicate() {
        return isDiscovery() && (eflags & FLAG_DUPLICATE) != 0;
    }

    /**
     * Whether this discovery service keeps connections for as long as the host likes. The flag
     * means nothing in the entry of an NVM subsystem.
     */
    public boolean supportsPersistentConnections() {
        return isDiscovery() && (eflags & FLAG_PERSISTENT) != 0;
    }

    /** The fields in the words and layout of {@code nvme discover}, without a heading. */
    @Override
    public String toString() {
        return DiscoveryLogText.entry(this);
    }
}
