/*
 * Checksum and segmentation offload between guests.
 *
 * A guest may leave its TCP and UDP checksums partial and hand over TCP segments larger than the MTU. Both travel as they
 * are when the receiver negotiated the matching feature: enqueue writes the offload header without checking that, so it
 * is checked here. Otherwise checksums are filled in software.
 */
#include <rte_ether.h>
#include <rte_ip.h>
#include <linux/virtio_net.h>

#include "route.h"

#define HAS(features, bit) (((features) >> (bit)) & 1)

/* The field holds the pseudo header's sum already: the sum over the L4 bytes, that included, completes it. */
bool route_fill_checksum(struct rte_mbuf *m, const struct fh_pkt *pkt)
{
	uint16_t sum;
	uint32_t field = pkt->l4_off + (pkt->proto == FH_PROTO_TCP ? 16u : 6u);
	if (pkt->l4_off + pkt->l4_len > m->pkt_len || rte_raw_cksum_mbuf(m, pkt->l4_off, pkt->l4_len, &sum) != 0)
		return false;
	sum = (uint16_t)~sum;
	if (sum == 0 && pkt->proto == FH_PROTO_UDP)
		sum = 0xffff;
	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, field), &sum, sizeof sum);
	return true;
}

bool route_needs_gso(const struct rte_mbuf *m, const struct fh_pkt *pkt, uint64_t features)
{
	return (m->ol_flags & RTE_MBUF_F_RX_LRO) && pkt->kind == FH_PKT_FLOW && pkt->proto == FH_PROTO_TCP &&
	       !HAS(features, pkt->flags & FH_PKT_V6 ? VIRTIO_NET_F_GUEST_TSO6 : VIRTIO_NET_F_GUEST_TSO4);
}

uint8_t route_offload(struct rte_mbuf *m, const struct fh_pkt *pkt, uint64_t features, uint32_t mtu)
{
	uint64_t received = m->ol_flags;
	bool partial = (received & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;
	bool large = received & RTE_MBUF_F_RX_LRO;
	bool v6 = pkt->flags & FH_PKT_V6;
	m->ol_flags = 0;
	if (!large && pkt->ip_len > mtu)
		return FH_DROP_TOO_BIG;
	if (fh_likely(!partial && !large) || pkt->kind != FH_PKT_FLOW)
		return large ? FH_DROP_GUEST_RING : FH_DROP_NONE;
	if (pkt->proto != FH_PROTO_TCP && pkt->proto != FH_PROTO_UDP)
		return large ? FH_DROP_GUEST_RING : FH_DROP_NONE;
	m->l2_len = pkt->l3_off;
	m->l3_len = (uint64_t)(pkt->l4_off - pkt->l3_off) & 0x1ff;
	m->l4_len = (uint64_t)(pkt->payload_off - pkt->l4_off) & 0xff;
	if (large) {
		if (pkt->proto != FH_PROTO_TCP)
			return FH_DROP_GUEST_RING;
		if (m->tso_segsz + (uint32_t)(pkt->payload_off - pkt->l3_off) > mtu)
			return FH_DROP_TOO_BIG;
		m->ol_flags = RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM | (v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
		return FH_DROP_NONE;
	}
	if (!HAS(features, VIRTIO_NET_F_GUEST_CSUM))
		return route_fill_checksum(m, pkt) ? FH_DROP_NONE : FH_DROP_L4_HEADER;
	m->ol_flags = (pkt->proto == FH_PROTO_TCP ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM) |
		      (v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
	return FH_DROP_NONE;
}
