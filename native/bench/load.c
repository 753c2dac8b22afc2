#include "load.h"

#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define HEADER 12 /* of virtio-net */
#define BATCH 32
#define PORTS 60000u
#define MSS 1448u
#define TSO_PAYLOAD (45 * MSS) /* below the largest IP packet */
#define STALL_US 100 /* the load itself was not on its core for that long: says nothing about those whom it measures */
#define LOST_NS 50000000 /* frames on their way for longer than that will not come */

const struct guest_shape load_small = { .ring = 256, .rx_buffer = 2304, .tx_slots = 256, .tx_buffer = 2304 };
const struct guest_shape load_large = { .ring = 256, .rx_buffer = 4096, .tx_slots = 16, .tx_buffer = 70016 };

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

uint64_t load_mono_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* --- frames ------------------------------------------------------------------------------------------------------------ */
static uint16_t header_sums[2][8][256]; /* by lane, the upper byte of the packet's length (sizes of one load differ in it) and block */

/* Flow n: client 10.1.16+n/60000.9, port 1024 + n % 60000. */
static inline void set_flow(const struct load_lane *l, uint8_t *frame, uint32_t flow)
{
	uint16_t port = (uint16_t)(1024 + flow % PORTS);
	uint8_t block = (uint8_t)(flow / PORTS), *client = frame + (l->reply ? 30 : 26), *at = frame + (l->reply ? 36 : 34);
	client[2] = (uint8_t)(16 + block);
	memcpy(frame + 24, &header_sums[l->reply][frame[16] & 7][block], 2);
	at[0] = (uint8_t)(port >> 8);
	at[1] = (uint8_t)port;
}

static void sum_headers(struct load_lane *l, struct frame *f)
{
	for (unsigned block = 0; block < 240; block++) {
		f->b[l->reply ? 32 : 28] = (uint8_t)(16 + block);
		memset(f->b + 24, 0, 2);
		uint16_t sum = frame_checksum(f->b + 14, 20, 0);
		header_sums[l->reply][f->b[16] & 7][block] = (uint16_t)(sum << 8 | sum >> 8);
	}
}

static void udp(struct load_lane *l, struct frame *f, struct host from, struct host to, uint32_t size)
{
	static const uint8_t data[2000];
	uint8_t *client = l->reply ? to.ip4 : from.ip4;
	client[2] = 16;
	client[3] = 9;
	frame_udp4(f, &from, &to, l->reply ? 9 : 1024, l->reply ? 1024 : 9, data, size - 42);
	memset(f->b + 40, 0, 2); /* the flow's number changes the ports; no checksum */
	sum_headers(l, f);
	set_flow(l, f->b, 0);
}

static void tso(struct frame *f, struct virtio_net_hdr *h, const struct host *from, const struct host *to)
{
	static const uint8_t data[TSO_PAYLOAD];
	frame_tcp4(f, from, to, 4000, 9, 1001, 5001, TCP_ACK, data, TSO_PAYLOAD);
	uint16_t sum = (uint16_t)~frame_checksum(NULL, 0, frame_pseudo(f->b + 14, false, 6, (uint32_t)f->len - 34));
	f->b[50] = (uint8_t)(sum >> 8);
	f->b[51] = (uint8_t)sum;
	*h = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .hdr_len = 54, .gso_size = MSS,
				      .csum_start = 34, .csum_offset = 16 };
}

void load_lane_init(struct load_lane *l, struct guest *from, struct guest *to, const struct host *hf, const struct host *ht, enum load_kind kind,
		    uint32_t size, uint32_t flows, bool reply)
{
	static struct frame f;
	struct virtio_net_hdr h = { 0 };
	*l = (struct load_lane){ .tx = &from->tx[0], .rx = &to->rx[0], .flows = kind == LOAD_TSO ? 0 : flows, .buffers_a_frame = 1, .reply = reply };
	if (kind == LOAD_TSO)
		l->buffers_a_frame = (TSO_PAYLOAD + 54 + HEADER) / l->rx->buffer_size + 1;
	for (uint32_t i = 0; i < l->tx->n_buffers; i++) {
		uint8_t *at = l->tx->buffers + (size_t)i * l->tx->buffer_size;
		if (kind == LOAD_TSO)
			tso(&f, &h, hf, ht);
		else
			udp(l, &f, *hf, *ht, kind == LOAD_UDP ? size : i % 12 == 5 ? 1514 : i % 3 == 1 ? 590 : 60);
		memset(at, 0, HEADER);
		memcpy(at, &h, sizeof h);
		memcpy(at + HEADER, f.b, f.len);
		((struct desc *)(void *)l->tx->desc)[i] = (struct desc){ .addr = (uint64_t)(at - from->mem), .len = (uint32_t)(f.len + HEADER) };
	}
	l->tx->avail[0] = l->rx->avail[0] = 1; /* no interrupts */
}

/* --- rings ---------------------------------------------------------------------------------------------------------------- */
static uint16_t used_idx(const struct guest_ring *r)
{
	return __atomic_load_n((const uint16_t *)(const void *)(r->used + 2), __ATOMIC_ACQUIRE);
}

static void kick(struct guest_ring *r)
{
	uint64_t one = 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n((uint16_t *)(void *)r->used, __ATOMIC_RELAXED) & 1) && write(r->kick, &one, sizeof one) < 0)
		exit(1);
}

static inline uint8_t *frame_at(const struct guest_ring *r, uint16_t idx)
{
	return r->buffers + (size_t)(idx & (r->n_buffers - 1)) * r->buffer_size + HEADER;
}

/* No more are on their way than the receiver has buffers for: what is lost then, the switch lost. */
static uint64_t allowed(struct load_lane *l)
{
	int64_t away = (int64_t)(l->sent - l->received - l->given_up), room = l->rx->size / l->buffers_a_frame;
	/* What was given up may come after all. */
	return (uint64_t)(away < 0 ? room : away < room ? room - away : 0);
}

/* @param limit  frames at most */
static void fill(struct load_lane *l, uint64_t limit)
{
	struct guest_ring *r = l->tx;
	uint16_t room = (uint16_t)(r->n_buffers - (uint16_t)(r->avail_idx - used_idx(r)));
	uint64_t now = l->stamp ? __rdtsc() : 0, may = allowed(l);
	limit = limit < may ? limit : may;
	if (room > limit)
		room = (uint16_t)limit;
	if (room < BATCH && room < r->n_buffers / 2 && room < limit)
		return;
	for (uint16_t i = 0; i < room; i++) {
		uint16_t idx = r->avail_idx;
		if (l->flows) {
			uint8_t *frame = frame_at(r, idx);
			__builtin_prefetch(frame_at(r, (uint16_t)(idx + 8)), 1);
			set_flow(l, frame, l->next);
			if (++l->next >= l->flows)
				l->next = 0;
			if (l->stamp)
				memcpy(frame + 42, &now, sizeof now);
		}
		r->avail[2 + (idx & (r->size - 1))] = (uint16_t)(idx & (r->n_buffers - 1));
		r->avail_idx++;
		if (i % BATCH == BATCH - 1 || i + 1 == room)
			__atomic_store_n(&r->avail[1], r->avail_idx, __ATOMIC_RELEASE);
	}
	l->sent += room;
	if (room)
		kick(r);
}

static void note_wait(struct load_lane *l)
{
	l->waits[l->n_waits++ % LOAD_WAITS] = (struct load_wait){ .tsc = __rdtsc(), .ns = l->worker_waited_ns() };
}

/* Return: how long the worker waited for its core since then, in nanoseconds. */
static uint64_t waited_since(const struct load_lane *l, uint64_t tsc)
{
	uint64_t before = 0;
	for (unsigned i = 1; i <= LOAD_WAITS && i <= l->n_waits; i++) {
		const struct load_wait *w = &l->waits[(l->n_waits - i) % LOAD_WAITS];
		before = w->ns;
		if (w->tsc <= tsc)
			break;
	}
	return l->worker_waited_ns() - before;
}

static void look_at_stamp(struct load_lane *l, const uint8_t *at, uint64_t now, uint64_t since)
{
	uint64_t stamp;
	memcpy(&stamp, at, sizeof stamp);
	if (stamp <= since || now <= stamp)
		return;
	uint64_t late = now - stamp;
	if (late <= STALL_US * 2000u || late <= l->late_tsc) {
		l->late_tsc = late > l->late_tsc ? late : l->late_tsc;
		return;
	}
	/* Nanoseconds count as two ticks or more: if the worker waited for half of that time, the scheduler made it late. */
	if (waited_since(l, stamp) * 4 > late)
		l->left_out++;
	else
		l->late_tsc = late;
}

/* @param now    what the caller compared with the round before: read here, it could be a time slice later, which nobody would notice
 * @param since  stamps before that are of a time when the load itself did not run */
static void drain(struct load_lane *l, uint64_t now, uint64_t since)
{
	struct guest_ring *r = l->rx;
	uint16_t used = used_idx(r);
	while (r->used_seen != used) {
		uint32_t e[2];
		memcpy(e, r->used + 4 + 8u * (r->used_seen & (r->size - 1)), sizeof e);
		uint16_t id = (uint16_t)e[0];
		/* A large frame covers several buffers; only the first of them has a header worth reading. */
		const uint8_t *buffer = r->buffers + (size_t)id * r->buffer_size;
		uint16_t more = 1;
		if (!l->flows)
			memcpy(&more, buffer + 10, sizeof more);
		if (l->stamp)
			look_at_stamp(l, buffer + HEADER + 42, now, since);
		for (; more && r->used_seen != used; more--) {
			memcpy(e, r->used + 4 + 8u * (r->used_seen & (r->size - 1)), sizeof e);
			r->used_seen++;
			r->avail[2 + (r->avail_idx & (r->size - 1))] = (uint16_t)e[0];
			r->avail_idx++;
		}
		l->received++;
	}
	__atomic_store_n(&r->avail[1], r->avail_idx, __ATOMIC_RELEASE);
}

uint64_t load_run(struct load_lane *l, double seconds)
{
	uint64_t now = load_mono_ns(), end = now + (uint64_t)(seconds * 1e9), before = l->received, seen = before, progress = now;
	uint64_t last = __rdtsc(), since = last;
	if (l->stamp)
		note_wait(l);
	for (unsigned round = 0; now < end; round++) {
		uint64_t tsc = l->stamp ? __rdtsc() : 0;
		if (tsc - last > STALL_US * 2000u)
			since = tsc;
		last = tsc;
		drain(l, tsc, since);
		fill(l, UINT64_MAX);
		if (round % 256)
			continue;
		now = load_mono_ns();
		if (l->stamp)
			note_wait(l);
		if (l->received != seen)
			progress = now;
		else if (now - progress > LOST_NS && !l->stamp) /* where each frame is looked at, more in their place would push them out */
			l->given_up = l->sent - l->received;
		seen = l->received;
	}
	return l->received - before;
}

uint64_t load_count(struct load_lane *l, uint64_t frames)
{
	uint64_t before = l->received, seen = before, goal = l->sent + frames, now = load_mono_ns();
	l->last_ns = now;
	while (l->received - before < frames && (l->sent < goal || now - l->last_ns < 200000000u)) {
		drain(l, 0, 0);
		fill(l, goal - l->sent);
		now = load_mono_ns();
		if (l->received != seen)
			l->last_ns = now;
		else if (now - l->last_ns > LOST_NS)
			l->given_up = l->sent - l->received;
		seen = l->received;
	}
	return l->received - before;
}

void load_settle(struct load_lane *l)
{
	uint64_t end = load_mono_ns() + 200000000u;
	l->stamp = false;
	while (l->sent != l->received && load_mono_ns() < end)
		drain(l, 0, 0);
}
