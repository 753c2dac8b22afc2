/* The mode of destinations that cannot be reached: counts at the receiving port and frees. */
#include "route.h"

static void output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n)
{
	(void)pkts;
	for (unsigned i = 0; i < n && to->port; i++)
		route_count_drop(w, to->port->port, FH_DROP_LINK_DOWN);
	rte_pktmbuf_free_bulk(m, n);
}

const struct fh_route_mode route_drop = { .name = "drop", .output = output };
