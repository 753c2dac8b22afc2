/*
 * The mode of ports on this host: straight into the receiver's vhost queue, one copy, one enqueue for the burst.
 *
 * A receiver that does not take packets costs nobody time: what does not fit is dropped for it. With several queue
 * pairs the flow's hash picks the ring, so one connection stays in order.
 */
#include <rte_vhost.h>

#include "route.h"
#include "traffic.h"

struct outgoing {
	struct rte_mbuf *m[DP_BURST];
	uint32_t bytes[DP_BURST], packets[DP_BURST];
	unsigned n;
	enum fh_traffic_class traffic;
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
	traffic_count(&port->traffic->workers[w->id].to_guest[o->traffic], packets, bytes);
	if (fh_unlikely(sent < o->n))
		fh_count(&c->drops[FH_DROP_RECEIVER_FULL], o->n - sent);
}

static void flush(struct worker *w, struct port *port, int vid, unsigned ring, struct outgoing *o)
{
	if (o->n)
		enqueue(w, port, vid, ring, o);
	o->n = 0;
}

/* In pieces, after what is queued already: the order within a connection stays. */
static void send_pieces(struct worker *w, struct port *port, int vid, unsigned ring, struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu,
			enum fh_traffic_class traffic)
{
	uint64_t bytes;
	uint32_t n = route_gso(vid, (uint16_t)(ring * 2), m, pkt, mtu, &bytes);
	fh_count(&port->counters[w->id].tx_packets, n);
	fh_count(&port->counters[w->id].tx_bytes, bytes);
	traffic_count(&port->traffic->workers[w->id].to_guest[traffic], n, bytes);
	if (n < pkt->wire_segs)
		route_count_drop(w, port, n ? FH_DROP_RECEIVER_FULL : FH_DROP_TOO_BIG);
}

static void add(struct worker *w, struct port *port, int vid, unsigned ring, struct outgoing *o, struct rte_mbuf *m, const struct fh_pkt *pkt,
		uint64_t features, uint32_t mtu)
{
	if (fh_unlikely(route_needs_gso(m, pkt, features))) {
		flush(w, port, vid, ring, o);
		send_pieces(w, port, vid, ring, m, pkt, mtu, o->traffic);
		return;
	}
	uint8_t reason = route_offload(m, pkt, features, mtu);
	if (fh_unlikely(reason != FH_DROP_NONE)) {
		route_count_drop(w, port, reason);
		return;
	}
	wire_size(m, pkt, &o->packets[o->n], &o->bytes[o->n]);
	o->m[o->n++] = m;
}

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	struct port *port = to->port->port;
	int vid = fh_load_acquire(&port->vid);
	uint32_t rings = fh_load(&port->rx_rings);
	uint64_t features = fh_load(&port->features);
	uint32_t mtu = w->world->segments[to->port->segment]->mtu;
	struct outgoing o;
	o.n = 0;
	o.traffic = (enum fh_traffic_class)to->traffic;
	if (fh_unlikely(vid < 0 || !(rings & 1))) {
		route_drop.output(w, to, m, pkts, n);
		return;
	}
	/* Enabled rings are 0 to k-1. */
	unsigned k = (unsigned)__builtin_ctz(~rings);
	for (unsigned ring = 0; ring < k; ring++) {
		for (unsigned i = 0; i < n; i++)
			if (fh_likely(k == 1) || (pkts[i]->hash >> 32) % k == ring)
				add(w, port, vid, ring, &o, m[i], pkts[i], features, mtu);
		flush(w, port, vid, ring, &o);
	}
	rte_pktmbuf_free_bulk(m, n);
}

const struct fh_route_mode route_local = { .name = "local", .output = output };
