#include "events.h"

#include <stdlib.h>

#define RING 1024u /* per worker */
#define TICK_NS (DP_NS_PER_S / 10)

struct slot {
	uint64_t sequence; /* odd: being written */
	uint64_t number;   /* of the event, over all workers, from 1 */
	struct fh_id port;
	uint64_t time_ns; /* boot */
	uint64_t key[FH_KEY_WORDS];
	uint32_t rule;
	uint16_t src_port, dst_port;
	uint8_t reason, direction, family, protocol, flags;
};

struct ring {
	uint64_t tick;
	uint32_t budget, next;
	struct slot slots[RING];
} fh_cache_aligned;

static struct ring *rings;
static uint64_t last_number; /* taken atomically; only for recorded events, so at a bounded rate */

bool events_init(void)
{
	rings = aligned_alloc(FH_CACHE_LINE, dp.n_workers * sizeof *rings);
	if (rings)
		memset(rings, 0, dp.n_workers * sizeof *rings);
	return rings != NULL;
}

void events_record(const struct worker *w, const struct port *port, enum fh_direction dir, uint8_t reason, const struct fh_pkt *pkt,
		   uint32_t slot)
{
	struct ring *r = &rings[w->id];
	uint64_t tick = w->now_ns / TICK_NS;
	if (r->tick != tick) {
		r->tick = tick;
		r->budget = FH_DROP_EVENTS_PER_S / 10;
	}
	if (r->budget == 0)
		return;
	r->budget--;
	struct slot *s = &r->slots[r->next++ % RING];
	bool told = pkt && (pkt->kind == FH_PKT_FLOW || pkt->kind == FH_PKT_ICMP_OTHER || pkt->kind == FH_PKT_ICMP_ERROR);
	fh_store(&s->sequence, s->sequence + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	s->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	s->port = port->id;
	s->time_ns = w->now_ns;
	s->rule = slot;
	s->reason = reason;
	s->direction = (uint8_t)dir;
	s->family = told ? (pkt->flags & FH_PKT_V6 ? 6 : 4) : 0;
	if (told) {
		memcpy(s->key, pkt->key, sizeof s->key);
		s->src_port = pkt->src_port;
		s->dst_port = pkt->dst_port;
		s->protocol = pkt->proto;
		s->flags = pkt->flags;
	}
	fh_store_release(&s->sequence, s->sequence + 1);
}

static void describe(const struct slot *s, uint64_t unix_minus_boot, struct fh_drop_event *e)
{
	*e = (struct fh_drop_event){
		.struct_size = sizeof *e, .reason = s->reason, .time_ns = s->time_ns + unix_minus_boot, .port = s->port,
		.direction = s->direction, .family = s->family,
	};
	if (s->family) {
		struct fh_pkt p = { .flags = s->flags };
		memcpy(p.key, s->key, sizeof p.key);
		fh_pkt_addrs(&p, e->src, e->dst);
		e->protocol = s->protocol;
		e->src_port = s->src_port;
		e->dst_port = s->dst_port;
	}
	if (s->rule != FH_SLOT_NONE)
		fh_pol_slot_id(dp.rules, s->rule, &e->rule);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

uint32_t events_read(uint64_t *cursor, struct fh_drop_event *out, uint32_t capacity)
{
	struct found {
		uint64_t number;
		struct fh_drop_event event;
	} *found = calloc(dp.n_workers * RING, sizeof *found);
	uint64_t offset = dp_unix_ns() - dp_boot_ns();
	uint32_t n = 0;
	if (!found)
		return 0;
	for (unsigned w = 0; w < dp.n_workers; w++) {
		for (uint32_t i = 0; i < RING; i++) {
			const struct slot *s = &rings[w].slots[i];
			uint64_t before = fh_load_acquire(&s->sequence);
			struct slot copy = *s;
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			if (before == 0 || (before & 1) || fh_load(&s->sequence) != before || copy.number <= *cursor)
				continue;
			found[n].number = copy.number;
			describe(&copy, offset, &found[n++].event);
		}
	}
	qsort(found, n, sizeof *found, by_number);
	if (n > capacity)
		n = capacity;
	for (uint32_t i = 0; i < n; i++)
		out[i] = found[i].event;
	if (n)
		*cursor = found[n - 1].number;
	free(found);
	return n;
}
