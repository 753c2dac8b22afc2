/* From staged objects to views: segments, routers, uplinks, remotes. See model.h and commit.h. */
#include <stdlib.h>

#include "commit.h"
#include "uplink.h"
#include "view.h"

static uint8_t segment_slots[DP_MAX_SEGMENTS], router_slots[DP_MAX_ROUTERS];

int commit_no_memory(struct commit *c)
{
	return stage_fail(&c->stage, FH_ENOMEM, 0, NULL, "Memory ran out while the transaction was compiled; nothing was changed. Repeat it.");
}

/* Return: a free slot, taken, or n. */
static uint32_t take_slot(uint8_t *slots, uint32_t n)
{
	uint32_t i = 0;
	while (i < n && slots[i])
		i++;
	if (i < n)
		slots[i] = 1;
	return i;
}

int commit_take_slot(struct commit *c, struct staged *g)
{
	if (g->next->kind == FH_KIND_SEGMENT) {
		struct m_segment *o = (struct m_segment *)g->next;
		o->world_slot = g->old ? ((const struct m_segment *)g->old)->world_slot : take_slot(segment_slots, DP_MAX_SEGMENTS);
		if (o->world_slot == DP_MAX_SEGMENTS)
			return stage_fail(&c->stage, FH_ELIMIT, FH_KIND_SEGMENT, &o->o.id, "There are %u segments already, as many as a host can have.",
					  DP_MAX_SEGMENTS);
	} else {
		struct m_router *o = (struct m_router *)g->next;
		o->world_slot = g->old ? ((const struct m_router *)g->old)->world_slot : take_slot(router_slots, DP_MAX_ROUTERS);
		if (o->world_slot == DP_MAX_ROUTERS)
			return stage_fail(&c->stage, FH_ELIMIT, FH_KIND_ROUTER, &o->o.id, "There are %u routers already, as many as a host can have.",
					  DP_MAX_ROUTERS);
	}
	return FH_OK;
}

void commit_give_slot(const struct object *o)
{
	if (o->kind == FH_KIND_SEGMENT && ((const struct m_segment *)o)->world_slot < DP_MAX_SEGMENTS)
		segment_slots[((const struct m_segment *)o)->world_slot] = 0;
	if (o->kind == FH_KIND_ROUTER && ((const struct m_router *)o)->world_slot < DP_MAX_ROUTERS)
		router_slots[((const struct m_router *)o)->world_slot] = 0;
}

/* --- routers ----------------------------------------------------------------------------------------------------------------- */
static bool router_affected(const struct commit *c, const struct m_router *r)
{
	if (stage_changed(&c->stage, FH_KIND_ROUTER, &r->o.id))
		return true;
	for (uint32_t i = 0; i < r->spec.n_segments; i++)
		if (stage_changed(&c->stage, FH_KIND_SEGMENT, &r->spec.segments[i]))
			return true;
	return stage_changed(&c->stage, FH_KIND_SEGMENT, &r->spec.external);
}

static int prepare_routers(struct commit *c)
{
	uint32_t cursor = 0;
	struct object *o;
	while ((o = stage_next(&c->stage, FH_KIND_ROUTER, &cursor))) {
		const struct m_router *r = (const struct m_router *)o;
		const struct m_segment *segments[FH_MAX_ROUTER_SEGMENTS];
		if (!router_affected(c, r))
			continue;
		for (uint32_t i = 0; i < r->spec.n_segments; i++)
			segments[i] = (const struct m_segment *)stage_find(&c->stage, FH_KIND_SEGMENT, &r->spec.segments[i]);
		struct router_view *v = c->routers[r->world_slot] =
			view_router(&r->spec, segments, r->external ? r->external->world_slot : DP_MAX_SEGMENTS);
		if (!v)
			return commit_no_memory(c);
		c->world->routers[r->world_slot] = v;
	}
	return FH_OK;
}

/* Segments that a router had or gets learn about it. */
static void mark_router_segments(struct commit *c, const struct m_router *r)
{
	for (uint32_t i = 0; r && i < r->spec.n_segments; i++) {
		const struct m_segment *g = (const struct m_segment *)stage_find(&c->stage, FH_KIND_SEGMENT, &r->spec.segments[i]);
		if (g)
			c->segment_changed[g->world_slot] = 1;
	}
}

static void mark_routers(struct commit *c)
{
	const struct table *t = &c->stage.tables[FH_KIND_ROUTER];
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct staged *g = (const struct staged *)t->slots[i];
		if (g->next == g->old)
			continue;
		mark_router_segments(c, (const struct m_router *)g->old);
		mark_router_segments(c, (const struct m_router *)g->next);
		if (g->old && !g->next)
			c->world->routers[((const struct m_router *)g->old)->world_slot] = NULL;
	}
}

/* --- segments ---------------------------------------------------------------------------------------------------------------- */
static uint32_t slot_of_segment(const struct commit *c, const struct fh_id *id)
{
	return ((const struct m_segment *)stage_find(&c->stage, FH_KIND_SEGMENT, id))->world_slot;
}

/* The external segment that the port's public addresses are in, or NULL. */
static const struct m_segment *external_of(const struct commit *c, const struct m_port *p)
{
	const struct m_segment *g = (const struct m_segment *)stage_find(&c->stage, FH_KIND_SEGMENT, &p->spec.segment);
	return p->spec.n_public && g->router ? g->router->external : NULL;
}

static int add_public(struct commit *c, const struct m_port *p)
{
	const struct m_segment *e = external_of(c, p);
	struct segment_view *v = e ? c->segments[e->world_slot] : NULL;
	for (uint32_t i = 0; v && i < p->spec.n_public; i++)
		if (!view_segment_add_public(v, &p->spec.public_[i], p->port->slot))
			return stage_fail(&c->stage, FH_EINVAL, FH_KIND_PORT, &p->o.id,
					  "Public address %u of the port, or some of its ports, is another port's already; give each its own.", i + 1);
	return FH_OK;
}

/* New views for the segments that changed or whose ports or remotes did. */
static int prepare_segments(struct commit *c)
{
	uint32_t cursor = 0, keys[DP_MAX_SEGMENTS] = { 0 }, remotes[DP_MAX_SEGMENTS] = { 0 }, owned[DP_MAX_SEGMENTS] = { 0 };
	struct object *o;
	while ((o = stage_next(&c->stage, FH_KIND_PORT, &cursor))) {
		const struct m_port *p = (const struct m_port *)o;
		uint32_t s = slot_of_segment(c, &p->spec.segment);
		const struct m_segment *e = external_of(c, p);
		keys[s] += 2 + p->spec.n_addrs;
		for (uint32_t i = 0; e && i < p->spec.n_public; i++) {
			keys[e->world_slot] += view_public_keys(&p->spec.public_[i]);
			owned[e->world_slot]++;
		}
	}
	cursor = 0;
	while ((o = stage_next(&c->stage, FH_KIND_REMOTE_PORT, &cursor))) {
		const struct m_remote *r = (const struct m_remote *)o;
		uint32_t s = slot_of_segment(c, &r->spec.segment);
		keys[s] += 2 + r->spec.n_addrs;
		remotes[s]++;
	}
	cursor = 0;
	while ((o = stage_next(&c->stage, FH_KIND_SEGMENT, &cursor))) {
		const struct m_segment *g = (const struct m_segment *)o;
		if (!c->segment_changed[g->world_slot])
			continue;
		struct segment_view *v = c->segments[g->world_slot] = view_segment(g);
		if (!v || !(v->lookup = fh_lookup_new(keys[g->world_slot], dp.seed)) ||
		    !(v->remotes = calloc(remotes[g->world_slot] + 1u, sizeof v->remotes[0])) ||
		    !(v->owned = calloc(owned[g->world_slot] + 1u, sizeof v->owned[0])))
			return commit_no_memory(c);
		c->world->segments[g->world_slot] = v;
	}
	cursor = 0;
	while ((o = stage_next(&c->stage, FH_KIND_PORT, &cursor))) {
		const struct m_port *p = (const struct m_port *)o;
		const struct port_view *v = c->world->ports[p->port->slot];
		if (c->segments[v->segment])
			view_segment_add(c->segments[v->segment], v, &p->spec);
		int rc = add_public(c, p);
		if (rc != FH_OK)
			return rc;
	}
	cursor = 0;
	while ((o = stage_next(&c->stage, FH_KIND_REMOTE_PORT, &cursor))) {
		const struct m_remote *r = (const struct m_remote *)o;
		struct segment_view *v = c->segments[slot_of_segment(c, &r->spec.segment)];
		if (v)
			view_segment_add_remote(v, &r->spec);
	}
	return FH_OK;
}

/* Public addresses hang on ports, their segments' routers and those' external segments: with any of them, all external ones
 * are built anew. */
static void mark_external(struct commit *c)
{
	uint32_t cursor = 0;
	struct object *o;
	if (!c->stage.tables[FH_KIND_PORT].n_slots && !c->stage.tables[FH_KIND_ROUTER].n_slots && !c->stage.tables[FH_KIND_SEGMENT].n_slots)
		return;
	while ((o = stage_next(&c->stage, FH_KIND_SEGMENT, &cursor)))
		if (((const struct m_segment *)o)->spec.flags & FH_SEGMENT_EXTERNAL)
			c->segment_changed[((const struct m_segment *)o)->world_slot] = 1;
}

static void mark_segments(struct commit *c)
{
	const struct table *t = &c->stage.tables[FH_KIND_SEGMENT];
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct staged *g = (const struct staged *)t->slots[i];
		if (g->next != g->old && g->next)
			c->segment_changed[((const struct m_segment *)g->next)->world_slot] = 1;
		if (g->old && !g->next)
			c->world->segments[((const struct m_segment *)g->old)->world_slot] = NULL;
	}
	t = &c->stage.tables[FH_KIND_PORT];
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct staged *g = (const struct staged *)t->slots[i];
		if (g->next == g->old || !g->old)
			continue;
		const struct port *port = ((const struct m_port *)g->old)->port;
		c->segment_changed[dp.world->ports[port->slot]->segment] = 1;
		if (!g->next)
			c->world->ports[port->slot] = NULL;
	}
	for (uint32_t i = 0; i < c->n_ports; i++) {
		c->world->ports[c->ports[i].port->slot] = c->ports[i].view;
		if (stage_changed(&c->stage, FH_KIND_PORT, &c->ports[i].object->o.id))
			c->segment_changed[c->ports[i].view->segment] = 1;
	}
}

/* --- uplinks ----------------------------------------------------------------------------------------------------------------- */
/* Segments whose remotes or uplink change. */
static void mark_remote_segments(struct commit *c)
{
	const struct table *t = &c->stage.tables[FH_KIND_REMOTE_PORT];
	uint32_t cursor = 0;
	struct object *o;
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct staged *g = (const struct staged *)t->slots[i];
		const struct object *both[2] = { g->old, g->next };
		for (unsigned k = 0; k < 2 && g->old != g->next; k++) {
			const struct object *s = both[k] ? stage_find(&c->stage, FH_KIND_SEGMENT, &((const struct m_remote *)both[k])->spec.segment) : NULL;
			if (s)
				c->segment_changed[((const struct m_segment *)s)->world_slot] = 1;
		}
	}
	while ((o = stage_next(&c->stage, FH_KIND_SEGMENT, &cursor))) {
		const struct m_segment *s = (const struct m_segment *)o;
		/* By its id: an uplink whose device is missing is no way out, and may have been one. */
		if (s->spec.transport != FH_TRANSPORT_NONE && stage_changed(&c->stage, FH_KIND_UPLINK, &s->spec.uplink))
			c->segment_changed[s->world_slot] = 1;
	}
}

static bool uplinks_affected(const struct commit *c)
{
	return c->stage.tables[FH_KIND_UPLINK].n_slots || c->stage.tables[FH_KIND_REMOTE_PORT].n_slots || c->stage.tables[FH_KIND_SEGMENT].n_slots;
}

static int add_segments(struct commit *c, struct uplink_view *v)
{
	uint32_t cursor = 0;
	struct object *o;
	while ((o = stage_next(&c->stage, FH_KIND_SEGMENT, &cursor))) {
		const struct m_segment *g = (const struct m_segment *)o;
		const struct segment_view *s = c->world->segments[g->world_slot];
		if (s->uplink != v->uplink->index)
			continue;
		if (!view_uplink_add_segment(v, s, g->world_slot))
			return stage_fail(&c->stage, FH_EINVAL, FH_KIND_SEGMENT, &g->o.id,
					  "Another segment of its uplink has the same VNI or VLAN; give it one of its own.");
		for (uint32_t i = 0; i < s->n_remotes; i++)
			if (s->remotes[i].vtep)
				view_uplink_add_vtep(v, s->remotes[i].vtep);
	}
	return FH_OK;
}

/* After the segments. */
static int prepare_uplinks(struct commit *c)
{
	uint32_t cursor = 0, n_segments = model.tables[FH_KIND_SEGMENT].n + c->stage.tables[FH_KIND_SEGMENT].n_slots;
	uint32_t n_remotes = model.tables[FH_KIND_REMOTE_PORT].n + c->stage.tables[FH_KIND_REMOTE_PORT].n_slots;
	struct object *o;
	if (!uplinks_affected(c))
		return FH_OK;
	memset(c->world->uplinks, 0, sizeof c->world->uplinks);
	while ((o = stage_next(&c->stage, FH_KIND_UPLINK, &cursor))) {
		const struct m_uplink *u = (const struct m_uplink *)o;
		if (!u->device)
			continue;
		struct uplink_view *v = c->uplinks[u->device->index] = view_uplink(u, n_segments, n_remotes);
		if (!v)
			return commit_no_memory(c);
		c->world->uplinks[u->device->index] = v;
		int rc = add_segments(c, v);
		if (rc != FH_OK)
			return rc;
	}
	return FH_OK;
}

/* --- all together -------------------------------------------------------------------------------------------------------------- */
int commit_prepare_networks(struct commit *c)
{
	mark_segments(c);
	mark_routers(c);
	mark_remote_segments(c);
	mark_external(c);
	int rc = prepare_routers(c);
	if (rc == FH_OK)
		rc = prepare_segments(c);
	return rc == FH_OK ? prepare_uplinks(c) : rc;
}

void commit_roll_back_networks(struct commit *c)
{
	static const uint32_t kinds[] = { FH_KIND_SEGMENT, FH_KIND_ROUTER };
	for (uint32_t i = 0; i < DP_MAX_SEGMENTS; i++)
		view_segment_free(c->segments[i]);
	for (uint32_t i = 0; i < DP_MAX_ROUTERS; i++)
		free(c->routers[i]);
	for (uint32_t i = 0; i < DP_MAX_UPLINKS; i++)
		view_uplink_free(c->uplinks[i]);
	for (unsigned k = 0; k < 2; k++) {
		const struct table *t = &c->stage.tables[kinds[k]];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			const struct staged *g = (const struct staged *)t->slots[i];
			if (!g->old && g->next)
				commit_give_slot(g->next);
		}
	}
}

void commit_reclaim_networks(const struct commit *c, struct world *before)
{
	for (uint32_t i = 0; i < DP_MAX_SEGMENTS; i++)
		if (before->segments[i] != c->world->segments[i])
			view_segment_free(before->segments[i]);
	for (uint32_t i = 0; i < DP_MAX_ROUTERS; i++)
		if (before->routers[i] != c->world->routers[i])
			free(before->routers[i]);
	for (uint32_t i = 0; i < DP_MAX_UPLINKS; i++)
		if (before->uplinks[i] != c->world->uplinks[i])
			view_uplink_free(before->uplinks[i]);
}
