/*
 * IPv6 neighbour discovery: neighbour solicitations are answered from control data, router solicitations with an
 * advertisement of the segment's subnets (on-link, autonomous: guests form their EUI-64 addresses).
 *
 * Guests may neither advertise routers nor redirect. Their neighbour advertisements are checked and consumed: whoever
 * asks gets the dataplane's answer.
 */
#include "answer.h"

enum { RS = 133, RA = 134, NS = 135, NA = 136, OPT_SOURCE_LL = 1, OPT_TARGET_LL = 2, OPT_PREFIX = 3, OPT_MTU = 5, OPT_RDNSS = 25 };
enum { ICMP_OFF = 54, ROUTER_LIFETIME_S = 9000, MANAGED = 0x80, OTHER = 0x40 };

static const uint8_t unspecified[16];
static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };

static bool address_ok(const struct port_view *p, const uint8_t *a)
{
	if ((p->flags & FH_PORT_NO_SECURITY) || memcmp(a, p->link_local, 16) == 0)
		return true;
	for (uint32_t i = 0; i < p->n6; i++) {
		const struct prefix6 *x = &p->allowed6[i];
		bool same = true;
		for (unsigned b = 0; b < 16; b++)
			same &= (a[b] & x->mask[b]) == x->addr[b];
		if (same)
			return true;
	}
	return false;
}

/* Looks for a link-layer address option of another MAC than the port's.
 * Return: false when there is one, or the options are malformed. */
static bool options_ok(const struct question *q, uint32_t off, uint32_t end, uint8_t type)
{
	while (off < end) {
		const uint8_t *o = fh_view_at(q->view, off, 2);
		if (!o || o[1] == 0 || off + o[1] * 8u > end)
			return false;
		const uint8_t *mac = fh_view_at(q->view, off + 2, 6);
		if (o[0] == type && !(q->port->flags & FH_PORT_NO_SECURITY) && (!mac || memcmp(mac, q->port->mac, 6) != 0))
			return false;
		off += o[1] * 8u;
	}
	return true;
}

static uint32_t write_ra_options(const struct segment_view *s, uint8_t *o, bool *routes)
{
	uint8_t *start = o;
	*routes = false;
	o[0] = OPT_SOURCE_LL;
	o[1] = 1;
	memcpy(o + 2, s->gateway_mac, 6);
	o += 8;
	memset(o, 0, 8);
	o[0] = OPT_MTU;
	o[1] = 1;
	fh_put_be32(o + 4, s->mtu < 1280 ? 1280 : s->mtu);
	o += 8;
	for (uint32_t i = 0; i < s->n_subnets; i++) {
		const struct subnet_view *n = &s->subnets[i];
		if (!n->v6 || !n->dhcp)
			continue;
		*routes |= n->has_gateway;
		memset(o, 0, 32);
		o[0] = OPT_PREFIX;
		o[1] = 4;
		o[2] = n->prefix_len;
		o[3] = n->prefix_len == 64 ? 0xc0 : 0x80; /* on-link, autonomous */
		fh_put_be32(o + 4, UINT32_MAX);
		fh_put_be32(o + 8, UINT32_MAX);
		memcpy(o + 16, n->prefix, 16);
		o += 32;
		if (n->n_dns) {
			memset(o, 0, 8);
			o[0] = OPT_RDNSS;
			o[1] = (uint8_t)(1 + 2 * n->n_dns);
			fh_put_be32(o + 4, UINT32_MAX);
			memcpy(o + 8, n->dns, 16 * n->n_dns);
			o += 8 + 16 * n->n_dns;
		}
	}
	return (uint32_t)(o - start);
}

/* Where a guest cannot form its address (the prefix has not 64 bits), or may want name servers that way, DHCPv6 has them. */
static uint8_t router_flags(const struct segment_view *s)
{
	uint8_t flags = 0;
	for (uint32_t i = 0; i < s->n_subnets; i++) {
		const struct subnet_view *n = &s->subnets[i];
		if (n->v6 && n->dhcp)
			flags |= (uint8_t)((n->prefix_len == 64 ? 0 : MANAGED) | (n->n_dns ? OTHER : 0));
	}
	return flags;
}

static bool has_ipv6(const struct segment_view *s)
{
	for (uint32_t i = 0; i < s->n_subnets; i++)
		if (s->subnets[i].v6 && s->subnets[i].dhcp)
			return true;
	return false;
}

static bool write_ra(const struct segment_view *s, struct rte_mbuf *m, const uint8_t dst_mac[6], const uint8_t dst[16])
{
	uint8_t options[16 + FH_MAX_SUBNETS * (32 + 8 + 16 * FH_MAX_DNS)];
	bool routes;
	uint32_t n = write_ra_options(s, options, &routes);
	uint8_t *d = answer_resize(m, ICMP_OFF + 16 + n);
	if (!d)
		return false;
	uint8_t *ra = d + ICMP_OFF;
	memset(ra, 0, 16);
	ra[0] = RA;
	ra[4] = 64;
	ra[5] = router_flags(s);
	fh_put_be16(ra + 6, routes ? ROUTER_LIFETIME_S : 0);
	memcpy(ra + 16, options, n);
	answer_finish_icmp6(d, (uint16_t)(16 + n), s->gateway_mac, dst_mac, s->gateway_link_local, dst);
	return true;
}

bool answer_write_ra(const struct segment_view *segment, const struct port_view *port, struct rte_mbuf *m)
{
	return has_ipv6(segment) && write_ra(segment, m, port->mac, all_nodes);
}

static enum answer router_solicitation(struct question *q, const uint8_t *src, uint8_t *reason)
{
	uint8_t dst[16];
	if (!has_ipv6(q->segment))
		return ANSWER_CONSUMED;
	bool anonymous = memcmp(src, unspecified, 16) == 0;
	memcpy(dst, anonymous ? all_nodes : src, 16);
	if (write_ra(q->segment, q->m, q->port->mac, dst))
		return ANSWER_REPLY;
	*reason = FH_DROP_SHORT_FRAME;
	return ANSWER_DROP;
}

bool answer_write_na(struct rte_mbuf *m, const uint8_t mac[6], const uint8_t asker_mac[6], bool router)
{
	const uint8_t *ns = rte_pktmbuf_mtod(m, const uint8_t *), *src = ns + 14 + 8, *target = ns + ICMP_OFF + 8;
	bool probe = memcmp(src, unspecified, 16) == 0;
	uint8_t to[16], of[16];
	memcpy(to, probe ? all_nodes : src, 16);
	memcpy(of, target, 16);
	uint8_t *d = answer_resize(m, ICMP_OFF + 32);
	if (!d)
		return false;
	uint8_t *na = d + ICMP_OFF;
	memset(na, 0, 32);
	na[0] = NA;
	na[4] = (uint8_t)((router ? 0x80 : 0) | (probe ? 0 : 0x40) | 0x20); /* router, solicited, override */
	memcpy(na + 8, of, 16);
	na[24] = OPT_TARGET_LL;
	na[25] = 1;
	memcpy(na + 26, mac, 6);
	answer_finish_icmp6(d, 32, mac, probe ? all_nodes_mac : asker_mac, of, to);
	return true;
}

static enum answer neighbour_solicitation(struct question *q, const uint8_t *target, uint8_t *reason)
{
	bool own;
	const uint8_t *mac = answer_owner(q, true, target, &own);
	if (own)
		return ANSWER_CONSUMED;
	if (!mac) {
		*reason = FH_DROP_NO_ROUTE;
		return ANSWER_DROP;
	}
	if (answer_write_na(q->m, mac, q->port->mac, mac == q->segment->gateway_mac))
		return ANSWER_REPLY;
	*reason = FH_DROP_SHORT_FRAME;
	return ANSWER_DROP;
}

enum answer answer_nd(struct question *q, uint8_t *reason)
{
	const uint8_t *ip = fh_view_at(q->view, q->pkt->l3_off, 40);
	const uint8_t *icmp = fh_view_at(q->view, q->pkt->l4_off, 8);
	*reason = FH_DROP_L4_HEADER;
	if (!ip || !icmp || ip[7] != 255)
		return ANSWER_DROP;
	uint8_t type = icmp[0];
	uint32_t end = q->pkt->l4_off + q->pkt->l4_len;
	if (!(q->port->flags & FH_PORT_NO_SECURITY) && type != RS && type != NS && type != NA) {
		*reason = FH_DROP_FORGED_CONTROL;
		return ANSWER_DROP;
	}
	if (type == RS) {
		if (options_ok(q, q->pkt->l4_off + 8u, end, OPT_SOURCE_LL))
			return router_solicitation(q, ip + 8, reason);
		*reason = FH_DROP_SPOOFED_NEIGHBOUR;
		return ANSWER_DROP;
	}
	const uint8_t *target = fh_view_at(q->view, q->pkt->l4_off + 8u, 16);
	if (!target)
		return ANSWER_DROP;
	*reason = FH_DROP_SPOOFED_NEIGHBOUR;
	if (!options_ok(q, q->pkt->l4_off + 24u, end, type == NS ? OPT_SOURCE_LL : OPT_TARGET_LL))
		return ANSWER_DROP;
	if (type == NS)
		return neighbour_solicitation(q, target, reason);
	return address_ok(q->port, target) ? ANSWER_CONSUMED : ANSWER_DROP;
}
