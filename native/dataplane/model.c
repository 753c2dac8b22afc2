#include "model.h"

#include <stdio.h>
#include <stdlib.h>

#include "commit.h"
#include "journal.h"
#include "log.h"
#include "port.h"
#include "uplink.h"
#include "view.h"

struct model model;


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
			return commit_no_memory(c);
		next->owns_compiled = true;
		return fh_pol_set_replace(next->compiled, next->members, next->n) == FH_OK ? FH_OK : commit_no_memory(c);
	}
	struct set_plan *p = &c->sets[c->n_sets++];
	*p = (struct set_plan){ .next = next };
	p->added = calloc(next->n + 1u, sizeof p->added[0]);
	p->removed = calloc(old->n + 1u, sizeof p->removed[0]);
	if (!p->added || !p->removed)
		return commit_no_memory(c);
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
	return rc == FH_OK ? FH_OK : commit_no_memory(c);
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
	if (rc == FH_ENOSPACE)
		return stage_fail(&c->stage, rc, FH_KIND_PORT, &object->o.id,
				  "The file system of the dataplane's state directory has no room for the port; nothing was changed. Free some space.");
	if (rc == FH_EINTERNAL)
		return stage_fail(&c->stage, rc, FH_KIND_PORT, &object->o.id,
				  "The connection table cannot be created below the state directory; look at its rights.");
	if (rc != FH_OK)
		return commit_no_memory(c);
	p->created = !old;
	p->view = view_port(&object->spec, p->port, &segment->spec, segment->world_slot);
	p->policy = fh_policy_new(object->domain->rules);
	if (!p->view || !p->policy)
		return commit_no_memory(c);
	p->view->policy = p->policy;
	for (uint32_t i = 0; i < object->spec.n_groups; i++)
		groups[i] = ((struct m_group *)stage_find(&c->stage, FH_KIND_GROUP, &object->spec.groups[i]))->compiled;
	if (fh_policy_attach(p->policy, groups, object->spec.n_groups) != FH_OK)
		return commit_no_memory(c);
	object->port = p->port;
	return FH_OK;
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
		return commit_no_memory(c);
	for (uint32_t kind = FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++)
		if (!table_reserve(&model.tables[kind], staged[kind].n_slots))
			return commit_no_memory(c);
	*c->world = *dp.world;
	for (uint32_t kind = FH_KIND_SEGMENT; kind <= FH_WIRE_LAST_KIND; kind++) {
		for (uint32_t i = 0; i < staged[kind].n_slots; i++) {
			struct staged *g = (struct staged *)staged[kind].slots[i];
			if (!g->next || g->next == g->old)
				continue;
			if (kind == FH_KIND_SEGMENT || kind == FH_KIND_ROUTER)
				rc = commit_take_slot(c, g);
			else if (kind == FH_KIND_SET)
				rc = prepare_set(c, (struct m_set *)g->next, (struct m_set *)g->old);
			else if (kind == FH_KIND_GROUP)
				rc = prepare_group(c, (struct m_group *)g->next);
			if (rc != FH_OK)
				return rc;
		}
	}
	while ((o = stage_next(&c->stage, FH_KIND_PORT, &cursor)))
		if (port_affected(c, (struct m_port *)o) && (rc = prepare_port(c, (struct m_port *)o)) != FH_OK)
			return rc;
	return commit_prepare_networks(c);
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
			port_free(p->port, !c->replays);
		else if (p->port)
			port_abandon(p->port);
	}
	commit_roll_back_networks(c);
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
	commit_reclaim_networks(c, before);
	free(before);
	for (uint32_t kind = FH_WIRE_LAST_KIND; kind >= FH_KIND_SEGMENT; kind--) {
		const struct table *t = &c->stage.tables[kind];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			struct staged *g = (struct staged *)t->slots[i];
			if (!g->old || g->next == g->old)
				continue;
			if (kind == FH_KIND_PORT && !g->next)
				port_free(((struct m_port *)g->old)->port, true);
			if (!g->next)
				commit_give_slot(g->old);
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
	uplinks_apply();
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
	if (rc == FH_OK && journal && (rc = journal_append(payload, len)) != FH_OK)
		stage_fail(&c->stage, rc, 0, NULL, "The change cannot be written to the dataplane's state directory; nothing was changed. Look at %s.",
			   rc == FH_ENOSPACE ? "its space" : "its rights and the disk");
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

int model_replay(const struct model_record *records, unsigned n, struct fh_commit_result *out)
{
	struct fh_wire_txn head, mark = { .flags = 0 };
	*out = (struct fh_commit_result){ .struct_size = sizeof *out };
	struct commit *c = calloc(1, sizeof *c);
	if (!c) {
		out->result = FH_ENOMEM;
		return out->result;
	}
	c->stage.out = out;
	c->replays = true;
	int rc = FH_OK;
	for (unsigned i = 0; rc == FH_OK && i < n; i++) {
		rc = stage_records(&c->stage, records[i].payload, records[i].len, &head);
		if (rc == FH_OK && head.flags & FH_WIRE_TXN_MARK)
			mark = head;
	}
	if (rc == FH_OK)
		rc = stage_references(&c->stage);
	if (rc == FH_OK)
		rc = prepare(c);
	if (rc == FH_OK)
		apply(c, &mark);
	else
		roll_back(c);
	free(c);
	out->result = rc;
	out->revision = model.revision;
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
			} else if (kind == FH_KIND_UPLINK) {
				fh_wire_put_plain(b, FH_KIND_UPLINK, &((const struct m_uplink *)o)->spec, sizeof(struct fh_uplink));
			} else if (kind == FH_KIND_REMOTE_PORT) {
				fh_wire_put_plain(b, FH_KIND_REMOTE_PORT, &((const struct m_remote *)o)->spec, sizeof(struct fh_remote_port));
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
