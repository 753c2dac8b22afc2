/*
 * Compiled form of the rules of one direction of a group.
 *
 * Theory of operation
 * -------------------
 * Rules are ordered drop first, otherwise as given: the lowest matching number decides. Up to FH_POL_LINEAR_MAX rules
 * are tried one by one. More are cut in two dimensions:
 *
 *   service  (protocol, destination port or ICMP type and code) -> class. A protocol without port rules has one class;
 *            others have a two-level page table (256 pages of 256 ports, equal pages shared). A class knows
 *              - first_any[family]: the lowest rule with remote any. It answers most packets on the spot, and no rule
 *                above it can matter;
 *              - the rules below that with a particular remote: a list, or a bitmap when there are more than LIST_MAX.
 *   remote   the domain's index says which ids (sets, prefixes) contain the address; a hash maps an id to its rules.
 *
 * With a list, each rule asks whether its id is among those that contain the address. With a bitmap, each such id's
 * rules are tested against it (or, if the id has many, the two bitmaps are intersected), lowest first.
 * So the cost depends on how many sets contain the address, not on how many rules or sets there are.
 *
 * Most sets that contain an address have no rule for the service asked for. The classes of a protocol are therefore divided
 * into 64 neighbourhoods of about as many classes each, and an id knows in which of them it has rules: one bit to test
 * instead of all its rules.
 */
#include "pol_internal.h"

#include <stdlib.h>

#define LIST_MAX 32u
#define PAGES 256u
#define NO_RULE UINT32_MAX

struct class_ {
	uint32_t first_any[2]; /* by v6 */
	uint32_t n;            /* rules with a particular remote below first_any */
	uint32_t at;           /* n <= LIST_MAX: index into pool, of pairs (rule, remote); else: bitmap number */
	uint32_t near;         /* neighbourhood, 0 to 63 */
};

struct remote {
	uint32_t id;           /* POL_REMOTE_ANY: empty place */
	uint32_t n, at;        /* rules, ascending, at pool[at] */
	uint32_t bitmap;       /* number when n > LIST_MAX, else NO_RULE */
	uint64_t near;         /* neighbourhoods that its rules reach into */
};

struct pages {
	uint32_t page[PAGES]; /* index into page_class, times 256 */
};

struct vec {
	uint32_t *v, n, capacity;
};

struct pol_program {
	uint32_t n;
	struct pol_rule *rule;
	bool linear;
	/* the cut form */
	uint32_t words; /* 64-bit words of a bitmap */
	uint32_t service[256]; /* class of the protocol, or PAGED | number of its pages */
	struct class_ *class_;
	uint32_t n_classes, classes_capacity;
	struct pages *pages;
	uint32_t n_pages;
	struct vec page_class; /* classes of 256 ports each */
	struct vec pool;
	uint64_t *bitmap;
	uint32_t n_bitmaps, bitmaps_capacity;
	struct remote *remote;
	uint32_t remote_mask;
};
#define PAGED 0x80000000u

static bool vec_push(struct vec *v, uint32_t x)
{
	if (v->n == v->capacity) {
		uint32_t capacity = v->capacity ? v->capacity * 2 : 256;
		uint32_t *p = realloc(v->v, (size_t)capacity * sizeof *p);
		if (!p)
			return false;
		v->v = p;
		v->capacity = capacity;
	}
	v->v[v->n++] = x;
	return true;
}

/* Return: an uninitialised bitmap's number, NO_RULE without memory. */
static uint32_t bitmap_new(struct pol_program *g)
{
	if (g->n_bitmaps == g->bitmaps_capacity) {
		uint32_t capacity = g->bitmaps_capacity ? g->bitmaps_capacity * 2 : 16;
		uint64_t *p = realloc(g->bitmap, (size_t)capacity * g->words * 8);
		if (!p)
			return NO_RULE;
		g->bitmap = p;
		g->bitmaps_capacity = capacity;
	}
	return g->n_bitmaps++;
}

static uint64_t *bitmap_at(const struct pol_program *g, uint32_t i)
{
	return g->bitmap + (size_t)i * g->words;
}

/* --- service dimension --------------------------------------------------------------------------------------------- */

/* The first three bitmaps: rules whose remote is any, and those of them that take a family. */
enum { ANY_V4, ANY_V6, ANY_REMOTE, ANY_BITMAPS };

/* Rules of word w that are active and name a particular remote. */
static uint64_t particular(const struct pol_program *g, const uint64_t *active, uint32_t w)
{
	return active[w] & ~bitmap_at(g, ANY_REMOTE)[w];
}

static uint32_t lowest_common(const uint64_t *a, const uint64_t *b, uint32_t words)
{
	for (uint32_t w = 0; w < words; w++) {
		if (a[w] & b[w])
			return w * 64 + (uint32_t)__builtin_ctzll(a[w] & b[w]);
	}
	return NO_RULE;
}

static bool cut_any(struct pol_program *g)
{
	for (int i = 0; i < ANY_BITMAPS; i++) {
		uint32_t b = bitmap_new(g);

		if (b == NO_RULE)
			return false;
		memset(bitmap_at(g, b), 0, (size_t)g->words * 8);
	}
	for (uint32_t i = 0; i < g->n; i++) {
		uint64_t bit = (uint64_t)1 << (i % 64);

		if (g->rule[i].remote != POL_REMOTE_ANY)
			continue;
		bitmap_at(g, ANY_REMOTE)[i / 64] |= bit;
		if (g->rule[i].families & POL_V4)
			bitmap_at(g, ANY_V4)[i / 64] |= bit;
		if (g->rule[i].families & POL_V6)
			bitmap_at(g, ANY_V6)[i / 64] |= bit;
	}
	return true;
}

/* The class of the rules in active. Return: its number, NO_RULE without memory. */
static uint32_t class_from(struct pol_program *g, const uint64_t *active)
{
	if (g->n_classes == g->classes_capacity) {
		uint32_t capacity = g->classes_capacity ? g->classes_capacity * 2 : 64;
		struct class_ *p = realloc(g->class_, (size_t)capacity * sizeof *p);
		if (!p)
			return NO_RULE;
		g->class_ = p;
		g->classes_capacity = capacity;
	}
	struct class_ c = { .first_any = { NO_RULE, NO_RULE }, .at = g->pool.n };

	c.first_any[0] = lowest_common(active, bitmap_at(g, ANY_V4), g->words);
	c.first_any[1] = lowest_common(active, bitmap_at(g, ANY_V6), g->words);
	uint32_t below = c.first_any[0] > c.first_any[1] ? c.first_any[0] : c.first_any[1];
	uint32_t words = below == NO_RULE ? g->words : below / 64 + 1;
	uint64_t last = below == NO_RULE ? UINT64_MAX : ((uint64_t)1 << (below % 64)) - 1;

	for (uint32_t w = 0; w < words && c.n <= LIST_MAX; w++)
		c.n += (uint32_t)__builtin_popcountll(particular(g, active, w) & (w == words - 1 ? last : UINT64_MAX));
	if (c.n > LIST_MAX) {
		if ((c.at = bitmap_new(g)) == NO_RULE)
			return NO_RULE;
		uint64_t *b = bitmap_at(g, c.at);
		for (uint32_t w = 0; w < g->words; w++)
			b[w] = w < words ? particular(g, active, w) & (w == words - 1 ? last : UINT64_MAX) : 0;
	} else {
		for (uint32_t w = 0; w < words; w++) {
			uint64_t bits = particular(g, active, w) & (w == words - 1 ? last : UINT64_MAX);
			for (; bits; bits &= bits - 1) {
				uint32_t rule = w * 64 + (uint32_t)__builtin_ctzll(bits);

				if (!vec_push(&g->pool, rule) || !vec_push(&g->pool, g->rule[rule].remote))
					return NO_RULE;
			}
		}
	}
	g->class_[g->n_classes] = c;
	return g->n_classes++;
}

struct edge {
	uint32_t at;   /* port from which on the rule counts, or no longer */
	uint32_t rule; /* index; top bit: it ends here */
};
#define EDGE_END 0x80000000u

static int edge_cmp(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Writes the class number of each port of [from, to) into the flat table. */
static void fill(uint32_t *flat, uint32_t from, uint32_t to, uint32_t class_)
{
	for (uint32_t p = from; p < to; p++)
		flat[p] = class_;
}

/* Splits the flat table of a protocol into shared pages. */
static bool add_pages(struct pol_program *g, const uint32_t *flat)
{
	struct pages *pages = realloc(g->pages, (size_t)(g->n_pages + 1) * sizeof *pages);

	if (!pages)
		return false;
	g->pages = pages;
	uint32_t *page = pages[g->n_pages].page;
	for (uint32_t i = 0; i < PAGES; i++) {
		/* Neighbours are equal far more often than distant pages. */
		if (i && !memcmp(flat + i * 256, flat + (i - 1) * 256, 256 * sizeof *flat)) {
			page[i] = page[i - 1];
			continue;
		}
		page[i] = g->page_class.n;
		for (uint32_t k = 0; k < 256; k++) {
			if (!vec_push(&g->page_class, flat[i * 256 + k]))
				return false;
		}
	}
	g->n_pages++;
	return true;
}

/* Which rules name no particular protocol, or this one. */
static bool concerns(const struct pol_rule *r, uint32_t proto)
{
	return r->proto == FH_PROTO_ANY || r->proto == proto;
}

/* Neighbourhood of the class that is the i-th of so many. */
static uint32_t near_of(uint32_t i, uint32_t classes)
{
	return (uint32_t)((uint64_t)i * 64 / classes);
}

/* The classes from first on are those of one protocol, ports ascending. */
static void divide(struct pol_program *g, uint32_t first)
{
	for (uint32_t i = first; i < g->n_classes; i++)
		g->class_[i].near = near_of(i - first, g->n_classes - first);
}

static bool cut_protocol(struct pol_program *g, uint32_t proto, uint64_t *active, struct edge *edges, uint32_t *flat)
{
	uint32_t n = 0, from = 0, first = g->n_classes;

	memset(active, 0, (size_t)g->words * 8);
	for (uint32_t i = 0; i < g->n; i++) {
		const struct pol_rule *r = &g->rule[i];

		if (!concerns(r, proto))
			continue;
		if (r->lo == 0 && r->hi == UINT16_MAX) {
			active[i / 64] |= (uint64_t)1 << (i % 64);
			continue;
		}
		edges[n++] = (struct edge){ r->lo, i };
		edges[n++] = (struct edge){ (uint32_t)r->hi + 1, i | EDGE_END };
	}
	if (!n)
		return (g->service[proto] = class_from(g, active)) != NO_RULE;
	qsort(edges, n, sizeof *edges, edge_cmp);
	for (uint32_t e = 0; from <= UINT16_MAX;) {
		for (; e < n && edges[e].at == from; e++) {
			uint32_t i = edges[e].rule & ~EDGE_END;
			uint64_t bit = (uint64_t)1 << (i % 64);

			if (edges[e].rule & EDGE_END)
				active[i / 64] &= ~bit;
			else
				active[i / 64] |= bit;
		}
		uint32_t to = e < n ? edges[e].at : UINT16_MAX + 1u;
		uint32_t class_ = class_from(g, active);
		if (class_ == NO_RULE)
			return false;
		fill(flat, from, to, class_);
		from = to;
	}
	divide(g, first);
	g->service[proto] = PAGED | g->n_pages;
	return add_pages(g, flat);
}

static bool cut_services(struct pol_program *g)
{
	uint64_t *active = malloc((size_t)g->words * 8);
	struct edge *edges = malloc((size_t)g->n * 2 * sizeof *edges);
	uint32_t *flat = malloc((UINT16_MAX + 1u) * sizeof *flat);
	bool named[256] = { false }, ok = active && edges && flat;
	uint32_t others = NO_RULE;

	for (uint32_t i = 0; i < g->n; i++) {
		if (g->rule[i].proto != FH_PROTO_ANY)
			named[g->rule[i].proto] = true;
	}
	for (uint32_t p = 0; ok && p < 256; p++) {
		if (named[p]) {
			ok = cut_protocol(g, p, active, edges, flat);
		} else {
			if (others == NO_RULE) {
				ok = cut_protocol(g, p, active, edges, flat);
				others = g->service[p];
			}
			g->service[p] = others;
		}
	}
	free(active);
	free(edges);
	free(flat);
	return ok;
}

/* --- remote dimension ---------------------------------------------------------------------------------------------- */

static uint32_t class_at(const struct pol_program *g, uint32_t proto, uint16_t port)
{
	uint32_t s = g->service[proto];

	return s & PAGED ? g->page_class.v[g->pages[s & ~PAGED].page[port >> 8] + (port & 255)] : s;
}

/* Neighbourhoods that a rule reaches into. */
static uint64_t near_rule(const struct pol_program *g, const struct pol_rule *r)
{
	if (r->proto == FH_PROTO_ANY || (r->lo == 0 && r->hi == UINT16_MAX))
		return UINT64_MAX;
	uint32_t from = g->class_[class_at(g, r->proto, r->lo)].near, to = g->class_[class_at(g, r->proto, r->hi)].near;

	return (UINT64_MAX >> (63 - to)) & (UINT64_MAX << from);
}

static struct remote *remote_place(const struct pol_program *g, uint32_t id)
{
	uint32_t i = (id * 0x9e3779b1u) >> 8 & g->remote_mask;

	while (g->remote[i].id != POL_REMOTE_ANY && g->remote[i].id != id)
		i = (i + 1) & g->remote_mask;
	return &g->remote[i];
}

static bool cut_remotes(struct pol_program *g)
{
	uint32_t size = 16;

	while (size < g->n * 2)
		size *= 2;
	if (!(g->remote = malloc((size_t)size * sizeof *g->remote)))
		return false;
	g->remote_mask = size - 1;
	for (uint32_t i = 0; i < size; i++)
		g->remote[i] = (struct remote){ .id = POL_REMOTE_ANY, .bitmap = NO_RULE };
	for (uint32_t i = 0; i < g->n; i++) {
		if (g->rule[i].remote == POL_REMOTE_ANY)
			continue;
		struct remote *r = remote_place(g, g->rule[i].remote);
		r->id = g->rule[i].remote;
		r->near |= near_rule(g, &g->rule[i]);
		r->n++;
	}
	uint32_t at = g->pool.n;
	for (uint32_t i = 0; i < size; i++) {
		g->remote[i].at = at;
		at += g->remote[i].n;
	}
	while (g->pool.n < at) {
		if (!vec_push(&g->pool, NO_RULE))
			return false;
	}
	for (uint32_t i = 0; i < size; i++)
		g->remote[i].n = 0;
	for (uint32_t i = 0; i < g->n; i++) {
		if (g->rule[i].remote == POL_REMOTE_ANY)
			continue;
		struct remote *r = remote_place(g, g->rule[i].remote);
		g->pool.v[r->at + r->n++] = i;
	}
	for (uint32_t i = 0; i < size; i++) {
		struct remote *r = &g->remote[i];
		if (r->n <= LIST_MAX)
			continue;
		if ((r->bitmap = bitmap_new(g)) == NO_RULE)
			return false;
		uint64_t *b = bitmap_at(g, r->bitmap);
		memset(b, 0, (size_t)g->words * 8);
		for (uint32_t k = 0; k < r->n; k++) {
			uint32_t rule = g->pool.v[r->at + k];
			b[rule / 64] |= (uint64_t)1 << (rule % 64);
		}
	}
	return true;
}

/* --- life cycle ---------------------------------------------------------------------------------------------------- */

static bool order(struct pol_rule *rules, uint32_t n)
{
	struct pol_rule *sorted = malloc((size_t)n * sizeof *sorted);
	uint32_t out = 0;

	if (!sorted)
		return false;
	for (int action = FH_DROP; action >= FH_ALLOW; action--) {
		for (uint32_t i = 0; i < n; i++) {
			if (rules[i].action == action)
				sorted[out++] = rules[i];
		}
	}
	memcpy(rules, sorted, (size_t)n * sizeof *sorted);
	free(sorted);
	return true;
}

struct pol_program *pol_compile(struct pol_rule *rules, uint32_t n)
{
	struct pol_program *g = calloc(1, sizeof *g);

	if (!g) {
		free(rules);
		return NULL;
	}
	g->rule = rules;
	g->n = n;
	g->linear = n <= FH_POL_LINEAR_MAX;
	g->words = (n + 63) / 64;
	if (n && !order(rules, n))
		goto no_memory;
	if (!g->linear && (!cut_any(g) || !cut_services(g) || !cut_remotes(g)))
		goto no_memory;
	return g;

no_memory:
	pol_program_free(g);
	return NULL;
}

void pol_program_free(struct pol_program *g)
{
	if (!g)
		return;
	free(g->rule);
	free(g->class_);
	free(g->pages);
	free(g->page_class.v);
	free(g->pool.v);
	free(g->bitmap);
	free(g->remote);
	free(g);
}

/* --- evaluation ----------------------------------------------------------------------------------------------------- */

static const struct pol_cover *cover(struct pol_lookup *lk)
{
	if (!lk->done) {
		pol_index_cover(lk->index, lk->query, &lk->cover);
		lk->done = true;
	}
	return &lk->cover;
}

static const struct pol_rule *run_linear(const struct pol_program *g, struct pol_lookup *lk)
{
	const struct pol_query *q = lk->query;
	uint8_t family = q->v6 ? POL_V6 : POL_V4;
	bool ports = fh_proto_has_ports(q->proto) || q->proto == (q->v6 ? FH_PROTO_ICMP6 : FH_PROTO_ICMP);

	for (uint32_t i = 0; i < g->n; i++) {
		const struct pol_rule *r = &g->rule[i];

		if (!(r->families & family) || (r->proto != FH_PROTO_ANY && r->proto != q->proto))
			continue;
		if (ports && (q->dst_port < r->lo || q->dst_port > r->hi))
			continue;
		if (r->remote != POL_REMOTE_ANY) {
			if (r->is_prefix) {
				if ((q->remote[0] & r->mask[0]) != r->addr[0] || (q->remote[1] & r->mask[1]) != r->addr[1])
					continue;
			} else if (!pol_cover_has(cover(lk), r->remote)) {
				continue;
			}
		}
		return r;
	}
	return NULL;
}

static uint32_t first_common(const uint64_t *a, const uint64_t *b, uint32_t below, const struct pol_program *g, uint8_t family)
{
	for (uint32_t w = 0; w < g->words && w * 64 < below; w++) {
		for (uint64_t bits = a[w] & b[w]; bits; bits &= bits - 1) {
			uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
			if (i >= below)
				return below;
			if (g->rule[i].families & family)
				return i;
		}
	}
	return below;
}

/* The lowest rule below best that belongs to the class's bitmap and to id. */
static uint32_t first_of_id(const struct pol_program *g, const struct class_ *c, uint32_t id, uint32_t best, uint8_t family)
{
	const struct remote *r = remote_place(g, id);
	const uint64_t *b = bitmap_at(g, c->at);

	if (!(r->near >> c->near & 1))
		return best;
	if (r->bitmap != NO_RULE)
		return first_common(b, bitmap_at(g, r->bitmap), best, g, family);
	for (uint32_t k = 0; k < r->n; k++) {
		uint32_t i = g->pool.v[r->at + k];
		if (i >= best)
			break;
		if (b[i / 64] >> (i % 64) & 1 && g->rule[i].families & family)
			return i;
	}
	return best;
}

/* The lowest rule below best of the class's list whose id is among those. */
static uint32_t first_of_list(const struct pol_program *g, const struct class_ *c, const struct pol_cover *ids, uint32_t best, uint8_t family)
{
	for (const uint32_t *pair = g->pool.v + c->at, *end = pair + 2 * c->n; pair < end && pair[0] < best; pair += 2) {
		if (pol_cover_has(ids, pair[1]) && g->rule[pair[0]].families & family)
			return pair[0];
	}
	return best;
}

static const struct pol_rule *run_cut(const struct pol_program *g, struct pol_lookup *lk)
{
	const struct pol_query *q = lk->query;
	uint8_t family = q->v6 ? POL_V6 : POL_V4;
	const struct class_ *c = &g->class_[class_at(g, q->proto, q->dst_port)];
	uint32_t best = c->first_any[q->v6];

	if (c->n) {
		const struct pol_cover *ids = cover(lk);

		if (c->n <= LIST_MAX && ids->n)
			best = first_of_list(g, c, ids, best, family);
		for (unsigned k = 0; c->n > LIST_MAX && k < ids->n; k++) {
			for (uint32_t j = 0; j < ids->node[k]->n; j++)
				best = first_of_id(g, c, ids->node[k]->ids[j], best, family);
		}
	}
	return best == NO_RULE ? NULL : &g->rule[best];
}

const struct pol_rule *pol_run(const struct pol_program *g, struct pol_lookup *lk)
{
	if (fh_likely(g->linear))
		return g->n ? run_linear(g, lk) : NULL;
	return run_cut(g, lk);
}
