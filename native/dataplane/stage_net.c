/* Staging of what joins networks: routers. See stage.h and model.h. */
#include "stage.h"

/* --- routers ---------------------------------------------------------------------------------------------------------- */
static const char *router_fault(const struct fh_router *r)
{
	if (r->n_segments > FH_MAX_ROUTER_SEGMENTS || r->n_routes > FH_MAX_ROUTER_ROUTES)
		return "it has more than 32 segments or 64 routes";
	for (uint32_t i = 0; i < r->n_routes; i++) {
		const struct fh_route *route = &r->routes[i];
		if (!stage_address_ok(&route->prefix) || !stage_address_ok(&route->via) || route->via.family != route->prefix.family)
			return "one of its routes is malformed";
	}
	return NULL;
}

int stage_router(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_router spec;
	int rc;
	if (!fh_wire_fixed(item, &spec, sizeof spec, sizeof spec))
		return stage_malformed(s, FH_KIND_ROUTER, NULL);
	const char *fault = router_fault(&spec);
	if (fault)
		return stage_fail(s, FH_EINVAL, FH_KIND_ROUTER, &spec.id, "The router is refused: %s.", fault);
	if (stage_unchanged(s, FH_KIND_ROUTER, &spec.id, spec.generation, &rc))
		return rc;
	const struct m_router *old = (const struct m_router *)table_find(&model.tables[FH_KIND_ROUTER], &spec.id);
	if (old && memcmp(&old->spec.tenant, &spec.tenant, sizeof spec.tenant) != 0)
		return stage_fail(s, FH_EINVAL, FH_KIND_ROUTER, &spec.id, "The router belongs to another tenant; use another id.");
	struct m_router *o = stage_new(sizeof *o, FH_KIND_ROUTER, &spec.id, spec.generation);
	if (!o)
		return stage_no_memory(s);
	o->world_slot = DP_MAX_ROUTERS; /* none yet */
	o->spec = spec;
	return stage_object(s, FH_KIND_ROUTER, &spec.id, &o->o);
}

/* --- references --------------------------------------------------------------------------------------------------------- */
static int refuse(struct stage *s, const struct m_router *r, uint32_t segment, const char *why)
{
	return stage_fail(s, FH_EREF, FH_KIND_ROUTER, &r->o.id, "Segment %u of the router %s.", segment + 1, why);
}

static bool subnets_overlap(const struct fh_segment *a, const struct fh_segment *b)
{
	for (uint32_t i = 0; i < a->n_subnets; i++)
		for (uint32_t k = 0; k < b->n_subnets; k++)
			if (stage_overlap(&a->subnets[i].prefix, &b->subnets[k].prefix))
				return true;
	return false;
}

static struct m_segment *segment_of(const struct stage *s, const struct m_router *r, uint32_t i)
{
	return (struct m_segment *)stage_find(s, FH_KIND_SEGMENT, &r->spec.segments[i]);
}

static int router_references(struct stage *s, struct m_router *r)
{
	for (uint32_t i = 0; i < r->spec.n_segments; i++) {
		struct m_segment *g = segment_of(s, r, i);
		if (!g)
			return refuse(s, r, i, "does not exist; put the segment, too");
		if (memcmp(&g->spec.tenant, &r->spec.tenant, sizeof r->spec.tenant) != 0)
			return refuse(s, r, i, "belongs to another tenant; join segments of the router's own tenant");
		if (g->router)
			return refuse(s, r, i, "has a router already; take it out of that one first");
		for (uint32_t k = 0; k < i; k++)
			if (subnets_overlap(&segment_of(s, r, k)->spec, &g->spec))
				return refuse(s, r, i, "has a subnet that overlaps with one of another segment; change one of the two");
		g->router = r;
	}
	return FH_OK;
}

int stage_net_references(struct stage *s)
{
	uint32_t cursor = 0;
	struct object *o;
	/* All of them, each time: a transaction that failed may have left ties to objects that it took along. */
	while ((o = stage_next(s, FH_KIND_SEGMENT, &cursor)))
		((struct m_segment *)o)->router = NULL;
	cursor = 0;
	while ((o = stage_next(s, FH_KIND_ROUTER, &cursor))) {
		int rc = router_references(s, (struct m_router *)o);
		if (rc != FH_OK)
			return rc;
	}
	return FH_OK;
}
