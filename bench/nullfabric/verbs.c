/* Devices, contexts, memory, completion queues and queue pairs: everything of libibverbs that is not per I/O. */
#define _GNU_SOURCE
#include "nf.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* The header wraps these in macros. */
#undef ibv_query_port
#undef ibv_reg_mr
#undef ibv_reg_mr_iova

enum { MAX_WR = 16384, MAX_SGE = 32, MAX_CQE = 1 << 22, MAX_INLINE = 1024, PORT = 1, GUID = 0x0e11fab0 };

unsigned nf_mode;
static unsigned max_sge = MAX_SGE;
static bool windows = true;
uint64_t nf_delay_ticks;
double nf_ns_per_tick = 1;

/* ---- Environment ------------------------------------------------------------------------------------------------------ */

void nf_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("nullfabric: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void nf_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("nullfabric: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

const char *nf_env_str(const char *name, const char *dflt)
{
	const char *s = getenv(name);

	return s ? s : dflt;
}

uint64_t nf_env_u64(const char *name, uint64_t dflt)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (!s || !*s)
		return dflt;
	v = strtoull(s, &end, 0);
	if (*end)
		nf_die("%s=%s is not a number", name, s);
	return v;
}

static uint64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void calibrate(void)
{
	uint64_t n0 = mono_ns(), t0 = nf_ticks(), n1;

	do
		n1 = mono_ns();
	while (n1 - n0 < 20000000);
	nf_ns_per_tick = (double)(n1 - n0) / (nf_ticks() - t0);
}

static void init_device(void);

__attribute__((constructor)) static void nf_init(void)
{
	uint64_t delay = nf_env_u64("NULLFABRIC_DELAY_NS", 0);

	nf_mode = (nf_env_u64("NULLFABRIC_LOCKS", 0) ? NF_LOCKS : 0) | (nf_env_u64("NULLFABRIC_DATA", 0) ? NF_DATA : 0) |
		  (nf_env_u64("NULLFABRIC_CHECK", 0) ? NF_CHECK : 0) | (nf_env_u64("NULLFABRIC_RECV_FIRST", 0) ? NF_RECV_FIRST : 0) |
		  (delay ? NF_DELAY : 0);
	if (delay) {
		calibrate();
		nf_delay_ticks = delay / nf_ns_per_tick;
	}
	nf_keys = mmap(NULL, NF_KEYS * sizeof *nf_keys, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (nf_keys == MAP_FAILED)
		nf_die("no address space for the key table");
	windows = nf_env_u64("NULLFABRIC_WINDOWS", 1);
	max_sge = nf_env_u64("NULLFABRIC_MAX_SGE", MAX_SGE);
	if (max_sge < 1 || max_sge > MAX_SGE)
		nf_die("NULLFABRIC_MAX_SGE must be 1 to %u", MAX_SGE);
	nf_stats_init();
	nf_config_init();
	nf_target_init();
	init_device();
}

/* ---- Devices and contexts ----------------------------------------------------------------------------------------------- */

/* Provider libraries look behind the public part of a device for their own operations: they shall find nothing there. */
enum { DEVICES = 64 };		/* over time; one at most is there */
static struct { struct ibv_device ib; uint8_t behind[512]; } devices[DEVICES];
static _Atomic(struct ibv_device *) present;
static _Atomic int refused_destroys;

struct nf_async { struct ibv_async_event ev; struct nf_async *next; };

struct nf_context {
	struct nf_async *head, **tail;
	pthread_mutex_t m;
	uint64_t refs;
	_Atomic bool gone;		/* its device was taken away */
	struct nf_context *next;	/* all contexts */
	struct verbs_context v;		/* last: its last member is the ibv_context */
};

static struct nf_context *to_ctx(struct ibv_context *c)
{
	return (struct nf_context *)((char *)c - offsetof(struct nf_context, v.context));
}

static pthread_mutex_t context_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct nf_context *contexts;

static bool gone(struct ibv_context *c)
{
	return acquire_load(&to_ctx(c)->gone);
}

/* What a verb that makes something has to ask first. */
static bool usable(struct ibv_context *c)
{
	if (gone(c))
		errno = EIO;
	return !gone(c);
}

/* What a verb that destroys has to ask first: 0, or why it cannot. */
static int destroyable(struct ibv_context *c)
{
	return gone(c) ? EIO : relaxed_load(&refused_destroys);
}

static void init_device(void)
{
	static unsigned next;
	struct ibv_device *d = &devices[next++ % DEVICES].ib;

	d->node_type = IBV_NODE_CA;
	d->transport_type = IBV_TRANSPORT_IB;
	strcpy(d->name, "null0");
	strcpy(d->dev_name, "uverbs0");
	strcpy(d->dev_path, "/sys/class/infiniband_verbs/uverbs0");
	strcpy(d->ibdev_path, "/sys/class/infiniband/null0");
	release_store(&present, d);
}

void nullfabric_add_device(void)
{
	if (!acquire_load(&present))
		init_device();
}

void nullfabric_refuse_destroys(int error)
{
	relaxed_store(&refused_destroys, error);
}

NF_API struct ibv_device **ibv_get_device_list(int *num)
{
	struct ibv_device **l = calloc(2, sizeof *l);

	if (!l) {
		errno = ENOMEM;
		return NULL;
	}
	l[0] = acquire_load(&present);
	if (num)
		*num = !!l[0];
	return l;
}

NF_API void ibv_free_device_list(struct ibv_device **l)
{
	free(l);
}

NF_API const char *ibv_get_device_name(struct ibv_device *d)
{
	return d->name;
}

NF_API int ibv_get_device_index(struct ibv_device *d)
{
	(void)d;
	return 0;
}

NF_API __be64 ibv_get_device_guid(struct ibv_device *d)
{
	(void)d;
	return htobe64(GUID);
}

static int query_device(struct ibv_context *c, struct ibv_device_attr *a)
{
	if (gone(c))
		return EIO;
	memset(a, 0, sizeof *a);
	strcpy(a->fw_ver, "null");
	a->node_guid = a->sys_image_guid = htobe64(GUID);
	a->max_mr_size = UINT64_MAX;
	a->page_size_cap = 0xfffff000;
	a->max_qp = 65536;
	a->max_qp_wr = MAX_WR;
	a->device_cap_flags = IBV_DEVICE_SYS_IMAGE_GUID | IBV_DEVICE_RC_RNR_NAK_GEN | IBV_DEVICE_MEM_WINDOW |
			      IBV_DEVICE_MEM_WINDOW_TYPE_2B | IBV_DEVICE_MEM_MGT_EXTENSIONS;
	if (!windows)
		a->device_cap_flags &= ~(unsigned)(IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2B);
	a->max_sge = a->max_sge_rd = a->max_srq_sge = max_sge;
	a->max_cq = 65536;
	a->max_cqe = MAX_CQE;
	a->max_mr = NF_KEYS - 1;
	a->max_mw = windows ? NF_KEYS - 1 : 0;
	a->max_pd = 65536;
	a->max_qp_rd_atom = a->max_qp_init_rd_atom = 16;
	a->max_res_rd_atom = 16 * 65536;
	a->atomic_cap = IBV_ATOMIC_NONE;
	a->max_srq = 65536;
	a->max_srq_wr = MAX_WR;
	a->max_pkeys = 1;
	a->phys_port_cnt = 1;
	return 0;
}

NF_API int ibv_query_device(struct ibv_context *c, struct ibv_device_attr *a)
{
	return query_device(c, a);
}

static int query_device_ex(struct ibv_context *c, const struct ibv_query_device_ex_input *in, struct ibv_device_attr_ex *a, size_t size)
{
	if (in && in->comp_mask)
		return EINVAL;
	if (size < sizeof a->orig_attr)
		return EOPNOTSUPP;
	if (gone(c))
		return EIO;
	memset(a, 0, size);
	query_device(c, &a->orig_attr);
	if (size >= offsetof(struct ibv_device_attr_ex, phys_port_cnt_ex) + sizeof a->phys_port_cnt_ex)
		a->phys_port_cnt_ex = 1;
	return 0;
}

static int query_port(struct ibv_context *c, uint8_t port, struct ibv_port_attr *out, size_t len)
{
	struct ibv_port_attr a = {
		.state = IBV_PORT_ACTIVE, .max_mtu = IBV_MTU_4096, .active_mtu = IBV_MTU_4096, .gid_tbl_len = 1,
		.port_cap_flags = IBV_PORT_IP_BASED_GIDS | IBV_PORT_CM_SUP, .max_msg_sz = 1u << 30, .pkey_tbl_len = 1, .max_vl_num = 1,
		.active_width = 2, .active_speed = 64, .phys_state = 5, .link_layer = IBV_LINK_LAYER_ETHERNET,
	};

	(void)c;
	if (port != PORT)
		return EINVAL;
	memset(out, 0, len);
	memcpy(out, &a, len < sizeof a ? len : sizeof a);
	return 0;
}

/* Callers compiled against the header reach query_port instead; this one is for those that bind the symbol. */
NF_API int ibv_query_port(struct ibv_context *c, uint8_t port, struct _compat_ibv_port_attr *out)
{
	return query_port(c, port, (struct ibv_port_attr *)out, offsetof(struct ibv_port_attr, port_cap_flags2));
}

static void gid(union ibv_gid *g)
{
	memset(g, 0, sizeof *g);
	g->raw[10] = g->raw[11] = 0xff;
	g->raw[12] = 127;
	g->raw[15] = 1;
}

NF_API int ibv_query_gid(struct ibv_context *c, uint8_t port, int index, union ibv_gid *g)
{
	(void)c;
	if (port != PORT || index != 0) {
		errno = EINVAL;
		return -1;
	}
	gid(g);
	return 0;
}

NF_API int _ibv_query_gid_ex(struct ibv_context *c, uint32_t port, uint32_t index, struct ibv_gid_entry *e, uint32_t flags, size_t size)
{
	struct ibv_gid_entry v = { .gid_index = 0, .port_num = PORT, .gid_type = IBV_GID_TYPE_ROCE_V2, .ndev_ifindex = 1 };

	(void)c;
	if (flags)
		return EOPNOTSUPP;
	if (port != PORT)
		return EINVAL;
	if (index)
		return ENODATA;
	gid(&v.gid);
	memset(e, 0, size);
	memcpy(e, &v, size < sizeof v ? size : sizeof v);
	return 0;
}

NF_API ssize_t _ibv_query_gid_table(struct ibv_context *c, struct ibv_gid_entry *e, size_t max, uint32_t flags, size_t size)
{
	int rc;

	if (max < 1)
		return -EINVAL;
	rc = _ibv_query_gid_ex(c, PORT, 0, e, flags, size);
	return rc ? -rc : 1;
}

NF_API int ibv_query_pkey(struct ibv_context *c, uint8_t port, int index, __be16 *pkey)
{
	(void)c;
	if (port != PORT || index != 0) {
		errno = EINVAL;
		return -1;
	}
	*pkey = htobe16(0xffff);
	return 0;
}

NF_API int ibv_get_pkey_index(struct ibv_context *c, uint8_t port, __be16 pkey)
{
	(void)c;
	return port == PORT && pkey == htobe16(0xffff) ? 0 : -1;
}

static struct ibv_mw *alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
static int dealloc_mw(struct ibv_mw *mw);
static struct ibv_qp *create_qp_ex(struct ibv_context *c, struct ibv_qp_init_attr_ex *a);

static int bind_mw(struct ibv_qp *q, struct ibv_mw *mw, struct ibv_mw_bind *b)
{
	(void)q, (void)mw, (void)b;
	return EOPNOTSUPP;	/* type 1 */
}

NF_API struct ibv_context *ibv_open_device(struct ibv_device *d)
{
	struct nf_context *x = calloc(1, sizeof *x);
	struct ibv_context *c;

	if (!x || d != acquire_load(&present)) {
		free(x);
		errno = x ? ENODEV : ENOMEM;
		return NULL;
	}
	x->tail = &x->head;
	pthread_mutex_init(&x->m, NULL);
	x->v.sz = sizeof x->v;
	x->v.query_port = query_port;
	x->v.query_device_ex = query_device_ex;
	x->v.create_qp_ex = create_qp_ex;
	c = &x->v.context;
	c->device = d;
	c->abi_compat = __VERBS_ABI_IS_EXTENDED;
	c->num_comp_vectors = 1;
	c->async_fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC);
	c->cmd_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	pthread_mutex_init(&c->mutex, NULL);
	c->ops._compat_query_device = query_device;
	c->ops._compat_query_port = ibv_query_port;
	c->ops.alloc_mw = alloc_mw;
	c->ops.dealloc_mw = dealloc_mw;
	c->ops.bind_mw = bind_mw;
	nf_datapath_ops(&c->ops);
	if (c->async_fd < 0 || c->cmd_fd < 0) {
		ibv_close_device(c);
		errno = EMFILE;
		return NULL;
	}
	pthread_mutex_lock(&context_mutex);
	x->next = contexts;
	contexts = x;
	pthread_mutex_unlock(&context_mutex);
	return c;
}

NF_API int ibv_close_device(struct ibv_context *c)
{
	struct nf_context *x = to_ctx(c);

	pthread_mutex_lock(&context_mutex);
	for (struct nf_context **at = &contexts; *at; at = &(*at)->next)
		if (*at == x) {
			*at = x->next;
			break;
		}
	pthread_mutex_unlock(&context_mutex);
	close(c->async_fd);
	close(c->cmd_fd);
	for (struct nf_async *a = x->head, *n; a; a = n) {
		n = a->next;
		free(a);
	}
	free(x);
	return 0;
}

/* The one context behind all connection-manager identifiers. */
struct ibv_context *nullfabric_cm_context(void)
{
	static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	static struct ibv_context *c;

	struct ibv_device *d = acquire_load(&present);

	pthread_mutex_lock(&m);
	if (!d)
		errno = ENODEV;
	else if (!c || c->device != d)
		c = ibv_open_device(d);	/* that of a device that is gone stays: identifiers may point to it */
	pthread_mutex_unlock(&m);
	return d ? c : NULL;
}

/* ---- Asynchronous events -------------------------------------------------------------------------------------------------- */

static int fd_take(int fd)
{
	uint64_t v;

	return read(fd, &v, sizeof v) == sizeof v ? 0 : -1;	/* errno is EAGAIN on a non-blocking descriptor */
}

static void fd_give(int fd)
{
	uint64_t v = 1;

	if (write(fd, &v, sizeof v) != sizeof v)
		nf_note("event lost: %m");
}

void nf_async_event(struct ibv_context *c, struct ibv_async_event ev)
{
	struct nf_context *x = to_ctx(c);
	struct nf_async *a = calloc(1, sizeof *a);

	if (!a)
		return;
	a->ev = ev;
	pthread_mutex_lock(&x->m);
	*x->tail = a;
	x->tail = &a->next;
	pthread_mutex_unlock(&x->m);
	fd_give(c->async_fd);
}

NF_API int ibv_get_async_event(struct ibv_context *c, struct ibv_async_event *ev)
{
	struct nf_context *x = to_ctx(c);
	struct nf_async *a;

	for (;;) {
		if (fd_take(c->async_fd))
			return -1;
		pthread_mutex_lock(&x->m);
		a = x->head;
		if (a && !(x->head = a->next))
			x->tail = &x->head;
		pthread_mutex_unlock(&x->m);
		if (!a)
			continue;
		*ev = a->ev;
		free(a);
		return 0;
	}
}

NF_API void ibv_ack_async_event(struct ibv_async_event *ev)
{
	(void)ev;
}

/* ---- Protection domains and memory ------------------------------------------------------------------------------------------ */

NF_API struct ibv_pd *ibv_alloc_pd(struct ibv_context *c)
{
	static _Atomic uint32_t handle;
	struct ibv_pd *pd = usable(c) ? calloc(1, sizeof *pd) : NULL;

	if (!pd) {
		errno = gone(c) ? EIO : ENOMEM;
		return NULL;
	}
	pd->context = c;
	pd->handle = ++handle;
	return pd;
}

NF_API int ibv_dealloc_pd(struct ibv_pd *pd)
{
	int rc = destroyable(pd->context);

	if (rc)
		return rc;
	free(pd);
	return 0;
}

struct nf_key *nf_keys;
static pthread_mutex_t key_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t key_next = 1, *key_free, key_free_n, key_free_cap;

uint32_t nf_key_alloc(void)
{
	uint32_t slot = 0;

	pthread_mutex_lock(&key_mutex);
	if (key_free_n)
		slot = key_free[--key_free_n];
	else if (key_next < NF_KEYS)
		slot = key_next++;
	pthread_mutex_unlock(&key_mutex);
	return slot;
}

void nf_key_free(uint32_t slot)
{
	pthread_mutex_lock(&key_mutex);
	release_store(&nf_keys[slot].key, 0);
	nf_keys[slot].window = 0;
	if (key_free_n == key_free_cap) {
		uint32_t cap = key_free_cap ? key_free_cap * 2 : 1024, *p = realloc(key_free, cap * sizeof *p);

		if (p) {
			key_free = p;
			key_free_cap = cap;
		}
	}
	if (key_free_n < key_free_cap)
		key_free[key_free_n++] = slot;
	pthread_mutex_unlock(&key_mutex);
}

void *nf_key_addr(struct ibv_pd *pd, uint32_t qp_num, uint32_t key, uint64_t iova, uint64_t len, uint32_t access)
{
	struct nf_key *k = &nf_keys[key >> 8 & (NF_KEYS - 1)];

	if (!key || acquire_load(&k->key) != key || (pd && k->pd != pd) || (k->access & access) != access)
		return NULL;
	if (k->window && (k->qp_num != qp_num || acquire_load(&nf_keys[k->region >> 8].key) != k->region))
		return NULL;
	if (iova < k->iova || len > k->len || iova - k->iova > k->len - len)
		return NULL;
	return k->base + (iova - k->iova);
}

static struct ibv_mr *reg_mr(struct ibv_pd *pd, void *addr, size_t len, uint64_t iova, unsigned access)
{
	struct nf_mr *mr;
	struct nf_key *k;
	uint32_t slot;

	if (!usable(pd->context))
		return NULL;
	if ((access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) && !(access & IBV_ACCESS_LOCAL_WRITE)) {
		errno = EINVAL;		/* the rule of the verbs: remote write needs local write */
		return NULL;
	}
	mr = calloc(1, sizeof *mr);
	slot = mr ? nf_key_alloc() : 0;
	if (!slot) {
		free(mr);
		errno = ENOMEM;
		return NULL;
	}
	k = &nf_keys[slot];
	k->access = access;
	k->iova = iova;
	k->len = len;
	k->base = addr;
	k->pd = pd;
	mr->slot = slot;
	mr->ib.context = pd->context;
	mr->ib.pd = pd;
	mr->ib.addr = addr;
	mr->ib.length = len;
	mr->ib.handle = slot;
	mr->ib.lkey = mr->ib.rkey = slot << 8 | k->tag++;
	release_store(&k->key, mr->ib.lkey);
	return &mr->ib;
}

NF_API struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t len, int access)
{
	return reg_mr(pd, addr, len, access & IBV_ACCESS_ZERO_BASED ? 0 : (uintptr_t)addr, access);
}

NF_API struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t len, uint64_t iova, int access)
{
	return reg_mr(pd, addr, len, iova, access);
}

NF_API struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t len, uint64_t iova, unsigned access)
{
	return reg_mr(pd, addr, len, iova, access & ~(unsigned)IBV_ACCESS_OPTIONAL_RANGE);
}

NF_API int ibv_dereg_mr(struct ibv_mr *ib)
{
	int rc = destroyable(ib->context);

	if (rc)
		return rc;
	nf_key_free(((struct nf_mr *)ib)->slot);
	free(ib);
	return 0;
}

static struct ibv_mw *alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type)
{
	struct nf_mw *mw;
	uint32_t slot;

	if (!usable(pd->context))
		return NULL;
	if (type != IBV_MW_TYPE_2 || !windows) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	mw = calloc(1, sizeof *mw);
	slot = mw ? nf_key_alloc() : 0;
	if (!slot) {
		free(mw);
		errno = ENOMEM;
		return NULL;
	}
	nf_keys[slot].window = 1;
	nf_keys[slot].pd = pd;
	mw->slot = slot;
	mw->ib.context = pd->context;
	mw->ib.pd = pd;
	mw->ib.rkey = slot << 8 | nf_keys[slot].tag++;
	mw->ib.handle = slot;
	mw->ib.type = type;
	return &mw->ib;
}

static int dealloc_mw(struct ibv_mw *ib)
{
	int rc = destroyable(ib->context);

	if (rc)
		return rc;
	nf_key_free(((struct nf_mw *)ib)->slot);
	free(ib);
	return 0;
}

/* ---- Completion channels and queues ------------------------------------------------------------------------------------------- */

NF_API struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *c)
{
	struct nf_channel *ch = usable(c) ? calloc(1, sizeof *ch) : NULL;

	if (gone(c))
		return NULL;
	if (!ch || (ch->ib.fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC)) < 0) {
		free(ch);
		errno = ch ? errno : ENOMEM;
		return NULL;
	}
	ch->ib.context = c;
	pthread_mutex_init(&ch->m, NULL);
	return &ch->ib;
}

NF_API int ibv_destroy_comp_channel(struct ibv_comp_channel *ib)
{
	struct nf_channel *ch = (struct nf_channel *)ib;

	pthread_mutex_lock(&ch->m);
	if (ib->refcnt) {
		pthread_mutex_unlock(&ch->m);
		return EBUSY;
	}
	pthread_mutex_unlock(&ch->m);
	close(ib->fd);
	free(ch->q);
	free(ch);
	return 0;
}

void nf_cq_fire(struct nf_cq *cq)
{
	struct nf_channel *ch = (struct nf_channel *)cq->ib.channel;

	pthread_mutex_lock(&ch->m);
	if (ch->n == ch->cap) {
		uint32_t cap = ch->cap ? ch->cap * 2 : 64;
		struct nf_cq **q = realloc(ch->q, cap * sizeof *q);

		if (!q)
			nf_die("out of memory for completion events");
		ch->q = q;
		ch->cap = cap;
	}
	ch->q[ch->n++] = cq;
	pthread_mutex_unlock(&ch->m);
	fd_give(ch->ib.fd);
}

NF_API int ibv_get_cq_event(struct ibv_comp_channel *ib, struct ibv_cq **out, void **context)
{
	struct nf_channel *ch = (struct nf_channel *)ib;
	struct nf_cq *cq;

	for (;;) {
		if (fd_take(ib->fd))
			return -1;
		pthread_mutex_lock(&ch->m);
		cq = ch->n ? ch->q[0] : NULL;
		if (cq) {
			memmove(ch->q, ch->q + 1, --ch->n * sizeof *ch->q);
			cq->events++;
		}
		pthread_mutex_unlock(&ch->m);
		if (!cq)
			continue;
		*out = &cq->ib;
		*context = cq->ib.cq_context;
		return 0;
	}
}

NF_API void ibv_ack_cq_events(struct ibv_cq *cq, unsigned n)
{
	if (!n)
		return;
	pthread_mutex_lock(&cq->mutex);
	cq->comp_events_completed += n;
	pthread_cond_signal(&cq->cond);
	pthread_mutex_unlock(&cq->mutex);
}

/*
 * NF_DELAY: an event must wait until its completion is visible. A list of such times and one thread, started by the first of
 * them. The queue stays armed until the time comes, so arming it again in between adds nothing.
 */
struct timer { uint64_t at; struct nf_cq *cq; bool failed; struct timer *next; };
static struct timer *timers;
static pthread_mutex_t timer_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t timer_cond = PTHREAD_COND_INITIALIZER;
static _Atomic bool timer_news;
static bool timer_running;

/* Spins without the lock until the time comes or the list changes. */
static void timer_spin(uint64_t until)
{
	pthread_mutex_unlock(&timer_mutex);
	while ((int64_t)(until - nf_ticks()) > 0 && !relaxed_load(&timer_news))
		__builtin_ia32_pause();
	pthread_mutex_lock(&timer_mutex);
}

static void *timer_thread(void *arg)
{
	const uint64_t spin = 60000 / nf_ns_per_tick;	/* sleeps are not to be trusted to less */
	bool idle = false;

	prctl(PR_SET_TIMERSLACK, 1);
	pthread_mutex_lock(&timer_mutex);
	for (;;) {
		int64_t left;
		uint32_t armed;
		struct timer *t = timers;

		relaxed_store(&timer_news, false);
		if (!t) {
			if (idle)
				pthread_cond_wait(&timer_cond, &timer_mutex);
			else
				timer_spin(nf_ticks() + spin);	/* the next I/O is probably near */
			idle = !idle && !timers;
			continue;
		}
		idle = false;
		left = t->at - nf_ticks();
		if (left > (int64_t)spin) {
			uint64_t ns = (left - spin) * nf_ns_per_tick + 20000;
			struct timespec ts = { 0, ns < 500000 ? ns : 500000 };

			pthread_mutex_unlock(&timer_mutex);
			nanosleep(&ts, NULL);
			pthread_mutex_lock(&timer_mutex);
			continue;
		}
		if (left > 0) {
			timer_spin(t->at);
			continue;
		}
		timers = t->next;
		armed = relaxed_load(&t->cq->armed);
		if ((armed == 1 || (armed == 2 && t->failed)) && atomic_exchange(&t->cq->armed, 0))
			nf_cq_fire(t->cq);
		free(t);
	}
	return arg;
}

void nf_cq_fire_at(struct nf_cq *cq, uint64_t tick, bool failed)
{
	struct timer *t, **at = &timers;
	pthread_t th;

	pthread_mutex_lock(&timer_mutex);
	for (; *at && (int64_t)((*at)->at - tick) <= 0; at = &(*at)->next)
		if ((*at)->cq == cq && (*at)->failed == failed)
			goto out;	/* a completion that arrives earlier raises the event */
	t = malloc(sizeof *t);
	if (!t)
		nf_die("out of memory for completion events");
	*t = (struct timer){ tick, cq, failed, *at };
	*at = t;
	relaxed_store(&timer_news, true);
	if (!timer_running) {
		if (pthread_create(&th, NULL, timer_thread, NULL))
			nf_die("no thread for delayed completion events");
		pthread_detach(th);
		timer_running = true;
	}
	pthread_cond_signal(&timer_cond);
out:
	pthread_mutex_unlock(&timer_mutex);
}

void nf_timer_forget(struct nf_cq *cq)
{
	pthread_mutex_lock(&timer_mutex);
	for (struct timer **at = &timers; *at;) {
		struct timer *t = *at;

		if (t->cq == cq) {
			*at = t->next;
			free(t);
		} else {
			at = &t->next;
		}
	}
	pthread_mutex_unlock(&timer_mutex);
}

NF_API struct ibv_cq *ibv_create_cq(struct ibv_context *c, int cqe, void *context, struct ibv_comp_channel *channel, int vector)
{
	struct nf_cq *cq;

	if (!usable(c))
		return NULL;
	if (cqe < 1 || cqe > MAX_CQE || vector < 0 || vector >= c->num_comp_vectors) {
		errno = EINVAL;
		return NULL;
	}
	cq = aligned_alloc(64, (sizeof *cq + 63) & ~63ul);
	if (!cq) {
		errno = ENOMEM;
		return NULL;
	}
	memset(cq, 0, sizeof *cq);
	atomic_init(&cq->rings, calloc(1, sizeof(struct nf_rings)));
	cq->ib.context = c;
	cq->ib.channel = channel;
	cq->ib.cq_context = context;
	cq->ib.cqe = cqe;
	pthread_mutex_init(&cq->ib.mutex, NULL);
	pthread_cond_init(&cq->ib.cond, NULL);
	pthread_mutex_init(&cq->m, NULL);
	if (channel) {
		struct nf_channel *ch = (struct nf_channel *)channel;

		pthread_mutex_lock(&ch->m);
		channel->refcnt++;
		pthread_mutex_unlock(&ch->m);
	}
	return &cq->ib;
}

NF_API int ibv_destroy_cq(struct ibv_cq *ib)
{
	struct nf_cq *cq = to_cq(ib);
	int rc = destroyable(ib->context);

	if (rc)
		return rc;	/* as the real one: its channel is not told, and stays in use */
	if (cq->attached)
		return EBUSY;
	if (ib->channel) {
		struct nf_channel *ch = (struct nf_channel *)ib->channel;
		uint32_t events;

		nf_timer_forget(cq);
		pthread_mutex_lock(&ch->m);
		for (uint32_t i = 0; i < ch->n;) {
			if (ch->q[i] == cq) {
				memmove(&ch->q[i], &ch->q[i + 1], (--ch->n - i) * sizeof *ch->q);
				fd_take(ib->channel->fd);	/* its count is there: this does not block */
			} else {
				i++;
			}
		}
		events = cq->events;
		ib->channel->refcnt--;
		pthread_mutex_unlock(&ch->m);
		pthread_mutex_lock(&ib->mutex);
		while (ib->comp_events_completed != events)
			pthread_cond_wait(&ib->cond, &ib->mutex);
		pthread_mutex_unlock(&ib->mutex);
	}
	for (struct nf_ring *r = cq->all, *n; r; r = n) {
		n = r->next;
		free(r->e);
		free(r->ready);
		free(r);
	}
	for (struct nf_rings *s = relaxed_load(&cq->rings), *o; s; s = o) {
		o = s->old;
		free(s);
	}
	free(cq);
	return 0;
}

NF_API int ibv_resize_cq(struct ibv_cq *ib, int cqe)
{
	struct nf_cq *cq = to_cq(ib);

	if (cqe < 1 || cqe > MAX_CQE)
		return EINVAL;
	pthread_mutex_lock(&cq->m);
	ib->cqe = cqe;
	for (struct nf_ring *r = cq->all; r; r = r->next)
		r->limit = (uint32_t)cqe < r->mask + 1 ? (uint32_t)cqe : r->mask + 1;
	pthread_mutex_unlock(&cq->m);
	return 0;
}

static uint32_t pow2(uint32_t n)
{
	uint32_t p = 4;

	while (p < n)
		p *= 2;
	return p;
}

struct nf_ring *nf_ring_new(uint32_t entries, uint32_t cqe, uint32_t qp_num, struct nf_srq *srq)
{
	struct nf_ring *r = aligned_alloc(64, (sizeof *r + 63) & ~63ul);
	uint32_t n = pow2(entries);

	if (!r)
		return NULL;
	memset(r, 0, sizeof *r);
	r->e = aligned_alloc(64, n * sizeof *r->e);
	r->ready = nf_mode & NF_DELAY ? calloc(n, sizeof *r->ready) : NULL;
	if (!r->e || ((nf_mode & NF_DELAY) && !r->ready)) {
		free(r->e);
		free(r);
		return NULL;
	}
	memset(r->e, 0, n * sizeof *r->e);
	r->mask = n - 1;
	r->limit = cqe < n ? cqe : n;
	r->qp_num = qp_num;
	r->srq = srq;
	return r;
}

static void publish(struct nf_cq *cq, struct nf_ring *add, struct nf_ring *remove)
{
	struct nf_rings *o = relaxed_load(&cq->rings), *s = calloc(1, sizeof *s + (o->n + 1) * sizeof *s->r);

	if (!s)
		nf_die("out of memory");
	for (uint32_t i = 0; i < o->n; i++)
		if (o->r[i] != remove)
			s->r[s->n++] = o->r[i];
	if (add)
		s->r[s->n++] = add;
	s->old = o;
	release_store(&cq->rings, s);
}

void nf_cq_attach(struct nf_cq *cq, struct nf_ring *r)
{
	pthread_mutex_lock(&cq->m);
	r->next = cq->all;
	cq->all = r;
	cq->attached++;
	publish(cq, r, NULL);
	pthread_mutex_unlock(&cq->m);
}

void nf_cq_detach(struct nf_cq *cq, struct nf_ring *r)
{
	pthread_mutex_lock(&cq->m);
	cq->attached--;
	publish(cq, NULL, r);
	pthread_mutex_unlock(&cq->m);
}

/* ---- Shared receive queues ------------------------------------------------------------------------------------------------------ */

NF_API struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *a)
{
	struct nf_srq *s;

	if (!usable(pd->context))
		return NULL;
	if (a->attr.max_wr < 1 || a->attr.max_wr > MAX_WR || a->attr.max_sge > max_sge) {
		errno = EINVAL;
		return NULL;
	}
	s = calloc(1, sizeof *s);
	if (!s || !(s->e = calloc(pow2(a->attr.max_wr), sizeof *s->e))) {
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	s->max = a->attr.max_wr;
	s->mask = pow2(a->attr.max_wr) - 1;
	s->ib.context = pd->context;
	s->ib.pd = pd;
	s->ib.srq_context = a->srq_context;
	pthread_mutex_init(&s->ib.mutex, NULL);
	pthread_cond_init(&s->ib.cond, NULL);
	return &s->ib;
}

NF_API int ibv_modify_srq(struct ibv_srq *s, struct ibv_srq_attr *a, int mask)
{
	(void)s, (void)a;
	return mask & IBV_SRQ_MAX_WR ? EOPNOTSUPP : 0;
}

NF_API int ibv_query_srq(struct ibv_srq *ib, struct ibv_srq_attr *a)
{
	memset(a, 0, sizeof *a);
	a->max_wr = ((struct nf_srq *)ib)->max;
	a->max_sge = 1;
	return 0;
}

NF_API int ibv_destroy_srq(struct ibv_srq *ib)
{
	int rc = destroyable(ib->context);

	if (rc)
		return rc;
	free(((struct nf_srq *)ib)->e);
	free(ib);
	return 0;
}

/* ---- Queue pairs ------------------------------------------------------------------------------------------------------------------ */

static pthread_mutex_t qp_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct nf_qp *qps;
static uint32_t qp_next = 17;

static bool rings_new(struct nf_qp *q)
{
	struct nf_cq *s = to_cq(q->ib.send_cq), *r = to_cq(q->ib.recv_cq);
	uint32_t recv = q->srq ? q->srq->max : q->max_recv;

	if (s == r) {
		q->sr = q->rr = nf_ring_new(q->max_send + recv, s->ib.cqe, q->ib.qp_num, q->srq);
	} else {
		q->sr = nf_ring_new(q->max_send, s->ib.cqe, q->ib.qp_num, NULL);
		q->rr = nf_ring_new(recv, r->ib.cqe, q->ib.qp_num, q->srq);
	}
	if (!q->sr || !q->rr)
		return false;
	nf_cq_attach(s, q->sr);
	if (q->rr != q->sr)
		nf_cq_attach(r, q->rr);
	return true;
}

static void rings_drop(struct nf_qp *q)
{
	nf_cq_detach(to_cq(q->ib.send_cq), q->sr);
	if (q->rr != q->sr)
		nf_cq_detach(to_cq(q->ib.recv_cq), q->rr);
}

static struct ibv_qp *create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *a)
{
	struct nf_qp *q;
	struct ibv_qp_cap *cap = &a->cap;

	if (!usable(pd->context))
		return NULL;
	if (a->qp_type != IBV_QPT_RC || !a->send_cq || !a->recv_cq || cap->max_send_wr > MAX_WR || cap->max_recv_wr > MAX_WR ||
	    cap->max_send_sge > max_sge || cap->max_recv_sge > max_sge || cap->max_inline_data > MAX_INLINE) {
		errno = EINVAL;
		return NULL;
	}
	q = aligned_alloc(64, (sizeof *q + 63) & ~63ul);
	if (!q) {
		errno = ENOMEM;
		return NULL;
	}
	memset(q, 0, sizeof *q);
	if (!cap->max_send_wr)
		cap->max_send_wr = 1;
	if (!cap->max_recv_wr && !a->srq)
		cap->max_recv_wr = 1;
	q->init = *a;
	q->max_send = cap->max_send_wr;
	q->max_recv = cap->max_recv_wr;
	q->srq = (struct nf_srq *)a->srq;
	q->sig_all = !!a->sq_sig_all;
	q->channel = a->send_cq->channel || a->recv_cq->channel;
	q->ib.context = pd->context;
	q->ib.qp_context = a->qp_context;
	q->ib.pd = pd;
	q->ib.send_cq = a->send_cq;
	q->ib.recv_cq = a->recv_cq;
	q->ib.srq = a->srq;
	q->ib.qp_type = a->qp_type;
	q->ib.state = IBV_QPS_RESET;
	q->sqsize = 1;
	pthread_mutex_init(&q->m, NULL);
	pthread_mutex_init(&q->ib.mutex, NULL);
	pthread_cond_init(&q->ib.cond, NULL);
	if (!q->srq) {
		uint32_t n = pow2(q->max_recv);

		q->rq_mask = n - 1;
		q->rq = aligned_alloc(64, n * sizeof *q->rq);
	}
	pthread_mutex_lock(&qp_mutex);
	q->ib.qp_num = q->ib.handle = qp_next++;
	q->next = qps;
	if (qps)
		qps->prev = &q->next;
	qps = q;
	q->prev = &qps;
	pthread_mutex_unlock(&qp_mutex);
	if ((!q->srq && !q->rq) || !rings_new(q))
		nf_die("out of memory for a queue pair");
	return &q->ib;
}

NF_API struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *a)
{
	return create_qp(pd, a);
}

static struct ibv_qp *create_qp_ex(struct ibv_context *c, struct ibv_qp_init_attr_ex *x)
{
	struct ibv_qp_init_attr a = { x->qp_context, x->send_cq, x->recv_cq, x->srq, x->cap, x->qp_type, x->sq_sig_all };
	struct ibv_qp *q;

	(void)c;
	if (x->comp_mask != IBV_QP_INIT_ATTR_PD) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	q = create_qp(x->pd, &a);
	x->cap = a.cap;
	return q;
}

NF_API struct ibv_qp_ex *ibv_qp_to_qp_ex(struct ibv_qp *q)
{
	(void)q;
	return NULL;
}

void nf_qp_reset(struct nf_qp *q)
{
	pthread_mutex_lock(&q->m);
	release_store(&q->state, IBV_QPS_RESET);
	q->ib.state = IBV_QPS_RESET;
	nf_qp_quiesce(q, false);
	q->rq_head = q->rq_avail = relaxed_load(&q->rq_prod);
	pthread_mutex_unlock(&q->m);
	nf_target_hangup(q);
}

NF_API int ibv_destroy_qp(struct ibv_qp *ib)
{
	struct nf_qp *q = to_qp(ib);
	int rc = destroyable(ib->context);

	if (rc)
		return rc;
	nf_qp_reset(q);
	nf_stats_print(q);
	pthread_mutex_lock(&qp_mutex);
	*q->prev = q->next;
	if (q->next)
		q->next->prev = q->prev;
	pthread_mutex_unlock(&qp_mutex);
	rings_drop(q);
	free(q->rq);
	free(q->samples);
	free(q);
	return 0;
}

NF_API int ibv_modify_qp(struct ibv_qp *ib, struct ibv_qp_attr *a, int mask)
{
	struct nf_qp *q = to_qp(ib);

	if (gone(ib->context))
		return EIO;
	if (!(mask & IBV_QP_STATE))
		return 0;
	q->attr = *a;
	switch (a->qp_state) {
	case IBV_QPS_ERR:
		nf_qp_error(q, false);
		nf_target_hangup(q);
		return 0;
	case IBV_QPS_RESET:
		nf_qp_reset(q);
		rings_drop(q);		/* completions of the past life go with the rings */
		q->sq_posted = q->rq_head = q->rq_avail = 0;
		relaxed_store(&q->rq_prod, 0);
		return rings_new(q) ? 0 : ENOMEM;
	default:
		pthread_mutex_lock(&q->m);
		ib->state = a->qp_state;
		release_store(&q->state, a->qp_state);
		pthread_mutex_unlock(&q->m);
		return 0;
	}
}

NF_API int ibv_query_qp(struct ibv_qp *ib, struct ibv_qp_attr *a, int mask, struct ibv_qp_init_attr *init)
{
	struct nf_qp *q = to_qp(ib);

	(void)mask;
	if (gone(ib->context))
		return EIO;
	*a = q->attr;
	a->qp_state = a->cur_qp_state = acquire_load(&q->state);
	a->cap = q->init.cap;
	a->path_mtu = IBV_MTU_4096;
	a->port_num = PORT;
	*init = q->init;
	return 0;
}

NF_API int ibv_query_qp_data_in_order(struct ibv_qp *q, enum ibv_wr_opcode op, uint32_t flags)
{
	(void)q, (void)op, (void)flags;
	return 0;
}

void nullfabric_disassociate(void)
{
	struct ibv_device *d = acquire_load(&present);

	release_store(&present, NULL);
	pthread_mutex_lock(&context_mutex);
	for (struct nf_context *x = contexts; d && x; x = x->next)
		if (x->v.context.device == d) {
			release_store(&x->gone, true);
			nf_async_event(&x->v.context, (struct ibv_async_event){ .event_type = IBV_EVENT_DEVICE_FATAL });
		}
	pthread_mutex_unlock(&context_mutex);
	pthread_mutex_lock(&qp_mutex);
	for (struct nf_qp *q = qps; q; q = q->next)
		if (gone(q->ib.context))
			nf_qp_reset(q);		/* nothing is flushed: the hardware's half is gone */
	pthread_mutex_unlock(&qp_mutex);
}

void nullfabric_async_event(int type, uint32_t n)
{
	struct ibv_context *c = nullfabric_cm_context();
	struct ibv_async_event ev = { .event_type = type };

	if (type == IBV_EVENT_QP_FATAL || type == IBV_EVENT_QP_REQ_ERR || type == IBV_EVENT_QP_ACCESS_ERR)
		ev.element.qp = nullfabric_find_qp(n);
	else if (type == IBV_EVENT_CQ_ERR)
		ev.element.cq = nullfabric_find_qp(n)->send_cq;
	else
		ev.element.port_num = n;
	if (c)
		nf_async_event(c, ev);
}

struct ibv_qp *nullfabric_find_qp(uint32_t num)
{
	struct nf_qp *q;

	pthread_mutex_lock(&qp_mutex);
	for (q = qps; q && q->ib.qp_num != num; q = q->next)
		;
	pthread_mutex_unlock(&qp_mutex);
	return q ? &q->ib : NULL;
}

__attribute__((destructor)) static void nf_fini(void)
{
	pthread_mutex_lock(&qp_mutex);
	for (struct nf_qp *q = qps; q; q = q->next)
		nf_stats_print(q);
	pthread_mutex_unlock(&qp_mutex);
}

/* ---- Names, rates and the rest ----------------------------------------------------------------------------------------------------- */

static const char *pick(const char *const *names, unsigned n, unsigned i)
{
	return i < n && names[i] ? names[i] : "unknown";
}
#define PICK(names, i) pick(names, sizeof names / sizeof *names, (unsigned)(i))

NF_API const char *ibv_wc_status_str(enum ibv_wc_status s)
{
	static const char *const names[] = {
		[IBV_WC_SUCCESS] = "success", [IBV_WC_LOC_LEN_ERR] = "local length error",
		[IBV_WC_LOC_QP_OP_ERR] = "local QP operation error", [IBV_WC_LOC_EEC_OP_ERR] = "local EE context operation error",
		[IBV_WC_LOC_PROT_ERR] = "local protection error", [IBV_WC_WR_FLUSH_ERR] = "work request flushed error",
		[IBV_WC_MW_BIND_ERR] = "memory window bind error", [IBV_WC_BAD_RESP_ERR] = "bad response error",
		[IBV_WC_LOC_ACCESS_ERR] = "local access error", [IBV_WC_REM_INV_REQ_ERR] = "remote invalid request error",
		[IBV_WC_REM_ACCESS_ERR] = "remote access error", [IBV_WC_REM_OP_ERR] = "remote operation error",
		[IBV_WC_RETRY_EXC_ERR] = "transport retry counter exceeded", [IBV_WC_RNR_RETRY_EXC_ERR] = "RNR retry counter exceeded",
		[IBV_WC_FATAL_ERR] = "fatal error", [IBV_WC_RESP_TIMEOUT_ERR] = "response timeout error",
		[IBV_WC_GENERAL_ERR] = "general error",
	};

	return PICK(names, s);
}

NF_API const char *ibv_event_type_str(enum ibv_event_type e)
{
	static const char *const names[] = {
		[IBV_EVENT_CQ_ERR] = "CQ error", [IBV_EVENT_QP_FATAL] = "QP fatal error", [IBV_EVENT_QP_REQ_ERR] = "QP request error",
		[IBV_EVENT_QP_ACCESS_ERR] = "QP access error", [IBV_EVENT_COMM_EST] = "communication established",
		[IBV_EVENT_SQ_DRAINED] = "send queue drained", [IBV_EVENT_DEVICE_FATAL] = "device fatal error",
		[IBV_EVENT_PORT_ACTIVE] = "port active", [IBV_EVENT_PORT_ERR] = "port error", [IBV_EVENT_SRQ_ERR] = "SRQ error",
		[IBV_EVENT_SRQ_LIMIT_REACHED] = "SRQ limit reached", [IBV_EVENT_QP_LAST_WQE_REACHED] = "last WQE reached",
		[IBV_EVENT_GID_CHANGE] = "GID table change",
	};

	return PICK(names, e);
}

NF_API const char *ibv_node_type_str(enum ibv_node_type t)
{
	static const char *const names[] = { [IBV_NODE_CA] = "channel adapter", [IBV_NODE_RNIC] = "RNIC" };

	return PICK(names, t);
}

NF_API const char *ibv_port_state_str(enum ibv_port_state s)
{
	static const char *const names[] = { "no state change", "down", "init", "armed", "active", "active defer" };

	return PICK(names, s);
}

NF_API int ibv_fork_init(void) { return 0; }
NF_API enum ibv_fork_status ibv_is_fork_initialized(void) { return IBV_FORK_UNNEEDED; }
NF_API int ibv_dontfork_range(void *base, size_t size) { (void)base, (void)size; return 0; }
NF_API int ibv_dofork_range(void *base, size_t size) { (void)base, (void)size; return 0; }
NF_API const char *ibv_get_sysfs_path(void) { return "/sys"; }

NF_API int ibv_read_sysfs_file(const char *dir, const char *file, char *buf, size_t size)
{
	(void)dir, (void)file, (void)buf, (void)size;
	errno = ENOENT;
	return -1;
}

NF_API int ibv_rate_to_mult(enum ibv_rate r) { return r == IBV_RATE_2_5_GBPS ? 1 : -1; }
NF_API enum ibv_rate mult_to_ibv_rate(int m) { return m == 1 ? IBV_RATE_2_5_GBPS : IBV_RATE_MAX; }
NF_API int ibv_rate_to_mbps(enum ibv_rate r) { return r == IBV_RATE_100_GBPS ? 103125 : -1; }
NF_API enum ibv_rate mbps_to_ibv_rate(int m) { return m == 103125 ? IBV_RATE_100_GBPS : IBV_RATE_MAX; }
