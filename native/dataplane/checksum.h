/* Checksums of TCP and UDP over one buffer, in the byte order of the machine as the bytes lie. */
#ifndef FH_DP_CHECKSUM_H
#define FH_DP_CHECKSUM_H

#include <rte_byteorder.h>
#include <rte_ip.h>

#include "packet.h"

static inline uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The pseudo header's sum for l4_len bytes, as a partial checksum holds it. */
static inline uint16_t checksum_pseudo(const uint8_t *data, const struct fh_pkt *p, uint32_t l4_len)
{
	const uint8_t *ip = data + p->l3_off;
	uint32_t sum = p->flags & FH_PKT_V6 ? rte_raw_cksum(ip + 8, 32) : rte_raw_cksum(ip + 12, 8);
	return checksum_fold(sum + rte_cpu_to_be_16(p->proto) + rte_cpu_to_be_16((uint16_t)l4_len));
}

/* What the whole of a packet with a right checksum gives: 0xffff. With the field zeroed: the complement of what belongs there. */
static inline uint16_t checksum_sum(const uint8_t *data, const struct fh_pkt *p, uint32_t l4_len)
{
	return checksum_fold((uint32_t)rte_raw_cksum(data + p->l4_off, l4_len) + checksum_pseudo(data, p, l4_len));
}

#endif
