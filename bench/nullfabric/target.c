/*
 * The NVMe-oF target behind every queue pair. It accepts any subsystem name: the discovery name gives a discovery
 * controller, every other name an NVM controller over the same namespaces. Nothing here is per I/O unless data moves or
 * checks are on: plain reads and writes are answered in nf_post_send.
 */
#include "nf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DISCOVERY_NQN "nqn.2014-08.org.nvmexpress.discovery"

enum { MAX_CTRL = 4096, MAX_QID = 128, DNR = 1 << 14, CMD_SPECIFIC = 1 << 8, AERL = 3, SQE_LEN = 64, NAMESPACES_MAX = 16 };

enum {	/* generic status codes, and those of the Fabrics commands */
	SC_OK = 0, SC_OPCODE = 0x01 | DNR, SC_FIELD = 0x02 | DNR, SC_SEQUENCE = 0x0c | DNR, SC_NAMESPACE = 0x0b | DNR,
	SC_SGL_COUNT = 0x0e | DNR, SC_SGL_LEN = 0x0f | DNR, SC_INTERNAL = 0x06, SC_SGL_TYPE = 0x11 | DNR, SC_SGL_OFFSET = 0x16 | DNR, SC_LBA = 0x80 | DNR,
	SC_LOG_PAGE = 0x09 | CMD_SPECIFIC | DNR, SC_AER_LIMIT = 0x05 | CMD_SPECIFIC | DNR,
	SC_CONNECT_FORMAT = 0x80 | CMD_SPECIFIC | DNR, SC_CONNECT_BUSY = 0x81 | CMD_SPECIFIC, SC_CONNECT_PARAM = 0x82 | CMD_SPECIFIC | DNR,
};

struct nf_ctrl {
	uint16_t id;
	int refs;			/* queue pairs */
	bool gone;			/* its admin connection ended */
	bool discovery;
	char nqn[224], host[224];
	struct nf_config config;
	_Atomic uint64_t ios;		/* counted only while a fault is to come */
	uint64_t cc;
	uint32_t csts, kato, aer_config, queues;
	int aers;
	uint8_t behaviour[512];
};

static uint64_t ns_bytes;			/* of a namespace */
static uint8_t *store;			/* the namespaces one after the other */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct nf_ctrl *ctrls[MAX_CTRL];

void nf_target_init(void)
{
	ns_bytes = nf_env_u64("NULLFABRIC_MIB", 1024) << 20;
	if (ns_bytes >> nf_defaults.lbads < 0x10000 + 1)
		nf_die("NULLFABRIC_MIB: a namespace must hold more than 65,536 blocks");
	if (nf_mode & NF_DATA) {
		store = mmap(NULL, ns_bytes * NAMESPACES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (store == MAP_FAILED)
			nf_die("no address space for %u namespaces of %lu MiB", NAMESPACES_MAX, (unsigned long)(ns_bytes >> 20));
	}
}

void *nullfabric_store(uint32_t nsid, uint64_t *len)
{
	if (!store || nsid - 1 >= NAMESPACES_MAX)
		return NULL;
	*len = ns_bytes;
	return store + (nsid - 1) * ns_bytes;
}

static void put16(uint8_t *p, uint16_t v) { memcpy(p, &v, 2); }
static void put32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }
static void put64(uint8_t *p, uint64_t v) { memcpy(p, &v, 8); }
static uint16_t get16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static uint32_t get32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint64_t get64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }

static void pad(uint8_t *p, size_t n, const char *s)
{
	memset(p, ' ', n);
	memcpy(p, s, strlen(s) < n ? strlen(s) : n);
}

/* ---- Moving data ------------------------------------------------------------------------------------------------------ */

/*
 * The controller's rules for data inside a capsule. Admin queues, and queues that are not connected yet, have the binding's:
 * no offset, and up to 8 KiB.
 */
static uint64_t data_offset(const struct nf_qp *q)
{
	return q->ctrl && q->qid ? q->ctrl->config.icdoff * 16 : 0;
}

static uint64_t data_room(const struct nf_qp *q)
{
	return !q->ctrl || !q->qid ? 8192 : q->ctrl->config.in_capsule;
}

bool nf_target_capsule_fits(struct nf_qp *q, const struct ibv_send_wr *wr)
{
	uint64_t len = 0, max = SQE_LEN + data_offset(q) + data_room(q);

	for (int i = 0; i < wr->num_sge; i++)
		len += wr->sg_list[i].length;
	if (len > max)
		nf_note("queue %u: a capsule of %lu bytes, the target takes %lu", q->qid, (unsigned long)len, (unsigned long)max);
	return len <= max;
}

/* Copies len bytes of the capsule from an offset after the command; false if the capsule is shorter. */
static bool from_capsule(const struct ibv_send_wr *wr, uint64_t off, void *dst, uint64_t len)
{
	uint8_t *d = dst;

	off += SQE_LEN;
	for (int i = 0; i < wr->num_sge && len; i++) {
		const struct ibv_sge *s = &wr->sg_list[i];
		uint64_t n;

		if (off >= s->length) {
			off -= s->length;
			continue;
		}
		n = s->length - off < len ? s->length - off : len;
		memcpy(d, (const void *)(uintptr_t)(s->addr + off), n);
		d += n;
		len -= n;
		off = 0;
	}
	return len == 0;
}

/* One data block of a command's SGL. */
static uint16_t block(struct nf_qp *q, const struct ibv_send_wr *wr, uint64_t addr, uint64_t rest, uint8_t **buf, uint64_t *left,
		      bool to_host, struct nf_rsp *r)
{
	unsigned type = rest >> 56;
	uint64_t len, n;

	if (type >> 4 == 4) {
		uint32_t key = rest >> 24;
		void *host;

		len = rest & 0xffffff;
		n = len < *left ? len : *left;
		if ((type & 0xf) == 0xf)
			r->inv_key = key;
		if (n == 0)
			return SC_OK;
		host = nf_key_addr(q->ib.pd, q->ib.qp_num, key, addr, len, to_host ? IBV_ACCESS_REMOTE_WRITE : IBV_ACCESS_REMOTE_READ);
		if (!host) {
			nf_note("queue %u: no region or window lets the target %s 0x%lx+%lu with key 0x%x", q->qid,
				to_host ? "write" : "read", (unsigned long)addr, (unsigned long)len, key);
			r->broken = true;
			return SC_OK;
		}
		if (to_host)
			memcpy(host, *buf, n);
		else
			memcpy(*buf, host, n);
	} else if (type == 0x01) {		/* data block, offset into the capsule */
		len = (uint32_t)rest;
		n = len < *left ? len : *left;
		if (to_host)
			return SC_SGL_TYPE;
		if (addr > data_room(q) || len > data_room(q) - addr || (q->ctrl && !q->ctrl->config.offsets) ||
		    !from_capsule(wr, data_offset(q) + addr, *buf, n))
			return SC_SGL_OFFSET;
	} else {
		return SC_SGL_TYPE;
	}
	*buf += n;
	*left -= n;
	return SC_OK;
}

/* Moves exactly len bytes between buf and the host memory that the command describes. */
static uint16_t move(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, void *buf, uint64_t len, bool to_host,
		     struct nf_rsp *r)
{
	uint8_t *p = buf;
	uint64_t left = len;
	unsigned type = c->sgl_rest >> 56;
	uint16_t st = SC_OK;

	if (type == 0x31) {			/* last segment, offset: a list of blocks inside the capsule */
		uint32_t bytes = (uint32_t)c->sgl_rest;

		if (bytes % 16)
			return SC_SGL_LEN;
		if (q->ctrl && q->ctrl->config.msdbd && bytes / 16 > q->ctrl->config.msdbd)
			return SC_SGL_COUNT;
		for (uint32_t off = 0; off < bytes && st == SC_OK && !r->broken; off += 16) {
			uint64_t d[2];

			if (!from_capsule(wr, c->sgl_addr + off, d, sizeof d))
				return SC_SGL_OFFSET;
			st = block(q, wr, d[0], d[1], &p, &left, to_host, r);
		}
	} else {
		st = block(q, wr, c->sgl_addr, c->sgl_rest, &p, &left, to_host, r);
	}
	return st != SC_OK || r->broken ? st : left ? SC_SGL_LEN : SC_OK;
}

/* The bytes that the SGL describes, whatever lies behind them. */
static uint64_t sgl_bytes(const struct ibv_send_wr *wr, const struct nvme_cmd *c)
{
	unsigned type = c->sgl_rest >> 56;
	uint64_t sum = 0, d[2];

	if (type >> 4 == 4)
		return c->sgl_rest & 0xffffff;
	if (type != 0x31)
		return (uint32_t)c->sgl_rest;
	for (uint32_t off = 0; off < (uint32_t)c->sgl_rest; off += 16)
		if (from_capsule(wr, c->sgl_addr + off, d, sizeof d))
			sum += d[1] >> 60 == 4 ? d[1] & 0xffffff : (uint32_t)d[1];
	return sum;
}

/* ---- I/O commands ------------------------------------------------------------------------------------------------------- */

static uint16_t io(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	const struct nf_config *k = &q->ctrl->config;
	uint64_t slba = c->rw.slba, n = c->rw.nlb + 1ul, len = n << k->lbads;

	if (c->opc == NVME_FLUSH)
		return c->nsid - 1 < k->namespaces || c->nsid == UINT32_MAX ? SC_OK : SC_NAMESPACE;
	if (c->opc != NVME_READ && c->opc != NVME_WRITE)
		return SC_OPCODE;
	if (c->nsid - 1 >= k->namespaces)
		return SC_NAMESPACE;
	if (slba >= q->blocks || n > q->blocks - slba)
		return SC_LBA;
	if (k->mdts && len > 4096ull << k->mdts)
		return SC_FIELD;
	if (nf_mode & NF_DATA)
		return sgl_bytes(wr, c) != len ? SC_SGL_LEN :
		       move(q, wr, c, store + (c->nsid - 1) * ns_bytes + (slba << k->lbads), len, c->opc == NVME_READ, r);
	if (nf_mode & NF_CHECK) {
		static __thread uint8_t *scratch;

		/* As with data, except that what a read delivers is whatever was there before. */
		if (sgl_bytes(wr, c) != len)
			return SC_SGL_LEN;
		if (c->opc == NVME_WRITE) {
			if (!scratch)
				scratch = malloc(64ul << 20);
			return scratch && len <= 64ul << 20 ? move(q, wr, c, scratch, len, false, r) : SC_OK;
		}
		if (c->sgl_rest >> 60 == 4) {
			uint32_t key = c->sgl_rest >> 24;
			void *host = nf_key_addr(q->ib.pd, q->ib.qp_num, key, c->sgl_addr, len, IBV_ACCESS_REMOTE_WRITE);

			if (host)
				return move(q, wr, c, host, 0, true, r);
		}
		r->broken = c->sgl_rest >> 60 == 4;
		if (r->broken)
			nf_note("queue %u: no region or window lets the target write 0x%lx+%lu with key 0x%x", q->qid,
				(unsigned long)c->sgl_addr, (unsigned long)len, (uint32_t)(c->sgl_rest >> 24));
		return c->sgl_rest >> 56 == 0x31 || r->broken ? SC_OK : SC_SGL_TYPE;
	}
	if (c->sgl_rest >> 56 == 0x4f)
		r->inv_key = c->sgl_rest >> 24;
	return SC_OK;
}

/* ---- Fabrics commands ------------------------------------------------------------------------------------------------------ */

static void unref(struct nf_ctrl *c)
{
	if (--c->refs == 0 && c->gone) {
		ctrls[c->id] = NULL;
		free(c);
	}
}

static uint16_t fabrics_connect(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	const uint8_t *b = (const uint8_t *)c;
	uint16_t recfmt = get16(b + 40), qid = get16(b + 42), sqsize = get16(b + 44), cntlid, st;
	uint8_t cattr = b[46], data[1024];
	struct nf_config config;
	struct nf_ctrl *k = NULL;

	if (q->ctrl)
		return SC_SEQUENCE;
	if (recfmt)
		return SC_CONNECT_FORMAT;
	st = move(q, wr, c, data, sizeof data, false, r);
	if (st || r->broken)
		return st;
	cntlid = get16(data + 16);
	data[256 + 223] = data[512 + 223] = 0;
	if (sqsize == 0 || qid != q->cm_qid || qid > MAX_QID || !nf_config_of((char *)data + 256, &config) || sqsize > config.mqes)
		return SC_CONNECT_PARAM;
	pthread_mutex_lock(&mutex);
	if (qid == 0) {
		static uint16_t last;

		for (unsigned i = 0; cntlid == 0xffff && !k && i < MAX_CTRL - 1; i++) {
			last = last % (MAX_CTRL - 1) + 1;
			if (!ctrls[last])
				k = ctrls[last] = calloc(1, sizeof *k);
		}
		if (k) {
			k->id = last;
			memcpy(k->nqn, data + 256, sizeof k->nqn);
			memcpy(k->host, data + 512, sizeof k->host);
			k->config = config;
			k->discovery = !strcmp(k->nqn, DISCOVERY_NQN);
			k->kato = get32(b + 48);
			k->queues = MAX_QID;
		}
		st = cntlid != 0xffff ? SC_CONNECT_PARAM : k ? SC_OK : SC_CONNECT_BUSY;
	} else {
		k = cntlid < MAX_CTRL ? ctrls[cntlid] : NULL;
		if (!k || k->gone || k->discovery || !(k->csts & 1) || qid > k->queues ||
		    memcmp(k->nqn, data + 256, sizeof k->nqn) || memcmp(k->host, data + 512, sizeof k->host)) {
			k = NULL;
			st = SC_CONNECT_PARAM;
		}
	}
	if (k) {
		k->refs++;
		q->ctrl = k;
		q->qid = qid;
		q->sqsize = sqsize + 1;
		q->sqhd = 0;
		if (cattr & 4) {
			q->no_flow = 1;
			q->sqhd = 0xffff;
		}
		q->blocks = ns_bytes >> k->config.lbads;
		q->fast = qid != 0 && !k->config.fault;
		r->result = k->id;
	}
	pthread_mutex_unlock(&mutex);
	return st;
}

static uint64_t cap(const struct nf_ctrl *k)
{
	return k->config.mqes | 1ull << 16 | 15ull << 24 | 1ull << 37;	/* contiguous queues, 7.5 s, NVM command set */
}

static uint16_t property(struct nf_qp *q, const struct nvme_cmd *c, struct nf_rsp *r, bool set)
{
	const uint8_t *b = (const uint8_t *)c;
	unsigned size = b[40] & 7, off = get32(b + 44);
	uint64_t v = get64(b + 48);
	struct nf_ctrl *k = q->ctrl;

	if (q->qid != 0 || size > 1 || (off == 0) != (size == 1))
		return SC_FIELD;
	if (set) {
		if (off != 0x14)
			return off == 0x20 ? SC_OK : SC_FIELD;
		pthread_mutex_lock(&mutex);
		k->cc = v & UINT32_MAX;
		k->csts = (k->csts & ~1u) | (v & 1);
		if (!(v & 1))
			k->csts &= ~0xcu;
		if (v >> 14 & 3)
			k->csts = (k->csts & ~0xcu) | 0x8;	/* shutdown complete */
		pthread_mutex_unlock(&mutex);
		return SC_OK;
	}
	switch (off) {
	case 0x00: r->result = cap(k); return SC_OK;
	case 0x08: r->result = 0x00010400; return SC_OK;
	case 0x14: r->result = k->cc; return SC_OK;
	case 0x1c: r->result = k->csts; return SC_OK;
	default: return SC_FIELD;
	}
}

/* ---- Admin commands ---------------------------------------------------------------------------------------------------------- */

static void identify_ctrl(const struct nf_ctrl *k, uint8_t *p)
{
	char serial[24];

	snprintf(serial, sizeof serial, "NULLFABRIC%05u", 1u);
	pad(p + 4, 20, serial);
	pad(p + 24, 40, "Null Fabric Controller");
	pad(p + 64, 8, "1");
	p[76] = 0x02;				/* several controllers */
	p[77] = k->config.mdts;
	put16(p + 78, k->id);
	put32(p + 80, 0x00010400);
	put32(p + 96, 1);			/* 128-bit host identifier */
	p[111] = k->discovery ? 2 : 1;
	p[258] = 3;				/* aborts */
	p[259] = AERL;
	p[261] = 0x04;				/* extended get log page */
	p[262] = 0;
	put16(p + 320, 10);			/* keep-alive granularity: 1 s */
	put16(p + 514, k->config.maxcmd);
	if (!k->discovery) {
		put32(p + 516, k->config.namespaces);
		p[525] = 0x07;			/* write cache; flush takes the broadcast identifier */
	}
	p[512] = 0x66;
	p[513] = 0x44;
	put32(p + 536, 1 | 1 << 2 | k->config.offsets << 20);	/* SGLs, keyed, offsets into the capsule */
	snprintf((char *)p + 768, 256, "%s", k->nqn);
	put32(p + 1792, k->discovery ? SQE_LEN / 16 : SQE_LEN / 16 + k->config.icdoff + k->config.in_capsule / 16);
	put32(p + 1796, 1);
	put16(p + 1800, k->discovery ? 0 : k->config.icdoff);
	p[1803] = k->discovery ? 1 : k->config.msdbd;
	put16(p + 2048, 100);			/* power state 0: 1 W */
}

static void nguid(uint8_t *p, uint32_t nsid)
{
	static const uint8_t first[16] = { 0x0e, 0x11, 0xfa, 0xb0 };

	memcpy(p, first, sizeof first);
	p[15] = nsid;
}

static void identify_ns(const struct nf_ctrl *k, uint32_t nsid, uint8_t *p)
{
	uint64_t blocks = ns_bytes >> k->config.lbads;

	put64(p, blocks);
	put64(p + 8, blocks);
	put64(p + 16, blocks);
	p[30] = 1;				/* shared */
	nguid(p + 104, nsid);
	p[128 + 2] = k->config.lbads;
}

static uint16_t identify(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	uint8_t p[4096] = { 0 };
	struct nf_ctrl *k = q->ctrl;
	size_t at = 0;

	switch (c->cdw[0] & 0xff) {
	case 0x01:
		identify_ctrl(k, p);
		break;
	case 0x00: case 0x11:
		if (k->discovery)
			return SC_FIELD;
		if (c->nsid - 1 >= k->config.namespaces && c->nsid != UINT32_MAX)
			return SC_NAMESPACE;
		identify_ns(k, c->nsid == UINT32_MAX ? 1 : c->nsid, p);
		break;
	case 0x02: case 0x07: case 0x10:
		if (k->discovery)
			return SC_FIELD;
		if (c->nsid >= 0xfffffffe)
			return SC_NAMESPACE;
		for (uint32_t n = c->nsid; n < k->config.namespaces; n++, at += 4)
			put32(p + at, n + 1);
		break;
	case 0x03:
		if (k->discovery)
			return SC_FIELD;
		if (c->nsid - 1 >= k->config.namespaces)
			return SC_NAMESPACE;
		p[0] = 2;			/* NGUID */
		p[1] = 16;
		nguid(p + 4, c->nsid);
		p[20] = 4;			/* command set identifier */
		p[21] = 1;
		break;
	case 0x05: case 0x06: case 0x08:
		if (k->discovery || c->cdw[1] >> 24)
			return SC_FIELD;
		if ((c->cdw[0] & 0xff) == 0x08) {
			p[1] = 1;		/* shared */
			p[13] = 0x01;		/* ready */
		}
		break;
	case 0x13:
		put16(p, 1);
		put16(p + 2, k->id);
		break;
	default:
		return SC_FIELD;
	}
	return move(q, wr, c, p, sizeof p, true, r);
}

static void discovery_log(struct nf_qp *q, uint8_t *p)
{
	const struct sockaddr *sa = (const struct sockaddr *)&q->peer;
	uint8_t *e = p + 1024;
	char addr[INET6_ADDRSTRLEN] = "127.0.0.1", port[8];
	uint16_t n = 4420;

	if (sa->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, addr, sizeof addr);
		n = ntohs(((const struct sockaddr_in *)sa)->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)sa)->sin6_addr, addr, sizeof addr);
		n = ntohs(((const struct sockaddr_in6 *)sa)->sin6_port);
	}
	snprintf(port, sizeof port, "%u", n);
	put64(p, 1);				/* generation */
	put64(p + 8, 1);			/* records */
	e[0] = 1;				/* RDMA */
	e[1] = sa->sa_family == AF_INET6 ? 2 : 1;
	e[2] = 2;				/* NVM subsystem */
	put16(e + 4, 1);
	put16(e + 6, 0xffff);			/* dynamic controllers */
	put16(e + 8, 128);
	pad(e + 32, 32, port);
	snprintf((char *)e + 256, 256, "%s", nf_nqn);
	pad(e + 512, 256, addr);
	e[768] = 1;				/* reliable connected */
	e[769] = 1;				/* provider not named */
	e[770] = 1;				/* RDMA connection manager */
}

static uint16_t get_log(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	uint64_t len = ((c->cdw[0] >> 16 | (uint64_t)(c->cdw[1] & 0xffff) << 16) + 1) * 4;
	uint64_t off = c->cdw[2] | (uint64_t)c->cdw[3] << 32;
	unsigned lid = c->cdw[0] & 0xff;
	uint8_t *p;
	uint16_t st;

	if (q->ctrl->discovery ? lid != 0x70 : lid < 1 || lid > 5)
		return SC_LOG_PAGE;
	if (len > 1 << 20 || off > 1 << 20 || off % 4)
		return SC_FIELD;
	p = calloc(1, off + len + 4096);
	if (!p)
		return SC_FIELD;
	if (lid == 0x70)
		discovery_log(q, p);
	if (lid == 0x05) {			/* commands supported and effects */
		static const uint8_t admin[] = { 0x02, 0x06, 0x08, 0x09, 0x0a, 0x0c, 0x18, 0x7f };

		for (size_t i = 0; i < sizeof admin; i++)
			put32(p + 4 * admin[i], 1);
		put32(p + 1024 + 4 * NVME_FLUSH, 1);
		put32(p + 1024 + 4 * NVME_WRITE, 3);
		put32(p + 1024 + 4 * NVME_READ, 1);
	}
	st = move(q, wr, c, p + off, len, true, r);
	free(p);
	return st;
}

static uint16_t features(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r, bool set)
{
	struct nf_ctrl *k = q->ctrl;
	uint32_t v = c->cdw[1];
	uint8_t id[16];

	if (k->discovery && (c->cdw[0] & 0xff) != 0x0f && (c->cdw[0] & 0xff) != 0x0b)
		return SC_FIELD;
	switch (c->cdw[0] & 0xff) {
	case 0x01: case 0x02: case 0x04: case 0x05: case 0x06:
		return SC_OK;
	case 0x07:
		if (set) {
			unsigned n = (v & 0xffff) < v >> 16 ? v & 0xffff : v >> 16;

			if (n == 0xffff)
				return SC_FIELD;
			k->queues = n + 1 < MAX_QID ? n + 1 : MAX_QID;
		}
		r->result = (k->queues - 1) | (k->queues - 1) << 16;
		return SC_OK;
	case 0x0b:
		if (set)
			k->aer_config = v;
		r->result = k->aer_config;
		return SC_OK;
	case 0x0f:
		if (set)
			k->kato = v;
		r->result = k->kato;
		return SC_OK;
	case 0x16:
		return move(q, wr, c, k->behaviour, sizeof k->behaviour, !set, r);
	case 0x81:
		memset(id, 0, sizeof id);
		return set ? SC_OK : move(q, wr, c, id, v & 1 ? 16 : 8, true, r);
	default:
		return SC_FIELD;
	}
}

static uint16_t admin(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	switch (c->opc) {
	case 0x02: return get_log(q, wr, c, r);
	case 0x06: return identify(q, wr, c, r);
	case 0x08:
		r->result = 1;			/* too late: nothing waits here, except event requests, which stay */
		return SC_OK;
	case 0x09: return features(q, wr, c, r, true);
	case 0x0a: return features(q, wr, c, r, false);
	case 0x0c:
		if (q->ctrl->aers > AERL)
			return SC_AER_LIMIT;
		q->ctrl->aers++;
		r->silent = true;
		return SC_OK;
	case 0x18: return SC_OK;
	default: return SC_OPCODE;
	}
}

static uint16_t execute(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	if (c->opc == 0x7f) {
		unsigned type = ((const uint8_t *)c)[4];

		if (type == 0x01)
			return fabrics_connect(q, wr, c, r);
		if (!q->ctrl)
			return SC_SEQUENCE;
		if (type == 0x00 || type == 0x04)
			return property(q, c, r, type == 0x00);
		return type == 0x08 && q->qid ? SC_OK : SC_FIELD;
	}
	if (!q->ctrl)
		return SC_SEQUENCE;
	if (q->qid)
		return io(q, wr, c, r);
	if (!(q->ctrl->csts & 1) && c->opc != 0x18)
		return SC_SEQUENCE;
	return admin(q, wr, c, r);
}

/* Befalls the I/O command whose turn it is. */
static __attribute__((cold)) void befall(struct nf_qp *q, struct nf_rsp *r)
{
	struct nf_config *k = &q->ctrl->config;

	if (atomic_fetch_add(&q->ctrl->ios, 1) + 1 != k->fault_at)
		return;
	switch (k->fault) {
	case NF_NO_FAULT: break;
	case NF_DROP: r->silent = true; break;
	case NF_STATUS: r->status = SC_INTERNAL | DNR; break;
	case NF_TRANSIENT: r->status = SC_INTERNAL; break;
	case NF_CID: r->cid_flip = 0x5555; break;
	case NF_SHORT: r->bytes = 15; break;
	case NF_REPEAT: r->repeats = 1; break;
	case NF_INVALIDATE: r->inv_key = 0xdead01; break;
	case NF_DISCONNECT: r->broken = true; break;
	}
}

/* The response takes a window's key back. A key that belongs to something else is refused by the device that gets it. */
static void invalidate(struct nf_qp *q, struct nf_rsp *r)
{
	struct nf_key *k = &nf_keys[r->inv_key >> 8 & (NF_KEYS - 1)];
	uint32_t key = r->inv_key;

	if (k->window && k->qp_num == q->ib.qp_num && atomic_compare_exchange_strong(&k->key, &key, 0))
		return;
	nf_note("queue %u: the response invalidates key 0x%x, which is no window bound to this queue pair", q->qid, r->inv_key);
	r->broken = true;
}

void nf_target_exec(struct nf_qp *q, const struct ibv_send_wr *wr, const struct nvme_cmd *c, struct nf_rsp *r)
{
	r->status = execute(q, wr, c, r);
	if (UNLIKELY(r->inv_key && !r->broken))
		invalidate(q, r);
	if (UNLIKELY(q->ctrl && q->qid && q->ctrl->config.fault && c->opc != 0x7f))
		befall(q, r);
}

void nf_target_hangup(struct nf_qp *q)
{
	struct nf_ctrl *k;

	pthread_mutex_lock(&mutex);
	k = q->ctrl;
	q->ctrl = NULL;
	q->fast = 0;
	if (k) {
		if (q->qid == 0)
			k->gone = true;
		unref(k);
	}
	pthread_mutex_unlock(&mutex);
}

/* ---- The connection manager's side ---------------------------------------------------------------------------------------------- */

int nullfabric_connect(struct ibv_qp *ib, const void *priv, size_t len, const struct sockaddr *peer, void *out,
		       void (*on_error)(void *), void *arg)
{
	struct nf_qp *q = to_qp(ib);
	const uint8_t *p = priv;

	if (!p || len < 32)
		return 1;			/* invalid private data length */
	if (get16(p) != 0)
		return 2;			/* invalid record format */
	if (get16(p + 2) > MAX_QID)
		return 3;			/* invalid queue id */
	if (get16(p + 4) == 0)
		return 4;
	if (get16(p + 6) == 0)
		return 5;
	q->cm_qid = get16(p + 2);
	memcpy(&q->peer, peer, peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	q->on_error_arg = arg;
	release_store(&q->on_error, on_error);
	memset(out, 0, 32);
	put16((uint8_t *)out + 2, get16(p + 6) + 1);
	pthread_mutex_lock(&q->m);
	ib->state = IBV_QPS_RTS;
	release_store(&q->state, IBV_QPS_RTS);
	pthread_mutex_unlock(&q->m);
	return 0;
}

void nullfabric_disconnect(struct ibv_qp *ib)
{
	struct nf_qp *q = to_qp(ib);

	release_store(&q->on_error, NULL);
	nf_qp_error(q, false);
	nf_target_hangup(q);
}
