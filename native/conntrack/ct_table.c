/*
 * The table: index, free list, eviction, sweep. conntrack.h has the theory of operation, locks and orders; ct_image.c makes tables.
 *
 * Index. An entry's number stands in the chain of one bucket. A chain's first bucket carries the lock and the version
 * for all of it. Overflow buckets are unlinked when they become empty; a reader that still walks one finds at worst
 * nothing, and then searches again under the lock before it inserts.
 *
 * Free list. A stack of numbers; its head carries a tag that moves with each change (against ABA). Entries that were never
 * used are taken only when it is empty, so that a table touches no more memory than it needs; and only where the image has
 * room for them (ct_grow()).
 */
#include "ct_internal.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* --- keys ------------------------------------------------------------------------------------------------------------- */

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

static uint32_t alloc_free(struct fh_ct *ct, uint32_t now)
{
	uint32_t i = pop(ct, &ct->free_head, entry_next);

	while (i == FH_CT_NONE) {
		uint32_t backed = fh_load_acquire(&ct->backed);

		i = take_fresh(&ct->header->fresh, backed);
		if (i == FH_CT_NONE && !ct_grow(ct, backed, now))
			break;
	}
	return i;
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
	/* Not when it is just ahead: workers read the clock once a round. */
	if (fh_load(&ct->evict_tick) - now >= ct_seconds(1)) {
		fh_store(&ct->evict_tick, now);
		fh_store(&ct->evict_budget, ct->capacity < 2048 ? 1024 : ct->capacity / 2);
	}
	uint32_t left = fh_load(&ct->evict_budget);
	return left < want ? left : want;
}

/* Looks at some entries and removes the most dispensable. Return: whether one went. */
static bool evict(struct fh_ct *ct, unsigned worker, bool locked, uint64_t now_ns)
{
	uint32_t used = fh_load(&ct->header->fresh), now = ct_tick(now_ns), best = FH_CT_NONE, i = fh_load(&ct->evict_cursor);
	uint32_t n = used ? evict_budget(ct, now, 64) : 0;
	unsigned best_class = 3;

	uint32_t seen = 0;
	for (; seen < n && best_class > 1; seen++) {
		if (++i >= used)
			i = 0;
		unsigned c = eviction_class(&ct->entries[i], now);
		if (c < best_class) {
			best_class = c;
			best = i;
		}
	}
	fh_store(&ct->evict_cursor, i);
	if (best_class > 1) { /* others look at the same time */
		uint32_t left = fh_load(&ct->evict_budget);
		fh_store(&ct->evict_budget, left > seen ? left - seen : 0);
	}
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
	uint32_t i = alloc_free(ct, ct_tick(now_ns));

	/* Somebody else may take what was evicted here: try a few times. */
	for (int tries = 0; i == FH_CT_NONE && tries < 3; tries++) {
		if (!evict(ct, worker, locked, now_ns))
			break;
		i = alloc_free(ct, ct_tick(now_ns));
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

bool ct_has_door(void)
{
	return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
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

/* --- numbers ---------------------------------------------------------------------------------------------------------------- */

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
