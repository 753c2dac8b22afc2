/*
 * From untrusted bytes to a compact description of the packet.
 *
 * Theory of operation
 * -------------------
 * The caller has a private copy of the headers (never guest memory, which may change under the reader's hands):
 * a pointer to the first contiguous segment and its length, and the length of the whole frame. Each byte is read
 * through fh_view_at(), which answers NULL outside the segment; nothing else dereferences the buffer.
 * fh_pkt_parse() validates once; whoever holds an fh_pkt with reason FH_DROP_NONE may rely on its offsets:
 * all headers up to and including the L4 header (TCP with its options) lie inside the first segment.
 *
 * Lengths come from the IP header, never from the buffer: Ethernet padding and segmentation offload make the two
 * differ. An IP length that exceeds the frame is an error; a frame longer than that is padding.
 *
 * The tuple is canonical: the two ends (address, port) are sorted, so that both directions of a connection yield the
 * same key and the same hash. src_is_lo tells which end sent this packet.
 *
 *   key[0]  bits 0-15 port of the low end, 16-31 of the high end (host order), 32-39 protocol, 40-47 FH_KEY_* flags,
 *           48-55 ICMP query type; 56-63 zero
 *   IPv4    key[1] = address of the low end | address of the high end << 32 (host order); key[2..4] = 0
 *   IPv6    key[1..2] address of the low end, key[3..4] of the high end (network order, as loaded)
 *
 * ICMP queries carry their identifier as the port of both ends, and FH_KEY_REQUESTER_LO says which end asks; so two
 * hosts that ping each other with one identifier are two connections.
 *
 * Thread safety: no state; any thread.
 */
#ifndef FH_COMMON_PACKET_H
#define FH_COMMON_PACKET_H

#include "compiler.h"
#include "reason.h"

struct fh_view {
	const uint8_t *p;
	uint32_t len;
};

/* Return: pointer to n readable bytes at off, or NULL. */
static inline const uint8_t *fh_view_at(struct fh_view v, uint32_t off, uint32_t n)
{
	return fh_likely(off <= v.len && n <= v.len - off) ? v.p + off : NULL;
}

enum fh_pkt_kind {
	FH_PKT_BAD = 0,      /* reason says why */
	FH_PKT_ARP,          /* l3_off points at the ARP header, 28 bytes are there */
	FH_PKT_FLOW,         /* has a tuple: TCP, UDP, SCTP, ICMP query, other protocols */
	FH_PKT_ICMP_ERROR,   /* inner tuple not parsed yet: fh_pkt_parse_inner() */
	FH_PKT_ICMP_OTHER,   /* neither query nor error: judged by policy alone, never tracked */
	FH_PKT_ND,           /* router/neighbour solicitation/advertisement, redirect (ICMPv6 133-137) */
	FH_PKT_MLD,          /* multicast listener messages (ICMPv6 130-132, 143) */
	FH_PKT_FRAGMENT,     /* IP fragment, first ones included: fh_frag_*() */
};

enum {
	FH_PKT_V6 = 1 << 0,
	FH_PKT_SRC_LO = 1 << 1,        /* the sender is the low end of the key */
	FH_PKT_FRAG_FIRST = 1 << 2,    /* FH_PKT_FRAGMENT with offset 0: tuple and L4 fields are valid */
	FH_PKT_FRAG_MORE = 1 << 3,
	FH_PKT_DST_MULTICAST = 1 << 4, /* IP multicast or broadcast destination */
	FH_PKT_TRANSLATE = 1 << 5,     /* set by the dataplane: crosses the public border, see conntrack.h NAT */
	FH_PKT_ICMP_REPLY = 1 << 6,    /* ICMP query: this is the answer */
};

enum { FH_TCP_FIN = 0x01, FH_TCP_SYN = 0x02, FH_TCP_RST = 0x04, FH_TCP_PSH = 0x08, FH_TCP_ACK = 0x10, FH_TCP_URG = 0x20 };

#define FH_KEY_WORDS 5
#define FH_KEY_V6 ((uint64_t)1 << 40)
#define FH_KEY_REQUESTER_LO ((uint64_t)1 << 41) /* ICMP queries: the low end asks */
#define FH_KEY_LOCAL_LO ((uint64_t)1 << 42)     /* zone-specific, never set in fh_pkt: the NIC's own end is the low one */

enum fh_proto {
	FH_PROTO_ICMP = 1, FH_PROTO_TCP = 6, FH_PROTO_UDP = 17, FH_PROTO_DCCP = 33, FH_PROTO_ICMP6 = 58,
	FH_PROTO_SCTP = 132, FH_PROTO_UDPLITE = 136,
};

struct fh_pkt {
	uint64_t key[FH_KEY_WORDS]; /* canonical tuple, see above */
	uint64_t hash;              /* filled by fh_hash_burst() */
	uint8_t kind;               /* enum fh_pkt_kind */
	uint8_t reason;             /* enum fh_drop_reason; FH_DROP_NONE when the packet is well-formed */
	uint8_t flags;              /* FH_PKT_* */
	uint8_t proto;              /* L4 protocol after extension headers */
	uint16_t ethertype;
	uint16_t l3_off;
	uint16_t l4_off;
	uint16_t payload_off;       /* first byte after the L4 header (TCP options included) */
	uint32_t ip_len;            /* bytes of the IP packet by its own header */
	uint32_t l4_len;            /* bytes of L4 header and payload by the IP header */
	uint16_t src_port, dst_port; /* host order; ICMP: type << 8 | code in dst_port, identifier in src_port */
	/* TCP */
	uint32_t seq, ack;
	uint16_t win;
	uint8_t tcp_flags;
	uint8_t tcp_opt_len;        /* options start at l4_off + 20 */
	/* fragments */
	uint8_t frag_kind;          /* first fragments: enum fh_pkt_kind that the packet would have as a whole */
	uint32_t frag_id;
	uint16_t frag_off;          /* bytes; the length of this piece is l4_len */
	uint16_t wire_segs;         /* set by the dataplane: segments on the wire for billing of TSO; 0 counts as 1 */
	/* connection tracking: carried from the sender's zone to the receiver's, never touched by the parser's users */
	uint32_t hint;
	void *origin;
};

/* Parses the frame.
 * @param data      first contiguous segment of a private copy
 * @param seg_len   its length
 * @param frame_len length of the whole frame (>= seg_len)
 * @param pkt       filled in completely
 * Return: pkt->reason == FH_DROP_NONE */
bool fh_pkt_parse(const uint8_t *data, uint32_t seg_len, uint32_t frame_len, struct fh_pkt *pkt);

/* Parses the packet quoted by an ICMP error. The quotation ends early: inner gets the tuple (TCP: seq too) and nothing
 * that lies further. Return: false when it is truncated, a non-first fragment, or an ICMP error itself. */
bool fh_pkt_parse_inner(const uint8_t *data, uint32_t seg_len, const struct fh_pkt *error, struct fh_pkt *inner);

/* Source and destination as bytes in network order (4 or 16 of them). */
void fh_pkt_addrs(const struct fh_pkt *pkt, uint8_t src[16], uint8_t dst[16]);

/* Builds the canonical tuple by hand (packet tester, tests): addresses of 4 or 16 bytes in network order. For ICMP
 * queries src_port is the identifier and dst_port type << 8 | code. Sets kind, flags, proto, key. */
void fh_pkt_from_tuple(struct fh_pkt *pkt, bool v6, uint8_t proto, const uint8_t *src, const uint8_t *dst,
		       uint16_t src_port, uint16_t dst_port);

static inline bool fh_proto_has_ports(uint8_t proto)
{
	return proto == FH_PROTO_TCP || proto == FH_PROTO_UDP || proto == FH_PROTO_SCTP || proto == FH_PROTO_UDPLITE ||
	       proto == FH_PROTO_DCCP;
}

#endif
