/*
 * Software segmentation: a large TCP segment for a receiver that did not negotiate it is cut into what fits the wire.
 *
 * Each piece is one buffer of the sender's own pool with headers of its own and full checksums, so the receiver needs no
 * offload at all. Pieces go out in bursts; when the pool is empty the rest of the segment is dropped (TCP sends it again).
 */
#include <rte_ip.h>
#include <rte_vhost.h>

#include "answer.h"
#include "route.h"

static void checksum(uint8_t *data, const struct fh_pkt *pkt, uint32_t l4_len)
{
	uint8_t *ip = data + pkt->l3_off, *tcp = data + pkt->l4_off;
	bool v6 = pkt->flags & FH_PKT_V6;
	uint32_t pseudo = FH_PROTO_TCP + l4_len;
	const uint8_t *a = ip + (v6 ? 8 : 12);
	for (unsigned i = 0; i < (v6 ? 32u : 8u); i += 2)
		pseudo += fh_be16(a + i);
	fh_put_be16(tcp + 16, 0);
	fh_put_be16(tcp + 16, answer_ip_checksum(tcp, l4_len, pseudo));
}

/* Return: the piece of the payload that begins at off, or NULL. */
static struct rte_mbuf *piece(struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t off, uint32_t len, bool last, uint16_t number)
{
	struct rte_mbuf *s = rte_pktmbuf_alloc(m->pool);
	uint32_t headers = pkt->payload_off;
	if (!s)
		return NULL;
	uint8_t *d = (uint8_t *)rte_pktmbuf_append(s, (uint16_t)(headers + len));
	if (!d) {
		rte_pktmbuf_free(s);
		return NULL;
	}
	memcpy(d, rte_pktmbuf_mtod(m, const uint8_t *), headers);
	const void *from = rte_pktmbuf_read(m, headers + off, len, d + headers);
	if (from && from != d + headers)
		memcpy(d + headers, from, len);
	uint8_t *ip = d + pkt->l3_off, *tcp = d + pkt->l4_off;
	uint32_t l4_len = headers - pkt->l4_off + len;
	if (pkt->flags & FH_PKT_V6) {
		fh_put_be16(ip + 4, (uint16_t)(headers - pkt->l3_off - 40u + len));
	} else {
		fh_put_be16(ip + 2, (uint16_t)(headers - pkt->l3_off + len));
		fh_put_be16(ip + 4, (uint16_t)(fh_be16(ip + 4) + number));
		fh_put_be16(ip + 10, 0);
		fh_put_be16(ip + 10, answer_ip_checksum(ip, (uint32_t)(ip[0] & 15) * 4, 0));
	}
	fh_put_be32(tcp + 4, fh_be32(tcp + 4) + off);
	if (!last)
		tcp[13] &= (uint8_t)~(FH_TCP_FIN | FH_TCP_PSH);
	checksum(d, pkt, l4_len);
	return s;
}

uint32_t route_gso(int vid, uint16_t ring, struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu, uint64_t *bytes)
{
	struct rte_mbuf *out[DP_BURST];
	uint32_t payload = pkt->l4_len - (uint32_t)(pkt->payload_off - pkt->l4_off), size = m->tso_segsz, sent = 0;
	uint16_t number = 0;
	*bytes = 0;
	if (size + (uint32_t)(pkt->payload_off - pkt->l3_off) > mtu || m->pkt_len < pkt->payload_off + payload)
		return 0;
	for (uint32_t off = 0; off < payload;) {
		unsigned n = 0;
		while (n < DP_BURST && off < payload) {
			uint32_t len = payload - off < size ? payload - off : size;
			out[n] = piece(m, pkt, off, len, off + len == payload, number++);
			if (!out[n])
				break;
			n++;
			off += len;
		}
		uint16_t done = rte_vhost_enqueue_burst(vid, ring, out, (uint16_t)n);
		for (uint16_t i = 0; i < done; i++)
			*bytes += out[i]->pkt_len;
		rte_pktmbuf_free_bulk(out, n);
		sent += done;
		if (done < n || n == 0)
			break;
	}
	return sent;
}
