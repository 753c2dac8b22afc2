/*
 * Judging packets. conntrack.h has the theory of operation.
 *
 * A burst goes through in three steps, so that the memory accesses of its packets overlap:
 *   1. fh_ct_prefetch()  bucket (or, with a hint, entry)
 *   2. find candidates   tags of the bucket; prefetch the entry
 *   3. judge             compare the key, confirm the bucket's version, update
 */
#include "ct_internal.h"

#define ICMP_ERRORS_PER_TICK 128u /* about 1,000 a second */

struct burst {
	struct fh_ct *ct;
	const struct fh_policy *policy;
	struct ct_wstats *stats;
	uint64_t now_ns;
	uint32_t now, stamp;
	unsigned worker;
	enum fh_direction dir;
	bool locked;
	uint32_t public_addr; /* that the packet at hand came to, 0: none */
};

struct candidate {
	uint32_t entry, version;
	bool hinted;
};

static const struct fh_ct_verdict passed = { FH_CT_PASS, FH_DROP_NONE, FH_CT_ESTABLISHED, 0, FH_CT_NONE, FH_SLOT_NONE };

static void drop(struct fh_ct_verdict *v, uint8_t reason, uint32_t entry)
{
	*v = (struct fh_ct_verdict){ FH_CT_DROP, reason, FH_CT_UNTRACKED, 0, entry, FH_SLOT_NONE };
}

/* --- step 1 and 2 -------------------------------------------------------------------------------------------------------- */

static inline bool hinted(const struct fh_ct *ct, const struct fh_pkt *p)
{
	/* The table may have been replaced by a smaller one since. */
	return p->origin && p->hint < fh_load(&ct->backed);
}

static inline void prefetch_entry(const struct fh_ct *ct, uint32_t i, const struct fh_pkt *p)
{
	const struct ct_entry *e = &ct->entries[i];

	fh_prefetch_write(e);
	if (p->proto == FH_PROTO_TCP || p->flags & FH_PKT_V6)
		fh_prefetch_write(&e->tcp_counts);
}

void fh_ct_prefetch(const struct fh_ct *ct, struct fh_pkt *const pkts[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (hinted(ct, pkts[i]))
			prefetch_entry(ct, pkts[i]->hint, pkts[i]);
		else
			fh_prefetch(ct_bucket_of(ct, pkts[i]->hash));
	}
}

static inline void find_candidate(const struct fh_ct *ct, const struct fh_pkt *p, struct candidate *c)
{
	c->hinted = hinted(ct, p);
	if (c->hinted) {
		c->entry = p->hint;
		return;
	}
	c->entry = ct_candidate(ct, p->hash, &c->version);
	if (fh_likely(c->entry != FH_CT_NONE))
		prefetch_entry(ct, c->entry, p);
}

/* Return: the entry of the packet or FH_CT_NONE. */
static inline uint32_t confirm(struct burst *b, const struct fh_pkt *p, uint64_t key0, const struct candidate *c)
{
	const struct fh_ct *ct = b->ct;

	if (fh_likely(c->entry != FH_CT_NONE)) {
		const struct ct_entry *e = &ct->entries[c->entry];

		if (c->hinted) {
			/* Without the index: alive and of this key, and both still so after the whole key was read. */
			if (fh_load_acquire(&e->state) != FH_CT_S_FREE && ct_key_equal(e, key0, p->key)) {
				__atomic_thread_fence(__ATOMIC_ACQUIRE);
				if (fh_load(&e->state) != FH_CT_S_FREE && fh_load(&e->key[0]) == key0) {
					fh_count(&b->stats->s.hint_hits, 1);
					return c->entry;
				}
			}
		} else if (fh_likely(ct_key_equal(e, key0, p->key))) {
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			if (fh_likely(fh_load(&ct_bucket_of(ct, p->hash)->version) == c->version))
				return c->entry;
		}
	}
	uint64_t retries = 0;
	uint32_t i = ct_find(ct, p->hash, key0, p->key, &retries);
	if (fh_unlikely(retries))
		fh_count(&b->stats->s.lookup_retries, retries);
	return i;
}

static inline bool translates(const struct fh_pkt *p)
{
	return (p->flags & (FH_PKT_TRANSLATE | FH_PKT_V6)) == FH_PKT_TRANSLATE;
}

/* --- a new connection ------------------------------------------------------------------------------------------------------ */

static struct fh_pol_verdict judge(const struct burst *b, const struct fh_pkt *p)
{
	if (!b->policy)
		return (struct fh_pol_verdict){ FH_ALLOW, FH_DROP_NONE, false, FH_SLOT_NONE };
	return fh_pol_eval(b->policy, b->dir, p);
}

static void count_rule(const struct burst *b, uint32_t slot, uint64_t connections, uint64_t packets, uint64_t bytes)
{
	if (b->ct->rules && slot != FH_SLOT_NONE)
		fh_pol_count(b->ct->rules, b->worker, slot, connections, packets, bytes, b->now_ns);
}

static void refused(const struct burst *b, const struct fh_pkt *p, const struct fh_pol_verdict *pv, struct fh_ct_verdict *v)
{
	drop(v, pv->reason, FH_CT_NONE);
	v->slot = pv->slot;
	v->flags = pv->log ? FH_CT_V_LOG : 0;
	count_rule(b, pv->slot, 0, p->wire_segs ? p->wire_segs : 1, p->ip_len);
}

/* May this packet open a connection at all? The policy is asked only if so. */
static bool opens(const struct fh_pkt *p, uint8_t *reason)
{
	if (p->proto == FH_PROTO_TCP && (p->tcp_flags & (FH_TCP_SYN | FH_TCP_ACK | FH_TCP_RST | FH_TCP_FIN)) != FH_TCP_SYN) {
		*reason = FH_DROP_CT_NO_CONNECTION;
		return false;
	}
	if (p->flags & FH_PKT_ICMP_REPLY) {
		*reason = FH_DROP_CT_NO_CONNECTION;
		return false;
	}
	return true;
}

static void fill_entry(const struct burst *b, struct ct_entry *e, const struct fh_pkt *p, uint64_t key0, const uint8_t *data,
		       uint16_t seg_len, uint8_t state, uint32_t slot)
{
	/* Relaxed stores where a reader with a stale number may look; see search(). */
	fh_store(&e->key[0], key0);
	fh_store(&e->key[1], p->key[1]);
	for (int i = 0; i < 3; i++)
		fh_store(&e->key6[i], p->key[2 + i]);
	fh_store(&e->flags, b->dir == FH_INGRESS ? CT_F_INGRESS : 0);
	fh_store(&e->expires, b->now + ct_time_to_live(b->ct, p->proto, state));
	fh_store(&e->stamp, b->stamp);
	fh_store(&e->hint, FH_CT_NONE);
	memset(&e->tcp_counts, 0, sizeof e->tcp_counts);
	if (p->proto == FH_PROTO_TCP) {
		ct_tcp_open(e, p, data, seg_len);
	} else {
		memset(&e->counts, 0, sizeof e->counts);
		e->wscale = 0;
	}
	ct_account(ct_counts_of(e), 0, p->wire_segs ? p->wire_segs : 1, p->ip_len);
	e->slot = slot;
	fh_store(&e->created, b->now);
}

/* Return: whether it went through; otherwise *other is the entry that another worker made for the same connection. */
static bool open_connection(struct burst *b, struct fh_pkt *p, uint64_t key0, const uint8_t *data, uint16_t seg_len,
			    struct fh_ct_verdict *v, uint32_t *other)
{
	struct fh_ct *ct = b->ct;
	uint8_t reason, state = p->proto == FH_PROTO_TCP ? FH_CT_S_SYN_SENT : FH_CT_S_UNREPLIED;

	*other = FH_CT_NONE;
	fh_count(&b->stats->s.misses, 1);
	if (!opens(p, &reason)) {
		fh_count(&b->stats->s.invalid, 1);
		drop(v, reason, FH_CT_NONE);
		return true;
	}
	struct fh_pol_verdict pv = judge(b, p);
	if (pv.action == FH_DROP) {
		refused(b, p, &pv, v);
		return true;
	}
	uint32_t i = ct_alloc(ct, b->worker, b->locked, b->now_ns);
	if (i != FH_CT_NONE) {
		struct ct_entry *e = &ct->entries[i];

		/* A worker that holds a stale number may have the lock; it leaves as soon as it sees the state. */
		ct_lock_if(e, b->locked);
		fill_entry(b, e, p, key0, data, seg_len, state, pv.slot);
		bool bound = fh_likely(!translates(p)) || ct_nat_bind(ct, e, b->public_addr);
		ct_unlock_if(e, b->locked);
		if (fh_unlikely(!bound)) {
			ct_release(ct, i);
			drop(v, FH_DROP_NAT_PORTS, FH_CT_NONE);
			v->slot = pv.slot;
			return true;
		}
		uint32_t got = ct_publish(ct, b->locked, p->hash, i, state);
		if (got == i) {
			fh_count(&b->stats->s.created, 1);
			if (fh_unlikely(translates(p)) && !ct_nat_publish(ct, b->locked, i)) {
				/* Another worker took the same public tuple in this instant. */
				const uint64_t key[FH_KEY_WORDS] = { key0, p->key[1], p->key[2], p->key[3], p->key[4] };
				ct_delete(ct, b->worker, b->locked, i, key, CT_DELETE_ANY, 0, CT_END_UNTOLD, b->now_ns);
				drop(v, FH_DROP_NAT_PORTS, FH_CT_NONE);
				return true;
			}
			count_rule(b, pv.slot, 1, 0, 0);
			p->hint = FH_CT_NONE;
			if (p->origin)
				fh_store(&((struct ct_entry *)p->origin)->hint, i);
			p->origin = e;
			*v = (struct fh_ct_verdict){ FH_CT_PASS, FH_DROP_NONE, FH_CT_NEW, pv.log ? FH_CT_V_LOG : 0, i, pv.slot };
			if (translates(p))
				v->flags |= FH_CT_V_TRANSLATE;
			return true;
		}
		if (got != FH_CT_NONE) {
			*other = got;
			return false;
		}
	}
	fh_count(&b->stats->s.denied_full, 1);
	drop(v, FH_DROP_CT_FULL, FH_CT_NONE);
	v->slot = pv.slot;
	return true;
}

/* --- a known connection ------------------------------------------------------------------------------------------------------- */

void ct_query_of(const uint64_t key[FH_KEY_WORDS], uint8_t flags, struct pol_query *q)
{
	bool local_lo = key[0] & FH_KEY_LOCAL_LO, ingress = flags & CT_F_INGRESS;
	uint16_t lo = (uint16_t)key[0], hi = (uint16_t)(key[0] >> 16);

	q->v6 = key[0] & FH_KEY_V6;
	q->proto = (uint8_t)(key[0] >> 32);
	if (q->proto == (q->v6 ? FH_PROTO_ICMP6 : FH_PROTO_ICMP))
		q->dst_port = (uint16_t)((key[0] >> 48 & 0xff) << 8);
	else
		q->dst_port = local_lo == ingress ? lo : hi; /* the local end receives what comes in */
	q->remote[1] = 0;
	if (q->v6)
		memcpy(q->remote, &key[local_lo ? 3 : 1], 16);
	else
		q->remote[0] = local_lo ? key[1] >> 32 : (uint32_t)key[1];
}

/* The policy changed since the connection was judged. Return: whether it may go on; *pv says why not. */
static bool judge_again(struct burst *b, uint32_t i, const uint64_t key[FH_KEY_WORDS], struct fh_pol_verdict *pv)
{
	struct ct_entry *e = &b->ct->entries[i];
	uint8_t flags = fh_load(&e->flags);
	struct pol_query q;

	ct_query_of(key, flags, &q);
	*pv = pol_judge(b->policy, flags & CT_F_INGRESS ? FH_INGRESS : FH_EGRESS, &q);
	if (pv->action == FH_DROP && !(flags & CT_F_PINNED))
		return false;

	ct_lock_if(e, b->locked);
	if (ct_state(e) != FH_CT_S_FREE && ct_key_equal(e, key[0], key)) {
		if (pv->action == FH_ALLOW && e->slot != pv->slot) {
			/* What was counted so far stays with the old rule; the new one gets what comes. */
			const struct ct_counts *c = ct_counts_of(e);
			uint64_t packets = ct_packets(c, 0) + ct_packets(c, 1);
			uint64_t bytes = fh_load(&c->bytes[0]) + fh_load(&c->bytes[1]);

			count_rule(b, e->slot, 0, packets, bytes);
			count_rule(b, pv->slot, 0, -packets, -bytes);
			e->slot = pv->slot;
		}
		fh_store(&e->stamp, b->stamp);
	}
	ct_unlock_if(e, b->locked);
	return true;
}

enum hit { HIT_DONE, HIT_GONE, HIT_REOPEN };

static inline void touch(struct ct_entry *e, uint32_t expires)
{
	if (fh_load(&e->expires) != expires)
		fh_store(&e->expires, expires);
}

static enum hit tcp_hit(struct burst *b, struct ct_entry *e, unsigned rdir, const struct fh_pkt *p, uint64_t key0,
			const uint8_t *data, uint16_t seg_len, struct fh_ct_verdict *v)
{
	enum hit hit = HIT_DONE;

	ct_lock_if(e, b->locked);
	if (fh_unlikely(b->locked) && (ct_state(e) == FH_CT_S_FREE || !ct_key_equal(e, key0, p->key))) {
		ct_unlock(e);
		return HIT_GONE;
	}
	bool relearn = false;
	if (fh_unlikely(e->flags & CT_F_RELEARN)) {
		relearn = (int32_t)(fh_load(&b->ct->relearn_until) - b->now) > 0;
		if (!relearn)
			fh_store(&e->flags, (uint8_t)(e->flags & ~CT_F_RELEARN));
	}
	switch (ct_tcp_packet(e, rdir, p, data, seg_len, relearn, &v->reason)) {
	case CT_TCP_OK:
		touch(e, b->now + fh_load(&b->ct->ttl_tcp[ct_state(e)]));
		/* fall through */
	case CT_TCP_IGNORED:
		if (fh_unlikely(rdir && !(e->flags & CT_F_REPLY)))
			fh_store(&e->flags, (uint8_t)(e->flags | CT_F_REPLY));
		ct_account(&e->tcp_counts, rdir, p->wire_segs ? p->wire_segs : 1, p->ip_len);
		break;
	case CT_TCP_REOPEN:
		hit = HIT_REOPEN;
		break;
	case CT_TCP_DROP:
		fh_count(&b->stats->s.invalid, 1);
		v->action = FH_CT_DROP;
		break;
	}
	ct_unlock_if(e, b->locked);
	return hit;
}

static enum hit other_hit(struct burst *b, struct ct_entry *e, unsigned rdir, const struct fh_pkt *p, uint64_t key0)
{
	ct_lock_if(e, b->locked);
	uint8_t state = ct_state(e);

	if (fh_unlikely(b->locked) && (state == FH_CT_S_FREE || !ct_key_equal(e, key0, p->key))) {
		ct_unlock(e);
		return HIT_GONE;
	}
	if (fh_unlikely(rdir && state == FH_CT_S_UNREPLIED)) {
		fh_store(&e->flags, (uint8_t)(e->flags | CT_F_REPLY));
		fh_store(&e->state, state = FH_CT_S_REPLIED);
	}
	touch(e, b->now + fh_load(&b->ct->ttl[ct_class_of(p->proto)][state == FH_CT_S_REPLIED]));
	ct_account(&e->counts, rdir, p->wire_segs ? p->wire_segs : 1, p->ip_len);
	ct_unlock_if(e, b->locked);
	return HIT_DONE;
}

/* Return: HIT_DONE with the verdict, or why the packet must be looked up again. */
static inline enum hit known(struct burst *b, uint32_t i, struct fh_pkt *p, uint64_t key0, const uint8_t *data, uint16_t seg_len,
			     struct fh_ct_verdict *v)
{
	struct fh_ct *ct = b->ct;
	struct ct_entry *e = &ct->entries[i];
	const uint64_t key[FH_KEY_WORDS] = { key0, p->key[1], p->key[2], p->key[3], p->key[4] };

	if (fh_unlikely(ct_expired(e, b->now))) {
		if (ct_delete(ct, b->worker, b->locked, i, key, CT_DELETE_EXPIRED, 0, CT_END_IDLE, b->now_ns))
			fh_count(&b->stats->s.expired, 1);
		return HIT_GONE;
	}
	if (fh_unlikely(b->policy && fh_load(&e->stamp) != b->stamp)) {
		struct fh_pol_verdict pv;

		if (!judge_again(b, i, key, &pv)) {
			if (!ct_delete(ct, b->worker, b->locked, i, key, CT_DELETE_ANY, 0, CT_END_REVOKED, b->now_ns))
				return HIT_GONE;
			fh_count(&b->stats->s.revoked, 1);
			drop(v, FH_DROP_REVOKED, FH_CT_NONE);
			v->slot = pv.slot;
			v->flags = pv.log ? FH_CT_V_LOG : 0;
			return HIT_DONE;
		}
	}
	unsigned rdir = (b->dir == FH_INGRESS) != !!(fh_load(&e->flags) & CT_F_INGRESS);
	*v = passed;
	v->flags = (uint8_t)(rdir ? FH_CT_V_REPLY : 0);
	v->entry = i;
	enum hit hit = p->proto == FH_PROTO_TCP ? tcp_hit(b, e, rdir, p, key0, data, seg_len, v) : other_hit(b, e, rdir, p, key0);
	if (fh_unlikely(hit == HIT_REOPEN)) {
		ct_delete(ct, b->worker, b->locked, i, key, CT_DELETE_ANY, 0, CT_END_ENDED, b->now_ns);
		return HIT_REOPEN;
	}
	fh_count(&b->stats->s.hits, 1);
	if (fh_unlikely(translates(p)))
		v->flags |= FH_CT_V_TRANSLATE;
	if (fh_unlikely(p->origin && p->hint != i))
		fh_store(&((struct ct_entry *)p->origin)->hint, i);
	p->hint = fh_load(&e->hint);
	p->origin = e;
	return hit;
}

static void flow(struct burst *b, struct fh_pkt *p, const struct candidate *c, const uint8_t *data, uint16_t seg_len,
		 struct fh_ct_verdict *v)
{
	uint64_t key0 = ct_zone_key(p, b->dir);
	uint32_t i = confirm(b, p, key0, c);

	/* It was opened as one that stays inside, and now leaves (or the other way round): its addresses would be wrong. */
	if (fh_likely(i != FH_CT_NONE) && fh_unlikely(translates(p) != !!(fh_load(&b->ct->entries[i].flags) & CT_F_NAT))) {
		const uint64_t key[FH_KEY_WORDS] = { key0, p->key[1], p->key[2], p->key[3], p->key[4] };
		ct_delete(b->ct, b->worker, b->locked, i, key, CT_DELETE_ANY, 0, CT_END_FORCED, b->now_ns);
		i = FH_CT_NONE;
	}

	/* Each round ends, or the entry was removed or made by somebody else meanwhile: rare, and bounded. */
	for (int tries = 0; tries < 8; tries++) {
		if (fh_likely(i != FH_CT_NONE) && fh_likely(known(b, i, p, key0, data, seg_len, v) == HIT_DONE))
			return;
		i = i == FH_CT_NONE ? i : ct_find(b->ct, p->hash, key0, p->key, NULL);
		if (i == FH_CT_NONE && open_connection(b, p, key0, data, seg_len, v, &i))
			return;
	}
	drop(v, FH_DROP_CT_FULL, FH_CT_NONE);
}

/* What came to a public address is handled under the inside tuple. */
static void flow_from_public(struct burst *b, const struct fh_pkt *p, const uint8_t *data, uint16_t seg_len, struct fh_ct_verdict *v)
{
	struct candidate c;
	struct fh_pkt in;
	uint8_t src[16], dst[16];

	if (!ct_nat_inside(b->ct, ct_nat_find(b->ct, p), p, &in)) {
		drop(v, FH_DROP_CT_NO_CONNECTION, FH_CT_NONE);
		return;
	}
	fh_pkt_addrs(p, src, dst);
	b->public_addr = fh_be32(dst);
	in.origin = NULL;
	find_candidate(b->ct, &in, &c);
	flow(b, &in, &c, data, seg_len, v);
	b->public_addr = 0;
}

/* --- ICMP ------------------------------------------------------------------------------------------------------------------------ */

static bool icmp_errors_left(struct fh_ct *ct, uint32_t now)
{
	if (fh_load(&ct->icmp_tick) != now) {
		fh_store(&ct->icmp_tick, now);
		fh_store(&ct->icmp_count, 0);
	}
	fh_count(&ct->icmp_count, 1);
	return fh_load(&ct->icmp_count) <= ICMP_ERRORS_PER_TICK;
}

/* A packet quoted by an error from outside left with the public tuple: as it was inside. (One quoted by the guest's own error was
 * translated before the guest saw it.) */
static bool quoted_inside(struct burst *b, struct fh_pkt *inner)
{
	struct fh_pkt answer, in;
	uint8_t src[16], dst[16];
	uint32_t i;

	if (b->dir == FH_EGRESS)
		return true;
	/* The answer to it would come in; that is what the index knows. */
	fh_pkt_addrs(inner, src, dst);
	bool icmp = inner->proto == FH_PROTO_ICMP;
	uint16_t type = (uint16_t)(inner->key[0] >> 48 & 0xff);
	uint16_t reply = (uint16_t)((type == 8 ? 0 : type + 1) << 8);
	fh_pkt_from_tuple(&answer, false, inner->proto, dst, src, icmp ? inner->src_port : inner->dst_port, icmp ? reply : inner->src_port);
	answer.hash = fh_hash_key(&b->ct->hash, answer.key);
	if ((i = ct_nat_find(b->ct, &answer)) == FH_CT_NONE || !ct_nat_inside(b->ct, i, &answer, &in))
		return false;
	memcpy(inner->key, in.key, sizeof inner->key);
	/* The sender of the quoted packet is the receiver of the answer. */
	inner->flags = (uint8_t)((inner->flags & ~FH_PKT_SRC_LO) | (~in.flags & FH_PKT_SRC_LO));
	return true;
}

/* The quoted packet must have gone the other way on a live connection, and the error must go to who sent it. */
static bool related(struct burst *b, const struct fh_pkt *p, const uint8_t *data, uint16_t seg_len, struct fh_ct_verdict *v)
{
	struct fh_ct *ct = b->ct;
	enum fh_direction back = b->dir == FH_EGRESS ? FH_INGRESS : FH_EGRESS;
	uint8_t inner_src[16], inner_dst[16], src[16], dst[16];
	struct fh_pkt inner;

	if (!data || !fh_pkt_parse_inner(data, seg_len, p, &inner) || (inner.flags ^ p->flags) & FH_PKT_V6)
		return false;
	fh_pkt_addrs(p, src, dst);
	fh_pkt_addrs(&inner, inner_src, inner_dst);
	if (memcmp(dst, inner_src, 16 >> (p->flags & FH_PKT_V6 ? 0 : 2)))
		return false;

	if (translates(p) && !quoted_inside(b, &inner))
		return false;
	uint64_t key0 = ct_zone_key(&inner, back);
	uint32_t i = ct_find(ct, fh_hash_key(&ct->hash, inner.key), key0, inner.key, NULL);
	if (i == FH_CT_NONE || ct_expired(&ct->entries[i], b->now))
		return false;
	struct ct_entry *e = &ct->entries[i];
	const uint64_t key[FH_KEY_WORDS] = { key0, inner.key[1], inner.key[2], inner.key[3], inner.key[4] };
	if (b->policy && fh_load(&e->stamp) != b->stamp) {
		struct fh_pol_verdict pv;
		if (!judge_again(b, i, key, &pv))
			return false;
	}
	unsigned rdir = (back == FH_INGRESS) != !!(fh_load(&e->flags) & CT_F_INGRESS);
	bool ok = true;
	ct_lock_if(e, b->locked);
	if (ct_state(e) == FH_CT_S_FREE || !ct_key_equal(e, key0, inner.key))
		ok = false;
	else if (inner.proto == FH_PROTO_TCP && !(e->flags & CT_F_RELEARN))
		ok = ct_tcp_plausible(e, rdir, inner.seq);
	ct_unlock_if(e, b->locked);
	if (!ok)
		return false;
	*v = (struct fh_ct_verdict){ FH_CT_PASS, FH_DROP_NONE, FH_CT_RELATED, rdir ? 0 : FH_CT_V_REPLY, i, FH_SLOT_NONE };
	if (translates(p))
		v->flags |= FH_CT_V_TRANSLATE;
	return true;
}

static void icmp_error(struct burst *b, const struct fh_pkt *p, const uint8_t *data, uint16_t seg_len, struct fh_ct_verdict *v)
{
	if (!icmp_errors_left(b->ct, b->now)) {
		drop(v, FH_DROP_RATE_LIMITED, FH_CT_NONE);
	} else if (related(b, p, data, seg_len, v)) {
		fh_count(&b->stats->s.related, 1);
	} else {
		fh_count(&b->stats->s.invalid, 1);
		drop(v, FH_DROP_ICMP_UNRELATED, FH_CT_NONE);
	}
}

/* Neither query nor error: each packet is judged. */
static void untracked(struct burst *b, const struct fh_pkt *p, struct fh_ct_verdict *v)
{
	struct fh_pol_verdict pv = judge(b, p);

	if (pv.action == FH_DROP) {
		refused(b, p, &pv, v);
		return;
	}
	count_rule(b, pv.slot, 0, 1, p->ip_len);
	*v = (struct fh_ct_verdict){ FH_CT_PASS, FH_DROP_NONE, FH_CT_UNTRACKED, pv.log ? FH_CT_V_LOG : 0, FH_CT_NONE, pv.slot };
}

/* --- entry points ------------------------------------------------------------------------------------------------------------------ */

static void other_kinds(struct burst *b, struct fh_pkt *p, const uint8_t *data, uint16_t seg_len, struct fh_ct_verdict *v)
{
	switch ((enum fh_pkt_kind)p->kind) {
	case FH_PKT_ICMP_ERROR:
		icmp_error(b, p, data, seg_len, v);
		break;
	case FH_PKT_ICMP_OTHER:
		untracked(b, p, v);
		break;
	case FH_PKT_FRAGMENT:
		drop(v, FH_DROP_FRAGMENT_INVALID, FH_CT_NONE);
		break;
	case FH_PKT_FLOW:
	case FH_PKT_BAD:
	case FH_PKT_ARP:
	case FH_PKT_ND:
	case FH_PKT_MLD:
		drop(v, p->reason ? p->reason : FH_DROP_ETHERTYPE, FH_CT_NONE);
		break;
	}
}

void fh_ct_burst(struct fh_ct *ct, unsigned worker, const struct fh_policy *policy, enum fh_direction dir, uint64_t now_ns,
		 struct fh_pkt *const pkts[], const uint8_t *const data[], const uint16_t seg_len[], struct fh_ct_verdict verdicts[],
		 unsigned n)
{
	struct burst b = { .ct = ct, .policy = policy, .stats = &ct->stats[worker], .now_ns = now_ns, .now = ct_tick(now_ns),
			   .stamp = policy ? fh_pol_stamp(policy) : 0, .worker = worker, .dir = dir, .locked = ct_enter(ct) };
	struct candidate c[FH_CT_BURST_MAX];

	for (unsigned i = 0; i < n; i++)
		find_candidate(ct, pkts[i], &c[i]);
	for (unsigned i = 0; i < n; i++) {
		if (fh_unlikely(dir == FH_INGRESS && translates(pkts[i]) && pkts[i]->kind == FH_PKT_FLOW))
			flow_from_public(&b, pkts[i], data[i], seg_len[i], &verdicts[i]);
		else if (fh_likely(pkts[i]->kind == FH_PKT_FLOW))
			flow(&b, pkts[i], &c[i], data[i], seg_len[i], &verdicts[i]);
		else
			other_kinds(&b, pkts[i], data[i], seg_len[i], &verdicts[i]);
	}
	ct_leave(ct);
}

struct fh_ct_verdict fh_ct_test(struct fh_ct *ct, const struct fh_policy *policy, enum fh_direction dir, uint64_t now_ns,
				struct fh_pkt *p)
{
	struct fh_pol_verdict pv = { FH_ALLOW, FH_DROP_NONE, false, FH_SLOT_NONE };
	struct fh_ct_verdict v = passed;
	uint64_t key0 = ct_zone_key(p, dir);
	uint32_t i = FH_CT_NONE;
	uint8_t reason;

	if (p->reason || p->kind == FH_PKT_BAD) {
		drop(&v, p->reason, FH_CT_NONE);
		return v;
	}
	if (p->kind == FH_PKT_FLOW)
		i = ct_find(ct, fh_hash_key(&ct->hash, p->key), key0, p->key, NULL);
	if (i != FH_CT_NONE && !ct_expired(&ct->entries[i], ct_tick(now_ns))) {
		const struct ct_entry *e = &ct->entries[i];
		const uint64_t key[FH_KEY_WORDS] = { key0, p->key[1], p->key[2], p->key[3], p->key[4] };
		uint8_t flags = fh_load(&e->flags);
		struct pol_query q;

		ct_query_of(key, flags, &q);
		if (policy)
			pv = pol_judge(policy, flags & CT_F_INGRESS ? FH_INGRESS : FH_EGRESS, &q);
		v.entry = i;
		v.slot = pv.slot;
		v.flags = (uint8_t)((dir == FH_INGRESS) != !!(flags & CT_F_INGRESS) ? FH_CT_V_REPLY : 0);
		if (pv.action == FH_DROP && !(flags & CT_F_PINNED)) {
			v.action = FH_CT_DROP;
			v.reason = FH_DROP_REVOKED;
		}
		return v;
	}
	if (p->kind == FH_PKT_FLOW && !opens(p, &reason)) {
		drop(&v, reason, FH_CT_NONE);
		return v;
	}
	if (p->kind == FH_PKT_ICMP_ERROR) {
		drop(&v, FH_DROP_ICMP_UNRELATED, FH_CT_NONE);
		return v;
	}
	if (policy)
		pv = fh_pol_eval(policy, dir, p);
	v.class_ = p->kind == FH_PKT_FLOW ? FH_CT_NEW : FH_CT_UNTRACKED;
	v.slot = pv.slot;
	v.flags = pv.log ? FH_CT_V_LOG : 0;
	v.action = pv.action == FH_DROP ? FH_CT_DROP : FH_CT_PASS;
	v.reason = pv.reason;
	return v;
}

const char *fh_ct_state_name(uint32_t state)
{
	static const char *const names[FH_CT_S_COUNT] = {
		"free", "syn-sent", "syn-received", "established", "fin-wait", "close-wait", "last-ack", "time-wait", "closed",
		"syn-sent-2", "unreplied", "replied",
	};

	return state < FH_CT_S_COUNT ? names[state] : NULL;
}
