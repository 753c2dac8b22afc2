/* What the modes that leave over an uplink share: whole frames in buffers of the uplink's own. Private to the modes. */
#ifndef FH_DP_ROUTE_WIRE_H
#define FH_DP_ROUTE_WIRE_H

#include "route.h"
#include "uplink.h"

/* Puts a mode's headers around or into a finished Ethernet frame. Return: FH_DROP_NONE, or why it cannot be sent. */
typedef uint8_t wire_wrap(void *arg, struct rte_mbuf *frame, const struct fh_pkt *pkt);

/* Copies each packet into buffers of its own, cuts large segments, fills checksums, wraps them and hands them to the uplink. Owns the packets;
 * what is dropped counts at the uplink. */
void wire_output(struct worker *w, const struct route *to, struct rte_mbuf *m[], struct fh_pkt *const pkts[], unsigned n, wire_wrap *wrap, void *arg);

/* Puts a VLAN tag behind the MACs. Return: FH_DROP_NONE or FH_DROP_TOO_BIG. */
uint8_t wire_tag(struct rte_mbuf *frame, uint16_t ethertype, uint16_t vlan);

#endif
