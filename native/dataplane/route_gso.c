/*
 * Software segmentation towards a guest that did not negotiate large segments (gso.h).
 *
 * Each piece is one buffer of the sender's own pool. Pieces go out in bursts; when the pool is empty the rest of the
 * segment is dropped (TCP sends it again).
 */
#include <rte_vhost.h>

#include "gso.h"
#include "route.h"

/* Return: the next piece, or NULL. */
static struct rte_mbuf *piece(struct gso *g)
{
	struct rte_mbuf *s = rte_pktmbuf_alloc(g->m->pool);
	uint8_t *d = s ? (uint8_t *)rte_pktmbuf_append(s, (uint16_t)gso_next(g)) : NULL;
	if (!d) {
		rte_pktmbuf_free(s);
		return NULL;
	}
	gso_write(g, d);
	return s;
}

uint32_t route_gso(int vid, uint16_t ring, struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu, uint64_t *bytes)
{
	struct rte_mbuf *out[DP_BURST];
	struct gso g;
	uint32_t sent = 0;
	*bytes = 0;
	if (!gso_begin(&g, m, pkt, mtu))
		return 0;
	while (gso_next(&g)) {
		unsigned n = 0;
		while (n < DP_BURST && gso_next(&g) && (out[n] = piece(&g)))
			n++;
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
