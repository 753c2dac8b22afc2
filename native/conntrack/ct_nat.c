/*
 * Address translation: the public tuple of a connection lives in its own entry.
 *
 * Theory of operation
 * -------------------
 * The entry's key is the inside tuple, which the policy judges and which egress finds. A second place in the index, under the
 * hash of the public tuple, holds the same entry number: what arrives at the public address finds the entry by that and is then handled under
 * the inside tuple. ct_delete() removes both places before the entry can be reused.
 *
 * A port is chosen before the entry is published: the sender's own if it is in the block, else the next ones in turn; a public tuple
 * must be unique together with the remote end only, so a block of 1,000 ports serves 1,000 connections to each remote end.
 * ICMP queries translate their identifier. SCTP and protocols without ports keep what they have, and are refused on conflict.
 *
 * Checksums are updated incrementally (RFC 1624). A partial checksum holds only the pseudo-header: only addresses matter.
 */
#include "ct_internal.h"

#define PORT_TRIES 64u

/* --- tuples ------------------------------------------------------------------------------------------------------------ */

struct public_tuple {
	uint32_t public_addr, remote_addr;
	uint16_t public_port, remote_port;
};

static void ends_of(const struct ct_entry *e, uint32_t *local, uint32_t *remote, uint16_t *local_port, uint16_t *remote_port)
{
	uint64_t k0 = fh_load(&e->key[0]), k1 = fh_load(&e->key[1]);
	bool local_lo = k0 & FH_KEY_LOCAL_LO;

	*local = (uint32_t)(local_lo ? k1 : k1 >> 32);
	*remote = (uint32_t)(local_lo ? k1 >> 32 : k1);
	*local_port = (uint16_t)(local_lo ? k0 : k0 >> 16);
	*remote_port = (uint16_t)(local_lo ? k0 >> 16 : k0);
}

static bool is_icmp(uint64_t key0)
{
	return (uint8_t)(key0 >> 32) == FH_PROTO_ICMP;
}

/* The hash that a packet with the public tuple has. */
static uint64_t public_hash(const struct fh_ct *ct, const struct ct_entry *e, uint32_t public_addr, uint16_t public_port)
{
	uint64_t k0 = fh_load(&e->key[0]);
	bool ingress = fh_load(&e->flags) & CT_F_INGRESS;
	uint8_t pub[4], rem[4], proto = (uint8_t)(k0 >> 32);
	uint32_t local, remote;
	uint16_t lport, rport;
	struct fh_pkt p;

	ends_of(e, &local, &remote, &lport, &rport);
	fh_put_be32(pub, public_addr);
	fh_put_be32(rem, remote);
	uint16_t sport = ingress ? rport : public_port, dport = ingress ? public_port : rport;
	if (is_icmp(k0)) {
		sport = public_port;
		dport = (uint16_t)((k0 >> 48 & 0xff) << 8);
	}
	fh_pkt_from_tuple(&p, false, proto, ingress ? rem : pub, ingress ? pub : rem, sport, dport);
	return fh_hash_key(&ct->hash, p.key);
}

static bool public_is(const struct ct_entry *e, uint64_t key0, const struct public_tuple *t)
{
	uint64_t k0 = fh_load(&e->key[0]);
	const uint64_t same = (uint64_t)0xff << 32 | (uint64_t)0xff << 48;
	uint32_t local, remote;
	uint16_t lport, rport;

	if (ct_state(e) == FH_CT_S_FREE || !(fh_load(&e->flags) & CT_F_NAT) || (k0 ^ key0) & same)
		return false;
	ends_of(e, &local, &remote, &lport, &rport);
	return e->nat.public_addr == t->public_addr && e->nat.public_port == t->public_port && remote == t->remote_addr &&
	       (is_icmp(k0) || rport == t->remote_port);
}

static uint32_t find_public(const struct fh_ct *ct, uint64_t hash, uint64_t key0, const struct public_tuple *t)
{
	const struct ct_bucket *b = ct_bucket_of(ct, hash);

	for (unsigned depth = 0; b && depth < 64; b = ct_next_bucket(ct, b), depth++) {
		for (uint32_t m = ct_match_tags(b, ct_tag_of(hash)); m; m &= m - 1) {
			uint32_t i = fh_load_acquire(&b->entry[__builtin_ctz(m)]);

			if (i < ct->capacity && public_is(&ct->entries[i], key0, t))
				return i;
		}
	}
	return FH_CT_NONE;
}

/* --- binding ------------------------------------------------------------------------------------------------------------- */

static bool is_free(const struct fh_ct *ct, const struct ct_entry *e, uint32_t addr, uint16_t port, uint64_t *hash)
{
	uint32_t local;
	uint16_t lport;
	struct public_tuple t = { .public_addr = addr, .public_port = port };

	ends_of(e, &local, &t.remote_addr, &lport, &t.remote_port);
	*hash = public_hash(ct, e, addr, port);
	return find_public(ct, *hash, fh_load(&e->key[0]), &t) == FH_CT_NONE;
}

static bool bind_source(struct fh_ct *ct, struct ct_entry *e, const struct fh_nat *nat, uint16_t local_port)
{
	uint8_t proto = ct_proto(e);
	bool movable = proto == FH_PROTO_TCP || proto == FH_PROTO_UDP || proto == FH_PROTO_ICMP;
	uint32_t span = (uint32_t)(nat->port_max - nat->port_min) + 1, at = fh_load(&ct->nat_next);
	uint16_t port = local_port;
	uint64_t hash;

	for (uint32_t tries = 0; tries < (movable ? PORT_TRIES : 1u); tries++) {
		if (movable && (tries || port < nat->port_min || port > nat->port_max))
			port = (uint16_t)(nat->port_min + at++ % span);
		if (!is_free(ct, e, nat->public_addr, port, &hash))
			continue;
		fh_store(&ct->nat_next, at);
		e->nat = (struct ct_nat){ nat->public_addr, port, FH_NAT_SOURCE, hash, 0 };
		return true;
	}
	fh_store(&ct->nat_next, at);
	return false;
}

bool ct_nat_bind(struct fh_ct *ct, struct ct_entry *e, uint32_t public_addr)
{
	uint32_t local, remote, n = fh_load_acquire(&ct->n_nat);
	uint16_t lport, rport;
	uint64_t hash;
	bool bound = false;

	ends_of(e, &local, &remote, &lport, &rport);
	for (uint32_t i = 0; i < n && !bound; i++) {
		const struct fh_nat *nat = &ct->nat[i];

		if (nat->kind == FH_NAT_FLOATING && nat->inside_addr == local && (!public_addr || public_addr == nat->public_addr)) {
			if (!is_free(ct, e, nat->public_addr, lport, &hash))
				return false;
			e->nat = (struct ct_nat){ nat->public_addr, lport, FH_NAT_FLOATING, hash, 0 };
			bound = true;
		}
	}
	for (uint32_t i = 0; i < n && !bound && !public_addr; i++)
		bound = ct->nat[i].kind == FH_NAT_SOURCE && bind_source(ct, e, &ct->nat[i], lport);
	if (bound)
		fh_store(&e->flags, (uint8_t)(fh_load(&e->flags) | CT_F_NAT));
	return bound;
}

void ct_nat_rehash(struct fh_ct *ct, struct ct_entry *e)
{
	e->nat.public_hash = public_hash(ct, e, e->nat.public_addr, e->nat.public_port);
}

bool ct_nat_publish(struct fh_ct *ct, bool locked, uint32_t i)
{
	const struct ct_entry *e = &ct->entries[i];
	struct public_tuple t = { .public_addr = e->nat.public_addr, .public_port = e->nat.public_port };
	uint32_t local;
	uint16_t lport;

	ends_of(e, &local, &t.remote_addr, &lport, &t.remote_port);
	struct ct_bucket *head = ct_bucket_of(ct, e->nat.public_hash);
	if (locked)
		ct_bucket_lock(head);
	/* This entry is public_is() itself, but stands nowhere under this hash yet. */
	bool ok = find_public(ct, e->nat.public_hash, fh_load(&e->key[0]), &t) == FH_CT_NONE && ct_place(ct, head, e->nat.public_hash, i);
	if (locked)
		ct_bucket_unlock(head);
	return ok;
}

/* --- packets ---------------------------------------------------------------------------------------------------------------- */

uint32_t ct_nat_find(const struct fh_ct *ct, const struct fh_pkt *p)
{
	uint8_t src[16], dst[16];
	struct public_tuple t;

	fh_pkt_addrs(p, src, dst);
	t.remote_addr = fh_be32(src);
	t.public_addr = fh_be32(dst);
	t.remote_port = p->src_port;
	t.public_port = is_icmp(p->key[0]) ? p->src_port : p->dst_port;
	return find_public(ct, p->hash, p->key[0], &t);
}

bool ct_nat_inside(const struct fh_ct *ct, uint32_t i, const struct fh_pkt *p, struct fh_pkt *in)
{
	uint8_t src[16], dst[16], *to = dst;
	uint32_t inside = 0, local, remote, n = fh_load_acquire(&ct->n_nat);
	uint16_t lport = p->dst_port, rport;
	uint16_t sport = p->src_port;
	struct fh_pkt tuple;

	fh_pkt_addrs(p, src, dst);
	if (i != FH_CT_NONE) {
		ends_of(&ct->entries[i], &local, &remote, &lport, &rport);
		inside = local;
		if (is_icmp(p->key[0])) {
			sport = lport;
			lport = p->dst_port;
		}
	}
	for (uint32_t k = 0; k < n && !inside; k++) {
		if (ct->nat[k].kind == FH_NAT_FLOATING && ct->nat[k].public_addr == fh_be32(dst))
			inside = ct->nat[k].inside_addr;
	}
	if (!inside)
		return false;
	fh_put_be32(to, inside);
	fh_pkt_from_tuple(&tuple, false, p->proto, src, dst, sport, lport);
	*in = *p;
	memcpy(in->key, tuple.key, sizeof in->key);
	in->flags = (uint8_t)((p->flags & ~FH_PKT_SRC_LO) | (tuple.flags & FH_PKT_SRC_LO));
	in->src_port = tuple.src_port;
	in->dst_port = tuple.dst_port;
	in->hash = fh_hash_key(&ct->hash, in->key);
	return true;
}

int fh_ct_set_nat(struct fh_ct *ct, const struct fh_nat *nat, uint32_t n)
{
	if (n > CT_NAT_MAX)
		return FH_ELIMIT;
	for (uint32_t i = 0; i < n; i++) {
		bool ok = nat[i].public_addr && (nat[i].kind == FH_NAT_FLOATING ? nat[i].inside_addr != 0
						  : nat[i].kind == FH_NAT_SOURCE && nat[i].port_min && nat[i].port_min <= nat[i].port_max);
		if (!ok)
			return FH_EINVAL;
	}
	/* Workers read n first: none while the rows change. */
	fh_store_release(&ct->n_nat, 0);
	for (uint32_t i = 0; i < n; i++)
		ct->nat[i] = nat[i];
	fh_store_release(&ct->n_nat, n);
	return FH_OK;
}

/* --- rewriting ------------------------------------------------------------------------------------------------------------------ */

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* HC' = ~(~HC + ~m + m') */
static void adjust(uint8_t *csum, uint16_t from, uint16_t to)
{
	fh_put_be16(csum, (uint16_t)~fold((uint32_t)(uint16_t)~fh_be16(csum) + (uint16_t)~from + to));
}

static void adjust_partial(uint8_t *csum, uint16_t from, uint16_t to)
{
	fh_put_be16(csum, fold((uint32_t)fh_be16(csum) + (uint16_t)~from + to));
}

typedef void adjust_fn(uint8_t *csum, uint16_t from, uint16_t to);

static void adjust32(adjust_fn *fn, uint8_t *csum, uint32_t from, uint32_t to)
{
	fn(csum, (uint16_t)(from >> 16), (uint16_t)(to >> 16));
	fn(csum, (uint16_t)from, (uint16_t)to);
}

/* Offset of the checksum in the L4 header; 0: none that we touch. */
static uint32_t l4_csum_at(uint8_t proto)
{
	return proto == FH_PROTO_TCP ? 16 : proto == FH_PROTO_UDP || proto == FH_PROTO_UDPLITE ? 6 : proto == FH_PROTO_ICMP ? 2 : 0;
}

struct rewrite {
	uint32_t addr;
	uint16_t port;
	bool source; /* else the destination */
	bool partial;
};

/* @param outer  checksum of an ICMP error around this packet, or NULL; kept right for every byte changed */
static void rewrite_packet(struct fh_view v, uint32_t l3, uint32_t l4, uint8_t proto, const struct rewrite *r, uint8_t *outer)
{
	uint8_t *ip = (uint8_t *)fh_view_at(v, l3, 20), *h = (uint8_t *)fh_view_at(v, l4, 8), *csum = NULL;
	uint32_t at = l4_csum_at(proto);

	if (!ip)
		return;
	uint8_t *a = ip + (r->source ? 12 : 16);
	uint32_t old = fh_be32(a);
	uint16_t old_ip_csum = fh_be16(ip + 10);
	adjust32(adjust, ip + 10, old, r->addr);
	fh_put_be32(a, r->addr);
	if (outer) {
		adjust32(adjust, outer, old, r->addr);
		adjust(outer, old_ip_csum, fh_be16(ip + 10));
	}
	if (!h)
		return;
	/* Of a quoted packet only the first bytes may be there. */
	if (at && fh_view_at(v, l4 + at, 2))
		csum = h + at;
	if (csum && proto == FH_PROTO_UDP && fh_be16(csum) == 0 && !r->partial)
		csum = NULL;
	uint16_t old_csum = csum ? fh_be16(csum) : 0;
	if (csum && proto != FH_PROTO_ICMP)
		adjust32(r->partial ? adjust_partial : adjust, csum, old, r->addr);
	if (proto == FH_PROTO_TCP || proto == FH_PROTO_UDP || proto == FH_PROTO_ICMP) {
		uint8_t *port = proto == FH_PROTO_ICMP ? h + 4 : r->source ? h : h + 2;
		uint16_t old_port = fh_be16(port);
		if (csum && !r->partial)
			adjust(csum, old_port, r->port);
		fh_put_be16(port, r->port);
		if (outer)
			adjust(outer, old_port, r->port);
	}
	if (csum && proto == FH_PROTO_UDP && !r->partial && fh_be16(csum) == 0)
		fh_put_be16(csum, 0xffff);
	if (csum && outer)
		adjust(outer, old_csum, fh_be16(csum));
}

bool fh_ct_translate(struct fh_ct *ct, enum fh_direction dir, const struct fh_pkt *p, const struct fh_ct_verdict *verdict, uint8_t *data,
		     uint16_t seg_len, bool csum_partial)
{
	struct fh_view v = { data, seg_len };
	uint32_t local, remote;
	uint16_t lport, rport;

	if (verdict->entry >= ct->capacity || p->flags & FH_PKT_V6)
		return false;
	/* Type-stable memory: at worst the entry was reused within this burst, and the packet goes to the owner of the NIC all the same. */
	const struct ct_entry *e = &ct->entries[verdict->entry];
	if (ct_state(e) == FH_CT_S_FREE || !(fh_load(&e->flags) & CT_F_NAT))
		return false;
	ends_of(e, &local, &remote, &lport, &rport);
	struct rewrite r = { .source = dir == FH_EGRESS, .partial = csum_partial };
	r.addr = dir == FH_EGRESS ? e->nat.public_addr : local;
	r.port = dir == FH_EGRESS ? e->nat.public_port : lport;
	if (p->kind != FH_PKT_ICMP_ERROR) {
		rewrite_packet(v, p->l3_off, p->l4_off, p->proto, &r, NULL);
		return true;
	}
	/* The error's own address, then the packet it quotes, which went the other way. */
	uint8_t *ip = (uint8_t *)fh_view_at(v, p->l3_off, 20), *outer = (uint8_t *)fh_view_at(v, (uint32_t)p->l4_off + 2, 2);
	struct fh_pkt inner;
	if (!ip || !outer || !fh_pkt_parse_inner(data, seg_len, p, &inner))
		return false;
	uint8_t *a = ip + (r.source ? 12 : 16);
	/* A router's error about an incoming packet has the router's address: only the NIC's own is translated. */
	if (!r.source || fh_be32(a) == local) {
		adjust32(adjust, ip + 10, fh_be32(a), r.addr);
		fh_put_be32(a, r.addr);
	}
	struct rewrite q = r;
	q.source = !r.source;
	q.partial = false;
	rewrite_packet(v, inner.l3_off, inner.l4_off, inner.proto, &q, outer);
	return true;
}
