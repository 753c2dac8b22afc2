/*
 * Where a packet goes: the next hop by MAC within a segment, by address through its router.
 *
 * Routing is done where the packet comes from: two look-ups in immutable tables (which segment by prefix, who there by address), then
 * the hop count goes down, the MACs become those of the receiver's segment, and the packet goes straight to its NIC. The receiver's
 * answer is routed the same way where it starts.
 */
#ifndef FH_DP_FORWARD_H
#define FH_DP_FORWARD_H

#include "answer.h"
#include "route.h"

/* Not a way out: the packet is for the gateway itself (to be answered). It has no output(). */
extern const struct fh_route_mode forward_gateway;

/* The way of a parsed packet that came from a port. mode NULL: none, error says which answer is due. */
struct route forward_pick(const struct world *world, const struct port_view *src, const struct fh_pkt *p, const uint8_t *data);

/* Makes a routed packet that of its last hop. Return: ANSWER_E_NONE, or why it cannot go on; nothing is changed then. */
enum answer_error forward_hop(const struct route *to, struct rte_mbuf *m, const struct fh_pkt *p);

/* Why a packet that is not sent on counts as dropped. */
uint8_t forward_reason(enum answer_error e);

#endif
