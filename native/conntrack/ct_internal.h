/* Private to conntrack/: layout of the table and what its parts share. conntrack.h has the theory of operation. */
#ifndef FH_CONNTRACK_CT_INTERNAL_H
#define FH_CONNTRACK_CT_INTERNAL_H

#include "conntrack.h"
#include "pages.h"
#include "pol_internal.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define CT_MAGIC 0x3154434c4f484546ull /* "FEHOLCT1" */
#define CT_LAYOUT_VERSION 3u
#define CT_HUGE_FROM ((size_t)32 << 20) /* bytes of an image */
#define CT_SLOTS 8u
#define CT_PER_BUCKET 4u   /* average load at full capacity */
#define CT_OVERFLOW_OF 8u  /* one overflow bucket for so many buckets */

/* --- image and index ------------------------------------------------------------------------------------------------------- */
struct ct_header {
	uint64_t magic;
	uint32_t version, entry_size, capacity;
	struct fh_id nic;
	uint64_t incarnation;
	/* Entries that were never used begin here; who opens the image again looks, and touches, no further. Shared by the workers */
	uint32_t fresh fh_cache_aligned;
};

struct ct_bucket {
	uint32_t lock;
	uint32_t version; /* moves when an entry leaves, before it can be reused */
	uint32_t next;    /* overflow bucket + 1; 0: none */
	uint32_t pad;
	uint16_t tag[CT_SLOTS]; /* 0: free */
	uint32_t entry[CT_SLOTS];
};
_Static_assert(sizeof(struct ct_bucket) == 64, "a bucket is a cache line");

struct ct_peer {
	uint32_t end;    /* highest sequence number sent, + 1 */
	uint32_t maxend; /* highest that the other side allows */
	uint32_t maxwin; /* largest window advertised by it, in 30 bits; CT_PEER_* above */
	uint32_t maxack; /* highest acknowledgement sent */
};
#define CT_PEER_SACK 0x80000000u  /* permits selective acknowledgements */
#define CT_PEER_CLOSED 0x40000000u /* closed first */
#define CT_PEER_WINDOW 0x3fffffffu

struct ct_counts {
	uint64_t bytes[2];
	uint32_t packets[2];
	uint16_t packets_high[2]; /* bits 32-47 */
	uint32_t syn_end;         /* TCP: end of a SYN that was let through without effect; 0: none */
};

struct ct_nat {
	uint32_t public_addr; /* host order */
	uint16_t public_port; /* ICMP: identifier */
	uint16_t kind;        /* enum fh_nat_kind */
	uint64_t public_hash; /* of the translated tuple */
	uint64_t spare;
};

struct ct_entry {
	/* Line 1. Key: immutable while the entry is in the index. */
	uint64_t key[2]; /* fh_pkt.key[0] with FH_KEY_LOCAL_LO, key[1] */
	uint8_t lock;
	uint8_t state;  /* enum fh_ct_state; FREE: not in the index. Written under the lock. */
	uint8_t flags;  /* CT_F_*. Written under the lock. */
	uint8_t wscale; /* low nibble: first sender's scale, high: the other's; CT_NO_SCALE: not offered. Under the lock. */
	uint32_t expires; /* tick; relaxed */
	uint32_t stamp;   /* policy stamp; relaxed, written under the lock */
	uint32_t hint;    /* entry of the same connection in the other end's table; relaxed, may be wrong */
	union {
		struct ct_peer peer[2];  /* TCP, under the lock; [0] sent the first packet */
		struct ct_counts counts; /* others, relaxed */
	};
	/* Line 2 */
	struct ct_counts tcp_counts; /* under the lock */
	union {
		uint64_t key6[3]; /* IPv6: fh_pkt.key[2..4]; immutable like key */
		struct ct_nat nat; /* IPv4; immutable once translated */
	};
	uint32_t slot;    /* deciding rule; under the lock */
	uint32_t created; /* tick; on the free list: next free entry + 1 */
} fh_cache_aligned;
_Static_assert(sizeof(struct ct_entry) == 128, "an entry is two cache lines");
_Static_assert(offsetof(struct ct_entry, tcp_counts) == 64, "what an IPv4 packet needs is in the first line");

enum {
	CT_F_REPLY = 1,    /* saw a packet against the first one's direction */
	CT_F_ASSURED = 2,  /* TCP: handshake complete */
	CT_F_INGRESS = 4,  /* the first packet went to the guest */
	CT_F_NAT = 8,
	CT_F_RELEARN = 16, /* recovered or imported: windows are learnt anew */
	CT_F_PINNED = 32,  /* outlives policy changes */
	CT_F_PUBLIC = 64,  /* the first packet carried the public address */
	CT_F_TOLD = 128,   /* see ct_flow_active() */
};
#define CT_NO_SCALE 15u

/* --- handle ------------------------------------------------------------------------------------------------------------------ */
enum ct_class { CT_TCP, CT_UDP, CT_ICMP, CT_SCTP, CT_OTHER, CT_CLASSES };

struct ct_wstats {
	struct fh_ct_stats s;
	uint32_t flow_tick, flow_share; /* of the ring, left in that tick */
} fh_cache_aligned;

#define CT_NAT_MAX 16

struct fh_ct {
	/* Immutable */
	struct ct_bucket *buckets; /* overflow buckets behind them */
	struct ct_entry *entries;
	uint32_t n_buckets, n_overflow, capacity;
	unsigned workers;
	bool shared; /* several workers carry packets */
	struct fh_pol_ctx *rules;
	struct fh_flow_ring *const *flows;
	struct ct_header *header;
	uint32_t recovered;
	struct fh_hash hash;
	/* Rarely changed; relaxed */
	uint32_t ttl_tcp[FH_CT_S_SYN_SENT2 + 1];
	uint32_t ttl[CT_CLASSES][2]; /* [1]: replied */
	uint32_t relearn_until;
	uint32_t backed; /* entries from here on are holes of the image, which nobody may touch; header->fresh never exceeds it */
	struct fh_nat nat[CT_NAT_MAX];
	uint32_t n_nat;
	/* The door between the only worker and the control thread, see ct_enter(). */
	uint32_t in_burst fh_cache_aligned;
	uint32_t control fh_cache_aligned;
	/* Mutable, shared by the workers */
	uint64_t free_head fh_cache_aligned; /* tag << 32 | entry + 1 */
	uint64_t free_overflow;              /* the same for overflow buckets */
	uint32_t fresh_overflow;
	uint32_t sweep_cursor;
	uint32_t evict_cursor;
	uint32_t evict_tick, evict_budget;
	uint32_t refused_tick; /* the last in which the file system had no room for the image to grow */
	bool starved;          /* so it was since fh_ct_take_starved() */
	uint32_t icmp_tick, icmp_count;
	uint32_t nat_next;
	struct ct_wstats stats[];
};

static inline uint32_t ct_tick(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> FH_CT_TICK_SHIFT);
}

/* Ticks of so many seconds, rounded up. */
static inline uint32_t ct_seconds(uint32_t s)
{
	return (uint32_t)(((uint64_t)s * 1000000000 + ((1ull << FH_CT_TICK_SHIFT) - 1)) >> FH_CT_TICK_SHIFT);
}

static inline bool ct_expired(const struct ct_entry *e, uint32_t now)
{
	return (int32_t)(fh_load(&e->expires) - now) <= 0;
}

/* Ticks since it was created, 0 also if that is still ahead: another thread has looked at the clock since. */
static inline uint32_t ct_age(const struct ct_entry *e, uint32_t now)
{
	uint32_t age = now - fh_load(&e->created);

	return (int32_t)age < 0 ? 0 : age;
}

static inline uint8_t ct_proto(const struct ct_entry *e)
{
	return (uint8_t)(fh_load(&e->key[0]) >> 32);
}

static inline bool ct_v6(const struct ct_entry *e)
{
	return fh_load(&e->key[0]) & FH_KEY_V6;
}

static inline struct ct_counts *ct_counts_of(struct ct_entry *e)
{
	return ct_proto(e) == FH_PROTO_TCP ? &e->tcp_counts : &e->counts;
}

static inline enum ct_class ct_class_of(uint8_t proto)
{
	return proto == FH_PROTO_TCP				 ? CT_TCP
	       : proto == FH_PROTO_UDP || proto == FH_PROTO_UDPLITE ? CT_UDP
	       : proto == FH_PROTO_ICMP || proto == FH_PROTO_ICMP6	 ? CT_ICMP
	       : proto == FH_PROTO_SCTP				 ? CT_SCTP
								 : CT_OTHER;
}

/* Ticks that a packet gives to a connection in that state. */
static inline uint32_t ct_time_to_live(const struct fh_ct *ct, uint8_t proto, uint8_t state)
{
	if (proto == FH_PROTO_TCP)
		return fh_load(&ct->ttl_tcp[state]);
	return fh_load(&ct->ttl[ct_class_of(proto)][state == FH_CT_S_REPLIED]);
}

/*
 * The door. A table that one worker alone carries packets through needs no locks, as long as the control thread stays
 * out. The worker says in_burst, then looks whether control is inside; the control thread says control, makes the kernel
 * put a barrier into every running thread (membarrier), and waits until no burst is under way. Whoever finds the other one inside uses locks:
 * so the worker never waits, and pays two plain stores a burst.
 * Return of ct_enter(): whether locks must be used until ct_leave().
 */
static inline bool ct_enter(struct fh_ct *ct)
{
	if (ct->shared)
		return true;
	fh_store(&ct->in_burst, 1);
	__asm__ volatile("" ::: "memory");
	return fh_load_acquire(&ct->control) != 0;
}

static inline void ct_leave(struct fh_ct *ct)
{
	if (!ct->shared)
		fh_store_release(&ct->in_burst, 0);
}

/* Return: whether this kernel has the barrier that the door needs. */
bool ct_has_door(void);
void ct_control_begin(struct fh_ct *ct);
void ct_control_end(struct fh_ct *ct);

static inline uint8_t ct_state(const struct ct_entry *e)
{
	return fh_load(&e->state);
}

static inline void ct_lock(struct ct_entry *e)
{
	while (__atomic_exchange_n(&e->lock, 1, __ATOMIC_ACQUIRE)) {
		while (fh_load(&e->lock))
			fh_cpu_relax();
	}
}

static inline void ct_unlock(struct ct_entry *e)
{
	fh_store_release(&e->lock, 0);
}

static inline void ct_lock_if(struct ct_entry *e, bool locked)
{
	if (fh_unlikely(locked))
		ct_lock(e);
}

static inline void ct_unlock_if(struct ct_entry *e, bool locked)
{
	if (fh_unlikely(locked))
		ct_unlock(e);
}

static inline uint64_t ct_packets(const struct ct_counts *c, unsigned dir)
{
	return (uint64_t)fh_load(&c->packets_high[dir]) << 32 | fh_load(&c->packets[dir]);
}

static inline void ct_account(struct ct_counts *c, unsigned dir, uint32_t packets, uint32_t bytes)
{
	uint32_t before = fh_load(&c->packets[dir]);

	fh_count(&c->bytes[dir], bytes);
	fh_store(&c->packets[dir], before + packets);
	if (fh_unlikely(before + packets < before))
		fh_store(&c->packets_high[dir], (uint16_t)(fh_load(&c->packets_high[dir]) + 1));
}

#define ct_stat(ct, worker, field) fh_count(&(ct)->stats[worker].s.field, 1)

/* --- table (ct_table.c) --------------------------------------------------------------------------------------------------------- */
/* The key of a packet in this NIC's table. */
static inline uint64_t ct_zone_key(const struct fh_pkt *p, enum fh_direction dir)
{
	bool local_lo = !!(p->flags & FH_PKT_SRC_LO) == (dir == FH_EGRESS);

	return p->key[0] | (local_lo ? FH_KEY_LOCAL_LO : 0);
}

static inline bool ct_key_equal(const struct ct_entry *e, uint64_t key0, const uint64_t *key)
{
	if (fh_load(&e->key[0]) != key0 || fh_load(&e->key[1]) != key[1])
		return false;
	return fh_likely(!(key0 & FH_KEY_V6)) ||
	       (fh_load(&e->key6[0]) == key[2] && fh_load(&e->key6[1]) == key[3] && fh_load(&e->key6[2]) == key[4]);
}

static inline struct ct_bucket *ct_bucket_of(const struct fh_ct *ct, uint64_t hash)
{
	return &ct->buckets[(hash >> 32) * ct->n_buckets >> 32];
}

static inline uint16_t ct_tag_of(uint64_t hash)
{
	uint16_t tag = (uint16_t)hash;

	return tag ? tag : 1;
}

/* Copies the key in the form of fh_pkt, LOCAL_LO included in [0]. */
void ct_key_of(const struct ct_entry *e, uint64_t key[FH_KEY_WORDS]);
uint64_t ct_hash_of(const struct fh_ct *ct, const uint64_t key[FH_KEY_WORDS]);
/* Finds a live entry without lock. Return: entry number or FH_CT_NONE. */
uint32_t ct_find(const struct fh_ct *ct, uint64_t hash, uint64_t key0, const uint64_t *key, uint64_t *retries);
/* Return: a bit for each place with that tag. */
static inline uint32_t ct_match_tags(const struct ct_bucket *b, uint16_t tag)
{
#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
	/* One load of all eight: each tag is read whole, which is all that is needed. */
	__m128i tags = _mm_load_si128((const __m128i *)b->tag);
	__m128i hit = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(hit, _mm_setzero_si128()));
#else
	uint32_t mask = 0;

	for (unsigned i = 0; i < CT_SLOTS; i++)
		mask |= (uint32_t)(fh_load(&b->tag[i]) == tag) << i;
	return mask;
#endif
}

/* First step of a look-up: an entry of the first bucket with the right tag (its key not yet compared), or FH_CT_NONE,
 * and the bucket's version. */
static inline uint32_t ct_candidate(const struct fh_ct *ct, uint64_t hash, uint32_t *version)
{
	const struct ct_bucket *b = ct_bucket_of(ct, hash);

	*version = fh_load_acquire(&b->version);
	uint32_t m = ct_match_tags(b, ct_tag_of(hash));
	uint32_t i = m ? fh_load_acquire(&b->entry[__builtin_ctz(m)]) : FH_CT_NONE;
	return i < ct->capacity ? i : FH_CT_NONE;
}
/* Reserves room in the image for entries behind the first from, which must be ct->backed or was. Return: false without room, or when all
 * that the capacity allows is there. (ct_image.c) */
bool ct_grow(struct fh_ct *ct, uint32_t from, uint32_t now);
/* Takes an entry off the free list, evicting if need be. It is unlocked, of state FREE, and this thread's alone. */
uint32_t ct_alloc(struct fh_ct *ct, unsigned worker, bool locked, uint64_t now_ns);
void ct_release(struct fh_ct *ct, uint32_t i);
/* Publishes an initialised entry whose state is set last by this function.
 * Return: i; or the number of an entry with that key that somebody else published meanwhile (i is released); or
 * FH_CT_NONE without room in the index (i is released). */
uint32_t ct_publish(struct fh_ct *ct, bool locked, uint64_t hash, uint32_t i, uint8_t state);
enum ct_delete { CT_DELETE_ANY, CT_DELETE_EXPIRED, CT_DELETE_STATE };
/* What its flow record says: enum fh_flow_end, or one of these. */
enum ct_end {
	CT_END_UNTOLD = 0, /* it was none, or goes on elsewhere: no record */
	CT_END_IDLE = FH_FLOW_IDLE, CT_END_ACTIVE = FH_FLOW_ACTIVE, CT_END_ENDED = FH_FLOW_ENDED, CT_END_FORCED = FH_FLOW_FORCED,
	CT_END_RESOURCES = FH_FLOW_RESOURCES,
	CT_END_REVOKED = 0x80, /* forced, by a change of the rules */
};
/* Removes entry i with that key, if it still has it (and still is expired, or still has the state). Return: whether it was removed. */
bool ct_delete(struct fh_ct *ct, unsigned worker, bool locked, uint32_t i, const uint64_t key[FH_KEY_WORDS], enum ct_delete when, uint8_t state,
	       enum ct_end end, uint64_t now_ns);

static inline const struct ct_bucket *ct_next_bucket(const struct fh_ct *ct, const struct ct_bucket *b)
{
	uint32_t next = fh_load_acquire(&b->next);

	return next && next <= ct->n_overflow ? &ct->buckets[ct->n_buckets + next - 1] : NULL;
}

void ct_bucket_lock(struct ct_bucket *b);
void ct_bucket_unlock(struct ct_bucket *b);
/* Under the lock of head: puts entry i into its chain. Return: false without room. */
bool ct_place(struct fh_ct *ct, struct ct_bucket *head, uint64_t hash, uint32_t i);

/* --- flow records (ct_flow.c) ----------------------------------------------------------------------------------------------------- */
/* Under the entry's lock, or where nobody else has it. Return: false when it was lost. */
bool ct_flow_record(struct fh_ct *ct, unsigned worker, struct ct_entry *e, uint8_t state, enum ct_end end, uint64_t now_ns);
/* By the sweep, for each live entry: a record if it has lasted another FH_FLOW_ACTIVE_S and carried something in that time. */
void ct_flow_active(struct fh_ct *ct, unsigned worker, bool locked, uint32_t i, uint64_t now_ns);
/* The tuple of the first packet (ct_info.c). */
void ct_tuple_of(const struct ct_entry *e, uint8_t src[16], uint8_t dst[16], uint16_t *src_port, uint16_t *dst_port);

/* --- address translation (ct_nat.c) -------------------------------------------------------------------------------------------- */
/* Chooses the public tuple of an entry that is filled but not published. public_addr: the one that an incoming packet asked for, 0: any.
 * Return: false when none is free or configured. */
bool ct_nat_bind(struct fh_ct *ct, struct ct_entry *e, uint32_t public_addr);
/* Computes the hash of the public tuple again (another hash key). */
void ct_nat_rehash(struct fh_ct *ct, struct ct_entry *e);
/* Gives a published entry its second place. Return: false on conflict or without room; delete the entry then. */
bool ct_nat_publish(struct fh_ct *ct, bool locked, uint32_t i);
/* The entry whose public tuple an incoming packet carries, or FH_CT_NONE. */
uint32_t ct_nat_find(const struct fh_ct *ct, const struct fh_pkt *p);
/* in: the incoming packet as seen inside; i: its entry, or FH_CT_NONE for a new connection. Return: false when nobody is there. */
bool ct_nat_inside(const struct fh_ct *ct, uint32_t i, const struct fh_pkt *p, struct fh_pkt *in);

/* --- TCP (ct_tcp.c) ----------------------------------------------------------------------------------------------------------------- */
enum ct_tcp_result {
	CT_TCP_OK,      /* state and windows updated */
	CT_TCP_IGNORED, /* pass, nothing changed */
	CT_TCP_REOPEN,  /* the old connection is over: delete it, this packet opens a new one */
	CT_TCP_DROP,    /* *reason; nothing changed */
};
/* First packet. Return: false when it cannot open a connection. Sets state-independent fields. */
bool ct_tcp_open(struct ct_entry *e, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len);
/* Under the entry's lock. @param dir  0: as the first packet, 1: against it. */
enum ct_tcp_result ct_tcp_packet(struct ct_entry *e, unsigned dir, const struct fh_pkt *p, const uint8_t *data, uint32_t seg_len,
				 bool relearn, uint8_t *reason);
/* Under the entry's lock: could the side dir have sent a segment with this sequence number lately (quoted by an ICMP error)? */
bool ct_tcp_plausible(const struct ct_entry *e, unsigned dir, uint32_t seq);

/* --- judging (conntrack.c) ------------------------------------------------------------------------------------------------------------ */
/* The tuple of the first packet, for the policy. */
void ct_query_of(const uint64_t key[FH_KEY_WORDS], uint8_t flags, struct pol_query *q);

#endif
