/*
 * Flow records: what a connection was, once it is over or has lasted long.
 *
 * Theory of operation
 * -------------------
 * The words are IPFIX's (RFC 7011, RFC 5102): a record is written when a connection ends, is evicted, or has lasted another
 * FH_FLOW_ACTIVE_S seconds. Packets and bytes are totals since the connection began (packetTotalCount, octetTotalCount), so a record that
 * is lost costs nothing but itself. The two directions are one record (RFC 5103).
 *
 * Each worker writes a ring of its own, the control thread reads all of them. A record is written where an entry leaves its table,
 * never for a packet that only passes. Writing is two cache lines and a release store: no allocation, lock or system call. A full ring
 * costs the record, which is counted; so does a NIC that ends more connections than its share of the ring, because a scan must not
 * take the room from others.
 *
 * The rings lie in memory that the caller gives, and outlive the process if that does: a record counts once the head has passed it, so
 * a process killed at any instruction leaves whole records only. Nothing else in the memory is trusted.
 */
#ifndef FH_FLOW_H
#define FH_FLOW_H

#include "compiler.h"
#include "freehold/ctl.h"

#include <stdbool.h>

#define FH_FLOW_RING 8192u     /* records that a worker's ring holds; a power of two */
#define FH_FLOW_NIC_SHARE 512u /* records of one NIC and worker in a tick (134 ms) */
#define FH_FLOW_ACTIVE_S 300u

/* Times are of CLOCK_BOOTTIME, exact to a tick of the connection table. */
struct fh_flow {
	struct fh_id nic;
	uint8_t src[16], dst[16]; /* of the first packet, before translation */
	uint64_t packets[2], bytes[2]; /* [0] along the first packet's direction */
	uint64_t start_ns, last_ns;    /* first and last packet */
	uint32_t slot;                 /* of the rule that allowed it */
	uint16_t src_port, dst_port;   /* ICMP: identifier, type << 8 | code */
	uint8_t public_addr[4];        /* translated: the NIC's end as seen outside */
	uint16_t public_port;
	uint8_t v6, proto, direction, state;
	uint8_t end;   /* enum fh_flow_end */
	uint8_t flags; /* FH_FLOW_* */
	uint8_t spare[12];
};
_Static_assert(sizeof(struct fh_flow) == 128, "two cache lines; the layout outlives the process");

struct fh_flow_ring {
	/* Writer */
	uint64_t head; /* records ever written */
	uint64_t lost; /* records that found no room */
	uint64_t tail fh_cache_aligned; /* reader: records ever taken */
	struct fh_flow slots[FH_FLOW_RING] fh_cache_aligned;
};

/* Makes whatever is in that memory a ring; records that are there stay if they can be. */
void fh_flow_ring_open(struct fh_flow_ring *ring);
/* By the ring's writer. Return: where the next record goes, zeroed; NULL without room (counted). fh_flow_publish() makes it one. */
struct fh_flow *fh_flow_reserve(struct fh_flow_ring *ring);
void fh_flow_publish(struct fh_flow_ring *ring);
/* By the ring's writer: a record that its NIC had no share left for. */
void fh_flow_lose(struct fh_flow_ring *ring);
/* By the reader. Return: the oldest record, valid until fh_flow_taken(); NULL: there is none. */
const struct fh_flow *fh_flow_oldest(const struct fh_flow_ring *ring);
void fh_flow_taken(struct fh_flow_ring *ring);

#endif
