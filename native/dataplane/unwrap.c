#include "unwrap.h"

#define ETH 14u
#define TUNNEL 16u /* UDP and VXLAN headers */

/* Takes the VLAN tags off. Return: outer << 16 | inner, UINT32_MAX when the frame is too short or has more. */
static uint32_t take_tags(struct rte_mbuf *m)
{
	struct fh_view v = { rte_pktmbuf_mtod(m, const uint8_t *), m->data_len };
	uint32_t tags[2] = { 0 }, n = 0, off = 12;
	const uint8_t *type;
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED && m->vlan_tci)
		tags[n++] = m->vlan_tci;
	while ((type = fh_view_at(v, off, 4)) && (fh_be16(type) == 0x8100 || fh_be16(type) == 0x88a8)) {
		uint32_t id = fh_be16(type + 2) & 0xfffu;
		if (id && n == 2)
			return UINT32_MAX;
		if (id)
			tags[n++] = id;
		off += 4;
	}
	if (!type)
		return UINT32_MAX;
	if (off > 12) {
		uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *);
		memmove(d + off - 12, d, 12);
		rte_pktmbuf_adj(m, (uint16_t)(off - 12));
	}
	return tags[0] << 16 | tags[1];
}

/* Whether the frame is for the tunnel end itself. */
static bool to_tunnel_end(const struct uplink_view *u, const struct rte_mbuf *m)
{
	struct fh_view v = { rte_pktmbuf_mtod(m, const uint8_t *), m->data_len };
	const uint8_t *h = fh_view_at(v, 0, ETH + 20);
	uint32_t dst;
	if (!h || !u->address || fh_be16(h + 12) != 0x0800)
		return false;
	memcpy(&dst, h + ETH + 16, 4);
	return dst == u->address;
}

static uint8_t open_tunnel(const struct world *world, const struct uplink_view *u, struct rte_mbuf *m, struct arrival *a)
{
	struct fh_view v = { rte_pktmbuf_mtod(m, const uint8_t *), m->data_len };
	const uint8_t *ip = fh_view_at(v, ETH, 20);
	if (!ip || memcmp(v.p, u->mac, 6) != 0)
		return FH_DROP_NO_ROUTE;
	uint32_t header = (uint32_t)(ip[0] & 15) * 4, total = fh_be16(ip + 2);
	const uint8_t *udp = fh_view_at(v, ETH + header, TUNNEL);
	if (ip[0] >> 4 != 4 || header < 20 || total < header + TUNNEL + ETH || ETH + total > v.len || !udp)
		return FH_DROP_IP_HEADER;
	if (fh_be16(ip + 6) & 0x3fff)
		return FH_DROP_FRAGMENT_INVALID;
	if (ip[9] != FH_PROTO_UDP || fh_be16(udp + 2) != u->udp_port)
		return FH_DROP_NO_ROUTE;
	memcpy(&a->vtep, ip + 12, 4);
	if (fh_lookup_find(u->lookup, fh_key_vtep(a->vtep)) == FH_LOOKUP_ABSENT)
		return FH_DROP_SPOOFED_IP;
	uint32_t len = fh_be16(udp + 4);
	if (len < TUNNEL + ETH || len > total - header || !(udp[8] & 8))
		return FH_DROP_L4_HEADER;
	uint32_t slot = fh_lookup_find(u->lookup, fh_key_vni(fh_be32(udp + 12) >> 8));
	if (slot == FH_LOOKUP_ABSENT)
		return FH_DROP_NO_ROUTE;
	a->segment = world->segments[slot];
	rte_pktmbuf_adj(m, (uint16_t)(ETH + header + TUNNEL));
	rte_pktmbuf_trim(m, (uint16_t)(m->pkt_len - (len - TUNNEL)));
	return FH_DROP_NONE;
}

uint8_t unwrap(const struct world *world, const struct uplink_view *u, struct rte_mbuf *m, struct arrival *a)
{
	uint32_t tags = take_tags(m);
	*a = (struct arrival){ 0 };
	if (tags == UINT32_MAX)
		return FH_DROP_SHORT_FRAME;
	if (tags == (uint32_t)u->vlan << 16 && to_tunnel_end(u, m))
		return open_tunnel(world, u, m, a);
	uint32_t slot = fh_lookup_find(u->lookup, fh_key_tags(tags));
	if (slot == FH_LOOKUP_ABSENT)
		return FH_DROP_NO_ROUTE;
	a->segment = world->segments[slot];
	return FH_DROP_NONE;
}
