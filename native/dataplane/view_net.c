#include <stdlib.h>

#include "answer.h"
#include "route.h"
#include "uplink.h"
#include "view.h"

/* --- routers ------------------------------------------------------------------------------------------------------------ */
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
		h.reject = r->via.family == 0;
		/* A route whose way on is in none of the networks leads nowhere: the next best one counts. */
		if (r->prefix.family != family || (segment == DP_MAX_SEGMENTS && !h.reject))
			continue;
		h.has_via = 1;
		memcpy(h.via, r->via.b, sizeof h.via);
		insert(hops, n++, &h);
	}
	return n;
}

struct router_view *view_router(const struct fh_router *spec, const struct m_segment *const segments[], uint32_t external)
{
	struct router_view *v = calloc(1, sizeof *v + (spec->n_segments * FH_MAX_SUBNETS + spec->n_routes) * sizeof v->hops[0]);
	if (!v)
		return NULL;
	v->n_segments = spec->n_segments;
	v->external = external;
	for (uint32_t i = 0; i < spec->n_segments; i++)
		v->segments[i] = segments[i]->world_slot;
	v->n4 = add_subnets(v, v->hops, 0, 4, segments);
	v->n4 = add_routes(v, v->hops, v->n4, 4, spec, segments);
	struct hop *six = v->hops + v->n4;
	uint32_t n6 = add_subnets(v, six, 0, 6, segments);
	v->n = v->n4 + add_routes(v, six, n6, 6, spec, segments);
	return v;
}

/* --- uplinks ------------------------------------------------------------------------------------------------------------ */
static const struct fh_route_mode *const modes[] = {
	[FH_TRANSPORT_VXLAN] = &route_vxlan, [FH_TRANSPORT_VLAN] = &route_vlan, [FH_TRANSPORT_QINQ] = &route_qinq
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t link_mtu(const struct m_uplink *u)
{
	return u->spec.mtu ? smaller(u->spec.mtu, u->device->mtu) : u->device->mtu;
}

bool view_segment_way_out(struct segment_view *v, const struct m_segment *o)
{
	const struct fh_segment *spec = &o->spec;
	v->uplink = DP_NO_UPLINK;
	v->path_mtu = spec->mtu;
	v->external = spec->flags & FH_SEGMENT_EXTERNAL;
	if (!o->uplink)
		return true;
	v->out = modes[spec->transport];
	v->uplink = o->uplink->device->index;
	v->path_mtu = smaller(spec->mtu, link_mtu(o->uplink) - v->out->overhead);
	if (spec->transport == FH_TRANSPORT_VLAN)
		v->tags = (uint32_t)spec->vlan << 16;
	else if (spec->transport == FH_TRANSPORT_QINQ)
		v->tags = (uint32_t)spec->outer_vlan << 16 | spec->vlan;
	if (v->external)
		v->link = uplink_link(o->uplink->device, v->tags);
	for (uint32_t i = 0; v->link && i < spec->n_subnets && !v->gateway6; i++)
		if (spec->subnets[i].gateway.family == 6)
			v->gateway6 = link_gateway6(v->link, spec->subnets[i].gateway.b);
	return !v->external || v->link;
}

uint32_t view_public_keys(const struct fh_public *p)
{
	return 1 + (p->kind != FH_PUBLIC_SHARED ? 1u : ((uint32_t)p->port_max + 1u - p->port_min) / 64);
}

bool view_segment_add_public(struct segment_view *s, const struct fh_public *p, uint32_t slot)
{
	uint32_t addr;
	bool alone = true;
	if (p->kind == FH_PUBLIC_OWN)
		return fh_lookup_add(s->lookup, fh_key_ip6(p->address.b), slot);
	memcpy(&addr, p->address.b, 4);
	if (fh_lookup_add(s->lookup, fh_key_owned(addr), p->kind))
		s->owned[s->n_owned++] = addr;
	else
		alone = fh_lookup_find(s->lookup, fh_key_owned(addr)) == FH_PUBLIC_SHARED && p->kind == FH_PUBLIC_SHARED;
	if (p->kind == FH_PUBLIC_FLOATING)
		return alone && fh_lookup_add(s->lookup, fh_key_public(addr, FH_LOOKUP_ALL_PORTS), slot);
	for (uint32_t block = p->port_min / 64; block <= p->port_max / 64; block++)
		alone &= fh_lookup_add(s->lookup, fh_key_public(addr, block), slot);
	return alone;
}

void view_segment_add_remote(struct segment_view *s, const struct fh_remote_port *spec)
{
	uint32_t slot = FH_LOOKUP_REMOTE | s->n_remotes;
	struct remote_view *r = &s->remotes[s->n_remotes++];
	uint8_t link_local[16];
	memcpy(r->mac, spec->mac, 6);
	memcpy(&r->vtep, spec->tunnel.b, 4);
	answer_eui64(spec->mac, link_local);
	fh_lookup_add(s->lookup, fh_key_mac(spec->mac), slot);
	fh_lookup_add(s->lookup, fh_key_ip6(link_local), slot);
	for (uint32_t i = 0; i < spec->n_addrs; i++) {
		const struct fh_addr *a = &spec->addrs[i];
		if (a->family == 4 && a->prefix_len == 32)
			fh_lookup_add(s->lookup, fh_key_ip4(a->b), slot);
		if (a->family == 6 && a->prefix_len == 128)
			fh_lookup_add(s->lookup, fh_key_ip6(a->b), slot);
	}
}

static void pick_mac(uint8_t mac[6], const struct m_uplink *o)
{
	static const uint8_t zero[6];
	memcpy(mac, o->spec.mac, 6);
	if (memcmp(mac, zero, 6) != 0)
		return;
	/* One that the kernel does not take for its own: the device's, locally administered, of another maker. */
	memcpy(mac, o->device->device_mac, 6);
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 2);
	mac[1] ^= 0xf0;
}

struct uplink_view *view_uplink(const struct m_uplink *o, uint32_t n_segments, uint32_t n_vteps)
{
	const struct fh_uplink *spec = &o->spec;
	uint8_t mask[16];
	struct uplink_view *v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	v->uplink = o->device;
	v->vlan = spec->vlan;
	v->udp_port = spec->udp_port ? spec->udp_port : 4789;
	memcpy(&v->address, spec->address.b, 4);
	memcpy(&v->gateway, spec->gateway.b, 4);
	view_mask(spec->address.prefix_len, mask);
	memcpy(&v->mask, mask, 4);
	pick_mac(v->mac, o);
	v->next_hops = calloc(n_vteps + 1u, sizeof v->next_hops[0]);
	v->lookup = fh_lookup_new(n_segments + n_vteps, dp.seed);
	v->link = uplink_link(o->device, (uint32_t)spec->vlan << 16);
	if (v->next_hops && v->lookup && v->link)
		return v;
	view_uplink_free(v);
	return NULL;
}

void view_uplink_free(struct uplink_view *v)
{
	if (!v)
		return;
	free(v->next_hops);
	free(v->lookup);
	free(v);
}

bool view_uplink_add_segment(struct uplink_view *v, const struct segment_view *s, uint32_t slot)
{
	return fh_lookup_add(v->lookup, s->out == &route_vxlan ? fh_key_vni(s->vni) : fh_key_tags(s->tags), slot);
}

void view_uplink_add_vtep(struct uplink_view *v, uint32_t vtep)
{
	uint32_t hop = ((vtep ^ v->address) & v->mask) == 0 ? vtep : v->gateway;
	if (!fh_lookup_add(v->lookup, fh_key_vtep(vtep), 0) || !hop)
		return;
	for (uint32_t i = 0; i < v->n_next_hops; i++)
		if (v->next_hops[i] == hop)
			return;
	v->next_hops[v->n_next_hops++] = hop;
}
