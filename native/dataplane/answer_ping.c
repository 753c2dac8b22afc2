/* Pings of a gateway address are answered by the dataplane, which is that gateway. */
#include "answer.h"

static void swap(uint8_t *a, uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t t = a[i];
		a[i] = b[i];
		b[i] = t;
	}
}

enum answer answer_ping(struct question *q, uint8_t *reason)
{
	const struct fh_pkt *p = q->pkt;
	bool v6 = p->flags & FH_PKT_V6;
	uint8_t request = v6 ? 128 : 8, reply = v6 ? 129 : 0;
	const uint8_t *icmp = fh_view_at(q->view, p->l4_off, 8);
	uint8_t *ip = rte_pktmbuf_mtod_offset(q->m, uint8_t *, p->l3_off);
	uint8_t *src = ip + (v6 ? 8 : 12), *dst = ip + (v6 ? 24 : 16);
	*reason = FH_DROP_NO_ROUTE;
	if (!icmp || p->proto != (v6 ? FH_PROTO_ICMP6 : FH_PROTO_ICMP) || icmp[0] != request)
		return ANSWER_DROP;
	if (!answer_is_gateway(q->world, q->segment, v6, dst))
		return ANSWER_DROP;
	uint8_t *d = rte_pktmbuf_mtod(q->m, uint8_t *);
	swap(d, d + 6, 6);
	swap(src, dst, v6 ? 16 : 4);
	uint8_t *out = d + p->l4_off;
	out[0] = reply;
	/* Incremental update (RFC 1624): the checksum changes by the difference of the type; addresses only swap. */
	uint32_t sum = (uint32_t)(uint16_t)~fh_be16(out + 2) + (uint16_t)~(uint16_t)(request << 8) + (uint32_t)(reply << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	fh_put_be16(out + 2, (uint16_t)~sum);
	return ANSWER_REPLY;
}
