/*
 * The table: image, index, free list, eviction, sweep. conntrack.h has the theory of operation, locks and orders.
 *
 * Index. An entry's number stands in the chain of one bucket. A chain's first bucket carries the lock and the version
 * for all of it. Overflow buckets are unlinked when they become empty; a reader that still walks one finds at worst
 * nothing, and then searches again under the lock before it inserts.
 *
 * Free list. A stack of numbers; its head carries a tag that moves with each change (against ABA). Entries that were never
 * used are taken only when it is empty, so that a table touches no more memory than it needs.
 */
#include "ct_internal.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* --- image ------------------------------------------------------------------------------------------------------------ */

static uint32_t buckets_for(uint32_t capacity)
{
	return (capacity + CT_PER_BUCKET - 1) / CT_PER_BUCKET;
}

static uint32_t overflow_for(uint32_t capacity)
{
	return buckets_for(capacity) / CT_OVERFLOW_OF + 8;
}

static size_t page_align(size_t n)
{
	return (n + CT_PAGE - 1) & ~(size_t)(CT_PAGE - 1);
}

static size_t index_bytes(uint32_t capacity)
{
	return page_align(((size_t)buckets_for(capacity) + overflow_for(capacity)) * sizeof(struct ct_bucket));
}

size_t fh_ct_image_size(uint32_t capacity)
{
	return CT_PAGE + index_bytes(capacity) + page_align((size_t)capacity * sizeof(struct ct_entry));
}

uint32_t fh_ct_capacity(const struct fh_ct *ct)
{
	return ct->capacity;
}

void ct_key_of(const struct ct_entry *e, uint64_t key[FH_KEY_WORDS])
{
	key[0] = fh_load(&e->key[0]);
	key[1] = fh_load(&e->key[1]);
	bool v6 = key[0] & FH_KEY_V6;
	for (int i = 0; i < 3; i++)
		key[2 + i] = v6 ? fh_load(&e->key6[i]) : 0;
}

uint64_t ct_hash_of(const struct fh_ct *ct, const uint64_t key[FH_KEY_WORDS])
{
	uint64_t k[FH_KEY_WORDS];

	memcpy(k, key, sizeof k);
	k[0] &= ~FH_KEY_LOCAL_LO;
	return fh_hash_key(&ct->hash, k);
}

/* --- free lists -------------------------------------------------------------------------------------------------------- */

static uint32_t *entry_next(const struct fh_ct *ct, uint32_t i)
{
	return &ct->entries[i].created;
}

static uint32_t *bucket_next(const struct fh_ct *ct, uint32_t i)
{
	return &ct->buckets[ct->n_buckets + i].next;
}

typedef uint32_t *next_fn(const struct fh_ct *ct, uint32_t i);

static inline void push(struct fh_ct *ct, uint64_t *head, next_fn *next, uint32_t i)
{
	uint64_t old = fh_load(head), new;

	do {
		fh_store(next(ct, i), (uint32_t)old);
		new = ((old >> 32) + 1) << 32 | (i + 1);
	} while (!__atomic_compare_exchange_n(head, &old, new, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static inline uint32_t pop(struct fh_ct *ct, uint64_t *head, next_fn *next)
{
	uint64_t old = fh_load_acquire(head), new;

	do {
		if ((uint32_t)old == 0)
			return FH_CT_NONE;
		new = ((old >> 32) + 1) << 32 | fh_load(next(ct, (uint32_t)old - 1));
	} while (!__atomic_compare_exchange_n(head, &old, new, true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	return (uint32_t)old - 1;
}

static inline uint32_t take_fresh(uint32_t *fresh, uint32_t limit)
{
	uint32_t i = fh_load(fresh);

	while (i < limit) {
		if (__atomic_compare_exchange_n(fresh, &i, i + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return i;
	}
	return FH_CT_NONE;
}

void ct_release(struct fh_ct *ct, uint32_t i)
{
	push(ct, &ct->free_head, entry_next, i);
}

static uint32_t alloc_free(struct fh_ct *ct)
{
	uint32_t i = pop(ct, &ct->free_head, entry_next);

	return i != FH_CT_NONE ? i : take_fresh(&ct->header->fresh, ct->capacity);
}

static uint32_t overflow_take(struct fh_ct *ct)
{
	uint32_t i = pop(ct, &ct->free_overflow, bucket_next);

	return i != FH_CT_NONE ? i : take_fresh(&ct->fresh_overflow, ct->n_overflow);
}

/* --- index ------------------------------------------------------------------------------------------------------------- */

static uint32_t search(const struct fh_ct *ct, const struct ct_bucket *b, uint16_t tag, uint64_t key0, const uint64_t *key)
{
	/* Chains are short; the bound only matters to a reader whose chain is being taken apart. */
	for (unsigned depth = 0; b && depth < 64; b = ct_next_bucket(ct, b), depth++) {
		for (uint32_t m = ct_match_tags(b, tag); m; m &= m - 1) {
			uint32_t i = fh_load_acquire(&b->entry[__builtin_ctz(m)]);

			if (i < ct->capacity && ct_key_equal(&ct->entries[i], key0, key))
				return i;
		}
	}
	return FH_CT_NONE;
}

uint32_t ct_find(const struct fh_ct *ct, uint64_t hash, uint64_t key0, const uint64_t *key, uint64_t *retries)
{
	const struct ct_bucket *b = ct_bucket_of(ct, hash);

	for (;;) {
		uint32_t version = fh_load_acquire(&b->version);
		uint32_t i = search(ct, b, ct_tag_of(hash), key0, key);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (fh_likely(fh_load(&b->version) == version))
			return i;
		if (retries)
			++*retries;
	}
}

void ct_bucket_lock(struct ct_bucket *b)
{
	while (__atomic_exchange_n(&b->lock, 1, __ATOMIC_ACQUIRE)) {
		while (fh_load(&b->lock))
			fh_cpu_relax();
	}
}

void ct_bucket_unlock(struct ct_bucket *b)
{
	fh_store_release(&b->lock, 0);
}

/* Under the lock of head. Return: a bucket of the chain with a free place, NULL without memory. */
static struct ct_bucket *with_room(struct fh_ct *ct, struct ct_bucket *head)
{
	struct ct_bucket *b = head, *last = head;
	uint32_t i;

	for (; b; b = (struct ct_bucket *)ct_next_bucket(ct, b)) {
		if (ct_match_tags(b, 0))
			return b;
		last = b;
	}
	if ((i = overflow_take(ct)) == FH_CT_NONE)
		return NULL;
	b = &ct->buckets[ct->n_buckets + i];
	fh_store(&b->next, 0);
	fh_store_release(&last->next, i + 1);
	return b;
}

bool ct_place(struct fh_ct *ct, struct ct_bucket *head, uint64_t hash, uint32_t i)
{
	struct ct_bucket *b = with_room(ct, head);

	if (fh_unlikely(!b))
		return false;
	unsigned place = (unsigned)__builtin_ctz(ct_match_tags(b, 0));
	fh_store_release(&b->entry[place], i);
	fh_store_release(&b->tag[place], ct_tag_of(hash));
	return true;
}

uint32_t ct_publish(struct fh_ct *ct, bool locked, uint64_t hash, uint32_t i, uint8_t state)
{
	struct ct_entry *e = &ct->entries[i];
	struct ct_bucket *head = ct_bucket_of(ct, hash);
	uint64_t key[FH_KEY_WORDS];

	ct_key_of(e, key);
	if (fh_unlikely(locked))
		ct_bucket_lock(head);
	uint32_t other = search(ct, head, ct_tag_of(hash), key[0], key);
	bool placed = false;
	if (fh_likely(other == FH_CT_NONE)) {
		/* The state first: whoever finds the number finds a live entry. */
		fh_store_release(&e->state, state);
		if (!(placed = ct_place(ct, head, hash, i)))
			fh_store(&e->state, FH_CT_S_FREE);
	}
	if (fh_unlikely(!placed)) {
		if (locked)
			ct_bucket_unlock(head);
		ct_release(ct, i);
		return other;
	}
	if (fh_unlikely(locked))
		ct_bucket_unlock(head);
	return i;
}

/* Under the lock of head. Return: whether entry i stood in the chain. */
static bool unlink_entry(struct fh_ct *ct, struct ct_bucket *head, uint16_t tag, uint32_t i)
{
	struct ct_bucket *prev = NULL;

	for (struct ct_bucket *b = head; b; prev = b, b = (struct ct_bucket *)ct_next_bucket(ct, b)) {
		for (uint32_t m = ct_match_tags(b, tag); m; m &= m - 1) {
			unsigned place = (unsigned)__builtin_ctz(m);

			if (fh_load(&b->entry[place]) != i)
				continue;
			fh_store(&b->tag[place], 0);
			if (prev && ct_match_tags(b, 0) == 0xff) {
				fh_store_release(&prev->next, fh_load(&b->next));
				push(ct, &ct->free_overflow, bucket_next, (uint32_t)(b - ct->buckets) - ct->n_buckets);
			}
			/* Whoever reads the old version afterwards has seen the entry while it was still whole. */
			__atomic_fetch_add(&head->version, 1, __ATOMIC_ACQ_REL);
			return true;
		}
	}
	return false;
}

/* Moves what the connection counted to its rule. Under the entry's lock. */
static void retire(struct fh_ct *ct, unsigned worker, struct ct_entry *e)
{
	const struct ct_counts *c = ct_counts_of(e);

	if (ct->rules && e->slot != FH_SLOT_NONE)
		fh_pol_count(ct->rules, worker, e->slot, 0, ct_packets(c, 0) + ct_packets(c, 1),
			     fh_load(&c->bytes[0]) + fh_load(&c->bytes[1]), 0);
}

bool ct_delete(struct fh_ct *ct, unsigned worker, bool locked, uint32_t i, const uint64_t key[FH_KEY_WORDS], enum ct_delete when, uint8_t state,
	       enum ct_end end, uint64_t now_ns)
{
	struct ct_entry *e = &ct->entries[i];
	uint64_t hash = ct_hash_of(ct, key);
	struct ct_bucket *head = ct_bucket_of(ct, hash);
	bool gone = false;

	if (fh_unlikely(locked)) {
		ct_bucket_lock(head);
		ct_lock(e);
	}
	if (ct_state(e) != FH_CT_S_FREE && ct_key_equal(e, key[0], key) &&
	    (when != CT_DELETE_EXPIRED || ct_expired(e, ct_tick(now_ns))) && (when != CT_DELETE_STATE || ct_state(e) == state) &&
	    unlink_entry(ct, head, ct_tag_of(hash), i)) {
		uint8_t last = ct_state(e);
		fh_store_release(&e->state, FH_CT_S_FREE);
		retire(ct, worker, e);
		ct_flow_record(ct, worker, e, last, end, now_ns);
		gone = true;
	}
	if (fh_unlikely(locked)) {
		ct_unlock(e);
		ct_bucket_unlock(head);
	}
	if (gone) {
		if (fh_unlikely(fh_load(&e->flags) & CT_F_NAT)) {
			/* Nobody else may reuse the entry before it is on the free list: its fields stand still. */
			head = ct_bucket_of(ct, e->nat.public_hash);
			if (locked)
				ct_bucket_lock(head);
			unlink_entry(ct, head, ct_tag_of(e->nat.public_hash), i);
			if (locked)
				ct_bucket_unlock(head);
		}
		ct_stat(ct, worker, deleted);
		ct_release(ct, i);
	}
	return gone;
}

/* --- room ---------------------------------------------------------------------------------------------------------------- */

/* Lower goes first; 3: never. */
static unsigned eviction_class(const struct ct_entry *e, uint32_t now)
{
	uint8_t state = fh_load(&e->state);

	if (state == FH_CT_S_FREE)
		return 3;
	if (ct_expired(e, now))
		return 0;
	switch (state) {
	case FH_CT_S_SYN_SENT:
	case FH_CT_S_SYN_SENT2:
	case FH_CT_S_SYN_RECV:
	case FH_CT_S_UNREPLIED:
		return 1;
	case FH_CT_S_FIN_WAIT:
	case FH_CT_S_CLOSE_WAIT:
	case FH_CT_S_LAST_ACK:
	case FH_CT_S_TIME_WAIT:
	case FH_CT_S_CLOSE:
		return 2;
	default:
		return 3;
	}
}

/* How many entries may still be looked at in this tick; a table full of established connections must not make each refused
 * packet expensive. */
static uint32_t evict_budget(struct fh_ct *ct, uint32_t now, uint32_t want)
{
	if (fh_load(&ct->evict_tick) != now) {
		fh_store(&ct->evict_tick, now);
		fh_store(&ct->evict_budget, ct->capacity < 2048 ? 1024 : ct->capacity / 2);
	}
	uint32_t left = fh_load(&ct->evict_budget);
	return left < want ? left : want;
}

/* Looks at some entries and removes the most dispensable. Return: whether one went. */
static bool evict(struct fh_ct *ct, unsigned worker, bool locked, uint64_t now_ns)
{
	uint32_t now = ct_tick(now_ns), best = FH_CT_NONE, n = evict_budget(ct, now, 64), i = fh_load(&ct->evict_cursor);
	unsigned best_class = 3;

	uint32_t seen = 0;
	for (; seen < n && best_class > 1; seen++) {
		if (++i >= ct->capacity)
			i = 0;
		unsigned c = eviction_class(&ct->entries[i], now);
		if (c < best_class) {
			best_class = c;
			best = i;
		}
	}
	fh_store(&ct->evict_cursor, i);
	if (best_class > 1)
		fh_store(&ct->evict_budget, fh_load(&ct->evict_budget) - seen);
	if (best == FH_CT_NONE)
		return false;

	uint64_t key[FH_KEY_WORDS];
	uint8_t state = fh_load(&ct->entries[best].state);
	ct_key_of(&ct->entries[best], key);
	if (!ct_delete(ct, worker, locked, best, key, best_class == 0 ? CT_DELETE_EXPIRED : CT_DELETE_STATE, state,
		       best_class == 0 ? CT_END_IDLE : CT_END_RESOURCES, now_ns))
		return false;
	if (best_class == 0)
		ct_stat(ct, worker, expired);
	else if (best_class == 1)
		ct_stat(ct, worker, evicted_unreplied);
	else
		ct_stat(ct, worker, evicted_closing);
	return true;
}

uint32_t ct_alloc(struct fh_ct *ct, unsigned worker, bool locked, uint64_t now_ns)
{
	uint32_t i = alloc_free(ct);

	/* Somebody else may take what was evicted here: try a few times. */
	for (int tries = 0; i == FH_CT_NONE && tries < 3; tries++) {
		if (!evict(ct, worker, locked, now_ns))
			break;
		i = alloc_free(ct);
	}
	return i;
}

/* Expired entries are collected first, so that the accesses to their buckets overlap. */
#define SWEEP_BATCH 16u

struct expired {
	uint64_t key[FH_KEY_WORDS];
	uint32_t entry;
};

static uint32_t sweep_batch(struct fh_ct *ct, unsigned worker, bool locked, uint64_t now_ns, const struct expired *batch, uint32_t n)
{
	uint32_t freed = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (ct_delete(ct, worker, locked, batch[i].entry, batch[i].key, CT_DELETE_EXPIRED, 0, CT_END_IDLE, now_ns)) {
			ct_stat(ct, worker, expired);
			freed++;
		}
	}
	return freed;
}

uint32_t fh_ct_sweep(struct fh_ct *ct, unsigned worker, uint64_t now_ns, uint32_t max)
{
	bool control = worker == ct->workers - 1 && ct->workers > 1, locked = true;
	uint32_t used = fh_load(&ct->header->fresh), now = ct_tick(now_ns), freed = 0, n = 0;
	struct expired batch[SWEEP_BATCH];

	if (used == 0)
		return 0;
	if (max > used)
		max = used;
	if (control)
		ct_control_begin(ct);
	else
		locked = ct_enter(ct);
	/* Workers share the cursor; each takes its own stretch. */
	uint32_t i = __atomic_fetch_add(&ct->sweep_cursor, max, __ATOMIC_RELAXED) % used;
	for (; max; max--, i = i + 1 < used ? i + 1 : 0) {
		const struct ct_entry *e = &ct->entries[i];

		fh_prefetch(e + 8); /* past the end it is only a hint */
		if (fh_load_acquire(&e->state) == FH_CT_S_FREE)
			continue;
		if (!ct_expired(e, now)) {
			ct_flow_active(ct, worker, locked, i, now_ns);
			continue;
		}
		ct_key_of(e, batch[n].key);
		batch[n].entry = i;
		fh_prefetch_write(ct_bucket_of(ct, ct_hash_of(ct, batch[n].key)));
		if (++n == SWEEP_BATCH) {
			freed += sweep_batch(ct, worker, locked, now_ns, batch, n);
			n = 0;
		}
	}
	freed += sweep_batch(ct, worker, locked, now_ns, batch, n);
	if (control)
		ct_control_end(ct);
	else
		ct_leave(ct);
	return freed;
}

/* --- the door ---------------------------------------------------------------------------------------------------------------- */

static long membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0);
}

void ct_control_begin(struct fh_ct *ct)
{
	if (ct->shared)
		return;
	fh_store(&ct->control, 1);
	if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) {
		/* Refused (seccomp): a store leaves its core within microseconds; wait a thousand times that. */
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	while (fh_load_acquire(&ct->in_burst))
		sched_yield();
}

void ct_control_end(struct fh_ct *ct)
{
	if (!ct->shared)
		fh_store_release(&ct->control, 0);
}

/* --- open ------------------------------------------------------------------------------------------------------------------- */

static bool same_image(const struct ct_header *h, const struct fh_ct_config *cfg)
{
	return h->magic == CT_MAGIC && h->version == CT_LAYOUT_VERSION && h->entry_size == sizeof(struct ct_entry) &&
	       h->bucket_size == sizeof(struct ct_bucket) && h->capacity == cfg->capacity &&
	       h->incarnation == cfg->incarnation && !memcmp(&h->nic, &cfg->nic, sizeof h->nic);
}

/* Nothing in the image is trusted: a process may have died at any instruction. */
static bool entry_valid(const struct ct_entry *e, uint32_t now)
{
	uint8_t proto = ct_proto(e);
	bool tcp_state = e->state >= FH_CT_S_SYN_SENT && e->state <= FH_CT_S_SYN_SENT2;
	bool other_state = e->state == FH_CT_S_UNREPLIED || e->state == FH_CT_S_REPLIED;
	const uint64_t known = 0xffffffffffull | FH_KEY_V6 | FH_KEY_REQUESTER_LO | FH_KEY_LOCAL_LO | (uint64_t)0xff << 48;
	int32_t left = (int32_t)(e->expires - now);

	if (!(proto == FH_PROTO_TCP ? tcp_state : other_state) || e->key[0] & ~known)
		return false;
	/* The two share their place in the entry. */
	if (e->flags & CT_F_NAT && (ct_v6(e) || (e->nat.kind != FH_NAT_FLOATING && e->nat.kind != FH_NAT_SOURCE)))
		return false;
	/* 432000 s is the longest timeout there is, with some slack. */
	return left > 0 && left < (int32_t)(450000ull * 1000000000 >> FH_CT_TICK_SHIFT);
}

/* Zeroes everything up to a page's end. Pages of a file are given back: what is not used again costs no memory. */
static void clear(void *from, void *end)
{
	uint8_t *start = from, *whole = (uint8_t *)page_align((uintptr_t)from);
	size_t pages = (size_t)((uint8_t *)end - whole);

	memset(start, 0, (size_t)(whole - start));
	if (pages && madvise(whole, pages, MADV_REMOVE) != 0)
		memset(whole, 0, pages);
}

/* Keeps what validates and rebuilds index and free list around it. */
static uint32_t recover(struct fh_ct *ct, uint32_t now)
{
	uint32_t kept = 0, used = ct->header->fresh;

	if (used > ct->capacity)
		used = ct->header->fresh = ct->capacity;
	clear(ct->buckets, ct->entries);
	clear(ct->entries + used, (uint8_t *)ct->header + fh_ct_image_size(ct->capacity));
	for (uint32_t i = 0; i < used; i++) {
		struct ct_entry *e = &ct->entries[i];
		uint64_t key[FH_KEY_WORDS];
		uint8_t state = e->state;

		e->lock = 0;
		if (state == FH_CT_S_FREE || !entry_valid(e, now)) {
			e->state = FH_CT_S_FREE;
			ct_release(ct, i);
			continue;
		}
		e->stamp = 0;
		e->slot = FH_SLOT_NONE;
		e->hint = FH_CT_NONE;
		e->flags |= CT_F_RELEARN;
		ct_key_of(e, key);
		e->state = FH_CT_S_FREE;
		if (ct_publish(ct, false, ct_hash_of(ct, key), i, state) != i)
			continue;
		kept++;
		if (e->flags & CT_F_NAT) {
			ct_nat_rehash(ct, e);
			/* Without its second place the connection cannot be found from outside, and ends by its timeout. */
			(void)ct_nat_publish(ct, false, i);
		}
	}
	return kept;
}

void fh_ct_default_timeouts(struct fh_ct_timeouts *t)
{
	*t = (struct fh_ct_timeouts){
		.tcp = { [FH_CT_S_SYN_SENT] = 120, [FH_CT_S_SYN_RECV] = 60, [FH_CT_S_ESTABLISHED] = 86400,
			 [FH_CT_S_FIN_WAIT] = 120, [FH_CT_S_CLOSE_WAIT] = 60, [FH_CT_S_LAST_ACK] = 30,
			 [FH_CT_S_TIME_WAIT] = 120, [FH_CT_S_CLOSE] = 10, [FH_CT_S_SYN_SENT2] = 120 },
		.udp_unreplied = 30,
		.udp_replied = 120,
		.icmp = 30,
		.sctp_unreplied = 30,
		.sctp_replied = 210,
		.other = 600,
	};
}

void fh_ct_set_timeouts(struct fh_ct *ct, const struct fh_ct_timeouts *t)
{
	const uint32_t pairs[CT_CLASSES][2] = {
		[CT_UDP] = { t->udp_unreplied, t->udp_replied },
		[CT_ICMP] = { t->icmp, t->icmp },
		[CT_SCTP] = { t->sctp_unreplied, t->sctp_replied },
		[CT_OTHER] = { t->other, t->other },
	};

	for (int i = 0; i <= FH_CT_S_SYN_SENT2; i++)
		fh_store(&ct->ttl_tcp[i], ct_seconds(t->tcp[i]));
	for (int c = 0; c < CT_CLASSES; c++) {
		fh_store(&ct->ttl[c][0], ct_seconds(pairs[c][0]));
		fh_store(&ct->ttl[c][1], ct_seconds(pairs[c][1]));
	}
}

int fh_ct_open(void *mem, size_t size, const struct fh_ct_config *cfg, uint64_t now_ns, struct fh_ct **out, uint32_t *recovered)
{
	size_t handle = sizeof(struct fh_ct) + cfg->workers * sizeof(struct ct_wstats);
	uint8_t *base = mem;
	struct fh_ct *ct;

	*out = NULL;
	if (recovered)
		*recovered = 0;
	if (cfg->capacity < FH_CT_CAPACITY_MIN || cfg->capacity > FH_CT_CAPACITY_MAX || cfg->workers == 0 ||
	    cfg->workers > FH_WORKERS_MAX || !cfg->hash || (uintptr_t)mem % CT_PAGE || size < fh_ct_image_size(cfg->capacity))
		return FH_EINVAL;
	if (!(ct = aligned_alloc(FH_CACHE_LINE, (handle + FH_CACHE_LINE - 1) & ~(size_t)(FH_CACHE_LINE - 1))))
		return FH_ENOMEM;
	memset(ct, 0, handle);
	ct->header = mem;
	ct->buckets = (struct ct_bucket *)(base + CT_PAGE);
	ct->entries = (struct ct_entry *)(base + CT_PAGE + index_bytes(cfg->capacity));
	ct->capacity = cfg->capacity;
	ct->n_buckets = buckets_for(cfg->capacity);
	ct->n_overflow = overflow_for(cfg->capacity);
	ct->workers = cfg->workers;
	ct->shared = cfg->workers > 2 || membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	ct->rules = cfg->rules;
	ct->flows = cfg->flows;
	ct->hash = *cfg->hash;
	ct->evict_tick = ct_tick(now_ns) - 1;
	fh_ct_set_timeouts(ct, &cfg->timeouts);
	/* Fewer TLB misses where the kernel grants huge pages, without which everything works all the same. Not in small tables: of a
	 * thousand NICs with some connections each, every one would cost megabytes. */
	if (size >= CT_HUGE_FROM)
		(void)madvise(mem, size & ~(size_t)(CT_PAGE - 1), MADV_HUGEPAGE);
	/* On a disk's file system the kernel would read megabytes ahead of the first access, holes included. */
	(void)madvise(mem, size & ~(size_t)(CT_PAGE - 1), MADV_RANDOM);

	if (same_image(ct->header, cfg)) {
		uint32_t kept = ct->recovered = recover(ct, ct_tick(now_ns));
		if (recovered)
			*recovered = kept;
		ct->relearn_until = ct_tick(now_ns) + ct_seconds(FH_CT_RELEARN_S);
	} else {
		if (ct->header->magic)
			clear(mem, base + fh_ct_image_size(cfg->capacity));
		*ct->header = (struct ct_header){
			.version = CT_LAYOUT_VERSION, .entry_size = sizeof(struct ct_entry),
			.bucket_size = sizeof(struct ct_bucket), .capacity = cfg->capacity, .nic = cfg->nic,
			.incarnation = cfg->incarnation,
		};
		fh_store_release(&ct->header->magic, CT_MAGIC);
	}
	*out = ct;
	return FH_OK;
}

void fh_ct_close(struct fh_ct *ct)
{
	free(ct);
}

void fh_ct_stats(const struct fh_ct *ct, struct fh_ct_stats *out)
{
	uint64_t sum[sizeof *out / sizeof(uint64_t)] = { 0 };

	for (unsigned w = 0; w < ct->workers; w++) {
		const uint64_t *s = (const uint64_t *)&ct->stats[w].s;
		for (size_t i = 0; i < sizeof *out / sizeof(uint64_t); i++)
			sum[i] += fh_load(&s[i]);
	}
	memcpy(out, sum, sizeof sum);
	/* Created and deleted are read at different instants. */
	uint64_t ever = out->created + ct->recovered;
	out->live = ever > out->deleted ? ever - out->deleted : 0;
}
