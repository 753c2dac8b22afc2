/* Staging of what joins networks: routers, uplinks, remotes. See stage.h and model.h. */
#include <stdio.h>

#include "log.h"
#include "stage.h"
#include "uplink.h"

/* --- routers ---------------------------------------------------------------------------------------------------------- */
static const char *router_fault(const struct fh_router *r)
{
	if (r->n_segments > FH_MAX_ROUTER_SEGMENTS || r->n_routes > FH_MAX_ROUTER_ROUTES)
		return "it has more than 32 segments or 64 routes";
	for (uint32_t i = 0; i < r->n_routes; i++) {
		const struct fh_route *route = &r->routes[i];
		bool via = route->via.family != 0;
		if (!stage_address_ok(&route->prefix) || (via && (!stage_address_ok(&route->via) || route->via.family != route->prefix.family)))
			return "one of its routes is malformed";
	}
	return NULL;
}

int stage_router(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_router spec;
	int rc;
	if (!fh_wire_fixed(item, &spec, sizeof spec, offsetof(struct fh_router, external)))
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

/* --- uplinks ---------------------------------------------------------------------------------------------------------- */
static const char *uplink_fault(const struct fh_uplink *u)
{
	static const uint8_t zero[6];
	if (!memchr(u->device, 0, sizeof u->device) || !u->device[0])
		return "its device's name is empty or not terminated";
	if (u->mtu && (u->mtu < 576 || u->mtu > 65535))
		return "its MTU is not in 576 to 65535";
	if (u->vlan > 4094)
		return "its VLAN is not in 0 to 4094";
	if (memcmp(u->mac, zero, 6) != 0 && !stage_unicast_mac(u->mac))
		return "its MAC is no unicast address";
	if (u->address.family && (u->address.family != 4 || !stage_address_ok(&u->address)))
		return "its address is no IPv4 address; tunnels run over IPv4";
	if (u->gateway.family && (u->gateway.family != 4 || !stage_overlap(&u->address, &u->gateway)))
		return "its gateway is no IPv4 address under the address's prefix";
	return NULL;
}

/* Return: what there is, for who named another. */
static const char *devices(void)
{
	static char names[DP_MAX_UPLINKS * FH_MAX_DEVICE + 32];
	size_t at = 0;
	for (unsigned i = 0; i < dp.n_uplinks; i++)
		at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "", dp.uplinks[i]->device);
	return at ? names : "none";
}

int stage_uplink(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_uplink spec;
	int rc;
	if (!fh_wire_fixed(item, &spec, sizeof spec, sizeof spec))
		return stage_malformed(s, FH_KIND_UPLINK, NULL);
	const char *fault = uplink_fault(&spec);
	if (fault)
		return stage_fail(s, FH_EINVAL, FH_KIND_UPLINK, &spec.id, "The uplink is refused: %s.", fault);
	if (stage_unchanged(s, FH_KIND_UPLINK, &spec.id, spec.generation, &rc))
		return rc;
	struct m_uplink *o = stage_new(sizeof *o, FH_KIND_UPLINK, &spec.id, spec.generation);
	if (!o)
		return stage_no_memory(s);
	o->spec = spec;
	o->device = uplink_find(spec.device);
	if (!o->device)
		dp_log(LOG_WARNING, "uplink %s: its networks are on this host only, since the dataplane was started with other devices: %s",
		       spec.device, devices());
	return stage_object(s, FH_KIND_UPLINK, &spec.id, &o->o);
}

/* --- remotes ---------------------------------------------------------------------------------------------------------- */
static const char *remote_fault(const struct fh_remote_port *r)
{
	if (!stage_unicast_mac(r->mac))
		return "its MAC is no unicast address";
	if (r->n_addrs > FH_MAX_PORT_ADDRS)
		return "it has more than 32 addresses";
	if (r->tunnel.family && (r->tunnel.family != 4 || r->tunnel.prefix_len != 32))
		return "its tunnel end is no IPv4 address";
	for (uint32_t i = 0; i < r->n_addrs; i++)
		if (!stage_address_ok(&r->addrs[i]))
			return "one of its addresses is malformed";
	return NULL;
}

int stage_remote(struct stage *s, const struct fh_wire_item *item)
{
	struct fh_remote_port spec;
	int rc;
	if (!fh_wire_fixed(item, &spec, sizeof spec, offsetof(struct fh_remote_port, addrs)))
		return stage_malformed(s, FH_KIND_REMOTE_PORT, NULL);
	const char *fault = remote_fault(&spec);
	if (fault)
		return stage_fail(s, FH_EINVAL, FH_KIND_REMOTE_PORT, &spec.id, "The remote NIC is refused: %s.", fault);
	if (stage_unchanged(s, FH_KIND_REMOTE_PORT, &spec.id, spec.generation, &rc))
		return rc;
	struct m_remote *o = stage_new(sizeof *o, FH_KIND_REMOTE_PORT, &spec.id, spec.generation);
	if (!o)
		return stage_no_memory(s);
	o->spec = spec;
	return stage_object(s, FH_KIND_REMOTE_PORT, &spec.id, &o->o);
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

static int check_router(struct stage *s, struct object *o)
{
	struct m_router *r = (struct m_router *)o;
	for (uint32_t i = 0; i < r->spec.n_segments; i++) {
		struct m_segment *g = segment_of(s, r, i);
		if (!g)
			return refuse(s, r, i, "does not exist; put the segment, too");
		if (g->spec.flags & FH_SEGMENT_EXTERNAL)
			return refuse(s, r, i, "is external; say so in the router's external segment");
		if (memcmp(&g->spec.tenant, &r->spec.tenant, sizeof r->spec.tenant) != 0)
			return refuse(s, r, i, "belongs to another tenant; join segments of the router's own tenant");
		if (g->router)
			return refuse(s, r, i, "has a router already; take it out of that one first");
		for (uint32_t k = 0; k < i; k++)
			if (subnets_overlap(&segment_of(s, r, k)->spec, &g->spec))
				return refuse(s, r, i, "has a subnet that overlaps with one of another segment; change one of the two");
		g->router = r;
	}
	r->external = stage_is_zero(&r->spec.external) ? NULL : (struct m_segment *)stage_find(s, FH_KIND_SEGMENT, &r->spec.external);
	if (!r->external && !stage_is_zero(&r->spec.external))
		return stage_fail(s, FH_EREF, FH_KIND_ROUTER, &r->o.id, "The router's external segment does not exist; put the segment, too.");
	if (r->external && !(r->external->spec.flags & FH_SEGMENT_EXTERNAL))
		return stage_fail(s, FH_EREF, FH_KIND_ROUTER, &r->o.id, "The router's external segment is a tenant's; name one that is external.");
	return FH_OK;
}

static int check_uplink(struct stage *s, struct object *own)
{
	const struct m_uplink *u = (const struct m_uplink *)own;
	uint32_t cursor = 0;
	const struct object *o;
	if (!u->device)
		return FH_OK; /* its networks are on this host only, until the dataplane is started with it */
	while ((o = stage_next(s, FH_KIND_UPLINK, &cursor)))
		if (o != &u->o && ((const struct m_uplink *)o)->device == u->device)
			return stage_fail(s, FH_EINVAL, FH_KIND_UPLINK, &u->o.id, "Device %s is another uplink's already; a device is one uplink.",
					  u->spec.device);
	return FH_OK;
}

static int check_segment(struct stage *s, struct object *o)
{
	struct m_segment *g = (struct m_segment *)o;
	if (g->spec.transport == FH_TRANSPORT_NONE)
		return FH_OK;
	struct m_uplink *u = (struct m_uplink *)stage_find(s, FH_KIND_UPLINK, &g->spec.uplink);
	if (!u)
		return stage_fail(s, FH_EREF, FH_KIND_SEGMENT, &g->o.id, "The segment's uplink does not exist; put the uplink, too.");
	if (g->spec.transport == FH_TRANSPORT_VXLAN && !u->spec.address.family)
		return stage_fail(s, FH_EREF, FH_KIND_SEGMENT, &g->o.id, "The segment's uplink has no address for tunnels; give it one.");
	g->uplink = u->device ? u : NULL;
	return FH_OK;
}

static int check_remote(struct stage *s, struct object *o)
{
	const struct m_remote *r = (const struct m_remote *)o;
	const struct m_segment *g = (const struct m_segment *)stage_find(s, FH_KIND_SEGMENT, &r->spec.segment);
	if (!g)
		return stage_fail(s, FH_EREF, FH_KIND_REMOTE_PORT, &r->o.id, "The remote NIC's segment does not exist; put the segment, too.");
	if (!stage_is_zero(&g->spec.tenant) && memcmp(&g->spec.tenant, &r->spec.tenant, sizeof r->spec.tenant) != 0)
		return stage_fail(s, FH_EREF, FH_KIND_REMOTE_PORT, &r->o.id, "The remote NIC's segment belongs to another tenant.");
	if (g->spec.transport == FH_TRANSPORT_NONE)
		return stage_fail(s, FH_EREF, FH_KIND_REMOTE_PORT, &r->o.id, "The remote NIC's segment is on this host only; give it an uplink.");
	if ((g->spec.transport == FH_TRANSPORT_VXLAN) != (r->spec.tunnel.family == 4))
		return stage_fail(s, FH_EREF, FH_KIND_REMOTE_PORT, &r->o.id, "A remote NIC needs a tunnel end where its segment is a VXLAN, and only there.");
	return FH_OK;
}

int stage_net_references(struct stage *s)
{
	uint32_t cursor = 0;
	struct object *o;
	/* All of them, each time: a transaction that failed may have left ties to objects that it took along. */
	while ((o = stage_next(s, FH_KIND_SEGMENT, &cursor))) {
		((struct m_segment *)o)->router = NULL;
		((struct m_segment *)o)->uplink = NULL;
	}
	static const struct {
		uint32_t kind;
		int (*check)(struct stage *s, struct object *o);
	} checks[] = {
		{ FH_KIND_UPLINK, check_uplink }, { FH_KIND_SEGMENT, check_segment }, { FH_KIND_REMOTE_PORT, check_remote }, { FH_KIND_ROUTER, check_router },
	};
	for (unsigned i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		cursor = 0;
		while ((o = stage_next(s, checks[i].kind, &cursor))) {
			int rc = checks[i].check(s, o);
			if (rc != FH_OK)
				return rc;
		}
	}
	return FH_OK;
}
