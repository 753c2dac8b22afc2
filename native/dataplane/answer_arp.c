/*
 * ARP: requests for an address of the segment are answered with its owner's MAC; everything else is consumed.
 *
 * A sender that claims a MAC or address that is not its own is dropped. Probes (RFC 5227, sender 0.0.0.0) for the port's
 * own address get no answer, so duplicate address detection succeeds; for somebody else's they do, so it fails.
 */
#include "answer.h"

enum { ARP_REQUEST = 1, ARP_REPLY = 2, ARP_LEN = 28 };

static bool sender_ok(const struct port_view *p, const uint8_t *arp)
{
	uint32_t spa;
	memcpy(&spa, arp + 14, 4);
	if (p->flags & FH_PORT_NO_SECURITY)
		return true;
	if (memcmp(arp + 8, p->mac, 6) != 0)
		return false;
	if (spa == 0)
		return true;
	for (uint32_t i = 0; i < p->n4; i++)
		if ((spa & p->allowed4[i].mask) == p->allowed4[i].addr)
			return true;
	return false;
}

bool answer_write_arp(struct rte_mbuf *m, const uint8_t mac[6])
{
	uint8_t sender[10], target[4]; /* MAC and address of who asks; the address asked for */
	const uint8_t *arp = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);
	memcpy(sender, arp + 8, 10);
	memcpy(target, arp + 24, 4);
	uint8_t *d = answer_resize(m, 14 + ARP_LEN);
	if (!d)
		return false;
	memcpy(d, sender, 6);
	memcpy(d + 6, mac, 6);
	fh_put_be16(d + 12, 0x0806);
	uint8_t *a = d + 14;
	fh_put_be16(a, 1);
	fh_put_be16(a + 2, 0x0800);
	a[4] = 6;
	a[5] = 4;
	fh_put_be16(a + 6, ARP_REPLY);
	memcpy(a + 8, mac, 6);
	memcpy(a + 14, target, 4);
	memcpy(a + 18, sender, 10);
	return true;
}

enum answer answer_arp(struct question *q, uint8_t *reason)
{
	const uint8_t *arp = fh_view_at(q->view, q->pkt->l3_off, ARP_LEN);
	if (!arp || fh_be16(arp) != 1 || fh_be16(arp + 2) != 0x0800 || arp[4] != 6 || arp[5] != 4) {
		*reason = FH_DROP_ETHERTYPE;
		return ANSWER_DROP;
	}
	if (!sender_ok(q->port, arp)) {
		*reason = FH_DROP_SPOOFED_NEIGHBOUR;
		return ANSWER_DROP;
	}
	if (fh_be16(arp + 6) != ARP_REQUEST)
		return ANSWER_CONSUMED;
	bool own;
	const uint8_t *mac = answer_owner(q, false, arp + 24, &own);
	if (own || memcmp(arp + 14, arp + 24, 4) == 0)
		return ANSWER_CONSUMED;
	if (!mac) {
		*reason = FH_DROP_NO_ROUTE;
		return ANSWER_DROP;
	}
	if (answer_write_arp(q->m, mac))
		return ANSWER_REPLY;
	*reason = FH_DROP_SHORT_FRAME;
	return ANSWER_DROP;
}
