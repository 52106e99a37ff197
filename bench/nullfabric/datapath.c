/* Posting, polling, arming: everything that runs once per I/O. The peer's work happens inside nf_post_send. */
#include "nf.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INLINE static inline __attribute__((always_inline))

enum { RSP_LEN = 16, CAPSULE_LEN = 64, ADDR_SHORT = 0, ADDR_BAD_KEY = 1 };

/* ---- Completions --------------------------------------------------------------------------------------------------- */

INLINE void push(struct nf_ring *r, uint64_t wr_id, uint32_t aux, unsigned op, unsigned status, unsigned flags, unsigned bytes, unsigned mode)
{
	uint32_t p = relaxed_load(&r->prod);
	struct nf_cqe *e = &r->e[p & r->mask];

	if (UNLIKELY(p - relaxed_load(&r->cons) >= r->limit))
		nf_die("completion queue overrun on queue pair %u: %u completions wait and the queue was made for no more",
		       r->qp_num, r->limit);
	e->wr_id = wr_id;
	e->meta = aux | (uint64_t)op << 32 | (uint64_t)status << 40 | (uint64_t)flags << 48 | (uint64_t)bytes << 56;
	if (mode & NF_DELAY)
		r->ready[p & r->mask] = nf_ticks() + nf_delay_ticks;
	release_store(&r->prod, p + 1);
}

/* Tells the channel, if the queue is armed. The fence orders "completion published" before "armed read". */
static void notify(struct nf_cq *cq, bool failed)
{
	uint32_t a;

	if (!cq->ib.channel)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	a = relaxed_load(&cq->armed);
	if (a == 0 || (a == 2 && !failed))
		return;
	if (nf_mode & NF_DELAY)
		nf_cq_fire_at(cq, nf_ticks() + nf_delay_ticks, failed);
	else if (atomic_exchange(&cq->armed, 0))
		nf_cq_fire(cq);
}

static void notify_qp(struct nf_qp *q, bool sends, bool failed)
{
	struct nf_cq *s = to_cq(q->ib.send_cq), *r = to_cq(q->ib.recv_cq);

	if (s != r && sends)
		notify(s, failed);
	notify(r, failed);
}

/* ---- State changes --------------------------------------------------------------------------------------------------- */

/*
 * Waits until no thread is inside the fast path of this queue pair. The fast path only stores a flag and then reads the
 * state; the barrier that makes this pair of plain accesses safe is paid here, by the rare side.
 */
void nf_qp_quiesce(struct nf_qp *q, bool inside_send)
{
	static _Atomic int registered;

	if (!relaxed_load(&registered)) {
		syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
		relaxed_store(&registered, 1);
	}
	atomic_thread_fence(memory_order_seq_cst);
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
		usleep(1000);
	while ((!inside_send && acquire_load(&q->in_send)) || acquire_load(&q->in_recv))
		sched_yield();
}

/* To the error state; every posted receive completes as flushed. Sends complete at once, so none can wait. */
void nf_qp_error(struct nf_qp *q, bool inside_send)
{
	bool flushed = false;

	if (inside_send) {
		if (pthread_mutex_trylock(&q->m))
			return;		/* another thread is at it and waits for this one to leave */
	} else {
		pthread_mutex_lock(&q->m);
	}
	if (relaxed_load(&q->state) == IBV_QPS_ERR || relaxed_load(&q->state) == IBV_QPS_RESET) {
		pthread_mutex_unlock(&q->m);
		return;
	}
	release_store(&q->state, IBV_QPS_ERR);
	q->ib.state = IBV_QPS_ERR;
	nf_qp_quiesce(q, inside_send);
	if (!q->srq) {
		uint32_t end = acquire_load(&q->rq_prod);

		for (; q->rq_head != end; q->rq_head++, flushed = true)
			push(q->rr, q->rq[q->rq_head & q->rq_mask].wr_id, 0, IBV_WC_RECV, IBV_WC_WR_FLUSH_ERR, 0, 0, nf_mode);
		q->rq_avail = end;
	}
	pthread_mutex_unlock(&q->m);
	if (flushed)
		notify(to_cq(q->ib.recv_cq), true);
}

/* Posting outside the ready-to-send state: refused, or flushed in the error state. */
static __attribute__((cold, noinline)) int post_send_off(struct nf_qp *q, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	int rc = 0;

	pthread_mutex_lock(&q->m);
	if (relaxed_load(&q->state) != IBV_QPS_ERR) {
		rc = EINVAL;
	} else {
		for (; wr; wr = wr->next) {
			unsigned op = wr->opcode == IBV_WR_LOCAL_INV ? IBV_WC_LOCAL_INV :
				      wr->opcode == IBV_WR_BIND_MW ? IBV_WC_BIND_MW : IBV_WC_SEND;

			if (q->sq_posted - acquire_load(&q->sr->sq_done) >= q->max_send) {
				rc = ENOMEM;
				break;
			}
			push(q->sr, wr->wr_id, ++q->sq_posted, op, IBV_WC_WR_FLUSH_ERR, 0, 0, nf_mode);
		}
	}
	pthread_mutex_unlock(&q->m);
	if (rc)
		*bad = wr;
	else
		notify(to_cq(q->ib.send_cq), true);
	return rc;
}

static __attribute__((cold, noinline)) int post_recv_off(struct nf_qp *q, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	int rc = 0;

	pthread_mutex_lock(&q->m);
	if (relaxed_load(&q->state) != IBV_QPS_ERR || q->srq) {
		rc = EINVAL;
	} else {
		for (; wr; wr = wr->next) {
			uint32_t p = relaxed_load(&q->rq_prod);

			if (p - acquire_load(&q->rr->rq_done) >= q->max_recv) {
				rc = ENOMEM;
				break;
			}
			relaxed_store(&q->rq_prod, p + 1);
			q->rq_head = q->rq_avail = p + 1;
			push(q->rr, wr->wr_id, 0, IBV_WC_RECV, IBV_WC_WR_FLUSH_ERR, 0, 0, nf_mode);
		}
	}
	pthread_mutex_unlock(&q->m);
	if (rc)
		*bad = wr;
	else
		notify(to_cq(q->ib.recv_cq), true);
	return rc;
}

/* ---- Receives -------------------------------------------------------------------------------------------------------- */

INLINE void rqe_set(struct nf_rqe *e, const struct ibv_recv_wr *wr, struct ibv_pd *pd, unsigned mode)
{
	e->wr_id = wr->wr_id;
	e->addr = wr->num_sge > 0 && wr->sg_list->length >= RSP_LEN ? wr->sg_list->addr : ADDR_SHORT;
	if ((mode & NF_CHECK) && e->addr != ADDR_SHORT) {
		void *a = nf_key_addr(pd, 0, wr->sg_list->lkey, wr->sg_list->addr, wr->sg_list->length, IBV_ACCESS_LOCAL_WRITE);

		if (!a)
			nf_note("receive buffer 0x%lx+%u is not covered by a writable region with key 0x%x",
				(unsigned long)wr->sg_list->addr, wr->sg_list->length, wr->sg_list->lkey);
		e->addr = a ? (uintptr_t)a : ADDR_BAD_KEY;
	}
}

INLINE int post_recv(struct nf_qp *q, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad, const unsigned mode)
{
	uint32_t p;
	int rc = 0;

	if (UNLIKELY(relaxed_load(&q->in_recv)))
		nf_die("two threads in ibv_post_recv of queue pair %u: set NULLFABRIC_LOCKS=1", q->ib.qp_num);
	relaxed_store(&q->in_recv, 1);
	atomic_signal_fence(memory_order_seq_cst);
	if (UNLIKELY(acquire_load(&q->state) - IBV_QPS_INIT > IBV_QPS_SQE - IBV_QPS_INIT || q->srq)) {
		release_store(&q->in_recv, 0);
		return post_recv_off(q, wr, bad);
	}
	q->n_recvs++;
	p = relaxed_load(&q->rq_prod);
	for (; wr; wr = wr->next) {
		if (UNLIKELY(p - acquire_load(&q->rr->rq_done) >= q->max_recv)) {
			*bad = wr;
			rc = ENOMEM;
			break;
		}
		rqe_set(&q->rq[p++ & q->rq_mask], wr, q->ib.pd, mode);
	}
	release_store(&q->rq_prod, p);
	release_store(&q->in_recv, 0);
	return rc;
}

static int post_recv_fast(struct ibv_qp *q, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	return post_recv(to_qp(q), wr, bad, 0);
}

static int post_recv_any(struct ibv_qp *ib, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct nf_qp *q = to_qp(ib);
	int rc;

	if (!(nf_mode & NF_LOCKS))
		return post_recv(q, wr, bad, nf_mode);
	nf_spin_lock(&q->recv_spin);
	rc = post_recv(q, wr, bad, nf_mode);
	nf_spin_unlock(&q->recv_spin);
	return rc;
}

static int post_srq_recv(struct ibv_srq *ib, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	struct nf_srq *s = (struct nf_srq *)ib;
	int rc = 0;

	nf_spin_lock(&s->spin);
	for (; wr; wr = wr->next) {
		if (s->prod - acquire_load(&s->done) >= s->max) {
			*bad = wr;
			rc = ENOMEM;
			break;
		}
		rqe_set(&s->e[s->prod++ & s->mask], wr, ib->pd, nf_mode);
	}
	nf_spin_unlock(&s->spin);
	return rc;
}

static __attribute__((noinline)) struct nf_rqe srq_pop(struct nf_qp *q)
{
	struct nf_srq *s = q->srq;
	struct nf_rqe e;

	nf_spin_lock(&s->spin);
	if (s->head == s->prod)
		nf_die("queue pair %u: a response is due and the shared receive queue is empty", q->ib.qp_num);
	e = s->e[s->head++ & s->mask];
	nf_spin_unlock(&s->spin);
	return e;
}

INLINE struct nf_rqe rq_pop(struct nf_qp *q)
{
	if (UNLIKELY(q->srq))
		return srq_pop(q);
	if (UNLIKELY(q->rq_head == q->rq_avail)) {
		q->rq_avail = acquire_load(&q->rq_prod);
		if (q->rq_head == q->rq_avail)
			nf_die("queue pair %u (queue %u): a response is due and no receive is posted", q->ib.qp_num, q->qid);
	}
	return q->rq[q->rq_head++ & q->rq_mask];
}

/* ---- Sends ----------------------------------------------------------------------------------------------------------- */

/* Memory windows: bind and local invalidation. Returns the completion status, or -1 for an opcode that is not offered. */
static __attribute__((cold, noinline)) int window_request(struct nf_qp *q, const struct ibv_send_wr *wr)
{
	if (wr->opcode == IBV_WR_LOCAL_INV) {
		struct nf_key *k = &nf_keys[wr->invalidate_rkey >> 8 & (NF_KEYS - 1)];

		if (!wr->invalidate_rkey || relaxed_load(&k->key) != wr->invalidate_rkey || !k->window || k->qp_num != q->ib.qp_num)
			return IBV_WC_LOC_PROT_ERR;
		release_store(&k->key, 0);
		return IBV_WC_SUCCESS;
	}
	if (wr->opcode == IBV_WR_BIND_MW) {
		const struct ibv_mw_bind_info *b = &wr->bind_mw.bind_info;
		struct nf_mw *mw = (struct nf_mw *)wr->bind_mw.mw;
		struct nf_key *k = &nf_keys[mw->slot];
		struct nf_mr *mr = (struct nf_mr *)b->mr;
		struct nf_key *m;

		if (wr->bind_mw.rkey >> 8 != mw->slot || relaxed_load(&k->key))
			return IBV_WC_MW_BIND_ERR;	/* not this window's key, or still bound */
		if (b->length == 0)
			return IBV_WC_SUCCESS;
		m = &nf_keys[mr->slot];
		if (!(m->access & IBV_ACCESS_MW_BIND) || m->pd != mw->ib.pd || mw->ib.pd != q->ib.pd || b->addr < m->iova ||
		    b->length > m->len || b->addr - m->iova > m->len - b->length)
			return IBV_WC_MW_BIND_ERR;
		if ((b->mw_access_flags & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC)) && !(m->access & IBV_ACCESS_LOCAL_WRITE))
			return IBV_WC_MW_BIND_ERR;
		k->access = b->mw_access_flags;
		k->iova = b->mw_access_flags & IBV_ACCESS_ZERO_BASED ? 0 : b->addr;
		k->region = mr->ib.rkey;
		k->len = b->length;
		k->base = m->base + (b->addr - m->iova);
		k->pd = m->pd;
		k->qp_num = q->ib.qp_num;
		release_store(&k->key, wr->bind_mw.rkey);
		return IBV_WC_SUCCESS;
	}
	return -1;
}

static bool sges_ok(struct nf_qp *q, const struct ibv_send_wr *wr)
{
	for (int i = 0; i < wr->num_sge; i++) {
		const struct ibv_sge *s = &wr->sg_list[i];

		if (!(wr->send_flags & IBV_SEND_INLINE) && s->length && !nf_key_addr(q->ib.pd, 0, s->lkey, s->addr, s->length, 0)) {
			nf_note("send buffer 0x%lx+%u is not covered by a region with key 0x%x", (unsigned long)s->addr, s->length, s->lkey);
			return false;
		}
	}
	return true;
}

INLINE int post_send(struct nf_qp *q, struct ibv_send_wr *wr, struct ibv_send_wr **bad, const unsigned mode)
{
	struct nf_ring *sr = q->sr, *rr = q->rr;
	uint32_t posted = q->sq_posted;
	bool failed = false, sends = false;
	int rc = 0;

	if (UNLIKELY(relaxed_load(&q->in_send)))
		nf_die("two threads in ibv_post_send of queue pair %u: set NULLFABRIC_LOCKS=1", q->ib.qp_num);
	relaxed_store(&q->in_send, 1);
	atomic_signal_fence(memory_order_seq_cst);
	if (UNLIKELY(acquire_load(&q->state) != IBV_QPS_RTS)) {
		release_store(&q->in_send, 0);
		return post_send_off(q, wr, bad);
	}
	q->n_sends++;
	for (; wr; wr = wr->next) {
		const struct ibv_sge *sge = wr->sg_list;
		const struct nvme_cmd *c;
		struct nf_rsp r = { .bytes = RSP_LEN };
		struct nf_rqe e;
		uint64_t w[2];
		bool signalled = q->sig_all || (wr->send_flags & IBV_SEND_SIGNALED);

		if (UNLIKELY(posted - acquire_load(&sr->sq_done) >= q->max_send)) {
			rc = ENOMEM;	/* no signalled send was polled for too long, or too many are outstanding */
			break;
		}
		if (UNLIKELY(wr->opcode != IBV_WR_SEND)) {
			int st = window_request(q, wr);

			if (st < 0) {
				rc = EINVAL;
				break;
			}
			posted++;
			if (signalled || st)
				push(sr, wr->wr_id, posted, wr->opcode == IBV_WR_BIND_MW ? IBV_WC_BIND_MW : IBV_WC_LOCAL_INV, st, 0, 0, mode);
			sends = true;
			if (st) {
				failed = true;
				wr = wr->next;
				break;
			}
			continue;
		}
		if (UNLIKELY(wr->num_sge < 1 || sge->length < CAPSULE_LEN))
			nf_die("queue pair %u: the first element of a send has %u bytes, a capsule needs %u in it",
			       q->ib.qp_num, wr->num_sge < 1 ? 0 : sge->length, CAPSULE_LEN);
		c = (const struct nvme_cmd *)(uintptr_t)sge->addr;
		posted++;
		if (mode & NF_CHECK) {
			unsigned refused = !sges_ok(q, wr) ? IBV_WC_LOC_PROT_ERR : nf_target_capsule_fits(q, wr) ? 0 : IBV_WC_REM_INV_REQ_ERR;

			if (refused) {
				push(sr, wr->wr_id, posted, IBV_WC_SEND, refused, 0, 0, mode);
				sends = failed = true;
				wr = wr->next;
				break;
			}
		}
		if (LIKELY(!(mode & (NF_DATA | NF_CHECK)) && q->fast && (uint8_t)(c->opc - NVME_WRITE) <= 1 && c->nsid == 1 &&
			   c->sgl_rest >> 56 != 0x4f && c->rw.slba <= q->blocks - 1 - c->rw.nlb)) {
			/* a read or write that moves no data */
		} else {
			nf_target_exec(q, wr, c, &r);
		}
		if (UNLIKELY((++q->n_cmds & 0xffff) == 0))
			nf_stats_sample(q);
		if (LIKELY(!q->no_flow))
			q->sqhd = q->sqhd + 1 >= q->sqsize ? 0 : q->sqhd + 1;
		if (signalled && !(mode & NF_RECV_FIRST)) {
			push(sr, wr->wr_id, posted, IBV_WC_SEND, 0, 0, 0, mode);
			sends = true;
		}
		if (LIKELY(!r.silent && !r.broken)) {
again:
			e = rq_pop(q);
			if (UNLIKELY(e.addr <= ADDR_BAD_KEY)) {
				push(rr, e.wr_id, 0, IBV_WC_RECV, e.addr == ADDR_SHORT ? IBV_WC_LOC_LEN_ERR : IBV_WC_LOC_PROT_ERR, 0, 0, mode);
				r.broken = true;
			} else {
				w[0] = r.result;
				w[1] = q->sqhd | (uint64_t)q->qid << 16 | (uint64_t)(uint16_t)(c->cid ^ r.cid_flip) << 32 | (uint64_t)r.status << 49;
				memcpy((void *)(uintptr_t)e.addr, w, sizeof w);
				push(rr, e.wr_id, r.inv_key, IBV_WC_RECV, 0, r.inv_key ? IBV_WC_WITH_INV : 0, r.bytes, mode);
				if (UNLIKELY(r.repeats) && r.repeats--)
					goto again;
			}
		}
		if ((mode & NF_RECV_FIRST) && signalled) {
			push(sr, wr->wr_id, posted, IBV_WC_SEND, 0, 0, 0, mode);
			sends = true;
		}
		if (UNLIKELY(r.broken)) {
			failed = true;
			wr = wr->next;
			break;
		}
	}
	q->sq_posted = posted;
	if (UNLIKELY(failed))
		nf_qp_error(q, true);
	release_store(&q->in_send, 0);
	if (UNLIKELY(q->channel))
		notify_qp(q, sends, failed);
	if (UNLIKELY(failed)) {
		struct ibv_async_event ev = { .element.qp = &q->ib, .event_type = IBV_EVENT_QP_FATAL };
		void (*on_error)(void *);

		if (wr)
			rc = post_send_off(q, wr, bad);
		nf_async_event(q->ib.context, ev);
		on_error = acquire_load(&q->on_error);
		if (on_error)
			on_error(q->on_error_arg);
		return rc;
	}
	if (UNLIKELY(rc))
		*bad = wr;
	return rc;
}

static int post_send_fast(struct ibv_qp *q, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	return post_send(to_qp(q), wr, bad, 0);
}

static int post_send_any(struct ibv_qp *ib, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	struct nf_qp *q = to_qp(ib);
	int rc;

	if (!(nf_mode & NF_LOCKS))
		return post_send(q, wr, bad, nf_mode);
	nf_spin_lock(&q->send_spin);
	rc = post_send(q, wr, bad, nf_mode);
	nf_spin_unlock(&q->send_spin);
	return rc;
}

/* ---- Polling and arming ---------------------------------------------------------------------------------------------- */

INLINE uint32_t drain(struct nf_ring *r, uint32_t n, struct ibv_wc *wc, const unsigned mode)
{
	uint32_t cons = relaxed_load(&r->cons), have = acquire_load(&r->prod) - cons;
	uint32_t recvs = 0, sends = 0, last = 0;

	if (have == 0)
		return 0;
	if (have < n)
		n = have;
	if (mode & NF_DELAY) {
		uint64_t now = nf_ticks();
		uint32_t i = 0;

		while (i < n && (int64_t)(now - r->ready[(cons + i) & r->mask]) >= 0)
			i++;
		n = i;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct nf_cqe *e = &r->e[(cons + i) & r->mask];
		uint64_t m = e->meta;
		uint32_t aux = (uint32_t)m, op = (uint8_t)(m >> 32), st = (uint8_t)(m >> 40);
		bool recv = op & IBV_WC_RECV;

		wc[i].wr_id = e->wr_id;
		wc[i].status = st;
		wc[i].opcode = op;
		wc[i].vendor_err = 0;
		wc[i].byte_len = (uint8_t)(m >> 56);
		wc[i].invalidated_rkey = recv ? aux : 0;
		wc[i].qp_num = r->qp_num;
		wc[i].src_qp = 0;
		wc[i].wc_flags = (uint8_t)(m >> 48);
		wc[i].pkey_index = 0;
		wc[i].slid = 0;
		wc[i].sl = 0;
		wc[i].dlid_path_bits = 0;
		recvs += recv;
		sends += !recv;
		last = recv ? last : aux;
	}
	if (sends)
		release_store(&r->sq_done, last);
	if (recvs) {
		if (UNLIKELY(r->srq))
			atomic_fetch_add(&r->srq->done, recvs);
		else
			release_store(&r->rq_done, relaxed_load(&r->rq_done) + recvs);
	}
	release_store(&r->cons, cons + n);
	return n;
}

INLINE int poll_cq(struct nf_cq *cq, int n, struct ibv_wc *wc, const unsigned mode)
{
	struct nf_rings *rs;
	uint32_t got = 0;

	if (UNLIKELY(relaxed_load(&cq->in_poll)))
		nf_die("two threads in ibv_poll_cq of one completion queue: set NULLFABRIC_LOCKS=1");
	if (UNLIKELY(n <= 0))
		return 0;
	relaxed_store(&cq->in_poll, 1);
	rs = acquire_load(&cq->rings);
	cq->n_polls++;
	if (LIKELY(rs->n == 1)) {
		got = drain(rs->r[0], n, wc, mode);
	} else {
		uint32_t at = cq->cursor;

		for (uint32_t i = 0; i < rs->n && got < (uint32_t)n; i++) {
			if (++at >= rs->n)
				at = 0;
			got += drain(rs->r[at], n - got, wc + got, mode);
		}
		cq->cursor = at;
	}
	cq->n_empty += got == 0;
	release_store(&cq->in_poll, 0);
	return got;
}

static int poll_cq_fast(struct ibv_cq *cq, int n, struct ibv_wc *wc)
{
	return poll_cq(to_cq(cq), n, wc, 0);
}

static int poll_cq_any(struct ibv_cq *ib, int n, struct ibv_wc *wc)
{
	struct nf_cq *cq = to_cq(ib);
	int rc;

	if (!(nf_mode & NF_LOCKS))
		return poll_cq(cq, n, wc, nf_mode);
	nf_spin_lock(&cq->spin);
	rc = poll_cq(cq, n, wc, nf_mode);
	nf_spin_unlock(&cq->spin);
	return rc;
}

static int req_notify_cq(struct ibv_cq *ib, int solicited_only)
{
	struct nf_cq *cq = to_cq(ib);
	uint32_t want = solicited_only ? 2 : 1, had = 0;

	/* "any" is not weakened by a later "solicited only" */
	while (had != 1 && !atomic_compare_exchange_weak(&cq->armed, &had, want))
		;
	atomic_thread_fence(memory_order_seq_cst);
	if ((nf_mode & NF_DELAY) && ib->channel) {
		/* Completions on their way will arrive after the arming: the first of them raises the event. */
		struct nf_rings *rs = acquire_load(&cq->rings);
		uint64_t now = nf_ticks(), first = UINT64_MAX;

		for (uint32_t i = 0; i < rs->n; i++) {
			struct nf_ring *r = rs->r[i];
			uint32_t end = acquire_load(&r->prod);

			for (uint32_t c = relaxed_load(&r->cons); c != end; c++) {
				uint64_t at = r->ready[c & r->mask];

				if ((int64_t)(at - now) > 0) {
					if (at < first)
						first = at;
					break;
				}
			}
		}
		if (first != UINT64_MAX && want == 1)
			nf_cq_fire_at(cq, first, false);
	}
	return 0;
}

void nf_datapath_ops(struct ibv_context_ops *ops)
{
	ops->post_send = nf_mode ? post_send_any : post_send_fast;
	ops->post_recv = nf_mode ? post_recv_any : post_recv_fast;
	ops->poll_cq = nf_mode ? poll_cq_any : poll_cq_fast;
	ops->post_srq_recv = post_srq_recv;
	ops->req_notify_cq = req_notify_cq;
}
