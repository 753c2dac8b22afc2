/*
 * Counter slots: a dense number for each rule id, and per-worker counters behind it.
 *
 * Workers only touch chunk[worker][slot / CHUNK]; chunks are added (release) before a slot in them is handed out and never
 * moved. A slot whose rule disappeared keeps its id and counters, so that a rule that returns counts on; after KEEP_NS it may go to another rule.
 */
#include "pol_internal.h"

#include <stdlib.h>

#define CHUNK 1024u
#define CHUNKS_MAX 1024u
#define KEEP_NS (6ull * 86400 * 1000000000)
#define NO_SLOT FH_SLOT_NONE

struct slot {
	struct fh_id id;
	uint32_t refs;
	uint32_t hash_next;
	uint32_t retired_next; /* queue of slots without references, oldest first */
	bool queued;
	uint64_t retired_ns;
	struct fh_pol_counters base;     /* of the rule that had the slot before */
	struct fh_pol_counters reported;
};

struct pol_slots {
	unsigned workers;
	uint32_t n, capacity;
	struct slot *slot;
	uint32_t *heads, head_mask;
	uint32_t retired_first, retired_last;
	struct fh_pol_counters *chunk[FH_WORKERS_MAX][CHUNKS_MAX];
};

static uint32_t id_hash(const struct fh_id *id)
{
	uint64_t a, b;

	memcpy(&a, id->b, 8);
	memcpy(&b, id->b + 8, 8);
	/* Ids often differ in their last bytes only, the top of b here: the high half of the product must come down. */
	__uint128_t m = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xd6e8feb86659fd93ull);
	return (uint32_t)((uint64_t)(m >> 64) ^ (uint64_t)m);
}

static uint32_t find(const struct pol_slots *s, const struct fh_id *id)
{
	uint32_t i = s->heads[id_hash(id) & s->head_mask];

	while (i != NO_SLOT && memcmp(&s->slot[i].id, id, sizeof *id))
		i = s->slot[i].hash_next;
	return i;
}

static void hash_in(struct pol_slots *s, uint32_t i)
{
	uint32_t *head = &s->heads[id_hash(&s->slot[i].id) & s->head_mask];

	s->slot[i].hash_next = *head;
	*head = i;
}

static void hash_out(struct pol_slots *s, uint32_t i)
{
	uint32_t *at = &s->heads[id_hash(&s->slot[i].id) & s->head_mask];

	while (*at != i)
		at = &s->slot[*at].hash_next;
	*at = s->slot[i].hash_next;
}

static bool grow(struct pol_slots *s)
{
	uint32_t capacity = s->capacity ? s->capacity * 2 : CHUNK;
	struct slot *slot;
	uint32_t *heads;

	if (capacity > CHUNK * CHUNKS_MAX || !(slot = realloc(s->slot, (size_t)capacity * sizeof *slot)))
		return false;
	s->slot = slot;
	if (!(heads = malloc((size_t)capacity * sizeof *heads)))
		return false;
	free(s->heads);
	s->heads = heads;
	s->head_mask = capacity - 1;
	s->capacity = capacity;
	memset(heads, 0xff, (size_t)capacity * sizeof *heads);
	for (uint32_t i = 0; i < s->n; i++)
		hash_in(s, i);
	return true;
}

static bool ensure_chunks(struct pol_slots *s, uint32_t chunk)
{
	for (unsigned w = 0; w < s->workers; w++) {
		if (s->chunk[w][chunk])
			continue;
		void *p = aligned_alloc(FH_CACHE_LINE, CHUNK * sizeof(struct fh_pol_counters));
		if (!p)
			return false;
		memset(p, 0, CHUNK * sizeof(struct fh_pol_counters));
		fh_store_release(&s->chunk[w][chunk], p);
	}
	return true;
}

struct pol_slots *pol_slots_new(unsigned workers)
{
	struct pol_slots *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->workers = workers;
	s->retired_first = s->retired_last = NO_SLOT;
	if (!grow(s))
		goto fail;
	for (uint8_t i = 1; i <= FH_SLOT_FIRST; i++) {
		struct fh_id id = { .b = { [15] = i } };
		if (pol_slot_get(s, &id, 0) == FH_SLOT_NONE)
			goto fail;
	}
	return s;
fail:
	pol_slots_free(s);
	return NULL;
}

void pol_slots_free(struct pol_slots *s)
{
	for (unsigned w = 0; w < s->workers; w++) {
		for (uint32_t c = 0; c < CHUNKS_MAX; c++)
			free(s->chunk[w][c]);
	}
	free(s->slot);
	free(s->heads);
	free(s);
}

static void sum(const struct pol_slots *s, uint32_t slot, struct fh_pol_counters *out)
{
	memset(out, 0, sizeof *out);
	for (unsigned w = 0; w < s->workers; w++) {
		const struct fh_pol_counters *c = s->chunk[w][slot / CHUNK];

		if (!c)
			continue;
		c += slot % CHUNK;
		out->connections += fh_load(&c->connections);
		out->packets += fh_load(&c->packets);
		out->bytes += fh_load(&c->bytes);
		uint64_t last = fh_load(&c->last_hit_ns);
		if (last > out->last_hit_ns)
			out->last_hit_ns = last;
	}
}

/* A slot whose rule went long ago, ready for another; NO_SLOT: none. */
static uint32_t recycle(struct pol_slots *s, uint64_t now_ns)
{
	uint32_t i;

	while ((i = s->retired_first) != NO_SLOT) {
		struct slot *slot = &s->slot[i];

		if (slot->refs == 0 && now_ns - slot->retired_ns < KEEP_NS)
			return NO_SLOT;
		s->retired_first = slot->retired_next;
		if (s->retired_first == NO_SLOT)
			s->retired_last = NO_SLOT;
		slot->queued = false;
		if (slot->refs)
			continue;
		hash_out(s, i);
		sum(s, i, &slot->base);
		return i;
	}
	return NO_SLOT;
}

uint32_t pol_slot_get(struct pol_slots *s, const struct fh_id *id, uint64_t now_ns)
{
	uint32_t i = find(s, id);

	if (i == NO_SLOT) {
		if ((i = recycle(s, now_ns)) == NO_SLOT) {
			if ((s->n == s->capacity && !grow(s)) || !ensure_chunks(s, s->n / CHUNK))
				return FH_SLOT_NONE;
			i = s->n;
			memset(&s->slot[i], 0, sizeof s->slot[i]);
			fh_store(&s->n, i + 1);
		}
		s->slot[i].id = *id;
		memset(&s->slot[i].reported, 0, sizeof s->slot[i].reported);
		hash_in(s, i);
	}
	s->slot[i].refs++;
	return i;
}

void pol_slot_put(struct pol_slots *s, uint32_t i, uint64_t now_ns)
{
	struct slot *slot = &s->slot[i];

	if (--slot->refs)
		return;
	slot->retired_ns = now_ns;
	if (slot->queued)
		return;
	slot->queued = true;
	slot->retired_next = NO_SLOT;
	if (s->retired_last == NO_SLOT)
		s->retired_first = i;
	else
		s->slot[s->retired_last].retired_next = i;
	s->retired_last = i;
}

void fh_pol_count(struct fh_pol_ctx *ctx, unsigned worker, uint32_t slot, uint64_t connections, uint64_t packets, uint64_t bytes,
		  uint64_t now_ns)
{
	struct pol_slots *s = pol_ctx_slots(ctx);

	if (slot >= CHUNK * CHUNKS_MAX || worker >= s->workers)
		return;
	struct fh_pol_counters *c = fh_load_acquire(&s->chunk[worker][slot / CHUNK]);
	if (!c)
		return;
	c += slot % CHUNK;
	fh_count(&c->connections, connections);
	fh_count(&c->packets, packets);
	fh_count(&c->bytes, bytes);
	if (now_ns > fh_load(&c->last_hit_ns))
		fh_store(&c->last_hit_ns, now_ns);
}

uint32_t fh_pol_slots(const struct fh_pol_ctx *ctx)
{
	return fh_load(&pol_ctx_slots(ctx)->n);
}

bool fh_pol_slot_id(const struct fh_pol_ctx *ctx, uint32_t slot, struct fh_id *id)
{
	const struct pol_slots *s = pol_ctx_slots(ctx);

	if (slot >= s->n)
		return false;
	*id = s->slot[slot].id;
	return true;
}

uint32_t fh_pol_slot_of(const struct fh_pol_ctx *ctx, const struct fh_id *id)
{
	return find(pol_ctx_slots(ctx), id);
}

void fh_pol_slot_read(const struct fh_pol_ctx *ctx, uint32_t slot, struct fh_pol_counters *out)
{
	const struct pol_slots *s = pol_ctx_slots(ctx);

	memset(out, 0, sizeof *out);
	if (slot >= s->n)
		return;
	sum(s, slot, out);
	const struct fh_pol_counters *base = &s->slot[slot].base;
	out->connections -= base->connections;
	out->packets -= base->packets;
	out->bytes -= base->bytes;
	if (out->last_hit_ns == base->last_hit_ns)
		out->last_hit_ns = 0;
}

static void at_least(uint64_t *value, uint64_t *reported)
{
	/* Live and finished counts are read at different instants; a short-coming is made up by the next reading. The
	 * difference is signed, because a connection that changed its rule is counted negatively with the new one. */
	if ((int64_t)(*value - *reported) < 0)
		*value = *reported;
	*reported = *value;
}

void fh_pol_slot_monotonic(struct fh_pol_ctx *ctx, uint32_t slot, struct fh_pol_counters *c)
{
	struct pol_slots *s = pol_ctx_slots(ctx);

	if (slot >= s->n)
		return;
	struct fh_pol_counters *r = &s->slot[slot].reported;
	at_least(&c->connections, &r->connections);
	at_least(&c->packets, &r->packets);
	at_least(&c->bytes, &r->bytes);
	at_least(&c->last_hit_ns, &r->last_hit_ns);
}
