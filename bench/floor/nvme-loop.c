/*
 * The least an NVMe/RDMA host can do: prebuilt commands, posted in chains, polled or waited for, received again in chains. No
 * deadlines, no checks of what comes back beyond its status, no statistics; a latency per command, as every benchmark takes.
 *
 *   nvme-loop -a ADDRESS -n NQN [-q DEPTH] [-o BYTES] [-w randread|randwrite] [-t SECONDS] [-r RAMP] [-m poll|event|adaptive] [-k]
 *
 * randwrite sends its data in the capsule, -k by key instead. poll spins, event sleeps on the completion channel at once,
 * adaptive spins for 50 us before, and for less where that has not paid. Whoever spins offers the processor to others after 16
 * looks in vain, as Verbena does. Runs over any libibverbs: a device, or the null fabric.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>

/* Buffers of the shared code are as large as the largest I/O here. */
#define INITIATOR_BUF (128 * 1024)
#include "../nullfabric/initiator.h"

enum { MAX_DEPTH = 127, SIGNAL_EVERY = 16, BUCKETS = 64 * 32, SPIN_NS = 50000, LOOKS_PER_YIELD = 16, WAITS_PER_PROBE = 64 };
enum wait { POLL, EVENT, ADAPTIVE };

static struct options {
	const char *ip, *nqn;
	unsigned depth, bytes, seconds, ramp;
	bool write, key;
	enum wait wait;
} opt = { "10.9.0.1", "nqn.2016-06.io.spdk:cnode1", 1, 4096, 5, 1, false, false, POLL };

/* Latencies in buckets of 1/32 of a power of two. */
static uint64_t histogram[BUCKETS], count, sum, waits, polls, empty_polls;

static unsigned bucket(uint64_t ns)
{
	unsigned log = 63 - __builtin_clzll(ns | 32);

	return (log - 5) * 32 + (ns >> (log - 5) & 31) + (log > 5 ? 32 : 0);
}

static double lower(unsigned b)
{
	unsigned log = b < 64 ? 5 : 5 + b / 32 - 1;

	return b < 64 ? b : (double)((32ull + b % 32) << (log - 5));
}

static double percentile(double p)
{
	uint64_t need = (uint64_t)(count * p / 100), seen = 0;

	for (unsigned b = 0; b < BUCKETS; b++)
		if ((seen += histogram[b]) > need)
			return lower(b) / 1000;
	return 0;
}

static void usage(void)
{
	fprintf(stderr, "nvme-loop -a ADDRESS -n NQN [-q DEPTH] [-o BYTES] [-w randread|randwrite] [-t SECONDS] [-r RAMP] [-m poll|event|adaptive] [-k]\n");
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "a:n:q:o:w:t:r:m:k")) != -1) {
		switch (c) {
		case 'a': opt.ip = optarg; break;
		case 'n': opt.nqn = optarg; break;
		case 'q': opt.depth = atoi(optarg); break;
		case 'o': opt.bytes = atoi(optarg); break;
		case 'w': opt.write = !strcmp(optarg, "randwrite"); break;
		case 't': opt.seconds = atoi(optarg); break;
		case 'r': opt.ramp = atoi(optarg); break;
		case 'm': opt.wait = !strcmp(optarg, "poll") ? POLL : !strcmp(optarg, "event") ? EVENT : ADAPTIVE; break;
		case 'k': opt.key = true; break;
		default: usage();
		}
	}
	if (opt.depth < 1 || opt.depth > MAX_DEPTH || opt.bytes < 512 || opt.bytes > BUF || opt.bytes % 512 || opt.seconds < 1)
		usage();
}

static void in_vain(void)
{
	if (++empty_polls % LOOKS_PER_YIELD == 0)
		sched_yield();
}

/* Collects completions, waiting for them as the options say. */
static int collect(struct queue *q, struct ibv_wc *wc)
{
	static uint64_t spin = SPIN_NS, unspun;
	uint64_t start = 0, limit = spin;
	struct ibv_cq *cq;
	void *ctx;
	int n;

	while (1) {
		polls++;
		MUST((n = ibv_poll_cq(q->cq, 2 * MAX_DEPTH, wc)) >= 0);
		if (n)
			return n;
		in_vain();
		if (opt.wait == POLL)
			continue;
		if (opt.wait == ADAPTIVE) {
			if (!limit && ++unspun >= WAITS_PER_PROBE)
				unspun = 0, limit = SPIN_NS;
			start = now_ns(CLOCK_MONOTONIC);
			while (limit && now_ns(CLOCK_MONOTONIC) - start < limit) {
				polls++;
				MUST((n = ibv_poll_cq(q->cq, 2 * MAX_DEPTH, wc)) >= 0);
				if (n) {
					spin = SPIN_NS;
					return n;
				}
				in_vain();
			}
			spin = limit / 2 < 1000 ? 0 : limit / 2;
		}
		MUST(ibv_req_notify_cq(q->cq, 0) == 0);
		polls++;
		MUST((n = ibv_poll_cq(q->cq, 2 * MAX_DEPTH, wc)) >= 0);
		if (n)
			return n;
		waits++;
		MUST(poll(&(struct pollfd){ .fd = q->chan->fd, .events = POLLIN }, 1, 30000) == 1);
		/* The event may be of completions that are collected already. */
		while (ibv_get_cq_event(q->chan, &cq, &ctx) == 0)
			ibv_ack_cq_events(cq, 1);
		limit = spin;
	}
}

static double loop(struct queue *q, uint64_t slots)
{
	struct ibv_wc wc[2 * MAX_DEPTH];
	uint64_t started[MAX_DEPTH + 1], seed = 88172645463325252ull;
	uint64_t begin = now_ns(CLOCK_MONOTONIC), measure = begin + opt.ramp * 1000000000ull, end = measure + opt.seconds * 1000000000ull, now = begin;
	unsigned freed[MAX_DEPTH + 1], free_n = 0, flight = 0, unsignalled = 0, blocks = opt.bytes / 512;

	for (unsigned i = 0; i < opt.depth; i++) {
		rw(q, i, opt.write ? 1 : 2, 0, opt.bytes, opt.write && !opt.key);
		freed[free_n++] = i;
	}
	while (flight || now < end) {
		struct ibv_send_wr *head = NULL, **tail = &head;
		struct ibv_recv_wr *rhead = NULL, **rtail = &rhead;
		int n;

		while (free_n && now < end) {
			unsigned i = freed[--free_n];

			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			p64(q->caps + 64 * i + 40, (uint64_t)((unsigned __int128)seed * slots >> 64) * blocks);
			/* A slot comes back with its response, so one send in some has to say that it is done. */
			q->wr[i].send_flags = ++unsignalled >= SIGNAL_EVERY ? unsignalled = 0, IBV_SEND_SIGNALED : 0;
			q->wr[i].next = NULL;
			started[i] = now_ns(CLOCK_MONOTONIC);
			*tail = &q->wr[i];
			tail = &q->wr[i].next;
			flight++;
		}
		if (head)
			post_send(q, head);
		n = collect(q, wc);
		now = now_ns(CLOCK_MONOTONIC);
		for (int j = 0; j < n; j++) {
			struct ibv_recv_wr *r;
			unsigned i;

			if (wc[j].status) {
				fprintf(stderr, "completion: %s\n", ibv_wc_status_str(wc[j].status));
				exit(1);
			}
			if (!(wc[j].opcode & IBV_WC_RECV))
				continue;
			i = q->rsps[wc[j].wr_id][1] >> 32 & 0xffff;
			if (i >= opt.depth || q->rsps[wc[j].wr_id][1] >> 49) {
				fprintf(stderr, "command %u: status %llxh\n", i, (unsigned long long)(q->rsps[wc[j].wr_id][1] >> 49));
				exit(1);
			}
			if (now >= measure && now < end) {
				histogram[bucket(now - started[i])]++;
				count++;
				sum += now - started[i];
			}
			freed[free_n++] = i;
			flight--;
			r = &q->rwr[wc[j].wr_id];
			r->next = NULL;
			*rtail = r;
			rtail = &r->next;
		}
		if (rhead)
			post_recv(q, rhead);
	}
	rw(q, 0, 2, 0, 4096, false);
	MUST(sync_cmd(q, 0) == 0);
	return opt.seconds;
}

int main(int argc, char **argv)
{
	struct rdma_event_channel *ch = rdma_create_event_channel();
	struct queue *a, *q;
	uint16_t cntlid;
	uint64_t nsze, cpu;
	double seconds;

	parse(argc, argv);
	MUST(ch);
	a = admin_open(ch, opt.ip, opt.nqn, &cntlid);
	MUST(identify(a, 0, 1) == 0);
	memcpy(&nsze, a->data, 8);
	if (a->data[128 + 4 * (a->data[26] & 15) + 2] != 9) {
		fprintf(stderr, "namespace 1 does not have blocks of 512 bytes\n");
		return 1;
	}
	q = io_open(ch, opt.ip, opt.nqn, cntlid, 1, MAX_DEPTH + 1, NULL, opt.wait == POLL ? 0 : EVENTS);
	if (q->chan)
		MUST(fcntl(q->chan->fd, F_SETFL, fcntl(q->chan->fd, F_GETFL) | O_NONBLOCK) == 0);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	seconds = loop(q, nsze * 512 / opt.bytes);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	MUST(count);
	printf("{\"iops\": %.1f, \"mean_us\": %.2f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"ios\": %llu, \"cpu_us_per_io\": %.2f, "
	       "\"polls\": %llu, \"empty_polls\": %llu, \"waits\": %llu}\n",
	       count / seconds, sum / 1000.0 / count, percentile(50), percentile(99), percentile(99.9), (unsigned long long)count,
	       cpu / 1000.0 / count * opt.seconds / (opt.seconds + opt.ramp), (unsigned long long)polls, (unsigned long long)empty_polls,
	       (unsigned long long)waits);
	q_close(ch, q);
	q_close(ch, a);
	rdma_destroy_event_channel(ch);
	return 0;
}
