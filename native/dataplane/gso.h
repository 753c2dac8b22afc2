/*
 * Software segmentation: a large TCP segment cut into what fits the wire, IPv4 and IPv6.
 *
 * The pieces have headers of their own and full checksums; where they are written is the caller's affair.
 */
#ifndef FH_DP_GSO_H
#define FH_DP_GSO_H

#include <rte_mbuf.h>

#include "packet.h"

struct gso {
	const struct rte_mbuf *m;
	const struct fh_pkt *pkt;
	uint32_t off, payload, size;
	uint16_t number;
};

/* @param mtu  for the IP packets of the pieces. Return: false when they would not fit, or m is no large segment. */
bool gso_begin(struct gso *g, const struct rte_mbuf *m, const struct fh_pkt *pkt, uint32_t mtu);
/* Bytes of the next piece's frame, 0: there is none. */
uint32_t gso_next(const struct gso *g);
/* Writes it, gso_next() bytes. */
void gso_write(struct gso *g, uint8_t *d);

#endif
