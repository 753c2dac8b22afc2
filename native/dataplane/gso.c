#include "gso.h"

#include "checksum.h"


bool gso_begin(struct gso *g, const struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu)
{
	*g = (struct gso){ .m = m, .pkt = pkt, .payload = pkt->l4_len - (uint32_t)(pkt->payload_off - pkt->l4_off), .size = m->tso_segsz };
	return g->size > 0 && g->size + (uint32_t)(pkt->payload_off - pkt->l3_off) <= mtu && m->pkt_len >= pkt->payload_off + g->payload;
}

static uint32_t next_payload(const struct gso *g)
{
	uint32_t left = g->payload - g->off;
	return left < g->size ? left : g->size;
}

uint32_t gso_next(const struct gso *g)
{
	uint32_t len = next_payload(g);
	return len ? g->pkt->payload_off + len : 0;
}

void gso_write(struct gso *g, uint8_t *d)
{
	const struct fh_pkt *pkt = g->pkt;
	uint32_t headers = pkt->payload_off, len = next_payload(g);
	memcpy(d, rte_pktmbuf_mtod(g->m, const uint8_t *), headers);
	const void *from = rte_pktmbuf_read(g->m, headers + g->off, len, d + headers);
	if (from && from != d + headers)
		memcpy(d + headers, from, len);
	uint8_t *ip = d + pkt->l3_off, *tcp = d + pkt->l4_off;
	if (pkt->flags & FH_PKT_V6) {
		fh_put_be16(ip + 4, (uint16_t)(headers - pkt->l3_off - 40u + len));
	} else {
		fh_put_be16(ip + 2, (uint16_t)(headers - pkt->l3_off + len));
		fh_put_be16(ip + 4, (uint16_t)(fh_be16(ip + 4) + g->number));
		fh_put_be16(ip + 10, 0);
		uint16_t header = (uint16_t)~rte_raw_cksum(ip, (size_t)(ip[0] & 15) * 4);
		memcpy(ip + 10, &header, sizeof header);
	}
	fh_put_be32(tcp + 4, fh_be32(tcp + 4) + g->off);
	g->number++;
	g->off += len;
	if (g->off < g->payload)
		tcp[13] &= (uint8_t)~(FH_TCP_FIN | FH_TCP_PSH);
	fh_put_be16(tcp + 16, 0);
	uint16_t sum = (uint16_t)~checksum_sum(d, pkt, headers - pkt->l4_off + len);
	memcpy(tcp + 16, &sum, sizeof sum);
}
