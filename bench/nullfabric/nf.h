/*
 * Null fabric: internal declarations of the libibverbs.so.1 replacement.
 *
 * One process, no network, no kernel driver: a "queue pair" is two rings in ordinary memory and the peer is an NVMe-oF
 * target that runs inside ibv_post_send. See README.md.
 */
#ifndef NULLFABRIC_NF_H
#define NULLFABRIC_NF_H

#pragma GCC visibility push(default)
#include <infiniband/verbs.h>
#pragma GCC visibility pop

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NF_API __attribute__((visibility("default")))
#define NF_LINE __attribute__((aligned(64)))

#define relaxed_load(p) atomic_load_explicit((p), memory_order_relaxed)
#define relaxed_store(p, v) atomic_store_explicit((p), (v), memory_order_relaxed)
#define acquire_load(p) atomic_load_explicit((p), memory_order_acquire)
#define release_store(p, v) atomic_store_explicit((p), (v), memory_order_release)

/* Modes, read once from the environment. Zero is the plain fast path; anything else selects the general path. */
enum {
	NF_LOCKS = 1,		/* NULLFABRIC_LOCKS: spin locks, so that any thread may use any object */
	NF_DELAY = 2,		/* NULLFABRIC_DELAY_NS: completions become visible later */
	NF_DATA = 4,		/* NULLFABRIC_DATA: reads and writes move data to and from a RAM store */
	NF_CHECK = 8,		/* NULLFABRIC_CHECK: keys, bounds, access rights and lengths are checked as a device would */
	NF_RECV_FIRST = 16,	/* NULLFABRIC_RECV_FIRST: the response completes before the send that asked for it */
};
extern unsigned nf_mode;
extern uint64_t nf_delay_ticks;
extern double nf_ns_per_tick;

void nf_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn, cold));
void nf_note(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));
uint64_t nf_env_u64(const char *name, uint64_t dflt);
const char *nf_env_str(const char *name, const char *dflt);

static inline uint64_t nf_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

struct nf_spin { _Atomic uint32_t v; };

static inline void nf_spin_lock(struct nf_spin *s)
{
	while (atomic_exchange_explicit(&s->v, 1, memory_order_acquire))
		while (relaxed_load(&s->v))
			__builtin_ia32_pause();
}

static inline void nf_spin_unlock(struct nf_spin *s)
{
	release_store(&s->v, 0);
}

/* ---- Memory keys ------------------------------------------------------------------------------------------------ */

enum { NF_KEYS = 1 << 20 };

/* One slot of the key table; a key is (slot << 8 | tag), and a slot whose key differs from the one used is stale. */
struct nf_key {
	_Atomic uint32_t key;	/* 0: not usable */
	uint32_t access;
	uint64_t iova;
	uint64_t len;
	uint8_t *base;		/* the process address of iova */
	struct ibv_pd *pd;
	uint32_t qp_num;	/* windows of type 2B: the queue pair they are bound to */
	uint32_t region;	/* windows: the key of the region under them, which has to stay valid */
	uint8_t window;
	uint8_t tag;		/* tag of the next key of this slot */
};
extern struct nf_key *nf_keys;

struct nf_mr {
	struct ibv_mr ib;
	uint32_t slot;
};

struct nf_mw {
	struct ibv_mw ib;
	uint32_t slot;
};

uint32_t nf_key_alloc(void);
void nf_key_free(uint32_t slot);

/* The address behind (key, iova, len) if the key is live, covers the range and grants every bit of access; else NULL. */
void *nf_key_addr(struct ibv_pd *pd, uint32_t qp_num, uint32_t key, uint64_t iova, uint64_t len, uint32_t access);

/* ---- Completion queues -------------------------------------------------------------------------------------------- */

/*
 * A completion as it waits in a ring: 16 bytes, so that four share a cache line. meta is, from the low end: 32 bits that are
 * the number of a send request (polling it frees queue slots) or the key invalidated by a response; 8 bits of enum
 * ibv_wc_opcode; 8 bits of enum ibv_wc_status; 8 bits of enum ibv_wc_flags; 8 bits that are the bytes received.
 */
struct nf_cqe {
	uint64_t wr_id;
	uint64_t meta;
};

struct nf_srq;

/*
 * Completions of one queue pair for one completion queue: one producer (the thread in ibv_post_send), one consumer (the
 * thread in ibv_poll_cq). Belongs to the completion queue and lives as long as it, so a poller never meets freed memory.
 */
struct nf_ring {
	struct nf_cqe *e;
	uint64_t *ready;		/* NF_DELAY: tick from which the completion is visible */
	uint32_t mask;
	uint32_t limit;			/* more completions than this are an overrun */
	uint32_t qp_num;
	struct nf_srq *srq;
	struct nf_ring *next;		/* all rings ever attached to the completion queue */
	_Atomic uint32_t prod NF_LINE;
	_Atomic uint32_t cons NF_LINE;
	_Atomic uint32_t sq_done;	/* send requests whose slots were given back by polling */
	_Atomic uint32_t rq_done;
};

/* The set of rings a poll visits: replaced as a whole, old ones stay until the completion queue goes. */
struct nf_rings {
	uint32_t n;
	struct nf_rings *old;
	struct nf_ring *r[];
};

struct nf_channel {
	struct ibv_comp_channel ib;
	pthread_mutex_t m;
	struct nf_cq **q;
	uint32_t n, cap;
};

struct nf_cq {
	struct ibv_cq ib;
	struct nf_spin spin;
	pthread_mutex_t m;		/* attaching and detaching */
	struct nf_ring *all;
	uint32_t attached;
	uint32_t events;		/* handed out by ibv_get_cq_event */
	_Atomic(struct nf_rings *) rings NF_LINE;
	uint32_t cursor;
	_Atomic uint32_t in_poll;
	uint64_t n_polls, n_empty;
	_Atomic uint32_t armed NF_LINE;	/* 1: any completion, 2: solicited or failed ones */
};

void nf_cq_attach(struct nf_cq *cq, struct nf_ring *r);
void nf_cq_detach(struct nf_cq *cq, struct nf_ring *r);
struct nf_ring *nf_ring_new(uint32_t entries, uint32_t cqe, uint32_t qp_num, struct nf_srq *srq);
void nf_cq_fire(struct nf_cq *cq);			/* one event into the channel, now */
void nf_cq_fire_at(struct nf_cq *cq, uint64_t tick, bool failed);	/* NF_DELAY: at that time, if it is armed then */
void nf_timer_forget(struct nf_cq *cq);

/* ---- Queue pairs -------------------------------------------------------------------------------------------------- */

struct nf_rqe {
	uint64_t wr_id;
	uint64_t addr;		/* 0: the buffer is too small or not writable */
};

struct nf_srq {
	struct ibv_srq ib;
	struct nf_spin spin;
	struct nf_rqe *e;
	uint32_t mask, max, head, prod;
	_Atomic uint32_t done;
};

struct nf_ctrl;

struct nf_sample { uint64_t cmds, cpu, pcpu, wall; int tid; };

struct nf_qp {
	struct ibv_qp ib;
	/* The send side, and what the target needs per command. */
	_Atomic uint32_t in_send NF_LINE;
	_Atomic uint32_t state;
	struct nf_ring *sr, *rr;
	uint32_t sq_posted, max_send;
	struct nf_rqe *rq;
	uint32_t rq_mask, rq_head, rq_avail;
	uint16_t sqhd, sqsize, qid;
	uint8_t sig_all;
	uint8_t channel;		/* a completion queue of this queue pair has a channel */
	uint8_t no_flow;		/* Connect switched submission-queue flow control off */
	uint8_t fast;			/* an I/O queue that is connected to an enabled controller */
	uint64_t blocks;
	uint64_t n_cmds, n_sends;
	struct nf_srq *srq;
	/* The receive side. */
	_Atomic uint32_t in_recv NF_LINE;
	_Atomic uint32_t rq_prod;
	uint32_t max_recv;
	uint64_t n_recvs;
	/* Everything else. */
	struct nf_ctrl *ctrl NF_LINE;
	struct nf_spin send_spin, recv_spin;
	pthread_mutex_t m;		/* state changes, and posting in the error state */
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	void (*_Atomic on_error)(void *);	/* the connection manager's: the connection broke */
	void *on_error_arg;
	struct sockaddr_storage peer;
	uint16_t cm_qid;
	struct nf_sample *samples;
	uint32_t n_samples;
	struct nf_qp *next, **prev;	/* all queue pairs */
};

static inline struct nf_qp *to_qp(struct ibv_qp *q) { return (struct nf_qp *)q; }
static inline struct nf_cq *to_cq(struct ibv_cq *c) { return (struct nf_cq *)c; }

/* Data path, datapath.c */
void nf_datapath_ops(struct ibv_context_ops *ops);
void nf_qp_error(struct nf_qp *q, bool inside_send);
void nf_qp_quiesce(struct nf_qp *q, bool inside_send);
void nf_qp_reset(struct nf_qp *q);

/* Context, verbs.c */
void nf_async_event(struct ibv_context *ctx, struct ibv_async_event ev);

/* ---- Target, target.c --------------------------------------------------------------------------------------------- */

enum { NVME_FLUSH = 0x00, NVME_WRITE = 0x01, NVME_READ = 0x02 };

/* Submission queue entry as it lies in the capsule. */
struct nvme_cmd {
	uint8_t opc, flags;
	uint16_t cid;
	uint32_t nsid;
	uint32_t cdw2, cdw3;
	uint64_t mptr;
	uint64_t sgl_addr;
	uint64_t sgl_rest;	/* keyed: length 24 bits, key 32 bits, type 8 bits; others: length 32 bits, 24 reserved, type */
	union {
		uint32_t cdw[6];	/* command dwords 10 to 15 */
		struct { uint64_t slba; uint16_t nlb; } __attribute__((packed)) rw;
	};
};
_Static_assert(sizeof(struct nvme_cmd) == 64, "a submission queue entry is 64 bytes");

struct nf_rsp {
	uint64_t result;
	uint16_t status;	/* status field without the phase bit: code, type << 8, do-not-retry << 14 */
	bool silent;		/* no response now (asynchronous event request) */
	bool broken;		/* the target would tear the connection down */
	uint8_t bytes;		/* of the response; 16 unless a fault says otherwise */
	uint8_t repeats;	/* how often the response comes again */
	uint16_t cid_flip;	/* bits of the command identifier that come back wrong */
	uint32_t inv_key;	/* non-zero: remote invalidation travels with the response */
};

/* ---- What a target is like, config.c ------------------------------------------------------------------------------ */

enum nf_fault { NF_NO_FAULT, NF_DROP, NF_STATUS, NF_TRANSIENT, NF_CID, NF_SHORT, NF_REPEAT, NF_INVALIDATE, NF_DISCONNECT };

/* The environment sets what is the rule, the name of a subsystem may carry exceptions: "...?in_capsule=0&mdts=5". */
struct nf_config {
	uint64_t namespaces, lbads, mdts, in_capsule, icdoff, offsets, msdbd, mqes, maxcmd;
	enum nf_fault fault;
	uint64_t fault_at;	/* the I/O command it befalls, counted from 1; 0: none */
};
extern struct nf_config nf_defaults;
extern const char *nf_nqn;	/* the name in the discovery log */
void nf_config_init(void);
/* False, with a message, if the name asks for something that does not exist. */
bool nf_config_of(const char *nqn, struct nf_config *out);

void nf_target_init(void);
/* Executes the command of a capsule; wr gives access to data inside the capsule. */
void nf_target_exec(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r);
/* Whether a capsule is one that the target has room for. */
bool nf_target_capsule_fits(struct nf_qp *q, const struct ibv_send_wr *wr);
/* The connection of this queue pair is gone. */
void nf_target_hangup(struct nf_qp *q);

/* Measuring, stats.c */
void nf_stats_sample(struct nf_qp *q);
void nf_stats_print(struct nf_qp *q);
void nf_stats_init(void);

/* ---- What tests use ------------------------------------------------------------------------------------------------ */

/* What a namespace really holds, and how much; NULL without NULLFABRIC_DATA or if there is no such namespace. */
NF_API void *nullfabric_store(uint32_t nsid, uint64_t *len);

/*
 * The device is taken away as a driver with disassociate_ucontext does it: it leaves the list, its queue pairs carry nothing any
 * more, and every verb on its contexts answers EIO from now on, those that destroy included. nullfabric_remove_device, of
 * librdmacm.so.1, does that and announces the removal to every identifier before.
 */
NF_API void nullfabric_disassociate(void);
NF_API void nullfabric_remove_device(void);
/* Another device of the same name, with contexts of its own. */
NF_API void nullfabric_add_device(void);
/* Verbs that destroy answer with this error while their device is there; 0 ends it. */
NF_API void nullfabric_refuse_destroys(int error);
/* One of a device's asynchronous events, for queue pair or port number n where it is about one. */
NF_API void nullfabric_async_event(int type, uint32_t n);

/* ---- What librdmacm.so.1 uses ------------------------------------------------------------------------------------- */

/* NULL with ENODEV when there is no device. */
NF_API struct ibv_context *nullfabric_cm_context(void);
/* 0, or the reject code of the NVMe/RDMA binding. The private data of the accept goes to out, 32 bytes. */
NF_API int nullfabric_connect(struct ibv_qp *qp, const void *priv, size_t len, const struct sockaddr *peer, void *out,
			      void (*on_error)(void *), void *arg);
NF_API void nullfabric_disconnect(struct ibv_qp *qp);
NF_API struct ibv_qp *nullfabric_find_qp(uint32_t qp_num);

#endif
