/*
 * Theory of operation
 * -------------------
 * A guest's packet may be a chain of buffers, a segment of 64 KB, and have partial checksums; an uplink takes one buffer a
 * frame, none larger than the link's MTU, finished. So each frame is built anew in a buffer of the uplink's pool, with room in
 * front for a mode's headers. That is one copy (as the receiver's ring is on this host), and nothing of a sender's memory stays
 * behind in a device's queue.
 *
 * What does not fit has been told the sender before (forward_check()); here it is only counted.
 */
#include "route_wire.h"

#include <rte_ip.h>

#include "gso.h"

static uint8_t copy_whole(struct rte_mbuf *out, const struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu)
{
	/* Without the padding that a short frame may have behind its packet. */
	uint32_t len = pkt->ip_len ? pkt->l3_off + pkt->ip_len : m->pkt_len;
	if (len > m->pkt_len || len - pkt->l3_off > mtu)
		return FH_DROP_TOO_BIG;
	uint8_t *d = (uint8_t *)rte_pktmbuf_append(out, (uint16_t)len);
	if (!d)
		return FH_DROP_TOO_BIG;
	const void *from = rte_pktmbuf_read(m, 0, len, d);
	if (from != d)
		memcpy(d, from, len);
	bool partial = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;
	return !partial || route_fill_checksum(out, pkt) ? FH_DROP_NONE : FH_DROP_L4_HEADER;
}

struct sending {
	struct worker *w;
	struct uplink *uplink;
	struct uplink_queue *q;
	uint32_t mtu; /* for the packet inside */
	wire_wrap *wrap;
	void *arg;
};

static struct rte_mbuf *new_frame(const struct sending *s)
{
	struct rte_mbuf *out = rte_pktmbuf_alloc(s->q->pool);
	if (fh_unlikely(!out))
		uplink_count_drop(s->q, FH_DROP_RECEIVER_FULL, 1);
	return out;
}

static void finish(const struct sending *s, struct rte_mbuf *out, const struct fh_pkt *pkt, uint8_t reason)
{
	if (fh_likely(reason == FH_DROP_NONE))
		reason = s->wrap(s->arg, out, pkt);
	if (fh_likely(reason == FH_DROP_NONE)) {
		uplink_put(s->w, s->uplink, out);
		return;
	}
	uplink_count_drop(s->q, reason, 1);
	rte_pktmbuf_free(out);
}

static void send_pieces(const struct sending *s, const struct rte_mbuf *m, const struct fh_pkt *pkt)
{
	struct gso g;
	struct rte_mbuf *out;
	if (!gso_begin(&g, m, pkt, s->mtu)) {
		uplink_count_drop(s->q, FH_DROP_TOO_BIG, 1);
		return;
	}
	while (gso_next(&g) && (out = new_frame(s))) {
		uint8_t *d = (uint8_t *)rte_pktmbuf_append(out, (uint16_t)gso_next(&g));
		if (d)
			gso_write(&g, d);
		finish(s, out, pkt, d ? FH_DROP_NONE : FH_DROP_TOO_BIG);
		if (!d)
			return;
	}
}

void wire_output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n, wire_wrap *wrap, void *arg)
{
	const struct uplink_view *u = w->world->uplinks[to->segment->uplink];
	struct sending s = { w, u->uplink, &u->uplink->queues[w->id], to->segment->path_mtu, wrap, arg };
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *out;
		if (m[i]->ol_flags & RTE_MBUF_F_RX_LRO)
			send_pieces(&s, m[i], pkts[i]);
		else if ((out = new_frame(&s)))
			finish(&s, out, pkts[i], copy_whole(out, m[i], pkts[i], s.mtu));
	}
	rte_pktmbuf_free_bulk(m, n);
}

uint8_t wire_tag(struct rte_mbuf *frame, uint16_t ethertype, uint16_t vlan)
{
	uint8_t *d = (uint8_t *)rte_pktmbuf_prepend(frame, 4);
	if (!d)
		return FH_DROP_TOO_BIG;
	memmove(d, d + 4, 12);
	fh_put_be16(d + 12, ethertype);
	fh_put_be16(d + 14, vlan);
	return FH_DROP_NONE;
}
