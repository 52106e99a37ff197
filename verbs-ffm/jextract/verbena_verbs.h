/* What jextract reads: Debian 12 rdma-core 44.0 (libibverbs-dev, librdmacm-dev) and glibc 2.36, x86-64. */
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
