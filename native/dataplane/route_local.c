/*
 * The mode of ports on this host: straight into the receiver's vhost queue, one copy, one enqueue for the burst.
 *
 * A receiver that does not take packets costs nobody time: what does not fit is dropped for it. With several queue
 * pairs the flow's hash picks the ring, so one connection stays in order.
 */
#include <rte_vhost.h>

#include "route.h"

struct outgoing {
	struct rte_mbuf *m[DP_BURST];
	uint32_t bytes[DP_BURST], packets[DP_BURST];
	unsigned n;
};

/* What a packet counts as on the wire: a large segment is as many packets as it would be cut into. */
static void wire_size(const struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t *packets, uint32_t *bytes)
{
	*packets = pkt->wire_segs ? pkt->wire_segs : 1;
	*bytes = m->pkt_len + (*packets - 1) * pkt->payload_off;
}

static void enqueue(struct worker *w, struct port *port, int vid, unsigned ring, const struct outgoing *o)
{
	struct port_counters *c = &port->counters[w->id];
	uint16_t sent = rte_vhost_enqueue_burst(vid, (uint16_t)(ring * 2), (struct rte_mbuf **)(uintptr_t)o->m, (uint16_t)o->n);
	uint64_t packets = 0, bytes = 0;
	for (unsigned i = 0; i < sent; i++) {
		packets += o->packets[i];
		bytes += o->bytes[i];
	}
	fh_count(&c->tx_packets, packets);
	fh_count(&c->tx_bytes, bytes);
	if (fh_unlikely(sent < o->n))
		fh_count(&c->drops[FH_DROP_RECEIVER_FULL], o->n - sent);
}

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	struct port *port = to->port->port;
	int vid = fh_load_acquire(&port->vid);
	uint32_t rings = fh_load(&port->rx_rings);
	uint64_t features = fh_load(&port->features);
	uint32_t mtu = w->world->segments[to->port->segment]->mtu;
	struct outgoing single = { .n = 0 };
	if (fh_unlikely(vid < 0 || !(rings & 1))) {
		route_drop.output(w, to, m, pkts, n);
		return;
	}
	/* Enabled rings are 0 to k-1. */
	unsigned k = (unsigned)__builtin_ctz(~rings);
	if (fh_likely(k == 1)) {
		for (unsigned i = 0; i < n; i++) {
			uint8_t reason = route_offload(m[i], pkts[i], features, mtu);
			if (fh_unlikely(reason != FH_DROP_NONE)) {
				route_count_drop(w, port, reason);
				continue;
			}
			wire_size(m[i], pkts[i], &single.packets[single.n], &single.bytes[single.n]);
			single.m[single.n++] = m[i];
		}
		if (single.n)
			enqueue(w, port, vid, 0, &single);
	} else {
		uint8_t ring[DP_BURST];
		for (unsigned i = 0; i < n; i++) {
			uint8_t reason = route_offload(m[i], pkts[i], features, mtu);
			ring[i] = (uint8_t)((pkts[i]->hash >> 32) % k);
			if (fh_unlikely(reason != FH_DROP_NONE)) {
				route_count_drop(w, port, reason);
				ring[i] = UINT8_MAX;
			}
		}
		for (unsigned r = 0; r < k; r++) {
			single.n = 0;
			for (unsigned i = 0; i < n; i++) {
				if (ring[i] != r)
					continue;
				wire_size(m[i], pkts[i], &single.packets[single.n], &single.bytes[single.n]);
				single.m[single.n++] = m[i];
			}
			if (single.n)
				enqueue(w, port, vid, r, &single);
		}
	}
	rte_pktmbuf_free_bulk(m, n);
}

const struct fh_route_mode route_local = { .name = "local", .output = output };
