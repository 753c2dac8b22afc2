#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int stage_fail(struct stage *s, int result, uint32_t kind, const struct fh_id *id, const char *format, ...)
{
	va_list args;
	s->out->result = result;
	s->out->failed_kind = kind;
	if (id)
		s->out->failed_id = *id;
	va_start(args, format);
	vsnprintf(s->out->message, sizeof s->out->message, format, args);
	va_end(args);
	return result;
}

int stage_no_memory(struct stage *s)
{
	return stage_fail(s, FH_ENOMEM, 0, NULL, "Memory ran out while the transaction was read; nothing was changed. Repeat it.");
}

/* --- domains ---------------------------------------------------------------------------------------------------------- */
struct domain *domain_get(const struct fh_id *tenant)
{
	for (struct domain *d = model.domains; d; d = d->next) {
		if (memcmp(&d->tenant, tenant, sizeof *tenant) == 0) {
			d->users++;
			return d;
		}
	}
	struct domain *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->rules = fh_pol_domain_new(dp.rules);
	if (!d->rules) {
		free(d);
		return NULL;
	}
	*d = (struct domain){ .next = model.domains, .tenant = *tenant, .rules = d->rules, .users = 1 };
	model.domains = d;
	return d;
}

void domain_put(struct domain *d)
{
	if (!d || --d->users)
		return;
	struct domain **at = &model.domains;
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	fh_pol_domain_free(d->rules);
	free(d);
}

void object_free(struct object *o)
{
	struct domain *d = NULL;
	if (!o)
		return;
	if (o->kind == FH_KIND_SET) {
		struct m_set *m = (struct m_set *)o;
		d = m->domain;
		if (m->owns_compiled)
			fh_pol_set_unref(m->compiled);
		free(m->members);
	} else if (o->kind == FH_KIND_GROUP) {
		struct m_group *g = (struct m_group *)o;
		d = g->domain;
		if (g->compiled)
			fh_pol_group_unref(g->compiled);
		free(g->rules);
	} else if (o->kind == FH_KIND_PORT) {
		d = ((struct m_port *)o)->domain;
	}
	free(o);
	domain_put(d);
}

static struct domain *domain_of(const struct object *o)
{
	switch (o->kind) {
	case FH_KIND_SET:
		return ((const struct m_set *)o)->domain;
	case FH_KIND_GROUP:
		return ((const struct m_group *)o)->domain;
	case FH_KIND_PORT:
		return ((const struct m_port *)o)->domain;
	default:
		return NULL;
	}
}

/* --- validation ------------------------------------------------------------------------------------------------------ */
bool stage_address_ok(const struct fh_addr *a)
{
	return (a->family == 4 && a->prefix_len <= 32) || (a->family == 6 && a->prefix_len <= 128);
}

bool stage_overlap(const struct fh_addr *a, const struct fh_addr *b)
{
	unsigned bits = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;
	if (a->family != b->family || memcmp(a->b, b->b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || ((a->b[bits / 8] ^ b->b[bits / 8]) >> (8 - bits % 8)) == 0;
}

bool stage_unicast_mac(const uint8_t mac[6])
{
	static const uint8_t zero[6];
	return !(mac[0] & 1) && memcmp(mac, zero, 6) != 0;
}

static const char *segment_fault(const struct fh_segment *g)
{
	if (g->vni < 1 || g->vni >= 1u << 24)
		return "its VNI is not in 1 to 16777215";
	if (g->mtu < 576 || g->mtu > 65535)
		return "its MTU is not in 576 to 65535";
	bool external = g->flags & FH_SEGMENT_EXTERNAL;
	if (!external && !stage_unicast_mac(g->gateway_mac))
		return "its gateway MAC is no unicast address";
	if (external && (g->transport == FH_TRANSPORT_NONE || !stage_is_zero(&g->tenant)))
		return "it is external and has no uplink, or has a tenant";
	if (g->n_subnets > FH_MAX_SUBNETS)
		return "it has more than 8 subnets";
	if (g->transport > FH_TRANSPORT_QINQ)
		return "its transport is unknown; this dataplane is older than who sent it";
	if (g->transport >= FH_TRANSPORT_VLAN && (g->vlan < (external && g->transport == FH_TRANSPORT_VLAN ? 0 : 1) || g->vlan > 4094))
		return "its VLAN is not in 1 to 4094";
	if (g->transport == FH_TRANSPORT_QINQ && (g->outer_vlan < 1 || g->outer_vlan > 4094))
		return "its outer VLAN is not in 1 to 4094";
	for (uint32_t i = 0; i < g->n_subnets; i++) {
		const struct fh_subnet *n = &g->subnets[i];
		if (!stage_address_ok(&n->prefix))
			return "a subnet's prefix is malformed";
		if (n->gateway.family && n->gateway.family != n->prefix.family)
			return "a subnet's gateway is of another family than its prefix";
		if (n->n_dns > FH_MAX_DNS)
			return "a subnet has more than 4 DNS servers";
		for (uint32_t k = 0; k < n->n_dns; k++)
			if (n->dns[k].family != 4 && n->dns[k].family != 6)
				return "a DNS server's address is malformed";
	}
	return NULL;
}

static bool host4(const struct fh_addr *a)
{
	static const uint8_t zero[4];
	return a->family == 4 && a->prefix_len == 32 && memcmp(a->b, zero, 4) != 0;
}

static bool public_ok(const struct fh_public *p)
{
	if (p->kind == FH_PUBLIC_OWN)
		return p->address.family == 6 && p->address.prefix_len == 128;
	if (!host4(&p->address))
		return false;
	if (p->kind == FH_PUBLIC_FLOATING)
		return host4(&p->inside);
	return p->kind == FH_PUBLIC_SHARED && p->port_min >= 1024 && p->port_min % 64 == 0 && p->port_max % 64 == 63 && p->port_min < p->port_max;
}

static const char *port_fault(const struct fh_port *p)
{
	if (!stage_unicast_mac(p->mac))
		return "its MAC is no unicast address";
	if (!memchr(p->socket_path, 0, sizeof p->socket_path) || p->socket_path[0] != '/')
		return "its socket path is not absolute or not terminated";
	if (!memchr(p->hostname, 0, sizeof p->hostname))
		return "its host name is not terminated";
	if (p->queue_pairs < 1 || p->queue_pairs > DP_MAX_QUEUES)
		return "it has not 1 to 16 queue pairs";
	if (p->connection_quota < 1024 || p->connection_quota > 4194304)
		return "its connection quota is not in 1024 to 4194304";
	if (p->tcp_established_s && (p->tcp_established_s < 60 || p->tcp_established_s > 432000))
		return "its TCP timeout is not in 60 to 432000 seconds";
	if (p->n_addrs > FH_MAX_PORT_ADDRS || p->n_groups > FH_MAX_PORT_GROUPS)
		return "it has more than 32 addresses or 64 groups";
	for (uint32_t i = 0; i < p->n_addrs; i++)
		if (!stage_address_ok(&p->addrs[i]))
			return "one of its addresses is malformed";
	if (p->n_public > FH_MAX_PORT_PUBLIC)
		return "it has more than 8 public addresses";
	for (uint32_t i = 0; i < p->n_public; i++)
		if (!public_ok(&p->public_[i]))
			return "one of its public addresses is malformed: it is IPv4, floating with an inside address or shared with whole blocks of 64 ports, or IPv6 and the port's own";
	return NULL;
}

/* --- staging ------------------------------------------------------------------------------------------------------------ */
static struct staged *staged_of(const struct stage *s, uint32_t kind, const struct fh_id *id)
{
	return (struct staged *)table_find(&s->tables[kind], id);
}

struct object *stage_find(const struct stage *s, uint32_t kind, const struct fh_id *id)
{
	const struct staged *g = staged_of(s, kind, id);
	return g ? g->next : table_find(&model.tables[kind], id);
}

bool stage_changed(const struct stage *s, uint32_t kind, const struct fh_id *id)
{
	const struct staged *g = staged_of(s, kind, id);
	return g && g->next != g->old;
}

struct object *stage_next(const struct stage *s, uint32_t kind, uint32_t *cursor)
{
	const struct table *base = &model.tables[kind], *over = &s->tables[kind];
	while (*cursor < base->n_slots) {
		struct object *o = base->slots[(*cursor)++];
		if (o && !staged_of(s, kind, &o->id))
			return o;
	}
	while (*cursor - base->n_slots < over->n_slots) {
		struct staged *g = (struct staged *)over->slots[(*cursor)++ - base->n_slots];
		if (g && g->next)
			return g->next;
	}
	return NULL;
}

int stage_object(struct stage *s, uint32_t kind, const struct fh_id *id, struct object *next)
{
	struct staged *g = staged_of(s, kind, id);
	if (g) {
		if (g->next != g->old && g->next != next)
			object_free(g->next);
		g->next = next;
		return FH_OK;
	}
	g = calloc(1, sizeof *g);
	if (!g || !table_reserve(&s->tables[kind], 1)) {
		free(g);
		if (next != table_find(&model.tables[kind], id))
			object_free(next);
		return stage_no_memory(s);
	}
	g->o = (struct object){ .kind = kind, .id = *id };
	g->old = table_find(&model.tables[kind], id);
	g->next = next;
	table_put(&s->tables[kind], &g->o);
	return FH_OK;
}

bool stage_unchanged(struct stage *s, uint32_t kind, const struct fh_id *id, uint64_t generation, int *rc)
{
	struct object *old = table_find(&model.tables[kind], id);
	if (!old || old->generation != generation)
		return false;
	*rc = stage_object(s, kind, id, old);
	return true;
}

void *stage_new(size_t size, uint32_t kind, const struct fh_id *id, uint64_t generation)
{
	struct object *o = calloc(1, size);
	if (o)
		*o = (struct object){ .kind = kind, .id = *id, .generation = generation };
	return o;
}

int stage_malformed(struct stage *s, uint32_t kind, const struct fh_id *id)
{
	return stage_fail(s, FH_EINVAL, kind, id, "A record of the transaction is malformed; send it again with a library of this version.");
}

static int refuse_tenant(struct stage *s, uint32_t kind, const struct fh_id *id)
{
	return stage_fail(s, FH_EINVAL, kind, id, "The object belongs to another tenant; use another id.");
}

static bool tenant_moves(uint32_t kind, const struct fh_id *id, const struct domain *d)
{
	const struct object *old = table_find(&model.tables[kind], id);
	return old && domain_of(old) != d;
}

static int put_segment(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_segment spec;
	int rc;
	if (!fh_wire_fixed(item, &spec, sizeof spec, offsetof(struct fh_segment, subnets)))
		return stage_malformed(s, FH_KIND_SEGMENT, NULL);
	const char *fault = segment_fault(&spec);
	if (fault)
		return stage_fail(s, FH_EINVAL, FH_KIND_SEGMENT, &spec.id, "The segment is refused: %s.", fault);
	const struct m_segment *old = (const struct m_segment *)table_find(&model.tables[FH_KIND_SEGMENT], &spec.id);
	/* A segment of an older journal has no tenant yet: it gains one without a new generation. */
	bool same_tenant = old && memcmp(&old->spec.tenant, &spec.tenant, sizeof spec.tenant) == 0;
	if (same_tenant && stage_unchanged(s, FH_KIND_SEGMENT, &spec.id, spec.generation, &rc))
		return rc;
	if (old && !same_tenant && !stage_is_zero(&old->spec.tenant))
		return refuse_tenant(s, FH_KIND_SEGMENT, &spec.id);
	struct m_segment *o = stage_new(sizeof *o, FH_KIND_SEGMENT, &spec.id, spec.generation);
	if (!o)
		return stage_no_memory(s);
	o->world_slot = DP_MAX_SEGMENTS; /* none yet */
	o->spec = spec;
	return stage_object(s, FH_KIND_SEGMENT, &spec.id, &o->o);
}

static int put_port(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_port spec;
	int rc;
	if (!fh_wire_fixed(item, &spec, sizeof spec, offsetof(struct fh_port, tenant)))
		return stage_malformed(s, FH_KIND_PORT, NULL);
	const char *fault = port_fault(&spec);
	if (fault)
		return stage_fail(s, FH_EINVAL, FH_KIND_PORT, &spec.id, "The port is refused: %s.", fault);
	if (stage_unchanged(s, FH_KIND_PORT, &spec.id, spec.generation, &rc))
		return rc;
	struct m_port *o = stage_new(sizeof *o, FH_KIND_PORT, &spec.id, spec.generation);
	if (!o || !(o->domain = domain_get(&spec.tenant))) {
		free(o);
		return stage_no_memory(s);
	}
	o->spec = spec;
	if (tenant_moves(FH_KIND_PORT, &spec.id, o->domain)) {
		object_free(&o->o);
		return refuse_tenant(s, FH_KIND_PORT, &spec.id);
	}
	return stage_object(s, FH_KIND_PORT, &spec.id, &o->o);
}

static int put_group(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_wire_group w;
	int rc;
	if (!fh_wire_fixed(item, &w, sizeof w, sizeof w))
		return stage_malformed(s, FH_KIND_GROUP, NULL);
	const uint8_t *rules = fh_wire_array(item, sizeof w, w.n_rules, w.rule_size);
	if (!rules || w.n_rules > 10000 || (w.n_rules && w.rule_size < sizeof(struct fh_rule)))
		return stage_malformed(s, FH_KIND_GROUP, &w.id);
	if (stage_unchanged(s, FH_KIND_GROUP, &w.id, w.generation, &rc))
		return rc;
	struct m_group *o = stage_new(sizeof *o, FH_KIND_GROUP, &w.id, w.generation);
	if (!o)
		return stage_no_memory(s);
	o->domain = domain_get(&w.tenant);
	o->flags = w.flags;
	o->n_rules = w.n_rules;
	o->rules = calloc(w.n_rules + 1, sizeof o->rules[0]);
	if (!o->domain || !o->rules) {
		object_free(&o->o);
		return stage_no_memory(s);
	}
	for (uint32_t i = 0; i < w.n_rules; i++)
		memcpy(&o->rules[i], rules + (size_t)i * w.rule_size, sizeof o->rules[0]);
	if (tenant_moves(FH_KIND_GROUP, &w.id, o->domain)) {
		object_free(&o->o);
		return refuse_tenant(s, FH_KIND_GROUP, &w.id);
	}
	return stage_object(s, FH_KIND_GROUP, &w.id, &o->o);
}

/* --- sets: members are kept sorted and unique, so that differences are found by merging ---------------------------------- */
static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fh_addr));
}

static uint32_t sort_members(struct fh_addr *m, uint32_t n)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++)
		memset(m[i].pad, 0, sizeof m[i].pad);
	qsort(m, n, sizeof *m, by_bytes);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || by_bytes(&m[kept - 1], &m[i]) != 0)
			m[kept++] = m[i];
	return kept;
}

static struct fh_addr *copy_members(const uint8_t *from, uint32_t n)
{
	struct fh_addr *m = calloc(n + 1, sizeof *m);
	if (m && n)
		memcpy(m, from, n * sizeof *m);
	return m;
}

static int stage_set(struct stage *s, const struct fh_id *id, uint64_t generation, struct domain *domain, struct fh_addr *members,
		     uint32_t n)
{
	struct m_set *o = members && domain ? stage_new(sizeof *o, FH_KIND_SET, id, generation) : NULL;
	if (!o) {
		free(members);
		domain_put(domain);
		return stage_no_memory(s);
	}
	o->domain = domain;
	o->members = members;
	o->n = n;
	for (uint32_t i = 0; i < n; i++) {
		if (!stage_address_ok(&members[i])) {
			stage_fail(s, FH_EINVAL, FH_KIND_SET, id, "A member of the set is malformed: family %u, prefix length %u.",
				   members[i].family, members[i].prefix_len);
			object_free(&o->o);
			return FH_EINVAL;
		}
	}
	if (n > 65536) {
		object_free(&o->o);
		return stage_fail(s, FH_ELIMIT, FH_KIND_SET, id, "The set would have %u members; 65536 are allowed.", n);
	}
	if (tenant_moves(FH_KIND_SET, id, domain)) {
		object_free(&o->o);
		return refuse_tenant(s, FH_KIND_SET, id);
	}
	return stage_object(s, FH_KIND_SET, id, &o->o);
}

static int put_set(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_wire_set w;
	int rc;
	if (!fh_wire_fixed(item, &w, sizeof w, sizeof w))
		return stage_malformed(s, FH_KIND_SET, NULL);
	const uint8_t *from = fh_wire_array(item, sizeof w, w.n_members, sizeof(struct fh_addr));
	if (!from)
		return stage_malformed(s, FH_KIND_SET, &w.id);
	if (stage_unchanged(s, FH_KIND_SET, &w.id, w.generation, &rc))
		return rc;
	struct fh_addr *members = copy_members(from, w.n_members);
	uint32_t n = members ? sort_members(members, w.n_members) : 0;
	return stage_set(s, &w.id, w.generation, domain_get(&w.tenant), members, n);
}

/* (old without remove) with add, all sorted. Return: number of members written to out. */
static uint32_t merge(const struct m_set *old, const struct fh_addr *add, uint32_t n_add, const struct fh_addr *remove, uint32_t n_remove,
		      struct fh_addr *out)
{
	uint32_t n = 0, i = 0, a = 0, r = 0;
	while (i < old->n || a < n_add) {
		int c = i == old->n ? 1 : a == n_add ? -1 : by_bytes(&old->members[i], &add[a]);
		if (c >= 0) {
			out[n++] = add[a++];
			i += c == 0;
			continue;
		}
		while (r < n_remove && by_bytes(&remove[r], &old->members[i]) < 0)
			r++;
		if (r == n_remove || by_bytes(&remove[r], &old->members[i]) != 0)
			out[n++] = old->members[i];
		i++;
	}
	return n;
}

static int change_set(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_wire_change w;
	if (!fh_wire_fixed(item, &w, sizeof w, sizeof w))
		return stage_malformed(s, FH_KIND_SET, NULL);
	const uint8_t *from = fh_wire_array(item, sizeof w, (size_t)w.n_add + w.n_remove, sizeof(struct fh_addr));
	if (!from)
		return stage_malformed(s, FH_KIND_SET, &w.id);
	struct m_set *old = (struct m_set *)stage_find(s, FH_KIND_SET, &w.id);
	if (!old)
		return stage_fail(s, FH_ESTALE, FH_KIND_SET, &w.id, "The set does not exist; put the whole set.");
	if (old->o.generation == w.generation)
		return stage_object(s, FH_KIND_SET, &w.id, &old->o);
	if (old->o.generation != w.base)
		return stage_fail(s, FH_ESTALE, FH_KIND_SET, &w.id, "The set has generation %llu, the change was made for %llu; put the whole set.",
				  (unsigned long long)old->o.generation, (unsigned long long)w.base);
	struct fh_addr *add = copy_members(from, w.n_add), *remove = copy_members(from + w.n_add * sizeof *add, w.n_remove);
	struct fh_addr *members = calloc((size_t)old->n + w.n_add + 1, sizeof *members);
	uint32_t n = 0;
	if (add && remove && members)
		n = merge(old, add, sort_members(add, w.n_add), remove, sort_members(remove, w.n_remove), members);
	bool failed = !add || !remove;
	free(add);
	free(remove);
	if (failed) {
		free(members);
		return stage_no_memory(s);
	}
	struct fh_id tenant = old->domain->tenant;
	return stage_set(s, &w.id, w.generation, domain_get(&tenant), members, n);
}

static int stage_record(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_id id;
	switch (item->op) {
	case FH_WIRE_PUT:
		switch (item->kind) {
		case FH_KIND_SEGMENT:
			return put_segment(s, item);
		case FH_KIND_SET:
			return put_set(s, item);
		case FH_KIND_GROUP:
			return put_group(s, item);
		case FH_KIND_PORT:
			return put_port(s, item);
		case FH_KIND_ROUTER:
			return stage_router(s, item);
		case FH_KIND_UPLINK:
			return stage_uplink(s, item);
		case FH_KIND_REMOTE_PORT:
			return stage_remote(s, item);
		}
		break;
	case FH_WIRE_CHANGE:
		if (item->kind == FH_KIND_SET)
			return change_set(s, item);
		break;
	case FH_WIRE_REMOVE:
		if (item->kind >= FH_KIND_SEGMENT && item->kind <= FH_WIRE_LAST_KIND && fh_wire_fixed(item, &id, sizeof id, sizeof id))
			return stage_find(s, item->kind, &id) ? stage_object(s, item->kind, &id, NULL) : FH_OK;
		break;
	}
	return stage_malformed(s, item->kind, NULL);
}

int stage_records(struct stage *s, const void *payload, size_t len, struct fh_wire_txn *head)
{
	struct fh_wire_reader r;
	struct fh_wire_item item;
	int more, rc;
	if (!fh_wire_read_txn(&r, payload, len, head))
		return stage_malformed(s, 0, NULL);
	s->replace_all = head->flags & FH_WIRE_TXN_REPLACE_ALL;
	/* Of transactions before this one, when several are staged together. */
	for (uint32_t kind = FH_KIND_SEGMENT; s->replace_all && kind <= FH_WIRE_LAST_KIND; kind++)
		for (uint32_t i = 0; i < s->tables[kind].n_slots; i++)
			if ((rc = stage_object(s, kind, &s->tables[kind].slots[i]->id, NULL)) != FH_OK)
				return rc;
	while ((more = fh_wire_next(&r, &item)) > 0)
		if ((rc = stage_record(s, &item)) != FH_OK)
			return rc;
	if (more < 0)
		return stage_malformed(s, 0, NULL);
	for (uint32_t kind = FH_KIND_SEGMENT; s->replace_all && kind <= FH_WIRE_LAST_KIND; kind++) {
		const struct table *t = &model.tables[kind];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			struct object *o = t->slots[i];
			if (o && !staged_of(s, kind, &o->id) && (rc = stage_object(s, kind, &o->id, NULL)) != FH_OK)
				return rc;
		}
	}
	return FH_OK;
}

/* --- references ------------------------------------------------------------------------------------------------------------ */
static int group_references(struct stage *s, const struct m_group *g)
{
	for (uint32_t i = 0; i < g->n_rules; i++) {
		if (g->rules[i].remote != FH_REMOTE_SET)
			continue;
		const struct object *set = stage_find(s, FH_KIND_SET, &g->rules[i].set);
		if (!set || domain_of(set) != g->domain)
			return stage_fail(s, FH_EREF, FH_KIND_GROUP, &g->o.id,
					  "Rule %u of the group refers to a set that does not exist in its tenant; put the set, too.", i + 1);
	}
	return FH_OK;
}

static int port_references(struct stage *s, const struct m_port *p)
{
	const struct m_segment *segment = (const struct m_segment *)stage_find(s, FH_KIND_SEGMENT, &p->spec.segment);
	if (!segment)
		return stage_fail(s, FH_EREF, FH_KIND_PORT, &p->o.id, "The port refers to a segment that does not exist; put the segment, too.");
	if (segment->spec.flags & FH_SEGMENT_EXTERNAL)
		return stage_fail(s, FH_EREF, FH_KIND_PORT, &p->o.id, "The port is in an external segment; give it a public address there instead.");
	if (!stage_is_zero(&segment->spec.tenant) && memcmp(&segment->spec.tenant, &p->domain->tenant, sizeof p->domain->tenant) != 0)
		return stage_fail(s, FH_EREF, FH_KIND_PORT, &p->o.id, "The port refers to a segment of another tenant; put it into one of its own.");
	for (uint32_t i = 0; i < p->spec.n_groups; i++) {
		const struct object *g = stage_find(s, FH_KIND_GROUP, &p->spec.groups[i]);
		if (!g || domain_of(g) != p->domain)
			return stage_fail(s, FH_EREF, FH_KIND_PORT, &p->o.id,
					  "Group %u of the port does not exist in its tenant; put the group, too.", i + 1);
	}
	return FH_OK;
}

static bool removes(const struct stage *s)
{
	for (uint32_t kind = FH_KIND_SEGMENT; kind < FH_KIND_PORT; kind++)
		for (uint32_t i = 0; i < s->tables[kind].n_slots; i++)
			if (!((struct staged *)s->tables[kind].slots[i])->next)
				return true;
	return false;
}

int stage_references(struct stage *s)
{
	/* Without removals only what the transaction puts can refer to nothing. */
	bool all = removes(s);
	for (uint32_t kind = FH_KIND_GROUP; kind <= FH_KIND_PORT; kind++) {
		uint32_t cursor = 0;
		struct object *o;
		while ((o = stage_next(s, kind, &cursor))) {
			if (!all && !stage_changed(s, kind, &o->id))
				continue;
			int rc = kind == FH_KIND_GROUP ? group_references(s, (struct m_group *)o) : port_references(s, (struct m_port *)o);
			if (rc != FH_OK)
				return rc;
		}
	}
	return stage_net_references(s);
}

void stage_free(struct stage *s, bool with_next)
{
	for (uint32_t kind = FH_WIRE_LAST_KIND; kind >= FH_KIND_SEGMENT; kind--) {
		struct table *t = &s->tables[kind];
		for (uint32_t i = 0; i < t->n_slots; i++) {
			struct staged *g = (struct staged *)t->slots[i];
			if (g && with_next && g->next != g->old)
				object_free(g->next);
			free(g);
		}
		free(t->slots);
		free(t->index);
	}
}
