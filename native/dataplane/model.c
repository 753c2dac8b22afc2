#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include "journal.h"
#include "log.h"
#include "port.h"
#include "stage.h"
#include "view.h"

struct model model;

static uint8_t segment_slots[DP_MAX_SEGMENTS], router_slots[DP_MAX_ROUTERS];

/* --- deferred frees ------------------------------------------------------------------------------------------------------- */
static struct {
	struct deferred {
		void (*fn)(void *);
		void *p;
	} *list;
	uint32_t n, capacity;
} deferred;

void model_defer(void *arg, void (*fn)(void *), void *p)
{
	(void)arg;
	if (deferred.n == deferred.capacity) {
		uint32_t capacity = deferred.capacity ? deferred.capacity * 2 : 256;
		struct deferred *list = realloc(deferred.list, capacity * sizeof *list);
		if (!list) {
			dp_grace();
			fn(p);
			return;
		}
		deferred.list = list;
		deferred.capacity = capacity;
	}
	deferred.list[deferred.n++] = (struct deferred){ fn, p };
}

/* After a grace period. */
static void run_deferred(uint32_t n)
{
	if (n == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		deferred.list[i].fn(deferred.list[i].p);
	memmove(deferred.list, deferred.list + n, (deferred.n - n) * sizeof deferred.list[0]);
	deferred.n -= n;
}

/* --- a commit ---------------------------------------------------------------------------------------------------------------- */
/* A port that needs another view. */
struct port_plan {
	struct m_port *object;
	struct port *port;
	bool created;
	struct port_view *view;
	struct fh_policy *policy;
};

struct set_plan {
	struct m_set *next;
	struct fh_addr *added, *removed;
	uint32_t n_added, n_removed;
};

struct commit {
	struct stage stage;
	struct world *world;
	struct port_plan *ports;
	uint32_t n_ports;
	struct set_plan *sets;
	uint32_t n_sets;
	uint8_t segment_changed[DP_MAX_SEGMENTS];
	struct segment_view *segments[DP_MAX_SEGMENTS]; /* new ones */
	struct router_view *routers[DP_MAX_ROUTERS];    /* new ones */
};

static int no_memory(struct commit *c)
{
	return stage_fail(&c->stage, FH_ENOMEM, 0, NULL, "Memory ran out while the transaction was compiled; nothing was changed. Repeat it.");
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fh_addr));
}

/* Members of a that b lacks, both sorted. Return: their number. */
static uint32_t subtract(const struct m_set *a, const struct m_set *b, struct fh_addr *out)
{
	uint32_t n = 0, k = 0;
	for (uint32_t i = 0; i < a->n; i++) {
		while (k < b->n && by_bytes(&b->members[k], &a->members[i]) < 0)
			k++;
		if (k == b->n || by_bytes(&b->members[k], &a->members[i]) != 0)
			out[n++] = a->members[i];
	}
	return n;
}

static int prepare_set(struct commit *c, struct m_set *next, const struct m_set *old)
{
	if (!old) {
		next->compiled = fh_pol_set_new(next->domain->rules);
		if (!next->compiled)
			return no_memory(c);
		next->owns_compiled = true;
		return fh_pol_set_replace(next->compiled, next->members, next->n) == FH_OK ? FH_OK : no_memory(c);
	}
	struct set_plan *p = &c->sets[c->n_sets++];
	*p = (struct set_plan){ .next = next };
	p->added = calloc(next->n + 1u, sizeof p->added[0]);
	p->removed = calloc(old->n + 1u, sizeof p->removed[0]);
	if (!p->added || !p->removed)
		return no_memory(c);
	p->n_added = subtract(next, old, p->added);
	p->n_removed = subtract(old, next, p->removed);
	next->compiled = old->compiled;
	return FH_OK;
}

static int prepare_group(struct commit *c, struct m_group *g)
{
	uint32_t bad = 0;
	int rc = FH_ENOMEM;
	struct fh_pol_set **sets = calloc(g->n_rules + 1u, sizeof sets[0]);
	g->compiled = fh_pol_group_new(g->domain->rules);
	for (uint32_t i = 0; sets && i < g->n_rules; i++)
		if (g->rules[i].remote == FH_REMOTE_SET)
			sets[i] = ((struct m_set *)stage_find(&c->stage, FH_KIND_SET, &g->rules[i].set))->compiled;
	if (sets && g->compiled)
		rc = fh_pol_group_set(g->compiled, g->rules, sets, g->n_rules, g->flags, dp_unix_ns(), &bad);
	free(sets);
	if (rc == FH_EINVAL)
		return stage_fail(&c->stage, FH_EINVAL, FH_KIND_GROUP, &g->o.id,
				  "Rule %u of the group is malformed; correct its ports, prefix, protocol or ICMP type.", bad + 1);
	return rc == FH_OK ? FH_OK : no_memory(c);
}

static bool port_affected(const struct commit *c, const struct m_port *p)
{
	if (stage_changed(&c->stage, FH_KIND_PORT, &p->o.id) || stage_changed(&c->stage, FH_KIND_SEGMENT, &p->spec.segment))
		return true;
	for (uint32_t i = 0; i < p->spec.n_groups; i++)
		if (stage_changed(&c->stage, FH_KIND_GROUP, &p->spec.groups[i]))
			return true;
	return false;
}

static void raise_stamp(struct fh_policy *policy, uint32_t above)
{
	while (fh_pol_stamp(policy) <= above)
		fh_policy_bump(policy);
}

static int prepare_port(struct commit *c, struct m_port *object)
{
	struct fh_pol_group *groups[FH_MAX_PORT_GROUPS];
	const struct m_port *old = (const struct m_port *)table_find(&model.tables[FH_KIND_PORT], &object->o.id);
	const struct m_segment *segment = (const struct m_segment *)stage_find(&c->stage, FH_KIND_SEGMENT, &object->spec.segment);
	struct port_plan *p = &c->ports[c->n_ports++];
	*p = (struct port_plan){ .object = object, .port = old ? old->port : NULL };
	int rc = old ? port_prepare(old->port, &object->spec) : port_new(&object->spec, &p->port);
	if (rc == FH_ELIMIT)
		return stage_fail(&c->stage, rc, FH_KIND_PORT, &object->o.id, "There are %u ports already, as many as a host can have.", DP_MAX_PORTS);
	if (rc == FH_EINTERNAL)
		return stage_fail(&c->stage, rc, FH_KIND_PORT, &object->o.id,
				  "The connection table cannot be created below the state directory; look at its space and rights.");
	if (rc != FH_OK)
		return no_memory(c);
	p->created = !old;
	p->view = view_port(&object->spec, p->port, &segment->spec, segment->world_slot);
	p->policy = fh_policy_new(object->domain->rules);
	if (!p->view || !p->policy)
		return no_memory(c);
	p->view->policy = p->policy;
	for (uint32_t i = 0; i < object->spec.n_groups; i++)
		groups[i] = ((struct m_group *)stage_find(&c->stage, FH_KIND_GROUP, &object->spec.groups[i]))->compiled;
	if (fh_policy_attach(p->policy, groups, object->spec.n_groups) != FH_OK)
		return no_memory(c);
	if (old)
		/* Above whatever the old policy may still become while the sets of this transaction change, so that each
		 * connection is judged again. */
		raise_stamp(p->policy, fh_pol_stamp(dp.world->ports[p->port->slot]->policy) + 2 * c->n_sets);
	object->port = p->port;
	return FH_OK;
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

static int prepare_segment_slot(struct commit *c, struct m_segment *next, const struct m_segment *old)
{
	next->world_slot = old ? old->world_slot : take_slot(segment_slots, DP_MAX_SEGMENTS);
	return next->world_slot < DP_MAX_SEGMENTS ? FH_OK
						  : stage_fail(&c->stage, FH_ELIMIT, FH_KIND_SEGMENT, &next->o.id,
							       "There are %u segments already, as many as a host can have.", DP_MAX_SEGMENTS);
}

static int prepare_router_slot(struct commit *c, struct m_router *next, const struct m_router *old)
{
	next->world_slot = old ? old->world_slot : take_slot(router_slots, DP_MAX_ROUTERS);
	return next->world_slot < DP_MAX_ROUTERS ? FH_OK
						 : stage_fail(&c->stage, FH_ELIMIT, FH_KIND_ROUTER, &next->o.id,
							      "There are %u routers already, as many as a host can have.", DP_MAX_ROUTERS);
}

/* Gives back what a transaction that failed took. */
static void release_slots(struct commit *c)
{
	const struct table *t = &c->stage.tables[FH_KIND_SEGMENT];
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct staged *g = (const struct staged *)t->slots[i];
		if (!g->old && g->next && ((struct m_segment *)g->next)->world_slot < DP_MAX_SEGMENTS)
			segment_slots[((struct m_segment *)g->next)->world_slot] = 0;
	}
	t = &c->stage.tables[FH_KIND_ROUTER];
	for (uint32_t i = 0; i < t->n_slots; i++) {
		const struct staged *g = (const struct staged *)t->slots[i];
		if (!g->old && g->next && ((struct m_router *)g->next)->world_slot < DP_MAX_ROUTERS)
			router_slots[((struct m_router *)g->next)->world_slot] = 0;
	}
}

/* --- routers ----------------------------------------------------------------------------------------------------------------- */
static bool router_affected(const struct commit *c, const struct m_router *r)
{
	if (stage_changed(&c->stage, FH_KIND_ROUTER, &r->o.id))
		return true;
	for (uint32_t i = 0; i < r->spec.n_segments; i++)
		if (stage_changed(&c->stage, FH_KIND_SEGMENT, &r->spec.segments[i]))
			return true;
	return false;
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
		struct router_view *v = c->routers[r->world_slot] = view_router(&r->spec, segments);
		if (!v)
			return no_memory(c);
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
/* New views for the segments that changed or whose ports did. */
static int prepare_segments(struct commit *c)
{
	uint32_t cursor = 0, keys[DP_MAX_SEGMENTS] = { 0 };
	struct object *o;
	while ((o = stage_next(&c->stage, FH_KIND_PORT, &cursor))) {
		const struct m_port *p = (const struct m_port *)o;
		uint32_t s = ((const struct m_segment *)stage_find(&c->stage, FH_KIND_SEGMENT, &p->spec.segment))->world_slot;
		keys[s] += 2 + p->spec.n_addrs;
	}
	cursor = 0;
	while ((o = stage_next(&c->stage, FH_KIND_SEGMENT, &cursor))) {
		const struct m_segment *g = (const struct m_segment *)o;
		if (!c->segment_changed[g->world_slot])
			continue;
		struct segment_view *v = c->segments[g->world_slot] = view_segment(g);
		if (!v || !(v->lookup = fh_lookup_new(keys[g->world_slot], dp.seed)))
			return no_memory(c);
		c->world->segments[g->world_slot] = v;
	}
	cursor = 0;
	while ((o = stage_next(&c->stage, FH_KIND_PORT, &cursor))) {
		const struct m_port *p = (const struct m_port *)o;
		const struct port_view *v = c->world->ports[p->port->slot];
		if (c->segments[v->segment])
			view_segment_add(c->segments[v->segment], v, &p->spec);
	}
	return FH_OK;
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

static int prepare(struct commit *c)
{
	uint32_t total = model.tables[FH_KIND_PORT].n + c->stage.tables[FH_KIND_PORT].n_slots, cursor = 0;
	struct table *staged = c->stage.tables;
	struct object *o;
	int rc = FH_OK;
	c->world = malloc(sizeof *c->world);
	c->ports = calloc(total + 1, sizeof c->ports[0]);
	c->sets = calloc(staged[FH_KIND_SET].n_slots + 1, sizeof c->sets[0]);
	if (!c->world || !c->ports || !c->sets)
		return no_memory(c);
	for (uint32_t kind = FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++)
		if (!table_reserve(&model.tables[kind], staged[kind].n_slots))
			return no_memory(c);
	*c->world = *dp.world;
	for (uint32_t kind = FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++) {
		for (uint32_t i = 0; i < staged[kind].n_slots; i++) {
			struct staged *g = (struct staged *)staged[kind].slots[i];
			if (!g->next || g->next == g->old)
				continue;
			if (kind == FH_KIND_SEGMENT)
				rc = prepare_segment_slot(c, (struct m_segment *)g->next, (struct m_segment *)g->old);
			else if (kind == FH_KIND_SET)
				rc = prepare_set(c, (struct m_set *)g->next, (struct m_set *)g->old);
			else if (kind == FH_KIND_GROUP)
				rc = prepare_group(c, (struct m_group *)g->next);
			else if (kind == FH_KIND_ROUTER)
				rc = prepare_router_slot(c, (struct m_router *)g->next, (struct m_router *)g->old);
			if (rc != FH_OK)
				return rc;
		}
	}
	while ((o = stage_next(&c->stage, FH_KIND_PORT, &cursor)))
		if (port_affected(c, (struct m_port *)o) && (rc = prepare_port(c, (struct m_port *)o)) != FH_OK)
			return rc;
	mark_segments(c);
	mark_routers(c);
	rc = prepare_routers(c);
	return rc == FH_OK ? prepare_segments(c) : rc;
}

static void free_plans(struct commit *c)
{
	for (uint32_t i = 0; i < c->n_sets; i++) {
		free(c->sets[i].added);
		free(c->sets[i].removed);
	}
	free(c->sets);
	free(c->ports);
}

static void roll_back(struct commit *c)
{
	for (uint32_t i = 0; i < c->n_ports; i++) {
		struct port_plan *p = &c->ports[i];
		if (p->policy)
			fh_policy_free(p->policy);
		free(p->view);
		if (p->created)
			port_free(p->port, true);
		else if (p->port)
			port_abandon(p->port);
	}
	for (uint32_t i = 0; i < DP_MAX_SEGMENTS; i++)
		view_segment_free(c->segments[i]);
	for (uint32_t i = 0; i < DP_MAX_ROUTERS; i++)
		free(c->routers[i]);
	release_slots(c);
	free(c->world);
	free_plans(c);
	stage_free(&c->stage, true);
}

/* Old objects out of the tables, new ones in. The old ones stay with the staging entries. */
static void update_tables(struct commit *c)
{
	for (uint32_t kind = FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++) {
		const struct table *t = &c->stage.tables[kind];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			struct staged *g = (struct staged *)t->slots[i];
			if (g->next == g->old)
				continue;
			if (g->old && g->next)
				table_replace(&model.tables[kind], g->old, g->next);
			else if (g->old)
				table_remove(&model.tables[kind], g->old);
			else
				table_put(&model.tables[kind], g->next);
		}
	}
}

static void swap_world(struct commit *c)
{
	for (uint32_t i = 0; i < c->n_sets; i++)
		if (c->sets[i].n_added &&
		    fh_pol_set_change(c->sets[i].next->compiled, c->sets[i].added, c->sets[i].n_added, NULL, 0) != FH_OK)
			dp_log(LOG_ERR, "out of memory while a set gained members; put the set again");
	fh_store_release(&dp.world, c->world);
	for (uint32_t i = 0; i < c->n_sets; i++)
		if (c->sets[i].n_removed &&
		    fh_pol_set_change(c->sets[i].next->compiled, NULL, 0, c->sets[i].removed, c->sets[i].n_removed) != FH_OK)
			dp_log(LOG_ERR, "out of memory while a set lost members; put the set again");
}

/* What nobody sees any more. */
static void reclaim(struct commit *c, struct world *before)
{
	for (uint32_t i = 0; i < DP_MAX_PORTS; i++) {
		if (before->ports[i] && before->ports[i] != c->world->ports[i]) {
			fh_policy_free(before->ports[i]->policy);
			free(before->ports[i]);
		}
	}
	for (uint32_t i = 0; i < DP_MAX_SEGMENTS; i++)
		if (before->segments[i] != c->world->segments[i])
			view_segment_free(before->segments[i]);
	for (uint32_t i = 0; i < DP_MAX_ROUTERS; i++)
		if (before->routers[i] != c->world->routers[i])
			free(before->routers[i]);
	free(before);
	for (uint32_t kind = FH_WIRE_LAST_KIND; kind >= FH_KIND_SEGMENT; kind--) {
		const struct table *t = &c->stage.tables[kind];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			struct staged *g = (struct staged *)t->slots[i];
			if (!g->old || g->next == g->old)
				continue;
			if (kind == FH_KIND_PORT && !g->next)
				port_free(((struct m_port *)g->old)->port, true);
			if (kind == FH_KIND_SEGMENT && !g->next)
				segment_slots[((struct m_segment *)g->old)->world_slot] = 0;
			if (kind == FH_KIND_ROUTER && !g->next)
				router_slots[((struct m_router *)g->old)->world_slot] = 0;
			if (kind == FH_KIND_SET && g->next) {
				((struct m_set *)g->next)->owns_compiled = true;
				((struct m_set *)g->old)->owns_compiled = false;
			}
			object_free(g->old);
		}
	}
}

static void apply(struct commit *c, const struct fh_wire_txn *head)
{
	struct world *before = dp.world;
	struct fh_commit_result *out = c->stage.out;
	update_tables(c);
	swap_world(c);
	dp_grace();
	out->enforced_ns = dp_unix_ns();
	if (head->flags & FH_WIRE_TXN_MARK) {
		model.mark_epoch = head->mark_epoch;
		model.revision = head->mark_revision;
	}
	uint32_t old_frees = deferred.n;
	reclaim(c, before);
	for (uint32_t i = 0; i < c->n_ports; i++) {
		struct port_plan *p = &c->ports[i];
		if (p->created)
			port_register(p->port);
		else
			port_adopt(p->port, &p->object->spec);
	}
	run_deferred(old_frees);
	if (deferred.n) {
		dp_grace();
		run_deferred(deferred.n);
	}
	free_plans(c);
	stage_free(&c->stage, false);
}

int model_commit(const void *payload, size_t len, bool journal, struct fh_commit_result *out)
{
	struct fh_wire_txn head;
	*out = (struct fh_commit_result){ .struct_size = sizeof *out };
	struct commit *c = calloc(1, sizeof *c);
	if (!c) {
		out->result = FH_ENOMEM;
		return out->result;
	}
	c->stage.out = out;
	int rc = stage_records(&c->stage, payload, len, &head);
	if (rc == FH_OK)
		rc = stage_references(&c->stage);
	if (rc == FH_OK)
		rc = prepare(c);
	if (rc == FH_OK && journal && !journal_append(payload, len))
		rc = stage_fail(&c->stage, FH_EINTERNAL, 0, NULL,
				"The change cannot be written to the state directory; nothing was changed. Look at its space and rights.");
	if (rc == FH_OK)
		apply(c, &head);
	else
		roll_back(c);
	free(c);
	out->result = rc;
	out->revision = model.revision;
	if (journal && rc == FH_OK)
		journal_compact_if_due();
	return rc;
}

int model_preview(const void *payload, size_t len, uint64_t *cuts, struct fh_commit_result *out)
{
	struct fh_wire_txn head;
	*cuts = 0;
	*out = (struct fh_commit_result){ .struct_size = sizeof *out, .revision = model.revision };
	struct commit *c = calloc(1, sizeof *c);
	if (!c) {
		out->result = FH_ENOMEM;
		return out->result;
	}
	c->stage.out = out;
	int rc = stage_records(&c->stage, payload, len, &head);
	if (rc == FH_OK)
		rc = stage_references(&c->stage);
	if (rc == FH_OK)
		rc = prepare(c);
	for (uint32_t i = 0; rc == FH_OK && i < c->n_ports; i++)
		if (!c->ports[i].created)
			*cuts += fh_ct_preview(c->ports[i].port->ct, c->ports[i].policy, dp_boot_ns(), NULL, NULL);
	/* A port that goes takes its connections along. */
	for (uint32_t i = 0; rc == FH_OK && i < c->stage.tables[FH_KIND_PORT].n_slots; i++) {
		const struct staged *g = (const struct staged *)c->stage.tables[FH_KIND_PORT].slots[i];
		struct fh_ct_stats stats;
		if (!g->old || g->next)
			continue;
		fh_ct_stats(((const struct m_port *)g->old)->port->ct, &stats);
		*cuts += stats.live;
	}
	roll_back(c);
	free(c);
	out->result = rc;
	return rc;
}

bool model_snapshot(struct fh_buffer *b)
{
	if (!fh_wire_begin(b))
		return false;
	fh_wire_flag(b, FH_WIRE_TXN_REPLACE_ALL);
	fh_wire_mark(b, &model.mark_epoch, model.revision);
	for (uint32_t kind = FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++) {
		const struct table *t = &model.tables[kind];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			const struct object *o = t->slots[i];
			if (!o)
				continue;
			if (kind == FH_KIND_SEGMENT) {
				fh_wire_put_plain(b, FH_KIND_SEGMENT, &((const struct m_segment *)o)->spec, sizeof(struct fh_segment));
			} else if (kind == FH_KIND_SET) {
				const struct m_set *m = (const struct m_set *)o;
				fh_wire_put_set(b, &(struct fh_set){ .id = o->id, .generation = o->generation, .n_members = m->n,
								     .members = m->members, .tenant = m->domain->tenant });
			} else if (kind == FH_KIND_GROUP) {
				const struct m_group *g = (const struct m_group *)o;
				fh_wire_put_group(b, &(struct fh_group){ .id = o->id, .generation = o->generation, .flags = g->flags,
									 .n_rules = g->n_rules, .rules = g->rules,
									 .tenant = g->domain->tenant });
			} else if (kind == FH_KIND_ROUTER) {
				fh_wire_put_plain(b, FH_KIND_ROUTER, &((const struct m_router *)o)->spec, sizeof(struct fh_router));
			} else {
				fh_wire_put_plain(b, FH_KIND_PORT, &((const struct m_port *)o)->spec, sizeof(struct fh_port));
			}
		}
	}
	return !b->failed;
}

int model_tick(void)
{
	uint64_t now = dp_unix_ns(), next = fh_pol_next_boundary(dp.rules);
	if (next <= now) {
		fh_pol_tick(dp.rules, now);
		dp_grace();
		run_deferred(deferred.n);
		next = fh_pol_next_boundary(dp.rules);
		now = dp_unix_ns();
	}
	if (next == UINT64_MAX)
		return -1;
	uint64_t ms = next <= now ? 1 : (next - now) / 1000000 + 1;
	return ms > 1000 ? 1000 : (int)ms; /* the clock may be set: look again soon */
}

void model_init(void)
{
	dp.world = calloc(1, sizeof *dp.world);
	if (!dp.world)
		abort();
}
