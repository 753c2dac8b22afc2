/*
 * Neighbours on a link behind an uplink: which MAC has a next hop's IPv4 address.
 *
 * Theory of operation
 * -------------------
 * Workers look up; the control thread asks (ARP), learns and forgets. An entry's slot never becomes empty again, so a reader's
 * probing always ends where it should; it may be reused for another address while no MAC stands in it, which a reader notices
 * by reading the address again. A worker that finds no MAC leaves the address in a small mailbox, wakes the control thread, and
 * drops the packet.
 *
 * An entry that was confirmed REFRESH_S ago is asked for again, by unicast; without an answer to PROBES requests its MAC goes.
 * Those that nobody used for UNUSED_S are forgotten, but for those that are kept (next hops of tunnels, gateways).
 */
#ifndef FH_DP_NEIGH_H
#define FH_DP_NEIGH_H

#include "compiler.h"

#define NEIGH_MAX 1024u

struct neighbours;

struct neighbours *neigh_new(void);
void neigh_free(struct neighbours *n);

/* --- workers --------------------------------------------------------------------------------------------------------- */
/* @param addr  network order. Return: whether the MAC is known. */
bool neigh_find(struct neighbours *n, uint32_t addr, uint64_t now_ns, uint8_t mac[6]);
/* Return: whether the control thread must be woken. */
bool neigh_want(struct neighbours *n, uint32_t addr);

/* --- control thread ---------------------------------------------------------------------------------------------------- */
/* Addresses to know always. Replaces those of the last call. */
void neigh_keep(struct neighbours *n, const uint32_t addrs[], uint32_t count);
/* Somebody said where it is: matters only for addresses that were asked for. */
void neigh_learn(struct neighbours *n, uint32_t addr, const uint8_t mac[6], uint64_t now_ns);
/* Sends what is due. @param mac  where to send the request, NULL: to everybody. Return: when to be called again at the latest. */
typedef void neigh_ask(void *arg, uint32_t addr, const uint8_t *mac);
uint64_t neigh_tick(struct neighbours *n, uint64_t now_ns, neigh_ask *ask, void *arg);
void neigh_count(const struct neighbours *n, uint32_t *entries, uint32_t *resolved);

#endif
