/* See packet.h for the theory of operation. */
#include "packet.h"

#define ETH_HEADER 14
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_RARP 0x8035
#define ETHERTYPE_IPV6 0x86dd
#define ARP_BODY 28
#define IP6_HEADER 40
#define IP6_EXT_MAX 8 /* more headers than any sender needs; bounds the walk */
#define DATAGRAM_MAX 65535u

enum { NEXT_HOPOPT = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_AH = 51, NEXT_NONE = 59, NEXT_DSTOPT = 60 };

/* One pass over one packet: the whole packet, or the one that an ICMP error quotes. */
struct parse {
	struct fh_view view;
	struct fh_pkt *pkt;
	uint64_t src[2], dst[2]; /* IPv4: host order in [0]; IPv6: as loaded */
	bool quoted;             /* lengths may exceed what is there; 8 bytes of L4 are enough */
};

static bool fail(struct parse *s, enum fh_drop_reason reason)
{
	s->pkt->kind = FH_PKT_BAD;
	s->pkt->reason = (uint8_t)reason;
	return false;
}

/* Sorts the ends and writes the key. The ports are those of the key, which for ICMP differ from those shown. */
static void make_key(struct parse *s, uint16_t src_port, uint16_t dst_port, uint64_t extra)
{
	struct fh_pkt *p = s->pkt;
	bool src_lo;

	if (!(p->flags & FH_PKT_V6)) {
		uint64_t a = s->src[0] << 16 | src_port, b = s->dst[0] << 16 | dst_port;

		src_lo = a <= b;
		uint64_t lo = src_lo ? a : b, hi = src_lo ? b : a;
		p->key[0] = (lo & 0xffff) | (hi & 0xffff) << 16;
		p->key[1] = lo >> 16 | (hi >> 16) << 32;
		p->key[2] = p->key[3] = p->key[4] = 0;
	} else {
		if (s->src[0] != s->dst[0])
			src_lo = s->src[0] < s->dst[0];
		else if (s->src[1] != s->dst[1])
			src_lo = s->src[1] < s->dst[1];
		else
			src_lo = src_port <= dst_port;
		const uint64_t *lo = src_lo ? s->src : s->dst, *hi = src_lo ? s->dst : s->src;
		p->key[0] = (src_lo ? src_port : dst_port) | (uint64_t)(src_lo ? dst_port : src_port) << 16 | FH_KEY_V6;
		p->key[1] = lo[0];
		p->key[2] = lo[1];
		p->key[3] = hi[0];
		p->key[4] = hi[1];
	}
	p->key[0] |= (uint64_t)p->proto << 32 | extra;
	if (src_lo)
		p->flags |= FH_PKT_SRC_LO;
}

static void make_icmp_query_key(struct parse *s, uint8_t request_type, uint16_t ident)
{
	struct fh_pkt *p = s->pkt;

	make_key(s, ident, ident, (uint64_t)request_type << 48);
	if (!!(p->flags & FH_PKT_SRC_LO) != !!(p->flags & FH_PKT_ICMP_REPLY))
		p->key[0] |= FH_KEY_REQUESTER_LO;
}

/* Return: the type of the request that type asks or answers, -1 when it is no query. */
static int icmp_request_type(bool v6, uint8_t type, bool *reply)
{
	*reply = false;
	if (v6) {
		*reply = type == 129;
		return type == 128 || type == 129 ? 128 : -1;
	}
	switch (type) {
	case 0:
		*reply = true;
		return 8;
	case 8:
		return 8;
	case 14:
	case 16:
	case 18:
		*reply = true;
		return type - 1;
	case 13:
	case 15:
	case 17:
		return type;
	default:
		return -1;
	}
}

static bool icmp_is_error(bool v6, uint8_t type)
{
	return v6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

static bool parse_icmp(struct parse *s, uint32_t off, uint32_t len)
{
	struct fh_pkt *p = s->pkt;
	bool v6 = p->flags & FH_PKT_V6, reply;
	const uint8_t *h = fh_view_at(s->view, off, 8);

	if (len < 8 || !h)
		return fail(s, FH_DROP_L4_HEADER);
	p->payload_off = (uint16_t)(off + 8);
	p->dst_port = fh_be16(h);

	int request = h[1] == 0 ? icmp_request_type(v6, h[0], &reply) : -1;
	if (request >= 0) {
		if (reply)
			p->flags |= FH_PKT_ICMP_REPLY;
		p->src_port = fh_be16(h + 4);
		p->kind = FH_PKT_FLOW;
		make_icmp_query_key(s, (uint8_t)request, p->src_port);
		return true;
	}
	if (icmp_is_error(v6, h[0]))
		p->kind = FH_PKT_ICMP_ERROR;
	else if (v6 && h[0] >= 133 && h[0] <= 137)
		p->kind = FH_PKT_ND;
	else if (v6 && ((h[0] >= 130 && h[0] <= 132) || h[0] == 143))
		p->kind = FH_PKT_MLD;
	else
		p->kind = FH_PKT_ICMP_OTHER;
	make_key(s, 0, 0, 0);
	return true;
}

/* The combinations (without PSH, which goes with any) that TCP implementations send. */
static bool tcp_flags_sane(uint8_t flags)
{
#define COMBINATION(f) ((uint64_t)1 << (f))
	static const uint64_t sane =
		COMBINATION(FH_TCP_SYN) | COMBINATION(FH_TCP_SYN | FH_TCP_URG) | COMBINATION(FH_TCP_SYN | FH_TCP_ACK) |
		COMBINATION(FH_TCP_RST) | COMBINATION(FH_TCP_RST | FH_TCP_ACK) | COMBINATION(FH_TCP_FIN | FH_TCP_ACK) |
		COMBINATION(FH_TCP_FIN | FH_TCP_ACK | FH_TCP_URG) | COMBINATION(FH_TCP_ACK) |
		COMBINATION(FH_TCP_ACK | FH_TCP_URG);
#undef COMBINATION
	return sane >> (flags & 0x3f & ~FH_TCP_PSH) & 1;
}

static bool parse_tcp(struct parse *s, uint32_t off, uint32_t len)
{
	struct fh_pkt *p = s->pkt;
	const uint8_t *h;

	if (s->quoted) {
		if (!(h = fh_view_at(s->view, off, 8)))
			return fail(s, FH_DROP_L4_HEADER);
		p->seq = fh_be32(h + 4);
	} else {
		if (len < 20 || !(h = fh_view_at(s->view, off, 20)))
			return fail(s, FH_DROP_L4_HEADER);
		uint32_t header = (uint32_t)(h[12] >> 4) * 4;
		if (header < 20 || header > len || !fh_view_at(s->view, off, header))
			return fail(s, FH_DROP_L4_HEADER);
		p->seq = fh_be32(h + 4);
		p->ack = fh_be32(h + 8);
		p->tcp_flags = h[13] & 0x3f;
		p->win = fh_be16(h + 14);
		p->tcp_opt_len = (uint8_t)(header - 20);
		p->payload_off = (uint16_t)(off + header);
		if (!tcp_flags_sane(p->tcp_flags))
			return fail(s, FH_DROP_TCP_FLAGS);
	}
	p->src_port = fh_be16(h);
	p->dst_port = fh_be16(h + 2);
	return true;
}

static bool parse_ports(struct parse *s, uint32_t off, uint32_t len)
{
	struct fh_pkt *p = s->pkt;
	uint32_t header = p->proto == FH_PROTO_SCTP || p->proto == FH_PROTO_DCCP ? 12 : 8;
	const uint8_t *h;

	if (s->quoted)
		header = 8;
	if ((len < header && !s->quoted) || !(h = fh_view_at(s->view, off, header)))
		return fail(s, FH_DROP_L4_HEADER);
	if (p->proto == FH_PROTO_UDP && !s->quoted) {
		uint32_t udp_len = fh_be16(h + 4);
		/* A first fragment carries the length of the whole datagram. */
		if (udp_len < 8 || (udp_len > len && !(p->flags & FH_PKT_FRAG_MORE)))
			return fail(s, FH_DROP_L4_HEADER);
	}
	p->src_port = fh_be16(h);
	p->dst_port = fh_be16(h + 2);
	p->payload_off = (uint16_t)(off + header);
	return true;
}

static bool parse_l4(struct parse *s, uint32_t off, uint32_t len)
{
	struct fh_pkt *p = s->pkt;

	p->l4_off = p->payload_off = (uint16_t)off;
	p->l4_len = len;
	p->kind = FH_PKT_FLOW;
	if (fh_likely(p->proto == FH_PROTO_TCP)) {
		if (!parse_tcp(s, off, len))
			return false;
	} else if (fh_proto_has_ports(p->proto)) {
		if (!parse_ports(s, off, len))
			return false;
	} else if (p->proto == (p->flags & FH_PKT_V6 ? FH_PROTO_ICMP6 : FH_PROTO_ICMP)) {
		return parse_icmp(s, off, len);
	}
	make_key(s, p->src_port, p->dst_port, 0);
	return true;
}

/* A piece of a datagram: len bytes at p->frag_off. l4_at is where the L4 header of a first piece begins. */
static bool parse_fragment(struct parse *s, uint32_t piece_at, uint32_t len, uint32_t l4_at)
{
	struct fh_pkt *p = s->pkt;
	bool more = p->flags & FH_PKT_FRAG_MORE;

	if (s->quoted)
		return fail(s, FH_DROP_FRAGMENT_INVALID);
	if (len == 0 || (more && len % 8) || p->frag_off + len > DATAGRAM_MAX)
		return fail(s, FH_DROP_FRAGMENT_INVALID);
	if (p->frag_off == 0) {
		p->flags |= FH_PKT_FRAG_FIRST;
		if (!parse_l4(s, l4_at, len - (l4_at - piece_at))) {
			if (p->reason == FH_DROP_L4_HEADER)
				p->reason = FH_DROP_FRAGMENT_INVALID;
			return false;
		}
		p->frag_kind = p->kind;
	} else {
		p->l4_off = p->payload_off = (uint16_t)piece_at;
		make_key(s, 0, 0, 0);
	}
	p->kind = FH_PKT_FRAGMENT;
	p->l4_len = len;
	return true;
}

static bool ip4_options_sane(const uint8_t *o, uint32_t len, enum fh_drop_reason *reason)
{
	*reason = FH_DROP_IP_OPTIONS;
	for (uint32_t i = 0; i < len;) {
		if (o[i] == 0)
			return true;
		if (o[i] == 1) {
			i++;
			continue;
		}
		if (len - i < 2 || o[i + 1] < 2 || o[i + 1] > len - i)
			return false;
		if (o[i] == 131 || o[i] == 137) /* loose, strict source route */
			return false;
		i += o[i + 1];
	}
	return true;
}

static bool ip4_addresses_sane(const struct parse *s)
{
	uint32_t src = (uint32_t)s->src[0], dst = (uint32_t)s->dst[0];

	/* 0.0.0.0 may only ask for an address (DHCP); the port is checked by the caller, who knows it. */
	return src < 0xe0000000u && src >> 24 != 127 && dst >> 24 != 127 && dst != 0 && src != dst;
}

static bool parse_ip4(struct parse *s, uint32_t off, uint32_t available)
{
	struct fh_pkt *p = s->pkt;
	const uint8_t *h = fh_view_at(s->view, off, 20);
	enum fh_drop_reason reason;

	p->l3_off = (uint16_t)off;
	if (!h)
		return fail(s, FH_DROP_SHORT_FRAME);
	uint32_t header = (uint32_t)(h[0] & 15) * 4, total = fh_be16(h + 2);
	if (h[0] >> 4 != 4 || header < 20 || total < header || (total > available && !s->quoted))
		return fail(s, FH_DROP_IP_HEADER);
	if (fh_unlikely(header > 20)) {
		if (!(h = fh_view_at(s->view, off, header)))
			return fail(s, FH_DROP_SHORT_FRAME);
		if (!ip4_options_sane(h + 20, header - 20, &reason))
			return fail(s, reason);
	}
	p->ip_len = total;
	p->proto = h[9];
	s->src[0] = fh_be32(h + 12);
	s->dst[0] = fh_be32(h + 16);
	if (!ip4_addresses_sane(s))
		return fail(s, FH_DROP_BAD_ADDRESS);
	if (s->dst[0] >= 0xe0000000u)
		p->flags |= FH_PKT_DST_MULTICAST;

	uint32_t frag = fh_be16(h + 6);
	bool ok;
	if (fh_unlikely(frag & 0x3fff)) {
		p->frag_id = fh_be16(h + 4);
		p->frag_off = (uint16_t)((frag & 0x1fff) * 8);
		if (frag & 0x2000)
			p->flags |= FH_PKT_FRAG_MORE;
		ok = parse_fragment(s, off + header, total - header, off + header);
	} else {
		ok = parse_l4(s, off + header, total - header);
	}
	if (ok && fh_unlikely(s->src[0] == 0) && !(p->proto == FH_PROTO_UDP && p->kind == FH_PKT_FLOW && p->dst_port == 67))
		return fail(s, FH_DROP_BAD_ADDRESS);
	return ok;
}

static bool ip6_addresses_sane(const uint8_t *src, const uint8_t *dst)
{
	static const uint8_t loopback[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, [11] = 0xff };

	return src[0] != 0xff && memcmp(src, loopback, 16) && memcmp(dst, loopback, 16) && memcmp(src, mapped, 12) &&
	       memcmp(dst, mapped, 12) && memcmp(src, dst, 16);
}

/* Walks the extension headers. Return: false after fail(). On success *at is the L4 header, or the piece of a fragment. */
static bool ip6_walk(struct parse *s, uint32_t *at, uint32_t end, uint8_t *next, uint32_t *piece_at)
{
	struct fh_pkt *p = s->pkt;
	uint32_t off = *at;

	for (unsigned n = 0;; n++) {
		uint32_t len;
		const uint8_t *h;

		if (fh_likely(*next != NEXT_HOPOPT && *next != NEXT_ROUTING && *next != NEXT_FRAGMENT && *next != NEXT_AH &&
			      *next != NEXT_DSTOPT))
			break;
		if (n == IP6_EXT_MAX || !(h = fh_view_at(s->view, off, 8)))
			return fail(s, FH_DROP_IP_OPTIONS);
		if (*next == NEXT_FRAGMENT) {
			uint32_t frag = fh_be16(h + 2);

			if (*piece_at)
				return fail(s, FH_DROP_FRAGMENT_INVALID);
			len = 8;
			if (off + len > end)
				return fail(s, FH_DROP_IP_HEADER);
			if (frag & 0xfff9) { /* neither offset nor "more": an atomic fragment is a whole packet */
				p->frag_id = fh_be32(h + 4);
				p->frag_off = (uint16_t)(frag & 0xfff8);
				if (frag & 1)
					p->flags |= FH_PKT_FRAG_MORE;
				*piece_at = off + len;
				if (p->frag_off) { /* what follows is not a header */
					*next = h[0];
					*at = off + len;
					return true;
				}
			}
		} else {
			if (*next == NEXT_HOPOPT && n > 0)
				return fail(s, FH_DROP_IP_OPTIONS);
			if (*next == NEXT_ROUTING && (h[2] == 0 || h[3] != 0))
				return fail(s, FH_DROP_IP_OPTIONS);
			len = *next == NEXT_AH ? ((uint32_t)h[1] + 2) * 4 : ((uint32_t)h[1] + 1) * 8;
		}
		if (len > end - off || !fh_view_at(s->view, off, len))
			return fail(s, *piece_at ? FH_DROP_FRAGMENT_INVALID : FH_DROP_IP_OPTIONS);
		*next = h[0];
		off += len;
	}
	*at = off;
	return true;
}

static bool parse_ip6(struct parse *s, uint32_t off, uint32_t available)
{
	struct fh_pkt *p = s->pkt;
	const uint8_t *h = fh_view_at(s->view, off, IP6_HEADER);

	p->l3_off = (uint16_t)off;
	p->flags |= FH_PKT_V6;
	if (!h)
		return fail(s, FH_DROP_SHORT_FRAME);
	uint32_t payload = fh_be16(h + 4);
	if (h[0] >> 4 != 6 || (IP6_HEADER + payload > available && !s->quoted))
		return fail(s, FH_DROP_IP_HEADER);
	p->ip_len = IP6_HEADER + payload;
	memcpy(s->src, h + 8, 16);
	memcpy(s->dst, h + 24, 16);
	if (!ip6_addresses_sane(h + 8, h + 24))
		return fail(s, FH_DROP_BAD_ADDRESS);
	if (h[24] == 0xff)
		p->flags |= FH_PKT_DST_MULTICAST;

	uint32_t at = off + IP6_HEADER, end = at + payload, piece_at = 0;
	uint8_t next = h[6];
	if (!ip6_walk(s, &at, end, &next, &piece_at))
		return false;
	p->proto = next;
	if (at > UINT16_MAX)
		return fail(s, FH_DROP_IP_OPTIONS);
	if (!(piece_at ? parse_fragment(s, piece_at, end - piece_at, at) : parse_l4(s, at, end - at)))
		return false;
	/* The unspecified address asks whether an address is free (ND), or joins groups (MLD); nothing else. */
	if (fh_unlikely((s->src[0] | s->src[1]) == 0) && p->kind != FH_PKT_ND && p->kind != FH_PKT_MLD)
		return fail(s, FH_DROP_BAD_ADDRESS);
	return true;
}

static bool parse_arp(struct parse *s)
{
	const uint8_t *h = fh_view_at(s->view, ETH_HEADER, ARP_BODY);

	if (!h)
		return fail(s, FH_DROP_SHORT_FRAME);
	if (fh_be16(h) != 1 || fh_be16(h + 2) != ETHERTYPE_IPV4 || h[4] != 6 || h[5] != 4)
		return fail(s, FH_DROP_ETHERTYPE);
	s->pkt->kind = FH_PKT_ARP;
	s->pkt->l3_off = ETH_HEADER;
	return true;
}

bool fh_pkt_parse(const uint8_t *data, uint32_t seg_len, uint32_t frame_len, struct fh_pkt *pkt)
{
	struct parse s = { .view = { data, seg_len < frame_len ? seg_len : frame_len }, .pkt = pkt };
	const uint8_t *eth = fh_view_at(s.view, 0, ETH_HEADER);

	memset(pkt, 0, sizeof *pkt);
	pkt->hint = UINT32_MAX;
	if (!eth)
		return fail(&s, FH_DROP_SHORT_FRAME);
	pkt->ethertype = fh_be16(eth + 12);
	if (fh_likely(pkt->ethertype == ETHERTYPE_IPV4))
		return parse_ip4(&s, ETH_HEADER, frame_len - ETH_HEADER);
	switch (pkt->ethertype) {
	case ETHERTYPE_IPV6:
		return parse_ip6(&s, ETH_HEADER, frame_len - ETH_HEADER);
	case ETHERTYPE_ARP:
		return parse_arp(&s);
	case ETHERTYPE_RARP:
		return fail(&s, FH_DROP_FORGED_CONTROL);
	case 0x8100:
	case 0x88a8:
	case 0x9100:
	case 0x9200:
		return fail(&s, FH_DROP_VLAN_TAGGED);
	default:
		return fail(&s, FH_DROP_ETHERTYPE);
	}
}

bool fh_pkt_parse_inner(const uint8_t *data, uint32_t seg_len, const struct fh_pkt *error, struct fh_pkt *inner)
{
	uint64_t end = (uint64_t)error->l4_off + error->l4_len;
	struct parse s = { .view = { data, seg_len < end ? seg_len : (uint32_t)end }, .pkt = inner, .quoted = true };
	uint32_t off = (uint32_t)error->l4_off + 8;
	bool ok;

	memset(inner, 0, sizeof *inner);
	inner->hint = UINT32_MAX;
	ok = error->flags & FH_PKT_V6 ? parse_ip6(&s, off, 0) : parse_ip4(&s, off, 0);
	if (ok && inner->kind != FH_PKT_FLOW)
		return fail(&s, FH_DROP_ICMP_UNRELATED);
	return ok;
}

void fh_pkt_addrs(const struct fh_pkt *pkt, uint8_t src[16], uint8_t dst[16])
{
	uint8_t *lo = pkt->flags & FH_PKT_SRC_LO ? src : dst, *hi = pkt->flags & FH_PKT_SRC_LO ? dst : src;

	if (pkt->flags & FH_PKT_V6) {
		memcpy(lo, &pkt->key[1], 16);
		memcpy(hi, &pkt->key[3], 16);
	} else {
		memset(src, 0, 16);
		memset(dst, 0, 16);
		fh_put_be32(lo, (uint32_t)pkt->key[1]);
		fh_put_be32(hi, (uint32_t)(pkt->key[1] >> 32));
	}
}

void fh_pkt_from_tuple(struct fh_pkt *pkt, bool v6, uint8_t proto, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
		       uint16_t dst_port)
{
	struct parse s = { .pkt = pkt };
	bool reply;

	memset(pkt, 0, sizeof *pkt);
	pkt->hint = UINT32_MAX;
	pkt->proto = proto;
	pkt->kind = FH_PKT_FLOW;
	pkt->src_port = src_port;
	pkt->dst_port = dst_port;
	if (v6) {
		pkt->flags = FH_PKT_V6;
		pkt->ethertype = ETHERTYPE_IPV6;
		memcpy(s.src, src, 16);
		memcpy(s.dst, dst, 16);
	} else {
		pkt->ethertype = ETHERTYPE_IPV4;
		s.src[0] = fh_be32(src);
		s.dst[0] = fh_be32(dst);
	}
	if (proto == (v6 ? FH_PROTO_ICMP6 : FH_PROTO_ICMP)) {
		int request = (dst_port & 0xff) == 0 ? icmp_request_type(v6, (uint8_t)(dst_port >> 8), &reply) : -1;

		if (request < 0) {
			pkt->kind = icmp_is_error(v6, (uint8_t)(dst_port >> 8)) ? FH_PKT_ICMP_ERROR : FH_PKT_ICMP_OTHER;
			make_key(&s, 0, 0, 0);
			return;
		}
		if (reply)
			pkt->flags |= FH_PKT_ICMP_REPLY;
		make_icmp_query_key(&s, (uint8_t)request, src_port);
		return;
	}
	if (!fh_proto_has_ports(proto))
		src_port = dst_port = pkt->src_port = pkt->dst_port = 0;
	make_key(&s, src_port, dst_port, 0);
}
