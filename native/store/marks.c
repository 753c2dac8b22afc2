#include "marks.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_WORDS 4u

struct slot {
	struct st_pack_id pack;
	uint16_t words; /* 0: the slot is free */
	uint64_t *bits;
};

struct st_marks {
	size_t max_bytes;
	unsigned passes, pass;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	struct slot *slots;
	size_t n_slots, used, bytes;
	uint64_t total;
};

static uint64_t hash(const struct st_pack_id *pack)
{
	uint64_t a, b;
	memcpy(&a, pack->writer.b, sizeof a);
	memcpy(&b, pack->writer.b + 8, sizeof b);
	a = (a ^ pack->number) * 0x9e3779b97f4a7c15u;
	a = (a ^ a >> 32 ^ b) * 0xd6e8feb86659fd93u;
	return a ^ a >> 32;
}

bool st_marks_own(const struct st_marks *m, const struct st_pack_id *pack)
{
	return (hash(pack) >> 32) * m->passes >> 32 == m->pass;
}

/* With the lock. The pack's slot, or the free one where it belongs. */
static struct slot *slot_of(struct st_marks *m, const struct st_pack_id *pack)
{
	size_t i = hash(pack) & (m->n_slots - 1);
	while (m->slots[i].words && !st_same_pack(&m->slots[i].pack, pack))
		i = (i + 1) & (m->n_slots - 1);
	return &m->slots[i];
}

/* With the lock. */
static bool widen(struct st_marks *m)
{
	struct slot *old = m->slots;
	size_t n = m->n_slots;
	/* Both tables are there while one is copied to the other. */
	if (m->bytes + n * 2 * sizeof *old > m->max_bytes)
		return false;
	m->slots = calloc(n * 2, sizeof *old);
	if (!m->slots) {
		m->slots = old;
		return false;
	}
	m->n_slots = n * 2;
	m->bytes += n * sizeof *old;
	for (size_t i = 0; i < n; i++)
		if (old[i].words)
			*slot_of(m, &old[i].pack) = old[i];
	free(old);
	return true;
}

/* With the lock. Room for an ordinal. */
static bool lengthen(struct st_marks *m, struct slot *s, unsigned ordinal)
{
	unsigned words = s->words ? s->words : LEAST_WORDS;
	while (words <= ordinal / 64)
		words *= 2;
	if (words == s->words)
		return true;
	size_t more = (words - s->words) * sizeof *s->bits;
	uint64_t *bits = m->bytes + more <= m->max_bytes ? realloc(s->bits, words * sizeof *bits) : NULL;
	if (!bits)
		return false;
	memset(bits + s->words, 0, more);
	m->bytes += more;
	s->bits = bits;
	s->words = (uint16_t)words;
	return true;
}

struct st_marks *st_marks_new(struct st_run *run, size_t max_bytes, unsigned passes, unsigned pass)
{
	struct st_marks *m = calloc(1, sizeof *m);
	if (m) {
		*m = (struct st_marks){ .max_bytes = max_bytes, .passes = passes, .pass = pass, .n_slots = 64 };
		m->slots = calloc(m->n_slots, sizeof *m->slots);
		m->bytes = m->n_slots * sizeof *m->slots;
	}
	if (!m || !m->slots) {
		free(m);
		st_fail(run, ST_INTERNAL, "no memory for marks");
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void st_marks_free(struct st_marks *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_slots; i++)
		free(m->slots[i].bits);
	free(m->slots);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

enum st_mark st_marks_set(struct st_marks *m, const struct st_entry *e, bool always)
{
	enum st_mark mark = ST_MARK_FULL;
	uint64_t bit = 1ull << e->ordinal % 64;
	if (!always && !st_marks_own(m, &e->pack))
		return ST_MARK_NEW;
	pthread_mutex_lock(&m->lock);
	struct slot *s = slot_of(m, &e->pack);
	if (!s->words && m->used + m->used / 3 >= m->n_slots && widen(m))
		s = slot_of(m, &e->pack);
	bool is_new = !s->words;
	/* The table may be fuller than it should be, but never full. */
	if (!(is_new && m->used + 1 >= m->n_slots) && lengthen(m, s, e->ordinal)) {
		if (is_new) {
			s->pack = e->pack;
			m->used++;
		}
		mark = s->bits[e->ordinal / 64] & bit ? ST_MARK_KNOWN : ST_MARK_NEW;
		s->bits[e->ordinal / 64] |= bit;
		m->total += mark == ST_MARK_NEW;
	}
	pthread_mutex_unlock(&m->lock);
	return mark;
}

bool st_marks_has(struct st_marks *m, const struct st_pack_id *pack, unsigned ordinal)
{
	pthread_mutex_lock(&m->lock);
	struct slot *s = slot_of(m, pack);
	bool has = ordinal / 64 < s->words && s->bits[ordinal / 64] >> ordinal % 64 & 1;
	pthread_mutex_unlock(&m->lock);
	return has;
}

unsigned st_marks_count(struct st_marks *m, const struct st_pack_id *pack)
{
	unsigned n = 0;
	pthread_mutex_lock(&m->lock);
	struct slot *s = slot_of(m, pack);
	for (unsigned i = 0; i < s->words; i++)
		n += (unsigned)__builtin_popcountll(s->bits[i]);
	pthread_mutex_unlock(&m->lock);
	return n;
}

uint64_t st_marks_total(struct st_marks *m)
{
	pthread_mutex_lock(&m->lock);
	uint64_t total = m->total;
	pthread_mutex_unlock(&m->lock);
	return total;
}
