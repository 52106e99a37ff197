package dev.verbena.nvme;

import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The discovery log in the words and layout of {@code nvme discover}. */
public final class DiscoveryLogText {
    private DiscoveryLogText() {}

    /**
     * The whole log as {@code nvme discover} prints it, each line ended by a line feed.
     *
     * @param header for the generation counter
     * @param entries the entries that were read; their number is printed
     */
    public static String format(DiscoveryLogHeader header, List<DiscoveryEntry> entries) {
        StringBuilder text =
                new StringBuilder("\nDiscovery Log Number of Records ")
                        .append(entries.size())
                        .append(", Generation counter ")
                        .append(Long.toUnsignedString(header.generationCounter()))
                        .append('\n');
        for (int i = 0; i < entries.size(); i++) {
            text.append("=====Discovery Log Entry ").append(i).append("======\n");
            text.append(entry(entries.get(i))).append('\n');
        }
        return text.toString();
    }

    /** The log as JSON, with the names {@code nvme discover -o json} uses. */
    public static String toJson(DiscoveryLogHeader header, List<DiscoveryEntry> entries) {
        return Json.write(values(header, entries));
    }

    /** The log by those names, for callers that add to it. */
    public static Map<String, Object> values(
            DiscoveryLogHeader header, List<DiscoveryEntry> entries) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("genctr", Json.unsigned(header.generationCounter()));
        values.put("records", entries.stream().map(DiscoveryLogText::values).toList());
        return values;
    }

    static Map<String, Object> values(DiscoveryEntry entry) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("trtype", transportType(entry.transportType()));
        values.put("adrfam", addressFamily(entry.addressFamily()));
        values.put("subtype", subsystemType(entry.subsystemType()));
        values.put("treq", requirements(entry.treq()));
        values.put("portid", entry.portId());
        values.put("trsvcid", entry.transportServiceId());
        values.put("subnqn", entry.subsystemNqn());
        values.put("traddr", entry.transportAddress());
        values.put("eflags", entryFlags(entry));
        switch (entry.tsas()) {
            case TransportSpecificAddress.Rdma rdma -> {
                values.put("rdma_prtype", providerType(rdma.providerType()));
                values.put("rdma_qptype", queuePairType(rdma.queuePairType()));
                values.put("rdma_cms", connectionManagement(rdma.connectionManagement()));
                values.put("rdma_pkey", rdma.partitionKey());
            }
            case TransportSpecificAddress.Tcp tcp ->
                    values.put("sectype", securityType(tcp.securityType()));
            case TransportSpecificAddress.Other other -> values.put("tsas", other.hex());
        }
        return values;
    }

    static String entry(DiscoveryEntry entry) {
        List<String> lines = new ArrayList<>();
        boolean noAddress = entry.transportAddress().isEmpty();
        lines.add("trtype:  " + transportType(entry.transportType()));
        lines.add("adrfam:  " + (noAddress ? "" : addressFamily(entry.addressFamily())));
        lines.add("subtype: " + subsystemType(entry.subsystemType()));
        lines.add("treq:    " + requirements(entry.treq()));
        lines.add("portid:  " + entry.portId());
        lines.add("trsvcid: " + entry.transportServiceId());
        lines.add("subnqn:  " + entry.subsystemNqn());
        lines.add("traddr:  " + entry.transportAddress());
        lines.add("eflags:  " + entryFlags(entry));
        switch (entry.tsas()) {
            case TransportSpecificAddress.Rdma rdma -> {
                lines.add("rdma_prtype: " + providerType(rdma.providerType()));
                lines.add("rdma_qptype: " + queuePairType(rdma.queuePairType()));
                lines.add("rdma_cms:    " + connectionManagement(rdma.connectionManagement()));
                lines.add(Text.format("rdma_pkey: 0x%04x", rdma.partitionKey()));
            }
            case TransportSpecificAddress.Tcp tcp ->
                    lines.add("sectype: " + securityType(tcp.securityType()));
            case TransportSpecificAddress.Other other -> {
                if (!other.hex().isEmpty()) {
                    lines.add("tsas:    " + other.hex());
                }
            }
        }
        return String.join("\n", lines);
    }

    /** Name of a transport type. */
    public static String transportType(int value) {
        return switch (value) {
            case DiscoveryEntry.TRANSPORT_PCIE -> "pcie";
            case DiscoveryEntry.TRANSPORT_RDMA -> "rdma";
            case DiscoveryEntry.TRANSPORT_FC -> "fc";
            case DiscoveryEntry.TRANSPORT_TCP -> "tcp";
            case DiscoveryEntry.TRANSPORT_LOOP -> "loop";
            default -> unrecognized(value);
        };
    }

    /** Name of an address family. */
    public static String addressFamily(int value) {
        return switch (value) {
            case 0 -> "pci";
            case DiscoveryEntry.ADDRESS_IPV4 -> "ipv4";
            case DiscoveryEntry.ADDRESS_IPV6 -> "ipv6";
            case DiscoveryEntry.ADDRESS_INFINIBAND -> "infiniband";
            case DiscoveryEntry.ADDRESS_FC -> "fibre-channel";
            default -> unrecognized(value);
        };
    }

    /** Name of a subsystem type. */
    public static String subsystemType(int value) {
        return switch (value) {
            case DiscoveryEntry.SUBSYSTEM_REFERRAL -> "discovery subsystem referral";
            case DiscoveryEntry.SUBSYSTEM_NVM -> "nvme subsystem";
            case DiscoveryEntry.SUBSYSTEM_CURRENT_DISCOVERY -> "current discovery subsystem";
            default -> unrecognized(value);
        };
    }

    private static String requirements(int value) {
        return switch (value) {
            case 0 -> "not specified";
            case 1 -> "required";
            case 2 -> "not required";
            case 4 -> "not specified, sq flow control disable supported";
            case 5 -> "required, sq flow control disable supported";
            case 6 -> "not required, sq flow control disable supported";
            default -> unrecognized(value);
        };
    }

    /** Only what means something in this entry. */
    private static String entryFlags(DiscoveryEntry entry) {
        int value = entry.eflags();
        List<String> words = new ArrayList<>();
        if (entry.supportsPersistentConnections()) {
            words.add("explicit discovery connections");
        }
        if (entry.isDuplicate()) {
            words.add("duplicate discovery information");
        }
        if ((value & DiscoveryEntry.FLAG_NO_CDC) != 0) {
            words.add("no cdc connectivity");
        }
        if ((value & ~7) != 0) {
            words.add(unrecognized(value & ~7));
        }
        return words.isEmpty() ? "none" : String.join(", ", words);
    }

    private static String providerType(int value) {
        return switch (value) {
            case 1 -> "not specified";
            case 2 -> "infiniband";
            case 3 -> "roce";
            case 4 -> "roce-v2";
            case 5 -> "iwarp";
            default -> unrecognized(value);
        };
    }

    private static String queuePairType(int value) {
        return switch (value) {
            case 1 -> "connected";
            case 2 -> "datagram";
            default -> unrecognized(value);
        };
    }

    private static String connectionManagement(int value) {
        return value == 1 ? "rdma-cm" : unrecognized(value);
    }

    private static String securityType(int value) {
        return switch (value) {
            case 0 -> "none";
            case 1 -> "tls";
            case 2 -> "tls13";
            default -> unrecognized(value);
        };
    }

    private static String unrecognized(int value) {
        return "unrecognized (" + value + ")";
    }
}
