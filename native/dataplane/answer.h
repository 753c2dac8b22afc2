/*
 * What the dataplane answers itself instead of forwarding: ARP, neighbour discovery, router advertisements, DHCP, pings
 * of the gateway. Nothing of it is flooded; all of it comes from control data.
 *
 * An answer is written into the very buffer that the question came in (a private copy of it, in the port's own pool):
 * no allocation, and a guest that asks a lot spends its own buffers. The question is read through fh_view_at() only.
 */
#ifndef FH_DP_ANSWER_H
#define FH_DP_ANSWER_H

#include "runtime.h"

struct question {
	const struct world *world;
	const struct port_view *port;
	const struct segment_view *segment;
	struct rte_mbuf *m;
	struct fh_pkt *pkt;
	struct fh_view view; /* first segment of m */
};

enum answer {
	ANSWER_NOT_MINE, /* go on with the packet */
	ANSWER_REPLY,    /* m now holds the answer, for the port that asked */
	ANSWER_CONSUMED, /* nothing to say; no drop */
	ANSWER_DROP,     /* *reason */
};

enum answer answer_arp(struct question *q, uint8_t *reason);
/* Kind FH_PKT_ND. */
enum answer answer_nd(struct question *q, uint8_t *reason);
/* UDP to ports 67; anything else is ANSWER_NOT_MINE. */
enum answer answer_dhcp4(struct question *q, uint8_t *reason);
/* UDP to port 547 of all servers; anything else is ANSWER_NOT_MINE. */
enum answer answer_dhcp6(struct question *q, uint8_t *reason);
/* Echo requests to an address of the gateway, after policy allowed them. */
enum answer answer_ping(struct question *q, uint8_t *reason);

/* Why a router returns a packet. */
enum answer_error { ANSWER_E_NONE, ANSWER_E_TTL, ANSWER_E_NETWORK, ANSWER_E_HOST, ANSWER_E_PORT, ANSWER_E_TOO_BIG, ANSWER_E_PROHIBITED };
/* The ICMP error about the packet, to who sent it. mtu: for ANSWER_E_TOO_BIG.
 * Return: ANSWER_REPLY, or ANSWER_DROP: an error about this packet is not allowed (RFC 1122, RFC 4443) or has no address to come from. */
enum answer answer_icmp_error(struct question *q, enum answer_error e, uint32_t mtu);
/* The same from another address and MAC. Return: false: there is none, m is as it was or must be dropped. */
bool answer_write_error(struct rte_mbuf *m, const struct fh_pkt *p, enum answer_error e, uint32_t mtu, const uint8_t *from, const uint8_t from_mac[6]);
/* Writes an unsolicited router advertisement into an empty buffer. Return: false when the segment has no IPv6 subnet. */
bool answer_write_ra(const struct segment_view *segment, const struct port_view *port, struct rte_mbuf *m);

/* Makes an ARP request, a neighbour solicitation (without extension headers) the answer that mac has the address asked for.
 * Return: false when the buffer has no room. */
bool answer_write_arp(struct rte_mbuf *m, const uint8_t mac[6]);
bool answer_write_na(struct rte_mbuf *m, const uint8_t mac[6], const uint8_t asker_mac[6], bool router);

/* --- how much is answered ------------------------------------------------------------------------------------------- */
#define ANSWERS_PER_TICK 200 /* per port, worker and 100 ms */
#define ERRORS_PER_TICK 20   /* ICMP errors and resets, likewise */

static inline void answer_begin_tick(struct port_counters *c, uint64_t now_ns)
{
	uint64_t tick = now_ns / (DP_NS_PER_S / 10);
	if (c->answers_tick != tick) {
		c->answers_tick = tick;
		c->answers = c->errors = 0;
	}
}

static inline bool answer_allowed(struct port_counters *c, uint64_t now_ns)
{
	answer_begin_tick(c, now_ns);
	return c->answers++ < ANSWERS_PER_TICK;
}

static inline bool answer_error_allowed(struct port_counters *c, uint64_t now_ns)
{
	answer_begin_tick(c, now_ns);
	return c->errors++ < ERRORS_PER_TICK;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */
/* Makes m exactly len bytes in one segment. Return: its data, or NULL when that cannot be. */
uint8_t *answer_resize(struct rte_mbuf *m, uint32_t len);
void answer_eui64(const uint8_t mac[6], uint8_t link_local[16]);
/* Ethernet and IPv6 header in front of an ICMPv6 message that lies at data + 54; fills its checksum. */
void answer_finish_icmp6(uint8_t *data, uint16_t icmp_len, const uint8_t src_mac[6], const uint8_t dst_mac[6],
			 const uint8_t src[16], const uint8_t dst[16]);
uint16_t answer_ip_checksum(const uint8_t *p, uint32_t len, uint32_t start);
/* Return: the segment's subnet whose gateway has that address (4 or 16 bytes), or NULL. */
const struct subnet_view *answer_gateway(const struct segment_view *s, bool v6, const uint8_t *addr);
bool answer_in_subnet(const struct subnet_view *n, const uint8_t *addr);
/* Whether the address is the gateway's: in the segment, or in another one of its router. */
bool answer_is_gateway(const struct world *world, const struct segment_view *s, bool v6, const uint8_t *addr);
/* Return: the MAC of the port or gateway that has the address, NULL: nobody. Link-local ones, too.
 * @param own  set to whether that is the asking port itself */
const uint8_t *answer_owner(const struct question *q, bool v6, const uint8_t *addr, bool *own);

#endif
