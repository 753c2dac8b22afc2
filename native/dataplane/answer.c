#include "answer.h"

uint8_t *answer_resize(struct rte_mbuf *m, uint32_t len)
{
	if (m->nb_segs != 1)
		return NULL;
	if (m->pkt_len < len) {
		if (!rte_pktmbuf_append(m, (uint16_t)(len - m->pkt_len)))
			return NULL;
	} else {
		rte_pktmbuf_trim(m, (uint16_t)(m->pkt_len - len));
	}
	m->ol_flags = 0;
	return rte_pktmbuf_mtod(m, uint8_t *);
}

void answer_eui64(const uint8_t mac[6], uint8_t a[16])
{
	memset(a, 0, 16);
	a[0] = 0xfe;
	a[1] = 0x80;
	a[8] = mac[0] ^ 2;
	a[9] = mac[1];
	a[10] = mac[2];
	a[11] = 0xff;
	a[12] = 0xfe;
	a[13] = mac[3];
	a[14] = mac[4];
	a[15] = mac[5];
}

uint16_t answer_ip_checksum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (; len > 1; len -= 2, p += 2)
		sum += fh_be16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void answer_finish_icmp6(uint8_t *data, uint16_t icmp_len, const uint8_t src_mac[6], const uint8_t dst_mac[6],
			 const uint8_t src[16], const uint8_t dst[16])
{
	memcpy(data, dst_mac, 6);
	memcpy(data + 6, src_mac, 6);
	fh_put_be16(data + 12, 0x86dd);
	uint8_t *ip = data + 14, *icmp = data + 54;
	fh_put_be32(ip, 0x60000000);
	fh_put_be16(ip + 4, icmp_len);
	ip[6] = FH_PROTO_ICMP6;
	ip[7] = 255;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	fh_put_be16(icmp + 2, 0);
	uint32_t pseudo = (uint32_t)icmp_len + FH_PROTO_ICMP6;
	for (unsigned i = 0; i < 32; i += 2)
		pseudo += fh_be16(ip + 8 + i);
	fh_put_be16(icmp + 2, answer_ip_checksum(icmp, icmp_len, pseudo));
}

const struct subnet_view *answer_gateway(const struct segment_view *s, bool v6, const uint8_t *addr)
{
	for (uint32_t i = 0; i < s->n_subnets; i++) {
		const struct subnet_view *n = &s->subnets[i];
		if (n->v6 == v6 && n->has_gateway && memcmp(n->gateway, addr, v6 ? 16 : 4) == 0)
			return n;
	}
	return NULL;
}

bool answer_in_subnet(const struct subnet_view *n, const uint8_t *addr)
{
	unsigned bytes = n->prefix_len / 8, bits = n->prefix_len % 8;
	return memcmp(n->prefix, addr, bytes) == 0 && (!bits || (n->prefix[bytes] ^ addr[bytes]) >> (8 - bits) == 0);
}

bool answer_is_gateway(const struct world *world, const struct segment_view *s, bool v6, const uint8_t *addr)
{
	if (answer_gateway(s, v6, addr) || (v6 && memcmp(addr, s->gateway_link_local, 16) == 0))
		return true;
	const struct router_view *r = s->router == DP_NO_ROUTER ? NULL : world->routers[s->router];
	for (uint32_t i = 0; r && i < r->n_segments; i++)
		if (answer_gateway(world->segments[r->segments[i]], v6, addr))
			return true;
	return false;
}

const uint8_t *answer_owner(const struct question *q, bool v6, const uint8_t *addr, bool *own)
{
	*own = false;
	if (answer_gateway(q->segment, v6, addr) || (v6 && memcmp(addr, q->segment->gateway_link_local, 16) == 0))
		return q->segment->gateway_mac;
	uint32_t slot = fh_lookup_find(q->segment->lookup, v6 ? fh_key_ip6(addr) : fh_key_ip4(addr));
	if (slot == FH_LOOKUP_ABSENT)
		return NULL;
	if (slot & FH_LOOKUP_REMOTE)
		return q->segment->remotes[slot & ~FH_LOOKUP_REMOTE].mac;
	*own = q->world->ports[slot] == q->port;
	return q->world->ports[slot]->mac;
}
