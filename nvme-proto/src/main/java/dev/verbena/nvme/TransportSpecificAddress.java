package dev.verbena.nvme;

/** The transport-specific part (TSAS) of a discovery log entry. */
public sealed interface TransportSpecificAddress {
    /**
     * Of the RDMA transport.
     *
     * @param queuePairType 1 connected, 2 datagram
     * @param providerType 1 unspecified, 2 InfiniBand, 3 RoCE, 4 RoCE v2, 5 iWARP
     * @param connectionManagement 1 RDMA_CM
     * @param partitionKey InfiniBand partition key
     */
    record Rdma(int queuePairType, int providerType, int connectionManagement, int partitionKey)
            implements TransportSpecificAddress {}

    /**
     * Of the TCP transport.
     *
     * @param securityType 0 none, 1 TLS 1.2, 2 TLS 1.3
     */
    record Tcp(int securityType) implements TransportSpecificAddress {}

    /**
     * Of another transport.
     *
     * @param hex the bytes in hexadecimal, trailing zeros left out
     */
    record Other(String hex) implements TransportSpecificAddress {}
}
