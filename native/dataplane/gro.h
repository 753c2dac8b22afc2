/*
 * Merging of what arrived from an uplink: TCP segments that follow each other become one large one, for a guest that takes
 * such.
 *
 * Theory of operation
 * -------------------
 * After the receiver's rules and connections judged each segment, within one burst. Merged are segments of one connection and
 * direction with nothing but data in them: consecutive, equally long (the last may be shorter), the same acknowledgement,
 * window, options and IP header fields. Anything else of the connection ends the merging before it, so the order within a
 * connection stays.
 *
 * A guest does not check what is marked as large, so every checksum is verified before its segment is merged; a wrong one goes
 * on alone, for the guest to drop.
 */
#ifndef FH_DP_GRO_H
#define FH_DP_GRO_H

#include <rte_mbuf.h>

#include "packet.h"

/* Merges in place, chains buffers. @param takes4, takes6  whether the receiver takes large segments of the family.
 * Return: how many packets are left. */
unsigned gro_merge(struct rte_mbuf *m[], struct fh_pkt *pkts[], unsigned n, bool takes4, bool takes6);

#endif
