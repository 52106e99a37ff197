package dev.verbena.verbs;

/// Options of identifiers (`rdma_set_option(3)`, `RDMA_OPTION_ID_*` in `rdma_cma.h`).
enum CmOption {
    TYPE_OF_SERVICE(0),
    REUSE_ADDRESS(1),
    ACK_TIMEOUT(3);

    /// `RDMA_OPTION_ID`.
    static final int LEVEL_ID = 0;

    private final int number;

    CmOption(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
