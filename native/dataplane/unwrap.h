/*
 * What an uplink brings: which network a frame belongs to, and the frame itself without tags and tunnel headers.
 *
 * Every length is checked against what is there; nothing is taken from a tunnel whose other end is not known.
 */
#ifndef FH_DP_UNWRAP_H
#define FH_DP_UNWRAP_H

#include "uplink.h"

struct arrival {
	const struct segment_view *segment;
	uint32_t vtep; /* that it came from, network order; 0: by VLAN */
};

/* Makes m the inner Ethernet frame. Return: FH_DROP_NONE or why it is refused. */
uint8_t unwrap(const struct world *world, const struct uplink_view *u, struct rte_mbuf *m, struct arrival *a);

#endif
