/* The mode of networks that are a VLAN on an uplink: the frame as it is, tagged; untagged where the VLAN is 0. */
#include "route_wire.h"

static uint8_t wrap(void *arg, struct rte_mbuf *frame, const struct fh_pkt *pkt)
{
	const struct segment_view *s = arg;
	(void)pkt;
	return s->tags ? wire_tag(frame, 0x8100, (uint16_t)(s->tags >> 16)) : FH_DROP_NONE;
}

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	wire_output(w, to, m, pkts, n, wrap, (void *)(uintptr_t)to->segment);
}

const struct fh_route_mode route_vlan = { .name = "vlan", .output = output };
