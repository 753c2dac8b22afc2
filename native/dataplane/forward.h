/*
 * Where a packet goes: the next hop by MAC within a segment, by address through its router.
 *
 * Routing is done where the packet comes from: two look-ups in immutable tables (which segment by prefix, who there by
 * address), then the hop count goes down, the MACs become those of the receiver's segment, and the packet goes straight to its
 * NIC. The receiver's answer is routed the same way where it starts.
 *
 * What no route of a router matches leaves through its external segment, if the sender has a public address. Public addresses
 * of ports on this host are found first: such packets turn round at the border without being on the link. IPv6 crosses
 * untranslated, from addresses that are public.
 */
#ifndef FH_DP_FORWARD_H
#define FH_DP_FORWARD_H

#include "answer.h"
#include "route.h"

/* Not a way out: the packet is for the gateway itself (to be answered). It has no output(). */
extern const struct fh_route_mode forward_gateway;

/* The way of a parsed packet that came from a port. mode NULL: none, error says which answer is due. */
struct route forward_pick(const struct world *world, const struct port_view *src, const struct fh_pkt *p, const uint8_t *data);

/* Whether the packet fits the way. Return: ANSWER_E_NONE, or why it cannot go on. */
enum answer_error forward_check(const struct route *to, const struct rte_mbuf *m, const struct fh_pkt *p);
/* Makes a routed packet that of its next hop. Return: false while the next hop's MAC is not known. */
bool forward_hop(const struct worker *w, const struct route *to, struct rte_mbuf *m, const struct fh_pkt *p);
/* The port that a packet to a public address of an external segment is for, or FH_LOOKUP_ABSENT.
 * @param addr  network order. @param port  its own; ICMP queries: the identifier */
uint32_t forward_public(const struct segment_view *external, uint32_t addr, uint16_t port);
/* The number that stands for the port in there: of who the packet goes to. */
uint16_t forward_public_port(const struct fh_pkt *p);

/* The largest IP packet that the route takes. */
uint32_t forward_mtu(const struct route *to);

/* Why a packet that is not sent on counts as dropped. */
uint8_t forward_reason(enum answer_error e);

#endif
