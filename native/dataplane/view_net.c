#include <stdlib.h>

#include "view.h"

static struct hop hop_of(const struct fh_addr *prefix, uint32_t segment)
{
	struct hop h = { .prefix_len = prefix->prefix_len, .segment = segment };
	view_mask(prefix->prefix_len, h.mask);
	for (unsigned i = 0; i < 16; i++)
		h.addr[i] = prefix->b[i] & h.mask[i];
	return h;
}

/* Keeps hops[0..n) sorted, the longest prefix first; of two equal ones the first stays in front. */
static void insert(struct hop *hops, uint32_t n, const struct hop *h)
{
	while (n > 0 && hops[n - 1].prefix_len < h->prefix_len) {
		hops[n] = hops[n - 1];
		n--;
	}
	hops[n] = *h;
}

static uint32_t add_subnets(struct router_view *v, struct hop *hops, uint32_t n, uint8_t family, const struct m_segment *const segments[])
{
	for (uint32_t i = 0; i < v->n_segments; i++) {
		const struct fh_segment *g = &segments[i]->spec;
		for (uint32_t k = 0; k < g->n_subnets; k++) {
			struct hop h = hop_of(&g->subnets[k].prefix, segments[i]->world_slot);
			if (g->subnets[k].prefix.family == family)
				insert(hops, n++, &h);
		}
	}
	return n;
}

/* Return: the slot of the segment that has the address in a subnet, or DP_MAX_SEGMENTS. */
static uint32_t segment_with(const struct router_view *v, const struct fh_addr *a, const struct m_segment *const segments[])
{
	for (uint32_t i = 0; i < v->n_segments; i++)
		for (uint32_t k = 0; k < segments[i]->spec.n_subnets; k++)
			if (view_contains(&segments[i]->spec.subnets[k].prefix, a))
				return segments[i]->world_slot;
	return DP_MAX_SEGMENTS;
}

static uint32_t add_routes(struct router_view *v, struct hop *hops, uint32_t n, uint8_t family, const struct fh_router *spec,
			   const struct m_segment *const segments[])
{
	for (uint32_t i = 0; i < spec->n_routes; i++) {
		const struct fh_route *r = &spec->routes[i];
		uint32_t segment = segment_with(v, &r->via, segments);
		struct hop h = hop_of(&r->prefix, segment);
		/* A route whose way on is in none of the networks leads nowhere: the next best one counts. */
		if (r->prefix.family != family || segment == DP_MAX_SEGMENTS)
			continue;
		h.has_via = 1;
		memcpy(h.via, r->via.b, sizeof h.via);
		insert(hops, n++, &h);
	}
	return n;
}

struct router_view *view_router(const struct fh_router *spec, const struct m_segment *const segments[])
{
	struct router_view *v = calloc(1, sizeof *v + (spec->n_segments * FH_MAX_SUBNETS + spec->n_routes) * sizeof v->hops[0]);
	if (!v)
		return NULL;
	v->n_segments = spec->n_segments;
	for (uint32_t i = 0; i < spec->n_segments; i++)
		v->segments[i] = segments[i]->world_slot;
	v->n4 = add_subnets(v, v->hops, 0, 4, segments);
	v->n4 = add_routes(v, v->hops, v->n4, 4, spec, segments);
	struct hop *six = v->hops + v->n4;
	uint32_t n6 = add_subnets(v, six, 0, 6, segments);
	v->n = v->n4 + add_routes(v, six, n6, 6, spec, segments);
	return v;
}
