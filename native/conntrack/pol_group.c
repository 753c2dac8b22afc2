/*
 * Security groups: from a list of rules to two immutable programs, one a direction.
 *
 * fh_pol_group_set() first takes what the new list needs (counter slots, sets, ids of prefixes: its holdings), compiles, publishes, and
 * only then gives back what the old list held, so that nothing in between fails half-way and a rule that stays keeps its slot.
 *
 * Rules may have a time. Only those that are active now are compiled, and the group remembers when the first of its rules begins or ends
 * next: fh_pol_tick() compiles it again then. The list itself is kept for that. Control thread only.
 */
#include "pol_objects.h"

#include <stdlib.h>

static void compiled_free(void *p)
{
	struct pol_compiled *c = p;

	pol_program_free(c->dir[0]);
	pol_program_free(c->dir[1]);
	free(c);
}

void pol_group_bump(const struct fh_pol_group *g)
{
	for (uint32_t i = 0; i < g->policies.n; i++)
		fh_policy_bump(g->policies.v[i]);
}

/* --- rules ------------------------------------------------------------------------------------------------------------------------ */

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
		else if ((out->remote = pol_interned_id(g->domain, &p)) == POL_REMOTE_ANY)
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

static struct pol_compiled *compile(struct fh_pol_group *g, const struct fh_rule *rules, struct fh_pol_set *const *sets,
				const uint32_t *slots, uint32_t n, uint32_t flags, uint64_t now_ns)
{
	struct pol_compiled *c = calloc(1, sizeof *c);

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

static void publish(struct fh_pol_group *g, struct pol_compiled *c)
{
	struct pol_compiled *old = g->compiled;

	fh_store_release(&g->compiled, c);
	pol_group_bump(g);
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
		pol_refs_remove(&h->sets[i]->groups, g);
		fh_pol_set_unref(h->sets[i]);
	}
	if (h->interned)
		pol_unintern(d, h->prefixes, h->n_prefixes);
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
			if (!pol_refs_add(&sets[i]->groups, g))
				goto no_memory;
			h->sets[i] = sets[i];
			sets[i]->refs++;
		} else if (rules[i].remote == FH_REMOTE_PREFIX) {
			addrs[k++] = rules[i].prefix;
		}
		h->n_sets++;
	}
	rc = pol_prefixes_from(addrs, k, &h->prefixes, &h->n_prefixes);
	free(addrs);
	if (rc != FH_OK || (rc = pol_intern(d, h->prefixes, h->n_prefixes)) != FH_OK) {
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
	struct pol_compiled *c;
	int rc;

	for (uint32_t i = 0; i < n; i++) {
		if (!rule_valid(&rules[i], sets ? sets[i] : NULL, g->domain)) {
			if (bad)
				*bad = i;
			return FH_EINVAL;
		}
	}
	g->domain->ctx->now_ns = now_ns;
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
	holdings_drop(g, &h, ctx->now_ns);
	*g->prev = g->next;
	if (g->next)
		g->next->prev = g->prev;
	free(g->policies.v);
	pol_defer(&ctx->hooks, compiled_free, g->compiled);
	pol_defer(&ctx->hooks, free, g);
}

/* --- time -------------------------------------------------------------------------------------------------------------------------- */

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

	ctx->now_ns = now_ns;
	for (struct fh_pol_group *g = ctx->groups; g; g = g->next) {
		if (g->boundary > now_ns)
			continue;
		struct pol_compiled *c = compile(g, g->rules, g->sets, g->slots, g->n, g->flags, now_ns);
		if (!c)
			return FH_ENOMEM;
		publish(g, c);
		g->boundary = boundary_of(g->rules, g->n, now_ns);
		switched++;
	}
	return switched;
}
