/*
 * DHCPv4: each port has at most one address to give, so there is nothing to allocate and nothing to remember.
 *
 * DISCOVER and REQUEST are answered with the port's address, a request for another one with a NAK, INFORM with the
 * parameters. The lease is long because it never changes while the port lives.
 */
#include "answer.h"

enum {
	DISCOVER = 1, OFFER = 2, REQUEST = 3, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7, INFORM = 8,
	UDP_OFF = 34, BOOTP_OFF = 42, OPTIONS_OFF = BOOTP_OFF + 240, REPLY_MAX = OPTIONS_OFF + 308,
	LEASE_S = 86400,
};

struct request {
	uint8_t type, broadcast;
	uint8_t xid[4], ciaddr[4], chaddr[16], requested[4];
	bool has_requested, for_other_server;
};

static bool parse(const struct question *q, const uint8_t server[4], struct request *r)
{
	uint32_t bootp = q->pkt->payload_off, end = q->pkt->l4_off + q->pkt->l4_len;
	const uint8_t *b = fh_view_at(q->view, bootp, 240);
	if (!b || end > q->view.len || b[0] != 1 || b[1] != 1 || b[2] != 6 || fh_be32(b + 236) != 0x63825363)
		return false;
	*r = (struct request){ .broadcast = b[10] >> 7 };
	memcpy(r->xid, b + 4, 4);
	memcpy(r->ciaddr, b + 12, 4);
	memcpy(r->chaddr, b + 28, 16);
	if (memcmp(r->chaddr, q->port->mac, 6) != 0)
		return false;
	for (uint32_t off = bootp + 240; off < end;) {
		const uint8_t *o = fh_view_at(q->view, off, 1);
		if (!o || o[0] == 255)
			break;
		if (o[0] == 0) {
			off++;
			continue;
		}
		o = fh_view_at(q->view, off, 2);
		if (!o || off + 2u + o[1] > end)
			return false;
		const uint8_t *v = fh_view_at(q->view, off + 2, o[1]);
		if (!v)
			return false;
		if (o[0] == 53 && o[1] == 1)
			r->type = v[0];
		if (o[0] == 50 && o[1] == 4) {
			memcpy(r->requested, v, 4);
			r->has_requested = true;
		}
		if (o[0] == 54 && o[1] == 4)
			r->for_other_server = memcmp(v, server, 4) != 0;
		off += 2u + o[1];
	}
	return true;
}

static uint8_t *option(uint8_t *o, uint8_t code, const void *value, size_t len)
{
	o[0] = code;
	o[1] = (uint8_t)len;
	memcpy(o + 2, value, len);
	return o + 2 + len;
}

static uint8_t *write_parameters(uint8_t *o, const struct question *q, const struct subnet_view *n, bool lease)
{
	uint8_t four[4];
	if (lease) {
		fh_put_be32(four, LEASE_S);
		o = option(o, 51, four, 4);
	}
	fh_put_be32(four, n->prefix_len ? UINT32_MAX << (32 - n->prefix_len) : 0);
	o = option(o, 1, four, 4);
	if (n->has_gateway)
		o = option(o, 3, n->gateway, 4);
	if (n->n_dns) {
		o[0] = 6;
		o[1] = (uint8_t)(4 * n->n_dns);
		for (uint32_t i = 0; i < n->n_dns; i++)
			memcpy(o + 2 + 4 * i, n->dns[i], 4);
		o += 2 + 4 * n->n_dns;
	}
	fh_put_be16(four, (uint16_t)q->segment->mtu);
	o = option(o, 26, four, 2);
	size_t len = strnlen(q->port->hostname, FH_MAX_NAME - 1);
	return len ? option(o, 12, q->port->hostname, len) : o;
}

static uint8_t reply_type(const struct request *r, const uint8_t own[4])
{
	static const uint8_t zero[4];
	switch (r->type) {
	case DISCOVER:
		return OFFER;
	case REQUEST: {
		const uint8_t *wanted = r->has_requested ? r->requested : r->ciaddr;
		return memcmp(wanted, own, 4) == 0 || memcmp(wanted, zero, 4) == 0 ? ACK : NAK;
	}
	case INFORM:
		return ACK;
	default:
		return 0; /* DECLINE and RELEASE have no answer */
	}
}

enum answer answer_dhcp4(struct question *q, uint8_t *reason)
{
	static const uint8_t everyone[4] = { 255, 255, 255, 255 }, nobody[4];
	static const uint8_t without_gateway[4] = { 169, 254, 169, 253 };
	const struct fh_pkt *p = q->pkt;
	if (p->proto != FH_PROTO_UDP || (p->flags & FH_PKT_V6) || p->dst_port != 67)
		return ANSWER_NOT_MINE;
	const uint8_t *ip = fh_view_at(q->view, p->l3_off, 20);
	if (!ip)
		return ANSWER_NOT_MINE;
	if (memcmp(ip + 16, everyone, 4) != 0 && !answer_gateway(q->segment, false, ip + 16))
		return ANSWER_NOT_MINE;
	*reason = FH_DROP_NO_ROUTE;
	if (memcmp(q->port->dhcp4, nobody, 4) == 0)
		return ANSWER_DROP;
	const struct subnet_view *n = &q->segment->subnets[q->port->dhcp4_subnet];
	const uint8_t *server = n->has_gateway ? n->gateway : without_gateway;
	struct request r;
	*reason = FH_DROP_L4_HEADER;
	if (!parse(q, server, &r))
		return ANSWER_DROP;
	uint8_t type = reply_type(&r, q->port->dhcp4);
	if (!type || (r.type == REQUEST && r.for_other_server))
		return ANSWER_CONSUMED;
	uint8_t *d = answer_resize(q->m, REPLY_MAX);
	if (!d)
		return ANSWER_DROP;
	memset(d, 0, REPLY_MAX);
	memcpy(d, q->port->mac, 6);
	memcpy(d + 6, q->segment->gateway_mac, 6);
	fh_put_be16(d + 12, 0x0800);
	uint8_t *b = d + BOOTP_OFF, *o = d + OPTIONS_OFF;
	b[0] = 2;
	b[1] = 1;
	b[2] = 6;
	memcpy(b + 4, r.xid, 4);
	b[10] = (uint8_t)(r.broadcast << 7);
	memcpy(b + 28, r.chaddr, 16);
	fh_put_be32(b + 236, 0x63825363);
	o = option(o, 53, &type, 1);
	o = option(o, 54, server, 4);
	if (type != NAK) {
		memcpy(b + 20, server, 4);
		if (r.type == INFORM)
			memcpy(b + 12, r.ciaddr, 4);
		else
			memcpy(b + 16, q->port->dhcp4, 4);
		o = write_parameters(o, q, n, r.type != INFORM);
	}
	*o++ = 255;
	uint32_t len = (uint32_t)(o - d);
	if (len < BOOTP_OFF + 300)
		len = BOOTP_OFF + 300; /* what old clients expect at least */
	d = answer_resize(q->m, len);
	if (!d)
		return ANSWER_DROP;
	uint8_t *out = d + 14;
	bool known = memcmp(r.ciaddr, nobody, 4) != 0 && type != NAK;
	out[0] = 0x45;
	fh_put_be16(out + 2, (uint16_t)(len - 14));
	out[8] = 64;
	out[9] = FH_PROTO_UDP;
	memcpy(out + 12, server, 4);
	memcpy(out + 16, known ? r.ciaddr : r.broadcast || type == NAK ? everyone : q->port->dhcp4, 4);
	fh_put_be16(out + 10, answer_ip_checksum(out, 20, 0));
	fh_put_be16(d + UDP_OFF, 67);
	fh_put_be16(d + UDP_OFF + 2, 68);
	fh_put_be16(d + UDP_OFF + 4, (uint16_t)(len - UDP_OFF));
	return ANSWER_REPLY;
}
