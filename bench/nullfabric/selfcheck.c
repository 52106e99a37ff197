/*
 * Checks of the fabric itself: selfcheck plain | data | delay, started by "make check" with the matching environment.
 * Every step that fails names its line and ends the program with 1.
 */
#define _GNU_SOURCE
#include "initiator.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>

#define IP "127.0.0.1"
#define NQN "nqn.2026-01.invalid.nullfabric:cnode1"
#define DISC "nqn.2014-08.org.nvmexpress.discovery"
#define IS(what, a, b) do { long long x_ = (a), y_ = (b); if (x_ != y_) { fprintf(stderr, "%s:%d: %s is 0x%llx, not 0x%llx\n", __FILE__, __LINE__, what, x_, y_); exit(1); } } while (0)

static struct rdma_event_channel *ch;

static uint64_t g64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static uint32_t g32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint16_t g16(const void *p) { uint16_t v; memcpy(&v, p, 2); return v; }

static bool readable(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1;
}

static void device(void)
{
	int n;
	struct ibv_device **l = ibv_get_device_list(&n);
	struct ibv_context *c;
	struct ibv_device_attr_ex x;
	struct ibv_port_attr p;
	union ibv_gid g;
	struct ibv_async_event ev;

	MUST(l && n == 1 && !l[1]);
	MUST(c = ibv_open_device(l[0]));
	MUST(*ibv_get_device_name(l[0]) && ibv_get_device_guid(l[0]));
	ibv_free_device_list(l);
	MUST(verbs_get_ctx(c) && verbs_get_ctx(c)->sz == sizeof(struct verbs_context));
	IS("query_device_ex", ibv_query_device_ex(c, NULL, &x), 0);
	MUST(x.orig_attr.max_qp > 0 && x.orig_attr.max_sge >= 16);
	IS("query_port", ibv_query_port(c, 1, &p), 0);
	IS("port state", p.state, IBV_PORT_ACTIVE);
	IS("link layer", p.link_layer, IBV_LINK_LAYER_ETHERNET);
	MUST(ibv_query_port(c, 2, &p) != 0);
	IS("query_gid", ibv_query_gid(c, 1, 0, &g), 0);
	MUST(fcntl(c->async_fd, F_SETFL, O_NONBLOCK) == 0);
	MUST(ibv_get_async_event(c, &ev) == -1 && errno == EAGAIN);
	IS("close", ibv_close_device(c), 0);
	n = 0;
	struct ibv_context **cl = rdma_get_devices(&n);
	MUST(cl && n == 1 && cl[0] && !cl[1]);
	rdma_free_devices(cl);
	/* connection manager: nothing pends, and a non-blocking channel says so */
	struct rdma_cm_event *e;
	int fl = fcntl(ch->fd, F_GETFL);
	MUST(fcntl(ch->fd, F_SETFL, fl | O_NONBLOCK) == 0);
	MUST(!readable(ch->fd, 0) && rdma_get_cm_event(ch, &e) == -1 && errno == EAGAIN);
	MUST(fcntl(ch->fd, F_SETFL, fl) == 0);
}

static void discovery(void)
{
	uint16_t id;
	struct queue *q = admin_open(ch, IP, DISC, &id);
	uint8_t *c;

	IS("identify", identify(q, 1, 0), 0);
	IS("type", q->data[111], 2);
	c = cap(q, 0, 0x02);
	keyed(c, q->data, 2048, q->dmr->rkey, 0x40);
	p32(c + 40, 0x70 | 511u << 16);
	IS("discovery log", sync_cmd(q, 0), 0);
	IS("records", g64(q->data + 8), 1);
	IS("transport", q->data[1024], 1);
	MUST(!strcmp((char *)q->data + 1024 + 256, NQN));
	MUST(!strncmp((char *)q->data + 1024 + 512, IP " ", strlen(IP) + 1) && !strncmp((char *)q->data + 1024 + 32, "4420 ", 5));
	q_close(ch, q);
}

static void rejected(void)
{
	struct rdma_cm_id *id;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(4420) };
	struct ibv_qp_init_attr a = { .qp_type = IBV_QPT_RC, .cap = { 4, 4, 1, 1, 0 } };
	uint8_t priv[32] = { 1 };
	struct rdma_conn_param p = { .private_data = priv, .private_data_len = 32 };
	struct rdma_cm_event *e;

	inet_pton(AF_INET, IP, &sa.sin_addr);
	MUST(rdma_create_id(ch, &id, NULL, RDMA_PS_TCP) == 0);
	MUST(rdma_resolve_addr(id, NULL, (struct sockaddr *)&sa, 1000) == 0);
	rdma_ack_cm_event(cm_event(ch, RDMA_CM_EVENT_ADDR_RESOLVED));
	MUST(rdma_resolve_route(id, 1000) == 0);
	rdma_ack_cm_event(cm_event(ch, RDMA_CM_EVENT_ROUTE_RESOLVED));
	MUST(ntohs(rdma_get_dst_port(id)) == 4420 && rdma_get_src_port(id));
	MUST(rdma_create_qp(id, NULL, &a) == 0);
	MUST(rdma_connect(id, &p) == 0);
	e = cm_event(ch, RDMA_CM_EVENT_REJECTED);
	IS("reject code", g16((const uint8_t *)e->param.conn.private_data + 2), 2);
	rdma_ack_cm_event(e);
	rdma_destroy_qp(id);
	MUST(rdma_destroy_id(id) == 0);
}

static void admin(struct queue *a, uint16_t cntlid)
{
	uint8_t *c;

	IS("CAP", prop_get(a, 0, 1), 0);
	IS("MQES", a->result & 0xffff, 1023);
	IS("VS", prop_get(a, 8, 0), 0);
	MUST(a->result >= 0x10400);
	IS("identify", identify(a, 1, 0), 0);
	IS("CNTLID", g16(a->data + 78), cntlid);
	IS("CNTRLTYPE", a->data[111], 1);
	IS("IOCCSZ", g32(a->data + 1792), (4096 + 64) / 16);
	IS("IORCSZ", g32(a->data + 1796), 1);
	IS("SGLS", g32(a->data + 536) & (1 | 1 << 2 | 1 << 20), 1 | 1 << 2 | 1 << 20);
	IS("NN", g32(a->data + 516), 1);
	MUST(!strcmp((char *)a->data + 768, NQN));
	IS("identify namespace", identify(a, 0, 1), 0);
	IS("NSZE", g64(a->data), (1ull << 30) / 512);
	IS("LBADS", a->data[130], 9);
	IS("no such namespace", identify(a, 0, 2) & 0x7ff, 0x0b);
	IS("active list", identify(a, 2, 0), 0);
	IS("first", g32(a->data), 1);
	IS("descriptors", identify(a, 3, 1), 0);
	IS("no such CNS", identify(a, 0xff, 0) & 0x7ff, 0x02);
	c = cap(a, 0, 0x09);
	p32(c + 40, 7);
	p32(c + 44, 7 | 7 << 16);
	IS("set features", sync_cmd(a, 0), 0);
	IS("queues", a->result, 7 | 7 << 16);
	c = cap(a, 0, 0x02);
	keyed(c, a->data, 512, a->dmr->rkey, 0x40);
	p32(c + 40, 0x02 | 127u << 16);
	IS("SMART log", sync_cmd(a, 0), 0);
	cap(a, 0, 0x18);
	IS("keep alive", sync_cmd(a, 0), 0);
	cap(a, 0, 0x55);
	IS("no such command", sync_cmd(a, 0) & 0x7ff, 0x01);
	/* an event request is sent and never answered */
	struct ibv_wc wc;
	cap(a, 3, 0x0c);
	a->wr[3].send_flags = IBV_SEND_SIGNALED;
	post_send(a, &a->wr[3]);
	IS("send of the event request", ibv_poll_cq(a->cq, 1, &wc), 1);
	IS("opcode", wc.opcode, IBV_WC_SEND);
	IS("nothing else", ibv_poll_cq(a->cq, 1, &wc), 0);
}

static void limits(struct queue *q)
{
	struct ibv_send_wr *bad = NULL;
	struct ibv_recv_wr *rbad = NULL;
	struct ibv_wc wc[8];
	int n = 0, rc;

	rw(q, 1, 2, 0x1fffff + 1, 4096, false);
	IS("read past the end", sync_cmd(q, 1) & 0x7ff, 0x80);
	rw(q, 1, 2, 0x1fffff - 6, 4096, false);
	IS("read over the end", sync_cmd(q, 1) & 0x7ff, 0x80);
	cap(q, 1, 0x00);
	p32(q->caps + 64 + 4, 1);
	q->wr[1].num_sge = 1;
	IS("flush", sync_cmd(q, 1), 0);
	/* all receives are posted: one more is refused */
	rc = ibv_post_recv(q->qp, &q->rwr[0], &rbad);
	IS("receive queue full", rc, ENOMEM);
	MUST(rbad == &q->rwr[0]);
	/* sends that are never signalled fill the send queue */
	q->wr[2].send_flags = 0;
	q->wr[2].next = NULL;
	for (rc = 0; !rc && n < 10000; n++) {
		rw(q, 2, 2, 0, 4096, false);
		rc = ibv_post_send(q->qp, &q->wr[2], &bad);
		while (ibv_poll_cq(q->cq, 8, wc) > 0)
			post_recv(q, &q->rwr[wc[0].wr_id]);
	}
	IS("send queue full", rc, ENOMEM);
	IS("posts until then", n, q->depth + 2);	/* max_send_wr is depth + 1 */
	MUST(bad == &q->wr[2]);
}

static void flush_on_disconnect(uint16_t cntlid)
{
	struct queue *q = io_open(ch, IP, NQN, cntlid, 2, 16, NULL, 0);
	struct ibv_wc wc[64];
	struct ibv_send_wr *bad;
	int n, got = 0;

	MUST(rdma_disconnect(q->id) == 0);
	rdma_ack_cm_event(cm_event(ch, RDMA_CM_EVENT_DISCONNECTED));
	usleep(1000);
	while ((n = ibv_poll_cq(q->cq, 64, wc)) > 0)
		for (int i = 0; i < n; i++, got++) {
			IS("status", wc[i].status, IBV_WC_WR_FLUSH_ERR);
			IS("queue pair", wc[i].qp_num, q->qp->qp_num);
		}
	IS("flushed receives", got, 17);
	rw(q, 0, 2, 0, 4096, false);
	q->wr[0].send_flags = 0;
	IS("send after the end", ibv_post_send(q->qp, &q->wr[0], &bad), 0);
	post_recv(q, &q->rwr[0]);
	usleep(1000);
	IS("flushed", ibv_poll_cq(q->cq, 64, wc), 2);
	IS("send", wc[0].status, IBV_WC_WR_FLUSH_ERR);
	IS("receive", wc[1].status, IBV_WC_WR_FLUSH_ERR);
	MUST(rdma_disconnect(q->id) == 0 && !readable(ch->fd, 0));
	q_free(q);
}

static void shared_cq(uint16_t cntlid)
{
	struct queue *a = io_open(ch, IP, NQN, cntlid, 3, 16, NULL, 0);
	struct ibv_qp *b;
	struct ibv_qp_init_attr at = { .qp_type = IBV_QPT_RC, .send_cq = a->cq, .recv_cq = a->cq, .cap = { 16, 16, 1, 1, 0 } };

	/* a second queue pair on the same completion queue, never connected: polls visit both */
	MUST(b = ibv_create_qp(a->pd, &at));
	MUST(ibv_destroy_cq(a->cq) == EBUSY);
	IS("resize", ibv_resize_cq(a->cq, 4096), 0);
	rw(a, 0, 2, 0, 4096, false);
	IS("read", sync_cmd(a, 0), 0);
	MUST(ibv_destroy_qp(b) == 0);
	IS("read", sync_cmd(a, 0), 0);
	q_close(ch, a);
}

static void shared_rq(uint16_t cntlid)
{
	struct queue *q = io_open(ch, IP, NQN, cntlid, 5, 16, NULL, SRQ);

	for (int i = 0; i < 100; i++) {
		rw(q, i % 16, 2, 0, 4096, false);
		IS("read", sync_cmd(q, i % 16), 0);
	}
	q_close(ch, q);
}

/* Identifiers without a channel: every call returns when its event has come. */
static void endpoint(void)
{
	struct rdma_addrinfo hints = { .ai_port_space = RDMA_PS_TCP }, *ai;
	struct ibv_qp_init_attr a = { .qp_type = IBV_QPT_RC, .cap = { 4, 4, 1, 1, 0 } };
	uint8_t priv[32] = { 0, 0, 0, 0, 4, 0, 3, 0 };
	struct rdma_conn_param p = { .private_data = priv, .private_data_len = 32 };
	struct rdma_cm_id *id;

	MUST(rdma_getaddrinfo(IP, "4420", &hints, &ai) == 0 && ai->ai_dst_addr && ai->ai_src_addr);
	MUST(rdma_create_ep(&id, ai, NULL, &a) == 0);
	rdma_freeaddrinfo(ai);
	MUST(id->qp && id->send_cq && id->recv_cq && id->pd);
	MUST(rdma_connect(id, &p) == 0 && id->event->event == RDMA_CM_EVENT_ESTABLISHED);
	MUST(rdma_disconnect(id) == 0);
	rdma_destroy_ep(id);
}

/* One thread posts, one polls and posts receives, a third disconnects in the middle: everything completes exactly once. */
enum { SLOTS = 64 };
struct pair {
	struct queue *q;
	_Atomic int free_slot[SLOTS];
	_Atomic uint64_t sends, flushed, done;
	uint64_t send_cqes, recvs, recv_cqes;
	_Atomic bool stop;
};

static void *poster(void *arg)
{
	struct pair *p = arg;

	for (unsigned i = 0; !p->flushed; i = (i + 1) % SLOTS) {
		if (!p->free_slot[i])
			continue;
		p->free_slot[i] = 0;
		rw(p->q, i, 2, 8 * i, 4096, false);
		p->q->wr[i].send_flags = IBV_SEND_SIGNALED;
		p->q->wr[i].next = NULL;
		p->sends++;
		post_send(p->q, &p->q->wr[i]);
	}
	return NULL;
}

static void *poller(void *arg)
{
	struct pair *p = arg;
	int left[SLOTS];
	struct ibv_wc wc[16];

	for (int i = 0; i < SLOTS; i++)
		left[i] = 2;
	for (;;) {
		bool last = p->stop;	/* read before the poll: an empty poll after it means that nothing is left */
		int n = ibv_poll_cq(p->q->cq, 16, wc);

		if (!n && last)
			return NULL;
		for (int j = 0; j < n; j++) {
			unsigned slot = wc[j].wr_id;
			bool recv = wc[j].wr_id >= 1000;

			*(recv ? &p->recv_cqes : &p->send_cqes) += 1;
			if (wc[j].status) {
				IS("status", wc[j].status, IBV_WC_WR_FLUSH_ERR);
				p->flushed++;
				continue;
			}
			if (recv) {
				slot = p->q->rsps[wc[j].wr_id - 1000][1] >> 32 & 0xffff;
				p->q->rsps[wc[j].wr_id - 1000][1] = 0xffull << 32;
				p->recvs++;
				post_recv(p->q, &p->q->rwr[wc[j].wr_id - 1000]);
				p->done++;
			}
			MUST(slot < SLOTS && left[slot] > 0);
			if (--left[slot] == 0) {
				left[slot] = 2;
				p->free_slot[slot] = 1;
			}
		}
	}
}

static void threads(uint16_t cntlid)
{
	for (int round = 0; round < 20; round++) {
		struct pair *p = calloc(1, sizeof *p);
		struct queue *q = io_open(ch, IP, NQN, cntlid, 6, SLOTS, NULL, 0);
		struct ibv_wc wc[SLOTS + 1];
		pthread_t a, b;

		/* receives get numbers of their own: a flushed completion says nothing else about its kind */
		IS("quiet", ibv_poll_cq(q->cq, 1, wc), 0);
		for (int i = 0; i <= SLOTS; i++)
			q->rwr[i].wr_id = 1000 + i;
		p->q = q;
		for (int i = 0; i < SLOTS; i++)
			p->free_slot[i] = 1;
		/* the receives that are already posted carry the old numbers: use each once */
		for (int i = 0; i <= SLOTS; i++) {
			int n, seen = 0;

			rw(q, 0, 2, 0, 4096, false);
			q->wr[0].send_flags = IBV_SEND_SIGNALED;
			post_send(q, &q->wr[0]);
			while (seen < 2) {
				n = ibv_poll_cq(q->cq, 2, wc);
				for (int j = 0; j < n; j++, seen++)
					if (wc[j].opcode & IBV_WC_RECV)
						post_recv(q, &q->rwr[wc[j].wr_id]);
			}
		}
		MUST(!pthread_create(&b, NULL, poller, p) && !pthread_create(&a, NULL, poster, p));
		while (p->done < 20000)
			usleep(100);
		MUST(rdma_disconnect(q->id) == 0);
		rdma_ack_cm_event(cm_event(ch, RDMA_CM_EVENT_DISCONNECTED));
		pthread_join(a, NULL);
		p->stop = true;
		pthread_join(b, NULL);
		IS("sends completed", p->send_cqes, p->sends);
		IS("receives completed", p->recv_cqes, p->recvs + SLOTS + 1);
		q_free(q);
		free(p);
	}
}

struct waiter { struct queue *q; uint64_t woke; };

static void *wait_event(void *arg)
{
	struct waiter *w = arg;
	struct ibv_cq *cq;
	void *ctx;

	MUST(ibv_get_cq_event(w->q->chan, &cq, &ctx) == 0);
	w->woke = now_ns(CLOCK_MONOTONIC);
	MUST(cq == w->q->cq && ctx == w->q);
	ibv_ack_cq_events(cq, 1);
	return NULL;
}

static void events(uint16_t cntlid, uint64_t delay)
{
	struct queue *q = io_open(ch, IP, NQN, cntlid, 4, 16, NULL, EVENTS);
	struct ibv_cq *cq;
	struct ibv_wc wc[4];
	void *ctx;
	pthread_t t;
	struct waiter w = { q, 0 };
	uint64_t t0;

	MUST(fcntl(q->chan->fd, F_SETFL, O_NONBLOCK) == 0);
	while (!ibv_get_cq_event(q->chan, &cq, &ctx))
		ibv_ack_cq_events(cq, 1);
	MUST(ibv_get_cq_event(q->chan, &cq, &ctx) == -1 && errno == EAGAIN);
	IS("arm", ibv_req_notify_cq(q->cq, 0), 0);
	MUST(!readable(q->chan->fd, 0));
	rw(q, 0, 2, 0, 4096, false);
	q->wr[0].send_flags = IBV_SEND_SIGNALED;
	t0 = now_ns(CLOCK_MONOTONIC);
	post_send(q, &q->wr[0]);
	MUST(readable(q->chan->fd, 1000));
	if (delay)
		MUST(now_ns(CLOCK_MONOTONIC) - t0 >= delay);
	MUST(ibv_get_cq_event(q->chan, &cq, &ctx) == 0 && cq == q->cq && ctx == q);
	MUST(ibv_get_cq_event(q->chan, &cq, &ctx) == -1);	/* once per arming */
	ibv_ack_cq_events(q->cq, 1);
	if (delay)
		usleep(delay / 1000 + 100);
	IS("completions", ibv_poll_cq(q->cq, 4, wc), 2);
	post_recv(q, &q->rwr[wc[0].opcode & IBV_WC_RECV ? wc[0].wr_id : wc[1].wr_id]);
	/* solicited only: a response without the bit stays silent */
	IS("arm", ibv_req_notify_cq(q->cq, 1), 0);
	IS("read", sync_cmd(q, 0), 0);
	MUST(!readable(q->chan->fd, delay ? 2 : 0));
	/* another thread sleeps on the channel */
	MUST(fcntl(q->chan->fd, F_SETFL, 0) == 0);
	IS("arm", ibv_req_notify_cq(q->cq, 0), 0);
	MUST(pthread_create(&t, NULL, wait_event, &w) == 0);
	usleep(20000);
	t0 = now_ns(CLOCK_MONOTONIC);
	IS("read", sync_cmd(q, 0), 0);
	pthread_join(t, NULL);
	MUST(w.woke > t0);
	if (delay) {
		/* armed after the post and before the completion: the event must still come */
		MUST(fcntl(q->chan->fd, F_SETFL, O_NONBLOCK) == 0);
		post_send(q, &q->wr[0]);
		IS("too early", ibv_poll_cq(q->cq, 4, wc), 0);
		IS("arm", ibv_req_notify_cq(q->cq, 0), 0);
		MUST(readable(q->chan->fd, 1000));
		MUST(ibv_get_cq_event(q->chan, &cq, &ctx) == 0);
		ibv_ack_cq_events(q->cq, 1);
		IS("completions", ibv_poll_cq(q->cq, 4, wc), 2);
		post_recv(q, &q->rwr[wc[1].wr_id]);
	}
	q_close(ch, q);
}

static void fill(uint8_t *p, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (seed = seed * 1664525 + 1013904223) >> 24;
}

static void data(struct queue *q)
{
	static uint8_t want[BUF];
	uint8_t *(*find)(uint32_t, uint64_t *) = (uint8_t *(*)(uint32_t, uint64_t *))dlsym(RTLD_DEFAULT, "nullfabric_store");
	uint64_t len = 0;
	uint8_t *store = find ? find(1, &len) : NULL;

	MUST(!find || (store && len == 1ull << 30 && !find(99, &len)));
	for (unsigned k = 0; k < 3; k++) {
		unsigned w = k, r = k + 4;
		uint64_t lba = 1000 + 8 * k;
		uint8_t *c;

		fill(want, BUF, k + 1);
		memcpy(q->data + BUF * w, want, BUF);
		rw(q, w, 1, lba, BUF, k == 0);			/* inside the capsule, keyed, and in two pieces */
		if (k == 2) {
			uint64_t *d = (uint64_t *)(q->data + BUF * 9);

			d[0] = (uintptr_t)q->data + BUF * w;
			d[1] = 1536 | (uint64_t)q->dmr->rkey << 24 | 0x40ull << 56;
			d[2] = d[0] + 1536;
			d[3] = (BUF - 1536) | (uint64_t)q->dmr->rkey << 24 | 0x40ull << 56;
			c = q->caps + 64 * w;
			p64(c + 24, 0);
			p64(c + 32, 32 | 0x31ull << 56);
			q->sge[2 * w + 1].addr = (uintptr_t)d;
			q->sge[2 * w + 1].length = 32;
			q->wr[w].num_sge = 2;
		}
		IS("write", sync_cmd(q, w), 0);
		memset(q->data + BUF * r, 0xee, BUF);
		rw(q, r, 2, lba, BUF, false);
		IS("read", sync_cmd(q, r), 0);
		if (memcmp(want, q->data + BUF * r, BUF)) {
			fprintf(stderr, "write %u: the data came back changed\n", k);
			exit(1);
		}
		if (store)
			MUST(!memcmp(want, store + lba * 512, BUF));
		q->sge[2 * w + 1].addr = (uintptr_t)q->data + BUF * w;
	}
	rw(q, 0, 2, 0, BUF, false);
	p32(q->caps + 48, 3);
	IS("length that does not match", sync_cmd(q, 0) & 0x7ff, 0x0f);
}

/* Binds a window to a buffer under its next key. */
static uint32_t bind_window(struct queue *q, struct ibv_mw *mw, unsigned buffer)
{
	struct ibv_send_wr b = { .wr_id = 77, .opcode = IBV_WR_BIND_MW, .send_flags = IBV_SEND_SIGNALED };
	struct ibv_wc wc;

	b.bind_mw.mw = mw;
	b.bind_mw.rkey = ibv_inc_rkey(mw->rkey);
	b.bind_mw.bind_info = (struct ibv_mw_bind_info){ q->dmr, (uintptr_t)q->data + BUF * buffer, BUF, IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ };
	post_send(q, &b);
	IS("bind", ibv_poll_cq(q->cq, 1, &wc), 1);
	IS("status", wc.status, 0);
	IS("opcode", wc.opcode, IBV_WC_BIND_MW);
	return mw->rkey = b.bind_mw.rkey;
}

/* A read into a window's memory, which the target must not reach any more: the connection breaks. */
static void refused(struct queue *q, uint32_t key)
{
	struct ibv_wc wc[4];
	int n, got;

	rw(q, 7, 2, 0, BUF, false);
	keyed(q->caps + 64 * 7, q->data + BUF * 7, BUF, key, 0x40);
	q->wr[7].send_flags = IBV_SEND_SIGNALED;
	q->wr[7].next = NULL;
	fprintf(stderr, "(one message about a refused access belongs here)\n");
	post_send(q, &q->wr[7]);
	rdma_ack_cm_event(cm_event(ch, RDMA_CM_EVENT_DISCONNECTED));
	for (got = 0; (n = ibv_poll_cq(q->cq, 4, wc)) > 0; got += n)
		for (int i = 0; i < n; i++)
			MUST(wc[i].status == (wc[i].opcode & IBV_WC_RECV ? IBV_WC_WR_FLUSH_ERR : IBV_WC_SUCCESS));
	IS("completions", got, q->depth + 2);
}

/* A window is bound, used, invalidated by its owner, and then refused; so is one whose memory was deregistered. */
static void windows_invalidated(uint16_t cntlid)
{
	for (int how = 0; how < 2; how++) {
		struct queue *q = io_open(ch, IP, NQN, cntlid, 2 + how, 16, NULL, 0);
		struct ibv_mw *mw = ibv_alloc_mw(q->pd, IBV_MW_TYPE_2);
		struct ibv_send_wr inv = { .wr_id = 78, .opcode = IBV_WR_LOCAL_INV, .send_flags = IBV_SEND_SIGNALED };
		uint32_t key = bind_window(q, mw, 7);
		struct ibv_wc wc;

		rw(q, 7, 2, 0, BUF, false);
		keyed(q->caps + 64 * 7, q->data + BUF * 7, BUF, key, 0x40);
		IS("read through the window", sync_cmd(q, 7), 0);
		if (how == 0) {
			inv.invalidate_rkey = key;
			post_send(q, &inv);
			IS("invalidation", ibv_poll_cq(q->cq, 1, &wc), 1);
			IS("status", wc.status, 0);
			IS("opcode", wc.opcode, IBV_WC_LOCAL_INV);
		} else {
			struct ibv_mr *old = q->dmr;

			MUST(q->dmr = ibv_reg_mr(q->pd, q->data, (size_t)BUF * q->depth, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE));
			MUST(ibv_dereg_mr(old) == 0);
		}
		refused(q, key);
		MUST(ibv_dealloc_mw(mw) == 0);
		q_free(q);
	}
}

/* A window is bound, used, invalidated by the response, and then refused. */
static void windows(struct queue *q)
{
	struct ibv_mw *mw = ibv_alloc_mw(q->pd, IBV_MW_TYPE_2);
	struct ibv_wc wc[4];
	uint32_t key;
	int n, got;

	MUST(mw);
	key = bind_window(q, mw, 7);
	rw(q, 7, 2, 0, BUF, false);
	keyed(q->caps + 64 * 7, q->data + BUF * 7, BUF, key, 0x4f);
	q->wr[7].send_flags = IBV_SEND_SIGNALED;
	post_send(q, &q->wr[7]);
	for (got = 0; got < 2; got += n) {
		n = ibv_poll_cq(q->cq, 4, wc);
		for (int i = 0; i < n; i++)
			if (wc[i].opcode & IBV_WC_RECV) {
				IS("status", q->rsps[wc[i].wr_id][1] >> 49, 0);
				MUST(wc[i].wc_flags & IBV_WC_WITH_INV);
				IS("invalidated key", wc[i].invalidated_rkey, key);
				post_recv(q, &q->rwr[wc[i].wr_id]);
			}
	}
	/* now the target's access fails, and it hangs up */
	refused(q, key);
	MUST(ibv_dealloc_mw(mw) == 0);
	q_free(q);
}

/* What the name of a subsystem asks for. */
static void options(void)
{
	struct queue *a, *q;
	uint16_t id;
	const char *name = NQN "?icdoff=4&in_capsule=1024&lbads=12&namespaces=2&msdbd=3&mdts=3&mqes=255";

	a = admin_open(ch, IP, name, &id);
	IS("CAP", prop_get(a, 0, 1), 0);
	IS("MQES", a->result & 0xffff, 255);
	IS("identify", identify(a, 1, 0), 0);
	IS("IOCCSZ", g32(a->data + 1792), 4 + 4 + 1024 / 16);
	IS("ICDOFF", g16(a->data + 1800), 4);
	IS("MSDBD", a->data[1803], 3);
	IS("MDTS", a->data[77], 3);
	IS("NN", g32(a->data + 516), 2);
	IS("identify namespace", identify(a, 0, 2), 0);
	IS("LBADS", a->data[130], 12);
	IS("active list", identify(a, 2, 0), 0);
	IS("second", g32(a->data + 4), 2);
	q_close(ch, a);

	/* the data of a write starts 64 bytes behind its command */
	a = admin_open(ch, IP, NQN "?icdoff=4&in_capsule=1024", &id);
	q = io_open(ch, IP, NQN "?icdoff=4&in_capsule=1024", id, 1, 16, NULL, 0);
	fill(q->data, 1024, 99);
	rw(q, 0, 1, 77, 1024, true);
	q->sge[0].length = 64 + 64;
	IS("write", sync_cmd(q, 0), 0);
	q->sge[0].length = 64;
	rw(q, 4, 2, 77, 1024, false);
	IS("read", sync_cmd(q, 4), 0);
	MUST(!memcmp(q->data, q->data + BUF * 4, 1024));
	/* another namespace has other content; this controller has only one */
	rw(q, 4, 2, 77, 1024, false);
	p32(q->caps + 64 * 4 + 4, 2);
	IS("no such namespace", sync_cmd(q, 4) & 0x7ff, 0x0b);
	q_close(ch, q);
	q_close(ch, a);

	fprintf(stderr, "(one message about an unknown option belongs here)\n");
	a = q_open(ch, IP, 0, 32, NULL, 0);
	IS("unknown option", fabrics_connect(a, 0, 0xffff, NQN "?colour=1") & 0x7ff, 0x182);
	q_close(ch, a);
}

/* Sends one read and polls until nothing more comes; responses go to rsp. */
static int one_read(struct queue *q, uint64_t rsp[4][2], struct ibv_wc recv[4])
{
	struct ibv_wc wc[4];
	int n, responses = 0;

	rw(q, 3, 2, 0, BUF, false);
	q->wr[3].send_flags = IBV_SEND_SIGNALED;
	q->wr[3].next = NULL;
	post_send(q, &q->wr[3]);
	while ((n = ibv_poll_cq(q->cq, 4, wc)) > 0)
		for (int i = 0; i < n; i++)
			if (wc[i].opcode & IBV_WC_RECV && wc[i].status == 0) {
				memcpy(rsp[responses], q->rsps[wc[i].wr_id], 16);
				recv[responses++] = wc[i];
				post_recv(q, &q->rwr[wc[i].wr_id]);
			}
	return responses;
}

static void fault(const char *what)
{
	char name[128];
	uint64_t rsp[4][2];
	struct ibv_wc recv[4];
	struct queue *a, *q;
	uint16_t id;
	int n;

	snprintf(name, sizeof name, NQN "?fault=%s@2", what);
	a = admin_open(ch, IP, name, &id);
	q = io_open(ch, IP, name, id, 1, 16, NULL, 0);
	IS("responses before", one_read(q, rsp, recv), 1);
	IS("status before", rsp[0][1] >> 49, 0);
	n = one_read(q, rsp, recv);
	if (!strcmp(what, "drop")) {
		IS("responses", n, 0);
	} else if (!strcmp(what, "disconnect")) {
		IS("responses", n, 0);
		rdma_ack_cm_event(cm_event(ch, RDMA_CM_EVENT_DISCONNECTED));
		q_free(q);
		q_close(ch, a);
		return;
	} else {
		IS("responses", n, !strcmp(what, "repeat") ? 2 : 1);
		IS("status", rsp[0][1] >> 49, !strcmp(what, "status") ? 0x4006 : !strcmp(what, "transient") ? 6 : 0);
		IS("command", (uint16_t)(rsp[0][1] >> 32), !strcmp(what, "cid") ? 3 ^ 0x5555 : 3);
		IS("length", recv[0].byte_len, !strcmp(what, "short") ? 15 : 16);
		IS("flags", recv[0].wc_flags, !strcmp(what, "invalidate") ? IBV_WC_WITH_INV : 0);
	}
	IS("responses after", one_read(q, rsp, recv), 1);
	q_close(ch, q);
	q_close(ch, a);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "plain", *d = getenv("NULLFABRIC_DELAY_NS");
	uint64_t delay = d ? strtoull(d, NULL, 0) : 0;
	static const char *const faults[] = { "drop", "status", "transient", "cid", "short", "repeat", "invalidate", "disconnect" };
	struct queue *a, *q;
	uint16_t cntlid;

	alarm(60);
	MUST(ch = rdma_create_event_channel());
	device();
	a = admin_open(ch, IP, NQN, &cntlid);
	if (!strcmp(mode, "plain")) {
		rejected();
		discovery();
		admin(a, cntlid);
		flush_on_disconnect(cntlid);
		shared_cq(cntlid);
		shared_rq(cntlid);
		endpoint();
		threads(cntlid);
		events(cntlid, 0);
		for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
			fault(faults[i]);
		q = io_open(ch, IP, NQN, cntlid, 1, 16, NULL, 0);
		limits(q);
		q_close(ch, q);
	} else if (!strcmp(mode, "data")) {
		q = io_open(ch, IP, NQN, cntlid, 1, 16, NULL, 0);
		data(q);
		windows(q);
		windows_invalidated(cntlid);
		options();
	} else if (!strcmp(mode, "delay")) {
		uint64_t t;

		q = io_open(ch, IP, NQN, cntlid, 1, 16, NULL, 0);
		rw(q, 0, 2, 0, BUF, false);
		t = now_ns(CLOCK_MONOTONIC);
		for (int i = 0; i < 10; i++)
			IS("read", sync_cmd(q, 0), 0);
		t = (now_ns(CLOCK_MONOTONIC) - t) / 10;
		printf("delay %lu ns: a read takes %lu ns\n", (unsigned long)delay, (unsigned long)t);
		MUST(t >= delay * 99 / 100);
		q_close(ch, q);
		events(cntlid, delay);
	} else {
		fprintf(stderr, "selfcheck plain | data | delay\n");
		return 2;
	}
	q_close(ch, a);
	rdma_destroy_event_channel(ch);
	printf("selfcheck %s: ok\n", mode);
	return 0;
}
