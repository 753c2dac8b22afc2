/*
 * Fragments: virtual reassembly.
 *
 * Theory of operation
 * -------------------
 * No payload is put together. Per datagram (source, destination, identification, IPv4: protocol) this keeps which ranges came,
 * what the first fragment's verdict was, and the cookies of pieces that came before it.
 *
 *   waiting  the first fragment has not come: pieces are held
 *   judging  it is being judged between fh_frag_input() and fh_frag_decide()
 *   decided  pieces pass or are dropped like the first
 *
 * An overlap (or a piece beyond the end, or a second end) condemns the whole datagram: receivers differ in how they resolve it, which
 * is how filters are evaded. An exact repetition is only dropped. A datagram in too many disjoint ranges is condemned too.
 *
 * A datagram is forgotten TIMEOUT_NS after its first piece. When all places are taken: a complete one goes, then the oldest decided,
 * then the oldest that has been waiting for more than a second; else the newcomer is dropped.
 */
#include "ct_internal.h"

#include <stdlib.h>

#define DATAGRAMS 64u
#define HELD_PER_DATAGRAM 8u
#define HELD_MAX 128u
#define RANGES 16u
#define TIMEOUT_NS (15ull * 1000000000)
#define PATIENCE_NS 1000000000ull

enum state { FREE = 0, WAITING, JUDGING, DECIDED };

struct range {
	uint32_t from, to;
};

struct datagram {
	uint64_t addr[4];
	uint32_t id;
	uint8_t proto, v6, src_lo;
	uint8_t state, reason; /* reason NONE: passes */
	uint8_t n_held, n_ranges;
	uint32_t total; /* 0: the last piece has not come */
	uint64_t since_ns;
	struct range range[RANGES]; /* ascending, disjoint, not touching */
	void *held[HELD_PER_DATAGRAM];
};

struct fh_frag {
	struct datagram datagram[DATAGRAMS];
	unsigned n_held;   /* in datagrams and in ready */
	unsigned ready_first, n_ready;
	struct {
		void *cookie;
		uint8_t reason;
	} ready[HELD_MAX];
};

struct fh_frag *fh_frag_new(void)
{
	return calloc(1, sizeof(struct fh_frag));
}

/* Its held pieces become ready, with that fate. */
static void let_go(struct fh_frag *f, struct datagram *d, uint8_t reason)
{
	for (unsigned i = 0; i < d->n_held; i++) {
		unsigned at = (f->ready_first + f->n_ready++) % HELD_MAX;
		f->ready[at].cookie = d->held[i];
		f->ready[at].reason = reason;
	}
	d->n_held = 0;
}

static void forget(struct fh_frag *f, struct datagram *d)
{
	let_go(f, d, FH_DROP_FRAGMENT_LIMIT);
	d->state = FREE;
}

static void decide(struct fh_frag *f, struct datagram *d, enum fh_drop_reason reason)
{
	d->state = DECIDED;
	d->reason = (uint8_t)reason;
	let_go(f, d, d->reason);
}

void fh_frag_free(struct fh_frag *f, void (*drop)(void *arg, void *cookie), void *arg)
{
	void *cookie;
	uint8_t reason;

	if (!f)
		return;
	while ((cookie = fh_frag_next_held(f, UINT64_MAX, &reason)))
		drop(arg, cookie);
	free(f);
}

static bool is_of(const struct datagram *d, const struct fh_pkt *p)
{
	return d->state != FREE && d->id == p->frag_id && d->v6 == !!(p->flags & FH_PKT_V6) &&
	       d->src_lo == !!(p->flags & FH_PKT_SRC_LO) && (d->v6 || d->proto == p->proto) && !memcmp(d->addr, p->key + 1, sizeof d->addr);
}

/* In ns. Workers read the clock once a round, so one may ask with an earlier time than another noted. */
static uint64_t age(const struct datagram *d, uint64_t now_ns)
{
	return now_ns > d->since_ns ? now_ns - d->since_ns : 0;
}

static void expire(struct fh_frag *f, uint64_t now_ns)
{
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct datagram *d = &f->datagram[i];
		if (d->state != FREE && age(d, now_ns) >= TIMEOUT_NS)
			forget(f, d);
	}
}

static bool complete(const struct datagram *d)
{
	return d->total && d->n_ranges == 1 && d->range[0].from == 0 && d->range[0].to == d->total;
}

/* Lower is more dispensable; 3: not at all. */
static unsigned dispensable(const struct datagram *d, uint64_t now_ns)
{
	switch ((enum state)d->state) {
	case FREE:
		return 0;
	case DECIDED:
		return complete(d) || d->reason ? 0 : 1;
	case WAITING:
		return age(d, now_ns) > PATIENCE_NS ? 2 : 3;
	case JUDGING:
		break;
	}
	return 3;
}

static struct datagram *begin(struct fh_frag *f, const struct fh_pkt *p, uint64_t now_ns)
{
	struct datagram *best = NULL;
	unsigned best_class = 3;

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct datagram *d = &f->datagram[i];
		unsigned c = dispensable(d, now_ns);

		if (c < best_class || (best && c == best_class && c > 0 && d->since_ns < best->since_ns)) {
			best = d;
			best_class = c;
		}
		if (d->state == FREE)
			break;
	}
	if (!best)
		return NULL;
	forget(f, best);
	memset(best, 0, sizeof *best);
	memcpy(best->addr, p->key + 1, sizeof best->addr);
	best->id = p->frag_id;
	best->proto = p->proto;
	best->v6 = !!(p->flags & FH_PKT_V6);
	best->src_lo = !!(p->flags & FH_PKT_SRC_LO);
	best->state = WAITING;
	best->since_ns = now_ns;
	return best;
}

static struct datagram *find(struct fh_frag *f, const struct fh_pkt *p)
{
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		if (is_of(&f->datagram[i], p))
			return &f->datagram[i];
	}
	return NULL;
}

enum add { ADDED, REPEATED, CONFLICT };

/* Notes that a range came. */
static enum add add_range(struct datagram *d, uint32_t from, uint32_t to, bool last)
{
	unsigned i = 0;

	while (i < d->n_ranges && d->range[i].to <= from)
		i++;
	if (i < d->n_ranges && d->range[i].from < to)
		/* Inside what came: taken for a repetition, and never forwarded, so it cannot overwrite anything. */
		return d->range[i].from <= from && to <= d->range[i].to ? REPEATED : CONFLICT;
	if (last) {
		if ((d->total && d->total != to) || i < d->n_ranges)
			return CONFLICT;
		d->total = to;
	} else if (d->total && to > d->total) {
		return CONFLICT;
	}
	bool joins_left = i > 0 && d->range[i - 1].to == from, joins_right = i < d->n_ranges && d->range[i].from == to;
	if (joins_left && joins_right) {
		d->range[i - 1].to = d->range[i].to;
		d->n_ranges--;
		memmove(&d->range[i], &d->range[i + 1], (d->n_ranges - i) * sizeof d->range[0]);
	} else if (joins_left) {
		d->range[i - 1].to = to;
	} else if (joins_right) {
		d->range[i].from = from;
	} else {
		if (d->n_ranges == RANGES)
			return CONFLICT;
		memmove(&d->range[i + 1], &d->range[i], (d->n_ranges - i) * sizeof d->range[0]);
		d->range[i] = (struct range){ from, to };
		d->n_ranges++;
	}
	return ADDED;
}

static enum fh_frag_step hold(struct fh_frag *f, struct datagram *d, void *cookie, uint8_t *reason)
{
	if (d->n_held == HELD_PER_DATAGRAM || f->n_held == HELD_MAX) {
		*reason = FH_DROP_FRAGMENT_LIMIT;
		return FH_FRAG_DROP;
	}
	d->held[d->n_held++] = cookie;
	f->n_held++;
	return FH_FRAG_HELD;
}

enum fh_frag_step fh_frag_input(struct fh_frag *f, struct fh_pkt *p, uint64_t now_ns, void *cookie, uint8_t *reason)
{
	struct datagram *d;

	*reason = FH_DROP_FRAGMENT_INVALID;
	if (p->kind != FH_PKT_FRAGMENT)
		return FH_FRAG_DROP;
	expire(f, now_ns);
	if (!(d = find(f, p)) && !(d = begin(f, p, now_ns))) {
		*reason = FH_DROP_FRAGMENT_LIMIT;
		return FH_FRAG_DROP;
	}
	if (d->state == DECIDED && d->reason) {
		*reason = d->reason;
		return FH_FRAG_DROP;
	}
	switch (add_range(d, p->frag_off, p->frag_off + p->l4_len, !(p->flags & FH_PKT_FRAG_MORE))) {
	case REPEATED:
		return FH_FRAG_DROP;
	case CONFLICT:
		decide(f, d, FH_DROP_FRAGMENT_INVALID);
		return FH_FRAG_DROP;
	case ADDED:
		break;
	}
	if (p->flags & FH_PKT_FRAG_FIRST) {
		d->state = JUDGING;
		p->kind = p->frag_kind;
		return FH_FRAG_JUDGE;
	}
	*reason = FH_DROP_NONE;
	if (d->state == DECIDED)
		return FH_FRAG_PASS;
	return hold(f, d, cookie, reason);
}

void fh_frag_decide(struct fh_frag *f, const struct fh_pkt *p, const struct fh_ct_verdict *v)
{
	struct datagram *d = find(f, p);

	if (d && d->state == JUDGING)
		decide(f, d, v->action == FH_CT_PASS ? FH_DROP_NONE : (enum fh_drop_reason)v->reason);
}

void *fh_frag_next_held(struct fh_frag *f, uint64_t now_ns, uint8_t *reason)
{
	if (f->n_ready == 0)
		expire(f, now_ns);
	if (f->n_ready == 0)
		return NULL;
	void *cookie = f->ready[f->ready_first].cookie;
	*reason = f->ready[f->ready_first].reason;
	f->ready_first = (f->ready_first + 1) % HELD_MAX;
	f->n_ready--;
	f->n_held--;
	return cookie;
}
