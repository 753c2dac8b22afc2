/*
 * DHCPv6 (RFC 8415): a port has at most one address to give, the one that its guest forms by itself where the prefix has
 * 64 bits; so there is nothing to allocate and nothing to remember.
 *
 * Guests ask because the advertisement tells them to (longer prefixes than 64 bits, name servers), or of their own accord.
 * SOLICIT, REQUEST, RENEW and REBIND are answered with the port's address for the first identity association of the
 * message and "none available" for further ones; CONFIRM by comparing with the subnet; INFORMATION-REQUEST with name
 * servers. Temporary addresses and prefixes are not delegated: their associations stay unanswered. Messages by relays and
 * to a server's own address are not ours.
 *
 * The question is copied into struct request before the answer overwrites it in its buffer.
 */
#include "answer.h"

enum {
	SOLICIT = 1, ADVERTISE = 2, REQUEST = 3, CONFIRM = 4, RENEW = 5, REBIND = 6, REPLY = 7, RELEASE = 8, DECLINE = 9,
	INFORMATION_REQUEST = 11,
};
enum { OPT_CLIENT_ID = 1, OPT_SERVER_ID = 2, OPT_IA_NA = 3, OPT_ADDRESS = 5, OPT_STATUS = 13, OPT_RAPID_COMMIT = 14, OPT_DNS = 23 };
enum { SUCCESS = 0, NO_ADDRESS = 2, NOT_ON_LINK = 4 };
enum {
	UDP_OFF = 54, MESSAGE_OFF = UDP_OFF + 8, CLIENT_PORT = 546, SERVER_PORT = 547,
	DUID_MAX = 130, IA_MAX = 4, ADDRESS_MAX = 4,
	LEASE_S = 86400, RENEW_S = LEASE_S / 2, REBIND_S = LEASE_S / 10 * 8,
	/* client and server id, associations with a status each, ours and their addresses, name servers, rapid commit */
	REPLY_MAX = MESSAGE_OFF + 4 + 4 + DUID_MAX + 14 + IA_MAX * (16 + 6) + (ADDRESS_MAX + 1) * 28 + 6 + 4 + 16 * FH_MAX_DNS + 4,
};

struct options {
	struct fh_view view;
	uint32_t off, end;
	uint16_t code, len;
	const uint8_t *value;
	bool bad;
};

struct request {
	uint8_t type, transaction[3];
	uint8_t client[DUID_MAX];
	uint16_t client_len;
	bool names_server, names_us, rapid_commit;
	uint32_t n_ia;
	uint8_t ia[IA_MAX][4];
	uint32_t n_addresses; /* of the first association; of all when it is a CONFIRM */
	uint8_t addresses[ADDRESS_MAX][16];
	bool more_addresses;
};

/* Return: false at the end, or (o->bad) where an option is cut off. */
static bool next_option(struct options *o)
{
	if (o->off >= o->end)
		return false;
	const uint8_t *head = fh_view_at(o->view, o->off, 4);
	o->bad = true;
	if (!head || o->end - o->off < 4)
		return false;
	o->code = fh_be16(head);
	o->len = fh_be16(head + 2);
	if (o->len > o->end - o->off - 4)
		return false;
	o->value = fh_view_at(o->view, o->off + 4, o->len);
	if (!o->value)
		return false;
	o->off += 4u + o->len;
	o->bad = false;
	return true;
}

static void server_duid(const struct segment_view *s, uint8_t duid[10])
{
	fh_put_be16(duid, 3); /* by link-layer address */
	fh_put_be16(duid + 2, 1);
	memcpy(duid + 4, s->gateway_mac, 6);
}

static bool parse_addresses(struct options o, struct request *r)
{
	while (next_option(&o)) {
		if (o.code != OPT_ADDRESS)
			continue;
		if (o.len < 24)
			return false;
		if (r->n_addresses < ADDRESS_MAX)
			memcpy(r->addresses[r->n_addresses++], o.value, 16);
		else
			r->more_addresses = true;
	}
	return !o.bad;
}

static bool parse_association(const struct options *o, struct request *r)
{
	if (o->len < 12)
		return false;
	bool first = r->n_ia == 0;
	if (r->n_ia < IA_MAX)
		memcpy(r->ia[r->n_ia++], o->value, 4);
	if (!first && r->type != CONFIRM)
		return true;
	struct options inner = { .view = o->view, .off = o->off - o->len + 12, .end = o->off };
	return parse_addresses(inner, r);
}

static bool parse(const struct question *q, struct request *r)
{
	uint32_t at = q->pkt->payload_off, end = q->pkt->l4_off + q->pkt->l4_len;
	const uint8_t *head = fh_view_at(q->view, at, 4);
	uint8_t own[10];
	if (!head || end > q->view.len || end < at + 4)
		return false;
	*r = (struct request){ .type = head[0] };
	memcpy(r->transaction, head + 1, 3);
	server_duid(q->segment, own);
	struct options o = { .view = q->view, .off = at + 4, .end = end };
	while (next_option(&o)) {
		switch (o.code) {
		case OPT_CLIENT_ID:
			if (o.len < 3 || o.len > DUID_MAX)
				return false;
			memcpy(r->client, o.value, o.len);
			r->client_len = o.len;
			break;
		case OPT_SERVER_ID:
			r->names_server = true;
			r->names_us = o.len == sizeof own && memcmp(o.value, own, sizeof own) == 0;
			break;
		case OPT_IA_NA:
			if (!parse_association(&o, r))
				return false;
			break;
		case OPT_RAPID_COMMIT:
			r->rapid_commit = true;
			break;
		default:
			break;
		}
	}
	return !o.bad;
}

/* RFC 8415 section 16: what a server discards. Return: the type of the answer, 0: none. */
static uint8_t reply_type(const struct request *r)
{
	bool anonymous = r->client_len == 0;
	switch (r->type) {
	case SOLICIT:
		return anonymous || r->names_server ? 0 : r->rapid_commit ? REPLY : ADVERTISE;
	case REBIND:
		return anonymous || r->names_server ? 0 : REPLY;
	case CONFIRM:
		return anonymous || r->names_server || r->n_addresses == 0 ? 0 : REPLY;
	case REQUEST:
	case RENEW:
	case RELEASE:
	case DECLINE:
		return anonymous || !r->names_us ? 0 : REPLY;
	case INFORMATION_REQUEST:
		return (r->names_server && !r->names_us) || r->n_ia ? 0 : REPLY;
	default:
		return 0;
	}
}

static uint8_t *begin_option(uint8_t *o, uint16_t code, size_t len)
{
	fh_put_be16(o, code);
	fh_put_be16(o + 2, (uint16_t)len);
	return o + 4;
}

static uint8_t *option(uint8_t *o, uint16_t code, const void *value, size_t len)
{
	o = begin_option(o, code, len);
	if (len)
		memcpy(o, value, len);
	return o + len;
}

static uint8_t *status(uint8_t *o, uint16_t code)
{
	o = begin_option(o, OPT_STATUS, 2);
	fh_put_be16(o, code);
	return o + 2;
}

static uint8_t *address(uint8_t *o, const uint8_t a[16], uint32_t lease)
{
	o = begin_option(o, OPT_ADDRESS, 24);
	memcpy(o, a, 16);
	fh_put_be32(o + 16, lease);
	fh_put_be32(o + 20, lease);
	return o + 24;
}

/* The first association gets the port's address; any other that the guest thinks it has is told to be over. */
static uint8_t *associations(uint8_t *o, const struct request *r, const struct port_view *port)
{
	for (uint32_t i = 0; i < r->n_ia; i++) {
		uint8_t *start = begin_option(o, OPT_IA_NA, 0);
		bool served = i == 0 && port->has_dhcp6;
		memcpy(start, r->ia[i], 4);
		fh_put_be32(start + 4, served ? RENEW_S : 0);
		fh_put_be32(start + 8, served ? REBIND_S : 0);
		uint8_t *end = start + 12;
		end = served ? address(end, port->dhcp6, LEASE_S) : status(end, NO_ADDRESS);
		for (uint32_t k = 0; i == 0 && r->type != SOLICIT && k < r->n_addresses; k++)
			if (!served || memcmp(r->addresses[k], port->dhcp6, 16) != 0)
				end = address(end, r->addresses[k], 0);
		fh_put_be16(o + 2, (uint16_t)(end - start));
		o = end;
	}
	return o;
}

static bool on_link(const struct subnet_view *n, const uint8_t a[16])
{
	for (uint32_t bit = 0; bit < n->prefix_len; bit++)
		if ((n->prefix[bit / 8] ^ a[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

static uint16_t confirmation(const struct question *q, const struct request *r)
{
	for (uint32_t i = 0; i < r->n_addresses; i++) {
		bool known = false;
		for (uint32_t k = 0; k < q->segment->n_subnets; k++)
			known |= q->segment->subnets[k].v6 && on_link(&q->segment->subnets[k], r->addresses[i]);
		if (!known)
			return NOT_ON_LINK;
	}
	return SUCCESS;
}

static uint8_t *name_servers(uint8_t *o, const struct segment_view *s)
{
	for (uint32_t i = 0; i < s->n_subnets; i++) {
		const struct subnet_view *n = &s->subnets[i];
		if (n->v6 && n->dhcp && n->n_dns)
			return option(o, OPT_DNS, n->dns, 16u * n->n_dns);
	}
	return o;
}

static uint8_t *write_message(uint8_t *o, const struct question *q, const struct request *r, uint8_t type)
{
	uint8_t own[10];
	server_duid(q->segment, own);
	*o++ = type;
	memcpy(o, r->transaction, 3);
	o += 3;
	if (r->client_len)
		o = option(o, OPT_CLIENT_ID, r->client, r->client_len);
	o = option(o, OPT_SERVER_ID, own, sizeof own);
	switch (r->type) {
	case CONFIRM:
		return status(o, confirmation(q, r));
	case RELEASE:
	case DECLINE:
		return status(o, SUCCESS);
	case INFORMATION_REQUEST:
		return name_servers(o, q->segment);
	default:
		if (r->type == SOLICIT && type == REPLY)
			o = option(o, OPT_RAPID_COMMIT, NULL, 0);
		return name_servers(associations(o, r, q->port), q->segment);
	}
}

static void finish(uint8_t *d, uint32_t len, const struct question *q, const uint8_t client[16])
{
	uint8_t *ip = d + 14, *udp = d + UDP_OFF;
	uint16_t n = (uint16_t)(len - UDP_OFF);
	memcpy(d, q->port->mac, 6);
	memcpy(d + 6, q->segment->gateway_mac, 6);
	fh_put_be16(d + 12, 0x86dd);
	fh_put_be32(ip, 0x60000000);
	fh_put_be16(ip + 4, n);
	ip[6] = FH_PROTO_UDP;
	ip[7] = 64;
	memcpy(ip + 8, q->segment->gateway_link_local, 16);
	memcpy(ip + 24, client, 16);
	fh_put_be16(udp, SERVER_PORT);
	fh_put_be16(udp + 2, CLIENT_PORT);
	fh_put_be16(udp + 4, n);
	fh_put_be16(udp + 6, 0);
	uint32_t pseudo = (uint32_t)n + FH_PROTO_UDP;
	for (unsigned i = 0; i < 32; i += 2)
		pseudo += fh_be16(ip + 8 + i);
	uint16_t sum = answer_ip_checksum(udp, n, pseudo);
	fh_put_be16(udp + 6, sum ? sum : 0xffff);
}

enum answer answer_dhcp6(struct question *q, uint8_t *reason)
{
	static const uint8_t all_servers[16] = { 0xff, 0x02, [13] = 1, [15] = 2 };
	const struct fh_pkt *p = q->pkt;
	if (p->proto != FH_PROTO_UDP || !(p->flags & FH_PKT_V6) || p->dst_port != SERVER_PORT)
		return ANSWER_NOT_MINE;
	const uint8_t *ip = fh_view_at(q->view, p->l3_off, 40);
	if (!ip || memcmp(ip + 24, all_servers, 16) != 0)
		return ANSWER_NOT_MINE;
	struct request r;
	uint8_t client[16];
	memcpy(client, ip + 8, 16);
	*reason = FH_DROP_L4_HEADER;
	if (!parse(q, &r))
		return ANSWER_DROP;
	uint8_t type = reply_type(&r);
	if (!type)
		return ANSWER_CONSUMED;
	uint8_t *d = answer_resize(q->m, REPLY_MAX);
	if (!d)
		return ANSWER_DROP;
	uint32_t len = (uint32_t)(write_message(d + MESSAGE_OFF, q, &r, type) - d);
	d = answer_resize(q->m, len);
	if (!d)
		return ANSWER_DROP;
	finish(d, len, q, client);
	return ANSWER_REPLY;
}
