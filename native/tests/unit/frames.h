/* Builds frames for tests. Each function returns the length of the frame. */
#ifndef FH_TESTS_FRAMES_H
#define FH_TESTS_FRAMES_H

#include "packet.h"

struct ends {
	bool v6;
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
};

static inline struct ends ends4(uint32_t src, uint16_t sport, uint32_t dst, uint16_t dport)
{
	struct ends e = { .sport = sport, .dport = dport };

	fh_put_be32(e.src, src);
	fh_put_be32(e.dst, dst);
	return e;
}

static inline struct ends ends6(uint16_t src, uint16_t sport, uint16_t dst, uint16_t dport)
{
	struct ends e = { .v6 = true, .src = { 0x20, 0x01, 0x0d, 0xb8 }, .dst = { 0x20, 0x01, 0x0d, 0xb8 }, .sport = sport, .dport = dport };

	fh_put_be16(e.src + 14, src);
	fh_put_be16(e.dst + 14, dst);
	return e;
}

static inline struct ends reversed(struct ends e)
{
	struct ends r = { .v6 = e.v6, .sport = e.dport, .dport = e.sport };

	memcpy(r.src, e.dst, 16);
	memcpy(r.dst, e.src, 16);
	return r;
}

/* Ethernet and IP around an L4 part of l4_len bytes that the caller writes at the returned offset. */
static inline uint32_t frame_ip(uint8_t *f, const struct ends *e, uint8_t proto, uint32_t l4_len)
{
	memset(f, 0, 14);
	f[5] = 2;
	f[11] = 1;
	if (e->v6) {
		fh_put_be16(f + 12, 0x86dd);
		memset(f + 14, 0, 40);
		f[14] = 0x60;
		fh_put_be16(f + 18, (uint16_t)l4_len);
		f[20] = proto;
		f[21] = 64;
		memcpy(f + 22, e->src, 16);
		memcpy(f + 38, e->dst, 16);
		return 54;
	}
	fh_put_be16(f + 12, 0x0800);
	memset(f + 14, 0, 20);
	f[14] = 0x45;
	fh_put_be16(f + 16, (uint16_t)(20 + l4_len));
	f[22] = 64;
	f[23] = proto;
	memcpy(f + 26, e->src, 4);
	memcpy(f + 30, e->dst, 4);
	return 34;
}

static inline uint32_t frame_udp(uint8_t *f, const struct ends *e, uint32_t payload)
{
	uint32_t at = frame_ip(f, e, FH_PROTO_UDP, 8 + payload);

	memset(f + at, 0, 8 + payload);
	fh_put_be16(f + at, e->sport);
	fh_put_be16(f + at + 2, e->dport);
	fh_put_be16(f + at + 4, (uint16_t)(8 + payload));
	return at + 8 + payload;
}

struct seg {
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t win;
	uint32_t payload;
	uint8_t options[40];
	uint8_t opt_len; /* a multiple of 4 */
};

static inline uint32_t frame_tcp(uint8_t *f, const struct ends *e, const struct seg *s)
{
	uint32_t header = 20u + s->opt_len, at = frame_ip(f, e, FH_PROTO_TCP, header + s->payload);

	memset(f + at, 0, header + s->payload);
	fh_put_be16(f + at, e->sport);
	fh_put_be16(f + at + 2, e->dport);
	fh_put_be32(f + at + 4, s->seq);
	fh_put_be32(f + at + 8, s->ack);
	f[at + 12] = (uint8_t)(header / 4 << 4);
	f[at + 13] = s->flags;
	fh_put_be16(f + at + 14, s->win);
	memcpy(f + at + 20, s->options, s->opt_len);
	return at + header + s->payload;
}

/* ident and sequence number for queries; payload may be the quoted packet of an error. */
static inline uint32_t frame_icmp(uint8_t *f, const struct ends *e, uint8_t type, uint8_t code, uint16_t ident, const uint8_t *payload,
				  uint32_t payload_len)
{
	uint32_t at = frame_ip(f, e, e->v6 ? FH_PROTO_ICMP6 : FH_PROTO_ICMP, 8 + payload_len);

	memset(f + at, 0, 8);
	f[at] = type;
	f[at + 1] = code;
	fh_put_be16(f + at + 4, ident);
	if (payload_len)
		memcpy(f + at + 8, payload, payload_len);
	return at + 8 + payload_len;
}

#endif
