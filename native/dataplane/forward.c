#include "forward.h"

const struct fh_route_mode forward_gateway = { .name = "gateway" };

static struct route to_port(const struct world *world, const struct segment_view *s, uint32_t slot)
{
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

static struct route by_address(const struct world *world, const struct segment_view *s, const struct fh_pkt *p, const uint8_t *data)
{
	bool v6 = p->flags & FH_PKT_V6;
	const uint8_t *dst = data + p->l3_off + (v6 ? 24 : 16);
	if (answer_is_gateway(world, s, v6, dst))
		return (struct route){ .mode = &forward_gateway, .segment = s };
	if (s->router == DP_NO_ROUTER || link_local(v6, dst) || p->flags & FH_PKT_DST_MULTICAST)
		return nowhere(ANSWER_E_NETWORK);
	const struct hop *h = find_hop(world->routers[s->router], v6, dst);
	if (!h)
		return nowhere(ANSWER_E_NETWORK);
	const struct segment_view *out = world->segments[h->segment];
	const uint8_t *next = h->has_via ? h->via : dst;
	uint32_t slot = fh_lookup_find(out->lookup, v6 ? fh_key_ip6(next) : fh_key_ip4(next));
	if (slot == FH_LOOKUP_ABSENT)
		return nowhere(ANSWER_E_HOST);
	struct route to = to_port(world, out, slot);
	to.routed = 1;
	return to;
}

struct route forward_pick(const struct world *world, const struct port_view *src, const struct fh_pkt *p, const uint8_t *data)
{
	const struct segment_view *s = world->segments[src->segment];
	if (fh_unlikely(data[0] & 1))
		return nowhere(ANSWER_E_NONE);
	uint32_t slot = fh_lookup_find(s->lookup, fh_key_mac(data));
	if (fh_likely(slot != FH_LOOKUP_ABSENT))
		return to_port(world, s, slot);
	if (memcmp(data, s->gateway_mac, 6) == 0)
		return by_address(world, s, p, data);
	return nowhere(ANSWER_E_NONE);
}

enum answer_error forward_hop(const struct route *to, struct rte_mbuf *m, const struct fh_pkt *p)
{
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *), *ip = d + p->l3_off;
	bool v6 = p->flags & FH_PKT_V6;
	uint8_t *ttl = ip + (v6 ? 7 : 8);
	uint32_t size = m->ol_flags & RTE_MBUF_F_RX_LRO ? m->tso_segsz + (uint32_t)(p->payload_off - p->l3_off) : p->ip_len;
	if (*ttl <= 1)
		return ANSWER_E_TTL;
	if (size > to->segment->mtu)
		return ANSWER_E_TOO_BIG;
	--*ttl;
	if (!v6) {
		/* RFC 1141: the word with the TTL fell by 0x0100, so its complement rises by that. */
		uint32_t sum = fh_be16(ip + 10) + 0x0100u;
		fh_put_be16(ip + 10, (uint16_t)(sum + (sum >= 0xffff)));
	}
	memcpy(d, to->port->mac, 6);
	memcpy(d + 6, to->segment->gateway_mac, 6);
	return ANSWER_E_NONE;
}

uint8_t forward_reason(enum answer_error e)
{
	return e == ANSWER_E_TTL ? FH_DROP_TTL : e == ANSWER_E_TOO_BIG ? FH_DROP_TOO_BIG : FH_DROP_NO_ROUTE;
}
