#include "forward.h"

#include "uplink.h"

const struct fh_route_mode forward_gateway = { .name = "gateway" };

static struct route to_slot(const struct world *world, const struct segment_view *s, uint32_t slot)
{
	if (fh_unlikely(slot & FH_LOOKUP_REMOTE))
		return (struct route){ .mode = s->out ? s->out : &route_drop, .remote = &s->remotes[slot & ~FH_LOOKUP_REMOTE], .segment = s };
	const struct port_view *dst = world->ports[slot];
	return (struct route){ .mode = fh_load(&dst->port->vid) < 0 ? &route_drop : &route_local, .port = dst, .segment = s };
}

static struct route nowhere(enum answer_error e)
{
	return (struct route){ .error = (uint8_t)e };
}

static bool matches4(const struct hop *h, const uint8_t *addr)
{
	uint32_t a, b, mask;
	memcpy(&a, addr, 4);
	memcpy(&b, h->addr, 4);
	memcpy(&mask, h->mask, 4);
	return (a & mask) == b;
}

static bool matches6(const struct hop *h, const uint8_t *addr)
{
	uint64_t a[2], b[2], mask[2];
	memcpy(a, addr, 16);
	memcpy(b, h->addr, 16);
	memcpy(mask, h->mask, 16);
	return (a[0] & mask[0]) == b[0] && (a[1] & mask[1]) == b[1];
}

static const struct hop *find_hop(const struct router_view *r, bool v6, const uint8_t *addr)
{
	for (uint32_t i = v6 ? r->n4 : 0; i < (v6 ? r->n : r->n4); i++)
		if (v6 ? matches6(&r->hops[i], addr) : matches4(&r->hops[i], addr))
			return &r->hops[i];
	return NULL;
}

static bool link_local(bool v6, const uint8_t *addr)
{
	return v6 ? addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80 : addr[0] == 169 && addr[1] == 254;
}

/* --- the border ------------------------------------------------------------------------------------------------------------ */
uint32_t forward_public(const struct segment_view *external, uint32_t addr, uint16_t port)
{
	uint32_t slot = fh_lookup_find(external->lookup, fh_key_public(addr, FH_LOOKUP_ALL_PORTS));
	return slot != FH_LOOKUP_ABSENT ? slot : fh_lookup_find(external->lookup, fh_key_public(addr, port / 64u));
}

uint16_t forward_public_port(const struct fh_pkt *p)
{
	return p->proto == FH_PROTO_ICMP ? p->src_port : p->dst_port;
}

/* Tunnel ends and their links are no business of guests. */
static bool is_underlay(const struct world *world, uint32_t addr)
{
	for (unsigned i = 0; i < dp.n_uplinks; i++) {
		const struct uplink_view *u = world->uplinks[i];
		if (u && u->address && (((addr ^ u->address) & u->mask) == 0 || fh_lookup_find(u->lookup, fh_key_vtep(addr)) != FH_LOOKUP_ABSENT))
			return true;
	}
	return false;
}

/* Return: the neighbour on the external segment that leads to the address, network order, 0: none. */
static uint32_t outside_hop(const struct segment_view *e, const uint8_t *dst)
{
	uint32_t hop = 0;
	for (uint32_t i = 0; i < e->n_subnets; i++) {
		const struct subnet_view *n = &e->subnets[i];
		if (n->v6)
			continue;
		if (answer_in_subnet(n, dst)) {
			memcpy(&hop, dst, 4);
			return hop;
		}
		if (!hop && n->has_gateway)
			memcpy(&hop, n->gateway, 4);
	}
	return hop;
}

/* IPv6 is not translated: who has no public address stays inside. */
static struct route to_outside6(const struct world *world, const struct segment_view *e, const struct port_view *src, const uint8_t *dst)
{
	uint32_t slot = fh_lookup_find(e->lookup, fh_key_ip6(dst - 16));
	if (slot != src->port->slot)
		return nowhere(ANSWER_E_NETWORK);
	slot = fh_lookup_find(e->lookup, fh_key_ip6(dst));
	if (slot != FH_LOOKUP_ABSENT && !(slot & FH_LOOKUP_REMOTE)) {
		struct route to = to_slot(world, world->segments[world->ports[slot]->segment], slot);
		to.routed = 1;
		to.traffic = FH_TRAFFIC_EXTERNAL;
		return to;
	}
	if (!e->gateway6 || !e->out || e->out == &route_vxlan)
		return nowhere(ANSWER_E_NETWORK);
	return (struct route){ .mode = e->out, .segment = e, .routed = 1, .border = ROUTE_OUT, .traffic = FH_TRAFFIC_EXTERNAL };
}

static struct route to_outside(const struct world *world, const struct segment_view *e, const struct port_view *src, const struct fh_pkt *p,
			       const uint8_t *dst)
{
	uint32_t addr;
	if (p->flags & FH_PKT_V6)
		return to_outside6(world, e, src, dst);
	memcpy(&addr, dst, 4);
	if (!src->n_public4 || !e->out || is_underlay(world, addr))
		return nowhere(ANSWER_E_NETWORK);
	if (p->kind == FH_PKT_FRAGMENT)
		return nowhere(ANSWER_E_NONE); /* later ones have no ports to translate */
	uint32_t slot = forward_public(e, addr, forward_public_port(p));
	if (slot != FH_LOOKUP_ABSENT) {
		struct route to = to_slot(world, world->segments[world->ports[slot]->segment], slot);
		to.routed = 1;
		to.border = ROUTE_BACK;
		to.traffic = FH_TRAFFIC_EXTERNAL;
		return to;
	}
	uint32_t hop = outside_hop(e, dst);
	if (!hop)
		return nowhere(ANSWER_E_NETWORK);
	struct route to = { .mode = e->out, .segment = e, .routed = 1, .border = ROUTE_OUT, .traffic = FH_TRAFFIC_EXTERNAL, .next_hop = hop };
	if (e->out != &route_vxlan)
		return to;
	/* Through a tunnel the neighbour is told by desired state. */
	slot = fh_lookup_find(e->lookup, fh_key_ip4((const uint8_t *)&hop));
	if (slot == FH_LOOKUP_ABSENT || !(slot & FH_LOOKUP_REMOTE))
		return nowhere(ANSWER_E_HOST);
	to.remote = &e->remotes[slot & ~FH_LOOKUP_REMOTE];
	to.next_hop = 0;
	return to;
}

/* --- inside ------------------------------------------------------------------------------------------------------------------ */
static struct route by_address(const struct world *world, const struct port_view *src, const struct segment_view *s, const struct fh_pkt *p,
			       const uint8_t *data)
{
	bool v6 = p->flags & FH_PKT_V6;
	const uint8_t *dst = data + p->l3_off + (v6 ? 24 : 16);
	if (answer_is_gateway(world, s, v6, dst))
		return (struct route){ .mode = &forward_gateway, .segment = s, .traffic = FH_TRAFFIC_SERVICE };
	if (s->router == DP_NO_ROUTER || link_local(v6, dst) || p->flags & FH_PKT_DST_MULTICAST)
		return nowhere(ANSWER_E_NETWORK);
	const struct router_view *r = world->routers[s->router];
	const struct hop *h = find_hop(r, v6, dst);
	if (!h)
		return r->external == DP_MAX_SEGMENTS ? nowhere(ANSWER_E_NETWORK) : to_outside(world, world->segments[r->external], src, p, dst);
	if (fh_unlikely(h->reject))
		return (struct route){ .mode = &route_reject, .sender = src, .segment = s, .traffic = FH_TRAFFIC_SERVICE };
	const struct segment_view *out = world->segments[h->segment];
	const uint8_t *next = h->has_via ? h->via : dst;
	uint32_t slot = fh_lookup_find(out->lookup, v6 ? fh_key_ip6(next) : fh_key_ip4(next));
	if (slot == FH_LOOKUP_ABSENT)
		return nowhere(ANSWER_E_HOST);
	struct route to = to_slot(world, out, slot);
	to.routed = 1;
	to.traffic = FH_TRAFFIC_ROUTED;
	return to;
}

struct route forward_pick(const struct world *world, const struct port_view *src, const struct fh_pkt *p, const uint8_t *data)
{
	const struct segment_view *s = world->segments[src->segment];
	if (fh_unlikely(data[0] & 1))
		return nowhere(ANSWER_E_NONE);
	uint32_t slot = fh_lookup_find(s->lookup, fh_key_mac(data));
	if (fh_likely(slot != FH_LOOKUP_ABSENT))
		return to_slot(world, s, slot);
	if (memcmp(data, s->gateway_mac, 6) == 0)
		return by_address(world, src, s, p, data);
	return nowhere(ANSWER_E_NONE);
}

uint32_t forward_mtu(const struct route *to)
{
	return to->port ? to->segment->mtu : to->segment->path_mtu;
}

enum answer_error forward_check(const struct route *to, const struct rte_mbuf *m, const struct fh_pkt *p)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_off);
	uint32_t size = m->ol_flags & RTE_MBUF_F_RX_LRO ? m->tso_segsz + (uint32_t)(p->payload_off - p->l3_off) : p->ip_len;
	if (to->routed && ip[p->flags & FH_PKT_V6 ? 7 : 8] <= 1)
		return ANSWER_E_TTL;
	return size > forward_mtu(to) ? ANSWER_E_TOO_BIG : ANSWER_E_NONE;
}

static bool write_macs(const struct worker *w, const struct route *to, uint8_t *d)
{
	const uint8_t *own = to->segment->gateway_mac;
	if (to->border == ROUTE_OUT)
		own = w->world->uplinks[to->segment->uplink]->mac;
	if (to->next_hop) {
		if (!link_find(to->segment->link, to->next_hop, w->now_ns, d))
			return false;
	} else if (to->border == ROUTE_OUT && !to->remote) {
		if (!link_gateway6_mac(to->segment->gateway6, d))
			return false;
	} else {
		memcpy(d, to->port ? to->port->mac : to->remote->mac, 6);
	}
	memcpy(d + 6, own, 6);
	return true;
}

bool forward_hop(const struct worker *w, const struct route *to, struct rte_mbuf *m, const struct fh_pkt *p)
{
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *), *ip = d + p->l3_off;
	bool v6 = p->flags & FH_PKT_V6;
	if (!to->routed)
		return true;
	if (!write_macs(w, to, d))
		return false;
	ip[v6 ? 7 : 8]--;
	if (!v6) {
		/* RFC 1141: the word with the TTL fell by 0x0100, so its complement rises by that. */
		uint32_t sum = fh_be16(ip + 10) + 0x0100u;
		fh_put_be16(ip + 10, (uint16_t)(sum + (sum >= 0xffff)));
	}
	return true;
}

uint8_t forward_reason(enum answer_error e)
{
	return e == ANSWER_E_TTL ? FH_DROP_TTL : e == ANSWER_E_TOO_BIG ? FH_DROP_TOO_BIG : FH_DROP_NO_ROUTE;
}
