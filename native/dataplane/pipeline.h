/* A burst of packets from a guest or an uplink, through to wherever they go. */
#ifndef FH_DP_PIPELINE_H
#define FH_DP_PIPELINE_H

#include "runtime.h"

/* Owns the packets. n <= DP_BURST. */
void pipeline_from_guest(struct worker *w, const struct port_view *src, struct rte_mbuf *m[], unsigned n);
/* What an uplink brought. Owns the packets. n <= DP_BURST. */
struct uplink_queue;
void pipeline_from_uplink(struct worker *w, struct uplink_queue *q, struct rte_mbuf *m[], unsigned n);
/* Fragments whose first piece never came, and router advertisements that are due; once in a while per port. */
void pipeline_housekeeping(struct worker *w, const struct port_view *v);

#endif
