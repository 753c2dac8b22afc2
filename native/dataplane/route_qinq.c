/* The mode of networks that are a customer VLAN within a provider's (IEEE 802.1ad): two tags. */
#include "route_wire.h"

static uint8_t wrap(void *arg, struct rte_mbuf *frame, const struct fh_pkt *pkt)
{
	const struct segment_view *s = arg;
	(void)pkt;
	uint8_t reason = wire_tag(frame, 0x8100, (uint16_t)s->tags);
	return reason == FH_DROP_NONE ? wire_tag(frame, 0x88a8, (uint16_t)(s->tags >> 16)) : reason;
}

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	wire_output(w, to, m, pkts, n, wrap, (void *)(uintptr_t)to->segment);
}

/* Devices make room for one tag beyond the MTU, not for two. */
const struct fh_route_mode route_qinq = { .name = "qinq", .overhead = 4, .output = output };
