/*
 * Listing, killing, previewing, export and import: everything that the control thread does to a table that workers use.
 *
 * Each entry is copied under its byte lock, for a few dozen instructions; nothing here holds a lock while it calls back.
 */
#include "ct_internal.h"

static uint64_t ticks_ns(uint32_t ticks)
{
	return (uint64_t)ticks << FH_CT_TICK_SHIFT;
}

/* A consistent copy. Return: false when the entry is free or expired. */
static bool copy_entry(struct fh_ct *ct, uint32_t i, uint32_t now, struct ct_entry *out)
{
	struct ct_entry *e = &ct->entries[i];
	bool live;

	if (fh_load_acquire(&e->state) == FH_CT_S_FREE)
		return false;
	ct_lock(e);
	live = ct_state(e) != FH_CT_S_FREE && !ct_expired(e, now);
	if (live) {
		*out = (struct ct_entry){
			.key = { fh_load(&e->key[0]), fh_load(&e->key[1]) },
			.state = ct_state(e), .flags = e->flags, .wscale = e->wscale,
			.expires = fh_load(&e->expires), .stamp = fh_load(&e->stamp),
			.slot = e->slot, .created = fh_load(&e->created),
		};
		for (int k = 0; k < 3; k++)
			out->key6[k] = fh_load(&e->key6[k]);
		const struct ct_counts *c = ct_counts_of(e);
		for (int d = 0; d < 2; d++) {
			out->tcp_counts.bytes[d] = fh_load(&c->bytes[d]);
			out->tcp_counts.packets[d] = fh_load(&c->packets[d]);
			out->tcp_counts.packets_high[d] = fh_load(&c->packets_high[d]);
		}
		if (ct_proto(e) == FH_PROTO_TCP) {
			memcpy(out->peer, e->peer, sizeof out->peer);
			out->tcp_counts.syn_end = e->tcp_counts.syn_end;
		}
	}
	ct_unlock(e);
	return live;
}

static bool is_icmp(const struct ct_entry *e)
{
	return ct_proto(e) == (ct_v6(e) ? FH_PROTO_ICMP6 : FH_PROTO_ICMP);
}

void ct_tuple_of(const struct ct_entry *e, uint8_t src[16], uint8_t dst[16], uint16_t *src_port, uint16_t *dst_port)
{
	bool src_lo = !!(e->key[0] & FH_KEY_LOCAL_LO) != !!(e->flags & CT_F_INGRESS);
	uint8_t *lo = src_lo ? src : dst, *hi = src_lo ? dst : src;
	uint16_t lo_port = (uint16_t)e->key[0], hi_port = (uint16_t)(e->key[0] >> 16);

	if (ct_v6(e)) {
		uint64_t key[FH_KEY_WORDS];
		ct_key_of(e, key);
		memcpy(lo, &key[1], 16);
		memcpy(hi, &key[3], 16);
	} else {
		fh_put_be32(lo, (uint32_t)e->key[1]);
		fh_put_be32(hi, (uint32_t)(e->key[1] >> 32));
	}
	*src_port = src_lo ? lo_port : hi_port;
	*dst_port = is_icmp(e) ? (uint16_t)((e->key[0] >> 48 & 0xff) << 8) : src_lo ? hi_port : lo_port;
}

static void describe(const struct ct_entry *e, uint32_t i, uint32_t now, struct fh_ct_info *out)
{
	memset(out, 0, sizeof *out);
	out->entry = i;
	out->v6 = ct_v6(e);
	out->proto = ct_proto(e);
	out->state = e->state;
	out->reply_seen = !!(e->flags & CT_F_REPLY);
	out->direction = e->flags & CT_F_INGRESS ? FH_INGRESS : FH_EGRESS;
	out->assured = !!(e->flags & CT_F_ASSURED);
	out->pinned = !!(e->flags & CT_F_PINNED);
	ct_tuple_of(e, out->src, out->dst, &out->src_port, &out->dst_port);
	if (e->flags & CT_F_NAT) {
		out->translated = 1;
		fh_put_be32(out->public_addr, e->nat.public_addr);
		out->public_port = e->nat.public_port;
	}
	for (unsigned d = 0; d < 2; d++) {
		out->packets[d] = ct_packets(&e->tcp_counts, d);
		out->bytes[d] = e->tcp_counts.bytes[d];
	}
	out->age_ns = ticks_ns(ct_age(e, now));
	out->idle_left_ns = ticks_ns(e->expires - now);
	out->slot = e->slot;
	out->stamp = e->stamp;
}

/* Return: the next live entry from *cursor on, copied; FH_CT_NONE at the end. */
static uint32_t next_entry(struct fh_ct *ct, uint32_t now, uint32_t *cursor, struct ct_entry *out)
{
	uint32_t used = fh_load(&ct->header->fresh);

	while (*cursor < used) {
		uint32_t i = (*cursor)++;
		if (copy_entry(ct, i, now, out))
			return i;
	}
	return FH_CT_NONE;
}

uint32_t fh_ct_list(struct fh_ct *ct, uint64_t now_ns, uint32_t *cursor, struct fh_ct_info *out, uint32_t n)
{
	uint32_t got = 0, i, now = ct_tick(now_ns);
	struct ct_entry e;

	ct_control_begin(ct);
	while (got < n && (i = next_entry(ct, now, cursor, &e)) != FH_CT_NONE)
		describe(&e, i, now, &out[got++]);
	ct_control_end(ct);
	return got;
}

bool fh_ct_next(struct fh_ct *ct, uint64_t now_ns, uint32_t *cursor, struct fh_ct_info *out)
{
	return fh_ct_list(ct, now_ns, cursor, out, 1) == 1;
}

static bool same_connection(const struct fh_ct_info *a, const struct fh_ct_info *b)
{
	return a->v6 == b->v6 && a->proto == b->proto && a->direction == b->direction && !memcmp(a->src, b->src, 16) &&
	       !memcmp(a->dst, b->dst, 16) && a->src_port == b->src_port && a->dst_port == b->dst_port;
}

bool fh_ct_kill(struct fh_ct *ct, unsigned worker, const struct fh_ct_info *info, uint64_t now_ns)
{
	struct fh_ct_info now;
	uint64_t key[FH_KEY_WORDS];
	struct ct_entry e;

	if (info->entry >= fh_load(&ct->header->fresh))
		return false;
	ct_control_begin(ct);
	bool found = copy_entry(ct, info->entry, ct_tick(now_ns), &e);
	if (found) {
		describe(&e, info->entry, ct_tick(now_ns), &now);
		ct_key_of(&e, key);
		found = same_connection(&now, info) &&
			ct_delete(ct, worker, true, info->entry, key, CT_DELETE_ANY, 0, CT_END_FORCED, now_ns);
	}
	ct_control_end(ct);
	if (found)
		ct_stat(ct, worker, killed);
	return found;
}

uint32_t fh_ct_flush(struct fh_ct *ct, unsigned worker, uint64_t now_ns)
{
	uint32_t n = 0, used = fh_load(&ct->header->fresh);

	ct_control_begin(ct);
	for (uint32_t i = 0; i < used; i++) {
		uint64_t key[FH_KEY_WORDS];

		if (fh_load_acquire(&ct->entries[i].state) == FH_CT_S_FREE)
			continue;
		ct_key_of(&ct->entries[i], key);
		if (ct_delete(ct, worker, true, i, key, CT_DELETE_ANY, 0, CT_END_FORCED, now_ns)) {
			ct_stat(ct, worker, killed);
			n++;
		}
	}
	ct_control_end(ct);
	return n;
}

/* Both ends closed it, or one reset it: what waits here are stray segments. */
static bool is_over(const struct ct_entry *e)
{
	return e->state == FH_CT_S_TIME_WAIT || e->state == FH_CT_S_CLOSE;
}

static bool would_cut(const struct ct_entry *e, const struct fh_policy *candidate)
{
	uint64_t key[FH_KEY_WORDS];
	struct pol_query q;

	if (e->flags & CT_F_PINNED || is_over(e))
		return false;
	ct_key_of(e, key);
	ct_query_of(key, e->flags, &q);
	return pol_judge(candidate, e->flags & CT_F_INGRESS ? FH_INGRESS : FH_EGRESS, &q).action == FH_DROP;
}

uint32_t fh_ct_preview(struct fh_ct *ct, const struct fh_policy *candidate, uint64_t now_ns,
		       void (*cb)(void *arg, const struct fh_ct_info *info), void *arg)
{
	uint32_t cursor = 0, n = 0, i, now = ct_tick(now_ns);
	struct ct_entry e;

	ct_control_begin(ct);
	while ((i = next_entry(ct, now, &cursor, &e)) != FH_CT_NONE) {
		struct fh_ct_info info;

		if (!would_cut(&e, candidate))
			continue;
		n++;
		if (cb) {
			describe(&e, i, now, &info);
			cb(arg, &info);
		}
	}
	ct_control_end(ct);
	return n;
}

uint32_t fh_ct_pin(struct fh_ct *ct, const struct fh_policy *candidate, uint64_t now_ns)
{
	uint32_t cursor = 0, n = 0, i;
	struct ct_entry copy;

	ct_control_begin(ct);
	while ((i = next_entry(ct, ct_tick(now_ns), &cursor, &copy)) != FH_CT_NONE) {
		struct ct_entry *e = &ct->entries[i];

		if (!would_cut(&copy, candidate))
			continue;
		ct_lock(e);
		if (ct_state(e) != FH_CT_S_FREE && fh_load(&e->key[0]) == copy.key[0] && fh_load(&e->key[1]) == copy.key[1]) {
			fh_store(&e->flags, (uint8_t)(e->flags | CT_F_PINNED));
			n++;
		}
		ct_unlock(e);
	}
	ct_control_end(ct);
	return n;
}

void fh_ct_rule_live(struct fh_ct *ct, struct fh_pol_counters *out, uint32_t n_slots)
{
	uint32_t used = fh_load(&ct->header->fresh);

	ct_control_begin(ct);
	for (uint32_t i = 0; i < used; i++) {
		struct ct_entry *e = &ct->entries[i];

		if (fh_load_acquire(&e->state) == FH_CT_S_FREE)
			continue;
		ct_lock(e);
		if (ct_state(e) != FH_CT_S_FREE && e->slot < n_slots) {
			const struct ct_counts *c = ct_counts_of(e);
			out[e->slot].packets += ct_packets(c, 0) + ct_packets(c, 1);
			out[e->slot].bytes += fh_load(&c->bytes[0]) + fh_load(&c->bytes[1]);
		}
		ct_unlock(e);
	}
	ct_control_end(ct);
}

/* --- records ------------------------------------------------------------------------------------------------------------ */

/* Little endian. */
struct record {
	uint16_t version, size;
	uint8_t v6, proto, state, flags;
	uint8_t wscale, pad[3];
	uint32_t expires_ticks; /* left */
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
	uint32_t syn_end;
	struct ct_peer peer[2];
	uint64_t bytes[2], packets[2];
	uint64_t age_ticks;
	uint32_t public_addr;
	uint16_t public_port, nat_kind;
	uint8_t reserved[56];
};
_Static_assert(sizeof(struct record) == FH_CT_RECORD_SIZE, "the record's layout is a contract between hosts");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little endian; add the swaps for this machine");

#define CARRIED_FLAGS (CT_F_REPLY | CT_F_ASSURED | CT_F_INGRESS | CT_F_PINNED | CT_F_PUBLIC)

static void to_record(const struct ct_entry *e, uint32_t now, struct record *r)
{
	memset(r, 0, sizeof *r);
	r->version = FH_CT_RECORD_VERSION;
	r->size = sizeof *r;
	r->v6 = ct_v6(e);
	r->proto = ct_proto(e);
	r->state = e->state;
	r->flags = e->flags & (CARRIED_FLAGS | CT_F_NAT);
	r->wscale = e->wscale;
	r->expires_ticks = e->expires - now;
	ct_tuple_of(e, r->src, r->dst, &r->src_port, &r->dst_port);
	r->syn_end = e->tcp_counts.syn_end;
	if (r->proto == FH_PROTO_TCP)
		memcpy(r->peer, e->peer, sizeof r->peer);
	for (unsigned d = 0; d < 2; d++) {
		r->bytes[d] = e->tcp_counts.bytes[d];
		r->packets[d] = ct_packets(&e->tcp_counts, d);
	}
	r->age_ticks = ct_age(e, now);
	if (e->flags & CT_F_NAT) {
		r->public_addr = e->nat.public_addr;
		r->public_port = e->nat.public_port;
		r->nat_kind = e->nat.kind;
	}
}

uint32_t fh_ct_export(struct fh_ct *ct, uint64_t now_ns, uint64_t since_ns, uint32_t *cursor, uint8_t *buf, size_t capacity)
{
	uint32_t now = ct_tick(now_ns), since = ct_tick(since_ns), n = 0;
	struct ct_entry e;

	ct_control_begin(ct);
	while (capacity - (size_t)n * FH_CT_RECORD_SIZE >= FH_CT_RECORD_SIZE) {
		struct record r;

		if (next_entry(ct, now, cursor, &e) == FH_CT_NONE) {
			*cursor = 0;
			break;
		}
		uint32_t last_seen = e.expires - ct_time_to_live(ct, ct_proto(&e), e.state);
		if (since_ns && (int32_t)(last_seen - since) < 0)
			continue;
		to_record(&e, now, &r);
		memcpy(buf + (size_t)n++ * FH_CT_RECORD_SIZE, &r, sizeof r);
	}
	ct_control_end(ct);
	return n;
}

static bool record_valid(const struct record *r)
{
	bool tcp_state = r->state >= FH_CT_S_SYN_SENT && r->state <= FH_CT_S_SYN_SENT2;
	bool other_state = r->state == FH_CT_S_UNREPLIED || r->state == FH_CT_S_REPLIED;

	if (r->version != FH_CT_RECORD_VERSION || r->size != sizeof *r || r->v6 > 1 || !(r->proto == FH_PROTO_TCP ? tcp_state : other_state))
		return false;
	if (r->flags & ~(CARRIED_FLAGS | CT_F_NAT) || (r->flags & CT_F_NAT && (r->v6 || r->nat_kind > FH_NAT_SOURCE)))
		return false;
	return r->expires_ticks > 0;
}

/* Return: whether the connection is in the table now. */
static bool from_record(struct fh_ct *ct, unsigned worker, uint64_t now_ns, const struct record *r)
{
	enum fh_direction dir = r->flags & CT_F_INGRESS ? FH_INGRESS : FH_EGRESS;
	uint32_t now = ct_tick(now_ns), i;
	struct fh_pkt p;

	if (!record_valid(r))
		return false;
	fh_pkt_from_tuple(&p, r->v6, r->proto, r->src, r->dst, r->src_port, r->dst_port);
	if (p.kind != FH_PKT_FLOW || p.flags & FH_PKT_ICMP_REPLY)
		return false;
	uint64_t key[FH_KEY_WORDS] = { ct_zone_key(&p, dir), p.key[1], p.key[2], p.key[3], p.key[4] };
	uint64_t hash = ct_hash_of(ct, key);
	if ((i = ct_find(ct, hash, key[0], key, NULL)) != FH_CT_NONE)
		ct_delete(ct, worker, true, i, key, CT_DELETE_ANY, 0, CT_END_UNTOLD, now_ns);
	if ((i = ct_alloc(ct, worker, true, now_ns)) == FH_CT_NONE)
		return false;

	struct ct_entry *e = &ct->entries[i];
	ct_lock(e);
	fh_store(&e->key[0], key[0]);
	fh_store(&e->key[1], key[1]);
	for (int k = 0; k < 3; k++)
		fh_store(&e->key6[k], key[2 + k]);
	fh_store(&e->flags, (uint8_t)((r->flags & CARRIED_FLAGS) | CT_F_RELEARN));
	e->wscale = r->wscale;
	/* Not longer than a packet would give it here: this NIC's timeouts may be shorter. */
	uint32_t most = ct_time_to_live(ct, r->proto, r->state);
	fh_store(&e->expires, now + (r->expires_ticks < most ? r->expires_ticks : most));
	fh_store(&e->stamp, 0);
	fh_store(&e->hint, FH_CT_NONE);
	memset(&e->tcp_counts, 0, sizeof e->tcp_counts);
	memset(&e->counts, 0, sizeof e->counts);
	struct ct_counts *c = ct_counts_of(e);
	for (unsigned d = 0; d < 2; d++) {
		c->bytes[d] = r->bytes[d];
		c->packets[d] = (uint32_t)r->packets[d];
		c->packets_high[d] = (uint16_t)(r->packets[d] >> 32);
	}
	if (r->proto == FH_PROTO_TCP) {
		memcpy(e->peer, r->peer, sizeof e->peer);
		e->tcp_counts.syn_end = r->syn_end;
	}
	e->slot = FH_SLOT_NONE;
	fh_store(&e->created, now - (uint32_t)r->age_ticks);
	if (r->flags & CT_F_NAT) {
		e->nat = (struct ct_nat){ r->public_addr, r->public_port, r->nat_kind, 0, 0 };
		ct_nat_rehash(ct, e);
		fh_store(&e->flags, (uint8_t)(e->flags | CT_F_NAT));
	}
	ct_unlock(e);
	if (ct_publish(ct, true, hash, i, r->state) != i)
		return false;
	if (r->flags & CT_F_NAT && !ct_nat_publish(ct, true, i)) {
		ct_stat(ct, worker, created);
		ct_delete(ct, worker, true, i, key, CT_DELETE_ANY, 0, CT_END_UNTOLD, now_ns);
		return false;
	}
	ct_stat(ct, worker, created);
	return true;
}

uint32_t fh_ct_import(struct fh_ct *ct, unsigned worker, uint64_t now_ns, const uint8_t *buf, size_t len, uint32_t *refused)
{
	uint32_t n = 0, bad = len % FH_CT_RECORD_SIZE != 0;

	ct_control_begin(ct);
	fh_store(&ct->relearn_until, ct_tick(now_ns) + ct_seconds(FH_CT_RELEARN_S));
	for (; len >= FH_CT_RECORD_SIZE; buf += FH_CT_RECORD_SIZE, len -= FH_CT_RECORD_SIZE) {
		struct record r;

		memcpy(&r, buf, sizeof r);
		if (from_record(ct, worker, now_ns, &r))
			n++;
		else
			bad++;
	}
	ct_control_end(ct);
	if (refused)
		*refused = bad;
	return n;
}
