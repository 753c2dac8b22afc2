/*
 * Routing modes: every way out of a port, each behind one const vtable. See ROUTING-MODES.md.
 */
#ifndef FH_DP_ROUTE_H
#define FH_DP_ROUTE_H

#include "runtime.h"

/* Whether public addresses take the place of inside ones, or the other way round. */
enum route_border {
	ROUTE_INSIDE,
	ROUTE_OUT,  /* leaves through an external segment */
	ROUTE_IN,   /* came to a public address */
	ROUTE_BACK, /* both: from a port to the public address of one on this host */
};

/* Where a packet goes. */
struct route {
	const struct fh_route_mode *mode; /* NULL: nowhere, error says why */
	const struct port_view *port;     /* whose queue on this host, or NULL */
	union {
		const struct remote_view *remote; /* who on another host, or NULL */
		const struct port_view *sender;   /* reject: who is told */
	};
	const struct segment_view *segment; /* that it leaves through */
	uint8_t routed; /* by the gateway: hop count and MACs change */
	uint8_t border; /* enum route_border */
	uint8_t error;  /* enum answer_error */
	uint8_t traffic; /* enum fh_traffic_class */
	uint32_t next_hop; /* ROUTE_OUT: neighbour on the external segment's link, network order; 0: it is remote */
	uint8_t merge;  /* segments of a connection may become one for a guest that takes large ones */
};

struct fh_route_mode {
	const char *name;
	uint32_t overhead; /* bytes that it takes of an uplink's MTU */
	/* Sends n <= DP_BURST packets that passed all policy, in order.
	 * Owns the packets: frees each one, counts what it sent and, with a reason, what it dropped.
	 * @param pkts  pkts[i] describes m[i]; m[i]->ol_flags still are those of reception */
	void (*output)(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n);
};

extern const struct fh_route_mode route_local, route_drop, route_vxlan, route_vlan, route_qinq, route_reject;

/* Makes the offload requests of a received packet those of one to be sent to a guest with these features: passes them
 * through where the guest can take them, else fills the checksum in software.
 * Return: FH_DROP_NONE, or why it cannot be sent so. */
uint8_t route_offload(struct rte_mbuf *m, const struct fh_pkt *pkt, uint64_t features, uint32_t mtu);

/* Completes the partial checksum of a TCP or UDP packet. Return: false when it does not fit its buffer. */
bool route_fill_checksum(struct rte_mbuf *m, const struct fh_pkt *pkt);

/* Cuts a large segment and puts the pieces into a guest's ring; m stays the caller's.
 * Return: number of pieces that the guest took, *bytes of them. */
uint32_t route_gso(int vid, uint16_t ring, struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu, uint64_t *bytes);
/* Whether the receiver must be given the packet in pieces. */
bool route_needs_gso(const struct rte_mbuf *m, const struct fh_pkt *pkt, uint64_t features);

static inline void route_count_drop(struct worker *w, struct port *port, uint8_t reason)
{
	fh_count(&port->counters[w->id].drops[reason], 1);
}

#endif
