/* Objects of the policy engine and their references; policy.h has the theory of operation. */
#include "pol_internal.h"

#include <stdlib.h>

struct refs {
	void **v;
	uint32_t n, capacity;
};

struct fh_pol_ctx {
	struct fh_pol_hooks hooks;
	struct pol_slots *slots;
	struct fh_pol_group *groups; /* all, for the clock */
};

struct fh_pol_domain {
	struct fh_pol_ctx *ctx;
	struct pol_index *index;
	struct interned *interned; /* prefixes of rules that are in the index, by prefix */
	uint32_t n_interned, interned_capacity;
	uint32_t next_id;
	struct { uint32_t *v, n, capacity; } free_ids;
};

/* A prefix that rules name has an id of its own in the index, as if it were a set of one. Sorted array. */
struct interned {
	struct pol_prefix prefix;
	uint32_t id, refs;
};

struct fh_pol_set {
	struct fh_pol_domain *domain;
	uint32_t refs, id;
	struct pol_prefix *members; /* sorted */
	uint32_t n;
	struct refs groups; /* that refer to it, one entry a rule set */
};

/* Immutable; workers read it. */
struct compiled {
	struct pol_program *dir[2];
	uint32_t flags;
};

struct fh_pol_group {
	struct fh_pol_domain *domain;
	struct compiled *compiled;
	uint32_t refs;
	/* control thread only */
	struct fh_rule *rules;
	struct fh_pol_set **sets;
	uint32_t *slots;
	struct pol_prefix *prefixes; /* interned ones, one reference each */
	uint32_t n, n_prefixes, flags;
	uint64_t boundary;
	struct refs policies;
	struct fh_pol_group *next, **prev;
};

/* Immutable; workers read it. */
struct attached {
	uint32_t n;
	struct fh_pol_group *group[];
};

struct fh_policy {
	uint32_t stamp;
	struct attached *attached;
	struct fh_pol_domain *domain;
} fh_cache_aligned;

/* --- small things ---------------------------------------------------------------------------------------------------- */

static bool refs_add(struct refs *r, void *p)
{
	if (r->n == r->capacity) {
		uint32_t capacity = r->capacity ? r->capacity * 2 : 8;
		void **v = realloc(r->v, (size_t)capacity * sizeof *v);
		if (!v)
			return false;
		r->v = v;
		r->capacity = capacity;
	}
	r->v[r->n++] = p;
	return true;
}

static void refs_remove(struct refs *r, const void *p)
{
	for (uint32_t i = r->n; i-- > 0;) {
		if (r->v[i] == p) {
			r->v[i] = r->v[--r->n];
			return;
		}
	}
}

static void compiled_free(void *p)
{
	struct compiled *c = p;

	pol_program_free(c->dir[0]);
	pol_program_free(c->dir[1]);
	free(c);
}

struct pol_slots *pol_ctx_slots(const struct fh_pol_ctx *ctx)
{
	return ctx->slots;
}

/* --- context and domain ------------------------------------------------------------------------------------------------ */

struct fh_pol_ctx *fh_pol_ctx_new(const struct fh_pol_hooks *hooks, unsigned workers)
{
	struct fh_pol_ctx *ctx;

	if (workers == 0 || workers > FH_WORKERS_MAX || !(ctx = calloc(1, sizeof *ctx)))
		return NULL;
	if (hooks)
		ctx->hooks = *hooks;
	if (!(ctx->slots = pol_slots_new(workers))) {
		free(ctx);
		return NULL;
	}
	return ctx;
}

void fh_pol_ctx_free(struct fh_pol_ctx *ctx)
{
	pol_slots_free(ctx->slots);
	free(ctx);
}

struct fh_pol_domain *fh_pol_domain_new(struct fh_pol_ctx *ctx)
{
	struct fh_pol_domain *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->ctx = ctx;
	if (!(d->index = pol_index_new(&ctx->hooks))) {
		free(d);
		return NULL;
	}
	return d;
}

void fh_pol_domain_free(struct fh_pol_domain *d)
{
	pol_index_free(d->index);
	free(d->interned);
	free(d->free_ids.v);
	free(d);
}

static uint32_t id_take(struct fh_pol_domain *d)
{
	return d->free_ids.n ? d->free_ids.v[--d->free_ids.n] : d->next_id++;
}

/* The id may be handed out again at once: a reader that still sees the old owner's nodes belongs to an old stamp. */
static void id_give(struct fh_pol_domain *d, uint32_t id)
{
	if (d->free_ids.n == d->free_ids.capacity) {
		uint32_t capacity = d->free_ids.capacity ? d->free_ids.capacity * 2 : 64;
		uint32_t *v = realloc(d->free_ids.v, (size_t)capacity * sizeof *v);
		if (!v)
			return; /* the number is lost, nothing else */
		d->free_ids.v = v;
		d->free_ids.capacity = capacity;
	}
	d->free_ids.v[d->free_ids.n++] = id;
}

/* --- stamps ---------------------------------------------------------------------------------------------------------------- */

void fh_policy_bump(struct fh_policy *p)
{
	uint32_t stamp = p->stamp + 1;

	fh_store_release(&p->stamp, stamp ? stamp : 1);
}

static void group_bump(const struct fh_pol_group *g)
{
	for (uint32_t i = 0; i < g->policies.n; i++)
		fh_policy_bump(g->policies.v[i]);
}

uint32_t fh_pol_stamp(const struct fh_policy *p)
{
	return fh_load_acquire(&p->stamp);
}

/* --- sets -------------------------------------------------------------------------------------------------------------------- */

struct fh_pol_set *fh_pol_set_new(struct fh_pol_domain *domain)
{
	struct fh_pol_set *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->domain = domain;
	s->refs = 1;
	s->id = id_take(domain);
	return s;
}

void fh_pol_set_unref(struct fh_pol_set *s)
{
	if (!s || --s->refs)
		return;
	/* Without memory the members stay in the index under an id that nothing refers to: harmless, but then keep the id. */
	if (pol_index_change(s->domain->index, s->id, NULL, 0, s->members, s->n) == FH_OK)
		id_give(s->domain, s->id);
	free(s->members);
	free(s->groups.v);
	free(s);
}

uint32_t fh_pol_set_size(const struct fh_pol_set *s)
{
	return s->n;
}

static int prefix_qsort_cmp(const void *a, const void *b)
{
	return pol_prefix_cmp(a, b);
}

/* Parses, sorts, removes duplicates. Return: FH_OK, FH_EINVAL or FH_ENOMEM. */
static int prefixes_from(const struct fh_addr *addrs, uint32_t n, struct pol_prefix **out, uint32_t *n_out)
{
	struct pol_prefix *p = malloc(n ? (size_t)n * sizeof *p : 1);
	uint32_t k = 0;

	if (!p)
		return FH_ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (!pol_prefix_make(&addrs[i], &p[i])) {
			free(p);
			return FH_EINVAL;
		}
	}
	qsort(p, n, sizeof *p, prefix_qsort_cmp);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || pol_prefix_cmp(&p[i], &p[k - 1]))
			p[k++] = p[i];
	}
	*out = p;
	*n_out = k;
	return FH_OK;
}

/* out = a without b; both sorted. */
static uint32_t difference(const struct pol_prefix *a, uint32_t na, const struct pol_prefix *b, uint32_t nb, struct pol_prefix *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0, j = 0; i < na; i++) {
		while (j < nb && pol_prefix_cmp(&b[j], &a[i]) < 0)
			j++;
		if (j == nb || pol_prefix_cmp(&b[j], &a[i]))
			out[n++] = a[i];
	}
	return n;
}

static uint32_t merge(const struct pol_prefix *a, uint32_t na, const struct pol_prefix *b, uint32_t nb, struct pol_prefix *out)
{
	uint32_t n = 0, i = 0, j = 0;

	while (i < na || j < nb) {
		int c = i == na ? 1 : j == nb ? -1 : pol_prefix_cmp(&a[i], &b[j]);
		out[n++] = c <= 0 ? a[i] : b[j];
		i += c <= 0;
		j += c >= 0;
	}
	return n;
}

/* Makes the sorted list members the set's own. Takes it over on success. */
static int set_become(struct fh_pol_set *s, struct pol_prefix *members, uint32_t n)
{
	struct pol_prefix *add = malloc(((size_t)n + 1) * sizeof *add), *gone = malloc(((size_t)s->n + 1) * sizeof *gone);
	int rc = FH_ENOMEM;

	if (add && gone) {
		uint32_t n_add = difference(members, n, s->members, s->n, add);
		uint32_t n_gone = difference(s->members, s->n, members, n, gone);

		rc = pol_index_change(s->domain->index, s->id, add, n_add, gone, n_gone);
		if (rc == FH_OK) {
			free(s->members);
			s->members = members;
			s->n = n;
			for (uint32_t i = 0; n_add + n_gone && i < s->groups.n; i++) {
				if (i == 0 || s->groups.v[i] != s->groups.v[i - 1]) /* rules of one group stand together */
					group_bump(s->groups.v[i]);
			}
		}
	}
	free(add);
	free(gone);
	return rc;
}

int fh_pol_set_replace(struct fh_pol_set *s, const struct fh_addr *members, uint32_t n)
{
	struct pol_prefix *list;
	int rc = prefixes_from(members, n, &list, &n);

	if (rc == FH_OK && (rc = set_become(s, list, n)) != FH_OK)
		free(list);
	return rc;
}

int fh_pol_set_change(struct fh_pol_set *s, const struct fh_addr *add, uint32_t n_add, const struct fh_addr *remove, uint32_t n_remove)
{
	struct pol_prefix *plus = NULL, *minus = NULL, *kept = NULL, *list = NULL;
	int rc = prefixes_from(add, n_add, &plus, &n_add);

	if (rc == FH_OK)
		rc = prefixes_from(remove, n_remove, &minus, &n_remove);
	if (rc == FH_OK) {
		kept = malloc(((size_t)s->n + 1) * sizeof *kept);
		list = malloc(((size_t)s->n + n_add + 1) * sizeof *list);
		rc = kept && list ? FH_OK : FH_ENOMEM;
	}
	if (rc == FH_OK) {
		uint32_t n = difference(s->members, s->n, minus, n_remove, kept);
		n = merge(kept, n, plus, n_add, list);
		rc = set_become(s, list, n);
	}
	if (rc != FH_OK)
		free(list);
	free(kept);
	free(plus);
	free(minus);
	return rc;
}

static void query_from_addr(const struct fh_addr *a, struct pol_query *q)
{
	struct fh_addr host = *a;
	struct pol_prefix p;

	memset(q, 0, sizeof *q);
	host.prefix_len = a->family == 6 ? 128 : 32;
	if (!pol_prefix_make(&host, &p))
		return;
	q->v6 = p.v6;
	memcpy(q->remote, p.a, sizeof q->remote);
}

bool fh_pol_set_contains(const struct fh_pol_set *s, const struct fh_addr *addr)
{
	struct pol_query q;
	struct pol_cover c;

	query_from_addr(addr, &q);
	pol_index_cover(s->domain->index, &q, &c);
	return pol_cover_has(&c, s->id);
}

/* --- prefixes named by rules ---------------------------------------------------------------------------------------------- */

static uint32_t interned_place(const struct fh_pol_domain *d, const struct pol_prefix *p, bool *found)
{
	uint32_t lo = 0, hi = d->n_interned;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		if (pol_prefix_cmp(&d->interned[mid].prefix, p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < d->n_interned && !pol_prefix_cmp(&d->interned[lo].prefix, p);
	return lo;
}

/* Takes one reference to each of the sorted, distinct prefixes. All or nothing. */
static int intern(struct fh_pol_domain *d, const struct pol_prefix *p, uint32_t n)
{
	uint32_t fresh = 0, i, k;
	bool found;

	for (i = 0; i < n; i++) {
		interned_place(d, &p[i], &found);
		fresh += !found;
	}
	if (d->n_interned + fresh > d->interned_capacity) {
		uint32_t capacity = (d->n_interned + fresh) * 2;
		struct interned *v = realloc(d->interned, (size_t)capacity * sizeof *v);
		if (!v)
			return FH_ENOMEM;
		d->interned = v;
		d->interned_capacity = capacity;
	}
	/* From the back, so that each existing element moves once. */
	uint32_t out = d->n_interned + fresh;
	for (i = n, k = d->n_interned; i > 0;) {
		int c = k ? pol_prefix_cmp(&d->interned[k - 1].prefix, &p[i - 1]) : -1;

		if (c > 0) {
			d->interned[--out] = d->interned[--k];
		} else if (c == 0) {
			d->interned[--out] = d->interned[--k];
			d->interned[out].refs++;
			i--;
		} else {
			d->interned[--out] = (struct interned){ .prefix = p[--i], .id = POL_REMOTE_ANY, .refs = 1 };
		}
	}
	d->n_interned += fresh;
	return FH_OK;
}

/* Gives the references back; prefixes without one leave the index. */
static void unintern(struct fh_pol_domain *d, const struct pol_prefix *p, uint32_t n)
{
	uint32_t out = 0, i = 0;

	for (uint32_t k = 0; k < d->n_interned; k++) {
		struct interned *e = &d->interned[k];

		if (i < n && !pol_prefix_cmp(&e->prefix, &p[i])) {
			i++;
			if (--e->refs == 0) {
				if (e->id == POL_REMOTE_ANY)
					continue;
				if (pol_index_change(d->index, e->id, NULL, 0, &e->prefix, 1) == FH_OK)
					id_give(d, e->id);
				continue;
			}
		}
		d->interned[out++] = *e;
	}
	d->n_interned = out;
}

/* Return: the id of an interned prefix, entered into the index at its first use; POL_REMOTE_ANY without memory. */
static uint32_t interned_id(struct fh_pol_domain *d, const struct pol_prefix *p)
{
	bool found;
	struct interned *e = &d->interned[interned_place(d, p, &found)];

	if (e->id == POL_REMOTE_ANY) {
		uint32_t id = id_take(d);

		if (pol_index_change(d->index, id, p, 1, NULL, 0) != FH_OK) {
			id_give(d, id);
			return POL_REMOTE_ANY;
		}
		e->id = id;
	}
	return e->id;
}

/* --- groups ------------------------------------------------------------------------------------------------------------------- */

static bool rule_is_icmp(const struct fh_rule *r)
{
	return r->protocol == FH_PROTO_ICMP || r->protocol == FH_PROTO_ICMP6;
}

static bool rule_valid(const struct fh_rule *r, const struct fh_pol_set *set, const struct fh_pol_domain *d)
{
	struct pol_prefix p;

	if (r->direction > FH_EGRESS || r->action > FH_DROP || r->remote > FH_REMOTE_SET)
		return false;
	if (r->ethertype != 0 && r->ethertype != 4 && r->ethertype != 6)
		return false;
	if (r->protocol > 255 && r->protocol != FH_PROTO_ANY)
		return false;
	if (r->protocol <= 255 && fh_proto_has_ports((uint8_t)r->protocol) && r->port_min > r->port_max)
		return false;
	if (rule_is_icmp(r)) {
		if (r->icmp_type > 255 && (r->icmp_type != FH_ICMP_ANY || r->icmp_code != FH_ICMP_ANY))
			return false;
		if (r->icmp_code > 255 && r->icmp_code != FH_ICMP_ANY)
			return false;
	}
	if (r->remote == FH_REMOTE_PREFIX && !pol_prefix_make(&r->prefix, &p))
		return false;
	if (r->remote == FH_REMOTE_SET && (!set || set->domain != d))
		return false;
	return r->valid_until == 0 || r->valid_from < r->valid_until;
}

static bool rule_active(const struct fh_rule *r, uint64_t now_ns)
{
	return now_ns >= r->valid_from && (r->valid_until == 0 || now_ns < r->valid_until);
}

static uint64_t rule_boundary(const struct fh_rule *r, uint64_t now_ns)
{
	if (now_ns < r->valid_from)
		return r->valid_from;
	return r->valid_until && now_ns < r->valid_until ? r->valid_until : UINT64_MAX;
}

static void rule_service(const struct fh_rule *r, struct pol_rule *out)
{
	out->proto = r->protocol;
	out->lo = 0;
	out->hi = UINT16_MAX;
	if (rule_is_icmp(r)) {
		if (r->icmp_type != FH_ICMP_ANY) {
			bool any = r->icmp_code == FH_ICMP_ANY;
			out->lo = (uint16_t)(r->icmp_type << 8 | (any ? 0 : r->icmp_code));
			out->hi = (uint16_t)(r->icmp_type << 8 | (any ? 255 : r->icmp_code));
		}
	} else if (r->protocol <= 255 && fh_proto_has_ports((uint8_t)r->protocol)) {
		out->lo = r->port_min;
		out->hi = r->port_max;
	}
}

static bool rule_compile(struct fh_pol_group *g, const struct fh_rule *r, const struct fh_pol_set *set, uint32_t slot, bool linear,
			 struct pol_rule *out)
{
	memset(out, 0, sizeof *out);
	rule_service(r, out);
	out->slot = slot;
	out->action = r->action;
	out->log = r->flags & FH_RULE_LOG;
	out->families = r->ethertype == 4 ? POL_V4 : r->ethertype == 6 ? POL_V6 : POL_V4 | POL_V6;
	if (rule_is_icmp(r) && r->icmp_type != FH_ICMP_ANY) /* the other family has no such types */
		out->families &= r->protocol == FH_PROTO_ICMP ? POL_V4 : POL_V6;
	out->remote = POL_REMOTE_ANY;
	if (r->remote == FH_REMOTE_SET) {
		out->remote = set->id;
	} else if (r->remote == FH_REMOTE_PREFIX) {
		struct pol_prefix p;

		pol_prefix_make(&r->prefix, &p);
		out->families &= p.v6 ? POL_V6 : POL_V4;
		if (p.len == 0)
			return true; /* everything of its family */
		out->is_prefix = true;
		memcpy(out->addr, p.a, sizeof out->addr);
		for (unsigned w = 0; w < 2; w++)
			out->mask[w] = pol_mask_word(p.v6, p.len, w);
		if (linear)
			out->remote = 0;
		else if ((out->remote = interned_id(g->domain, &p)) == POL_REMOTE_ANY)
			return false;
	}
	return true;
}

static struct pol_program *compile_direction(struct fh_pol_group *g, const struct fh_rule *rules, struct fh_pol_set *const *sets,
					     const uint32_t *slots, uint32_t n, enum fh_direction dir, uint64_t now_ns)
{
	uint32_t active = 0, out = 0;

	for (uint32_t i = 0; i < n; i++)
		active += rules[i].direction == dir && rule_active(&rules[i], now_ns);
	struct pol_rule *r = malloc(((size_t)active + 1) * sizeof *r);
	if (!r)
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		if (rules[i].direction != dir || !rule_active(&rules[i], now_ns))
			continue;
		if (!rule_compile(g, &rules[i], sets ? sets[i] : NULL, slots[i], active <= FH_POL_LINEAR_MAX, &r[out++])) {
			free(r);
			return NULL;
		}
	}
	return pol_compile(r, active);
}

static struct compiled *compile(struct fh_pol_group *g, const struct fh_rule *rules, struct fh_pol_set *const *sets,
				const uint32_t *slots, uint32_t n, uint32_t flags, uint64_t now_ns)
{
	struct compiled *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->flags = flags;
	for (int dir = 0; dir < 2; dir++) {
		if (!(c->dir[dir] = compile_direction(g, rules, sets, slots, n, (enum fh_direction)dir, now_ns))) {
			compiled_free(c);
			return NULL;
		}
	}
	return c;
}

static void publish(struct fh_pol_group *g, struct compiled *c)
{
	struct compiled *old = g->compiled;

	fh_store_release(&g->compiled, c);
	group_bump(g);
	pol_defer(&g->domain->ctx->hooks, compiled_free, old);
}

static uint64_t boundary_of(const struct fh_rule *rules, uint32_t n, uint64_t now_ns)
{
	uint64_t first = UINT64_MAX;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t b = rule_boundary(&rules[i], now_ns);
		first = b < first ? b : first;
	}
	return first;
}

struct fh_pol_group *fh_pol_group_new(struct fh_pol_domain *domain)
{
	struct fh_pol_group *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->domain = domain;
	g->refs = 1;
	g->boundary = UINT64_MAX;
	if (!(g->compiled = compile(g, NULL, NULL, NULL, 0, 0, 0))) {
		free(g);
		return NULL;
	}
	g->next = domain->ctx->groups;
	g->prev = &domain->ctx->groups;
	if (g->next)
		g->next->prev = &g->next;
	domain->ctx->groups = g;
	return g;
}

/* What a rule list holds besides itself: sets, prefixes, slots. */
struct holdings {
	struct fh_rule *rules;
	struct fh_pol_set **sets;
	uint32_t *slots, n, n_slots, n_sets;
	struct pol_prefix *prefixes;
	uint32_t n_prefixes;
	bool interned;
};

static void holdings_drop(struct fh_pol_group *g, struct holdings *h, uint64_t now_ns)
{
	struct fh_pol_domain *d = g->domain;

	for (uint32_t i = 0; i < h->n_slots; i++)
		pol_slot_put(d->ctx->slots, h->slots[i], now_ns);
	for (uint32_t i = 0; i < h->n_sets; i++) {
		if (!h->sets[i])
			continue;
		refs_remove(&h->sets[i]->groups, g);
		fh_pol_set_unref(h->sets[i]);
	}
	if (h->interned)
		unintern(d, h->prefixes, h->n_prefixes);
	free(h->rules);
	free(h->sets);
	free(h->slots);
	free(h->prefixes);
}

static int holdings_take(struct fh_pol_group *g, struct holdings *h, const struct fh_rule *rules, struct fh_pol_set *const *sets,
			 uint32_t n, uint64_t now_ns)
{
	struct fh_pol_domain *d = g->domain;
	struct fh_addr *addrs;
	uint32_t k = 0;
	int rc;

	memset(h, 0, sizeof *h);
	h->n = n;
	h->rules = malloc(((size_t)n + 1) * sizeof *h->rules);
	h->sets = calloc((size_t)n + 1, sizeof *h->sets);
	h->slots = malloc(((size_t)n + 1) * sizeof *h->slots);
	addrs = malloc(((size_t)n + 1) * sizeof *addrs);
	if (!h->rules || !h->sets || !h->slots || !addrs)
		goto no_memory;
	if (n)
		memcpy(h->rules, rules, (size_t)n * sizeof *rules);
	for (uint32_t i = 0; i < n; i++) {
		if ((h->slots[i] = pol_slot_get(d->ctx->slots, &rules[i].id, now_ns)) == FH_SLOT_NONE)
			goto no_memory;
		h->n_slots++;
		if (rules[i].remote == FH_REMOTE_SET) {
			if (!refs_add(&sets[i]->groups, g))
				goto no_memory;
			h->sets[i] = sets[i];
			sets[i]->refs++;
		} else if (rules[i].remote == FH_REMOTE_PREFIX) {
			addrs[k++] = rules[i].prefix;
		}
		h->n_sets++;
	}
	rc = prefixes_from(addrs, k, &h->prefixes, &h->n_prefixes);
	free(addrs);
	if (rc != FH_OK || (rc = intern(d, h->prefixes, h->n_prefixes)) != FH_OK) {
		holdings_drop(g, h, now_ns);
		return rc;
	}
	h->interned = true;
	return FH_OK;

no_memory:
	free(addrs);
	holdings_drop(g, h, now_ns);
	return FH_ENOMEM;
}

int fh_pol_group_set(struct fh_pol_group *g, const struct fh_rule *rules, struct fh_pol_set *const *sets, uint32_t n, uint32_t flags,
		     uint64_t now_ns, uint32_t *bad)
{
	struct holdings h, old = { g->rules, g->sets, g->slots, g->n, g->n, g->n, g->prefixes, g->n_prefixes, true };
	struct compiled *c;
	int rc;

	for (uint32_t i = 0; i < n; i++) {
		if (!rule_valid(&rules[i], sets ? sets[i] : NULL, g->domain)) {
			if (bad)
				*bad = i;
			return FH_EINVAL;
		}
	}
	if ((rc = holdings_take(g, &h, rules, sets, n, now_ns)) != FH_OK)
		return rc;
	if (!(c = compile(g, h.rules, h.sets, h.slots, n, flags, now_ns))) {
		holdings_drop(g, &h, now_ns);
		return FH_ENOMEM;
	}
	publish(g, c);
	g->rules = h.rules;
	g->sets = h.sets;
	g->slots = h.slots;
	g->n = n;
	g->prefixes = h.prefixes;
	g->n_prefixes = h.n_prefixes;
	g->flags = flags;
	g->boundary = boundary_of(g->rules, n, now_ns);
	holdings_drop(g, &old, now_ns);
	return FH_OK;
}

void fh_pol_group_unref(struct fh_pol_group *g)
{
	struct fh_pol_ctx *ctx;
	struct holdings h;

	if (!g || --g->refs)
		return;
	ctx = g->domain->ctx;
	h = (struct holdings){ g->rules, g->sets, g->slots, g->n, g->n, g->n, g->prefixes, g->n_prefixes, true };
	holdings_drop(g, &h, 0);
	*g->prev = g->next;
	if (g->next)
		g->next->prev = g->prev;
	free(g->policies.v);
	pol_defer(&ctx->hooks, compiled_free, g->compiled);
	pol_defer(&ctx->hooks, free, g);
}

/* --- policies -------------------------------------------------------------------------------------------------------------------- */

struct fh_policy *fh_policy_new(struct fh_pol_domain *domain)
{
	struct fh_policy *p = aligned_alloc(FH_CACHE_LINE, sizeof *p);

	if (!p)
		return NULL;
	memset(p, 0, sizeof *p);
	p->domain = domain;
	p->stamp = 1;
	if (!(p->attached = calloc(1, sizeof *p->attached))) {
		free(p);
		return NULL;
	}
	return p;
}

static void detach(struct fh_policy *p, struct attached *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		refs_remove(&a->group[i]->policies, p);
		fh_pol_group_unref(a->group[i]);
	}
	pol_defer(&p->domain->ctx->hooks, free, a);
}

void fh_policy_free(struct fh_policy *p)
{
	if (!p)
		return;
	detach(p, p->attached);
	pol_defer(&p->domain->ctx->hooks, free, p);
}

int fh_policy_attach(struct fh_policy *p, struct fh_pol_group *const *groups, uint32_t n)
{
	struct attached *a, *old = p->attached;

	if (n > FH_MAX_PORT_GROUPS)
		return FH_ELIMIT;
	if (!(a = malloc(sizeof *a + (size_t)n * sizeof a->group[0])))
		return FH_ENOMEM;
	for (a->n = 0; a->n < n; a->n++) {
		if (!refs_add(&groups[a->n]->policies, p)) {
			while (a->n) {
				refs_remove(&groups[--a->n]->policies, p);
				groups[a->n]->refs--;
			}
			free(a);
			return FH_ENOMEM;
		}
		groups[a->n]->refs++;
		a->group[a->n] = groups[a->n];
	}
	fh_store_release(&p->attached, a);
	fh_policy_bump(p);
	detach(p, old);
	return FH_OK;
}

/* --- judging ------------------------------------------------------------------------------------------------------------------------ */

static struct fh_pol_verdict by_default(enum fh_direction dir, bool egress_drop)
{
	if (dir == FH_INGRESS)
		return (struct fh_pol_verdict){ FH_DROP, FH_DROP_DEFAULT, false, FH_SLOT_INGRESS_DEFAULT_DROP };
	if (egress_drop)
		return (struct fh_pol_verdict){ FH_DROP, FH_DROP_DEFAULT, false, FH_SLOT_EGRESS_DEFAULT_DROP };
	return (struct fh_pol_verdict){ FH_ALLOW, FH_DROP_NONE, false, FH_SLOT_EGRESS_DEFAULT_ALLOW };
}

struct fh_pol_verdict pol_judge(const struct fh_policy *policy, enum fh_direction dir, const struct pol_query *q)
{
	const struct attached *a = fh_load_acquire(&policy->attached);
	const struct pol_rule *allow = NULL;
	struct pol_lookup lk;
	bool egress_drop = false;

	lk.index = policy->domain->index;
	lk.query = q;
	lk.done = false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct compiled *c = fh_load_acquire(&a->group[i]->compiled);
		const struct pol_rule *r = pol_run(c->dir[dir], &lk);

		egress_drop |= c->flags & FH_GROUP_EGRESS_DROP;
		if (r && r->action == FH_DROP)
			return (struct fh_pol_verdict){ FH_DROP, FH_DROP_RULE, r->log, r->slot };
		if (r && !allow)
			allow = r;
	}
	if (allow)
		return (struct fh_pol_verdict){ FH_ALLOW, FH_DROP_NONE, allow->log, allow->slot };
	return by_default(dir, egress_drop);
}

struct fh_pol_verdict fh_pol_eval(const struct fh_policy *policy, enum fh_direction dir, const struct fh_pkt *pkt)
{
	struct pol_query q = { .dst_port = pkt->dst_port, .proto = pkt->proto, .v6 = pkt->flags & FH_PKT_V6 };
	/* The remote end is the receiver of what leaves and the sender of what arrives. */
	bool remote_lo = !!(pkt->flags & FH_PKT_SRC_LO) == (dir == FH_INGRESS);

	if (q.v6)
		memcpy(q.remote, &pkt->key[remote_lo ? 1 : 3], 16);
	else
		q.remote[0] = (uint32_t)(remote_lo ? pkt->key[1] : pkt->key[1] >> 32);
	return pol_judge(policy, dir, &q);
}

/* --- time ------------------------------------------------------------------------------------------------------------------------------ */

uint64_t fh_pol_next_boundary(const struct fh_pol_ctx *ctx)
{
	uint64_t first = UINT64_MAX;

	for (const struct fh_pol_group *g = ctx->groups; g; g = g->next)
		first = g->boundary < first ? g->boundary : first;
	return first;
}

int fh_pol_tick(struct fh_pol_ctx *ctx, uint64_t now_ns)
{
	int switched = 0;

	for (struct fh_pol_group *g = ctx->groups; g; g = g->next) {
		if (g->boundary > now_ns)
			continue;
		struct compiled *c = compile(g, g->rules, g->sets, g->slots, g->n, g->flags, now_ns);
		if (!c)
			return FH_ENOMEM;
		publish(g, c);
		g->boundary = boundary_of(g->rules, g->n, now_ns);
		switched++;
	}
	return switched;
}
