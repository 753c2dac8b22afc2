/*
 * ICMP errors of the gateway: a packet that it cannot send on goes back, quoted, to who sent it.
 *
 * The quotation lies where it came, in the sender's own buffer; the new headers go in front of it. Nothing is answered about
 * ICMP errors, later fragments, and what was not sent to one host.
 */
#include "answer.h"

#define QUOTE4 548u  /* RFC 1812: as much as fits 576 bytes */
#define QUOTE6 1232u /* RFC 4443: as much as fits 1280 bytes */

static const struct {
	uint8_t type4, code4, type6, code6;
} messages[] = {
	[ANSWER_E_TTL] = { 11, 0, 3, 0 },  [ANSWER_E_NETWORK] = { 3, 0, 1, 0 }, [ANSWER_E_HOST] = { 3, 1, 1, 3 },
	[ANSWER_E_PORT] = { 3, 3, 1, 4 }, [ANSWER_E_TOO_BIG] = { 3, 4, 2, 0 }, [ANSWER_E_PROHIBITED] = { 3, 13, 1, 1 },
};

/* The gateway as its neighbour with that address knows it. Return: NULL when it has no address of the family. */
static const uint8_t *gateway_towards(const struct segment_view *s, bool v6, const uint8_t *addr)
{
	const uint8_t *any = NULL;
	for (uint32_t i = 0; i < s->n_subnets; i++) {
		const struct subnet_view *n = &s->subnets[i];
		if (n->v6 != v6 || !n->has_gateway)
			continue;
		if (answer_in_subnet(n, addr))
			return n->gateway;
		if (!any)
			any = n->gateway;
	}
	return any;
}

static bool answerable(const struct fh_pkt *p, bool v6, const uint8_t *src)
{
	static const uint8_t zero[16];
	if (p->kind == FH_PKT_ICMP_ERROR || p->flags & FH_PKT_DST_MULTICAST || memcmp(src, zero, v6 ? 16 : 4) == 0)
		return false;
	return p->kind != FH_PKT_FRAGMENT || p->flags & FH_PKT_FRAG_FIRST;
}

static void write_ip4(uint8_t *ip, uint32_t icmp_len, const uint8_t src[4], const uint8_t dst[4])
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	fh_put_be16(ip + 2, (uint16_t)(20 + icmp_len));
	ip[8] = 64;
	ip[9] = FH_PROTO_ICMP;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	fh_put_be16(ip + 10, answer_ip_checksum(ip, 20, 0));
}

bool answer_write_error(struct rte_mbuf *m, const struct fh_pkt *p, enum answer_error e, uint32_t mtu, const uint8_t *from, const uint8_t from_mac[6])
{
	bool v6 = p->flags & FH_PKT_V6;
	uint32_t header = v6 ? 40 : 20, most = v6 ? QUOTE6 : QUOTE4;
	const uint8_t *sender = rte_pktmbuf_mtod_offset(m, const uint8_t *, p->l3_off + (v6 ? 8 : 12));
	uint8_t src[16], dst[16], mac[6];
	if (e == ANSWER_E_NONE || p->l3_off != 14 || !answerable(p, v6, sender))
		return false;
	memcpy(src, from, v6 ? 16 : 4);
	memcpy(dst, sender, v6 ? 16 : 4);
	memcpy(mac, rte_pktmbuf_mtod_offset(m, const uint8_t *, 6), 6);
	if (m->next) {
		rte_pktmbuf_free(m->next);
		m->next = NULL;
		m->nb_segs = 1;
		m->pkt_len = m->data_len;
	}
	uint32_t quote = m->data_len - 14u;
	quote = quote < p->ip_len ? quote : p->ip_len;
	quote = quote < most ? quote : most;
	uint8_t *d = answer_resize(m, 14 + quote);
	d = d ? (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)(header + 8)) : NULL;
	if (!d)
		return false;
	uint8_t *icmp = d + 14 + header;
	memset(icmp, 0, 8);
	icmp[0] = v6 ? messages[e].type6 : messages[e].type4;
	icmp[1] = v6 ? messages[e].code6 : messages[e].code4;
	if (e == ANSWER_E_TOO_BIG)
		v6 ? fh_put_be32(icmp + 4, mtu) : fh_put_be16(icmp + 6, (uint16_t)mtu);
	if (v6) {
		answer_finish_icmp6(d, (uint16_t)(8 + quote), from_mac, mac, src, dst);
		return true;
	}
	memcpy(d, mac, 6);
	memcpy(d + 6, from_mac, 6);
	fh_put_be16(d + 12, 0x0800);
	write_ip4(d + 14, 8 + quote, src, dst);
	fh_put_be16(icmp + 2, answer_ip_checksum(icmp, 8 + quote, 0));
	return true;
}

enum answer answer_icmp_error(struct question *q, enum answer_error e, uint32_t mtu)
{
	const struct fh_pkt *p = q->pkt;
	bool v6 = p->flags & FH_PKT_V6;
	const uint8_t *sender = rte_pktmbuf_mtod_offset(q->m, const uint8_t *, p->l3_off + (v6 ? 8 : 12));
	const uint8_t *gateway = gateway_towards(q->segment, v6, sender);
	/* Within a network without a gateway, the receiver itself says that it is too big. */
	if (!gateway && e == ANSWER_E_TOO_BIG)
		gateway = sender + (v6 ? 16 : 4);
	return gateway && answer_write_error(q->m, p, e, mtu, gateway, q->segment->gateway_mac) ? ANSWER_REPLY : ANSWER_DROP;
}
