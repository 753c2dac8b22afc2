#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LEAST 4096u
/* How far back a pack is looked for: a page names few. */
#define BACK 16u

enum state { FREE, CLAIMED, SETTLED };

struct slot {
	uint8_t digest[ST_DIGEST];
	uint32_t pack; /* index into packs */
	uint32_t offset;
	uint32_t length;
	uint16_t ordinal;
	uint8_t state;
};
_Static_assert(sizeof(struct slot) == 48, "a slot is 48 bytes");

struct st_table {
	struct st_run *run;
	struct st_wake wake;
	uint64_t n_slots, limit;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	pthread_cond_t settled;
	struct slot *slots;
	uint64_t used;
	struct st_pack_id *packs;
	uint32_t n_packs, room_for_packs;
};

static void wake_all(void *arg)
{
	struct st_table *t = arg;
	pthread_mutex_lock(&t->lock);
	pthread_cond_broadcast(&t->settled);
	pthread_mutex_unlock(&t->lock);
}

struct st_table *st_table_new(struct st_run *run, uint64_t expected, size_t max_bytes)
{
	uint64_t slots = expected + expected / 2;
	struct st_table *t = calloc(1, sizeof *t);
	if (slots > max_bytes / sizeof(struct slot))
		slots = max_bytes / sizeof(struct slot);
	if (slots < LEAST)
		slots = LEAST;
	if (t)
		t->slots = mmap(NULL, slots * sizeof(struct slot), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!t || t->slots == MAP_FAILED) {
		free(t);
		st_fail(run, ST_INTERNAL, "no memory for the table of chunks");
		return NULL;
	}
	t->run = run;
	t->wake = (struct st_wake){ wake_all, t };
	t->n_slots = slots;
	t->limit = slots - slots / 8;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->settled, NULL);
	st_run_on_stop(run, &t->wake);
	return t;
}

void st_table_free(struct st_table *t)
{
	if (!t)
		return;
	st_run_forget(t->run, &t->wake);
	munmap(t->slots, t->n_slots * sizeof(struct slot));
	free(t->packs);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->settled);
	free(t);
}

/* With the lock. The slot of the digest, or the free one where it belongs. A digest is as good as random. */
static struct slot *slot_of(struct st_table *t, const uint8_t digest[ST_DIGEST])
{
	uint64_t h;
	memcpy(&h, digest, sizeof h);
	struct slot *s = t->slots + (size_t)((unsigned __int128)h * t->n_slots >> 64);
	while (s->state != FREE && memcmp(s->digest, digest, ST_DIGEST) != 0)
		if (++s == t->slots + t->n_slots)
			s = t->slots;
	return s;
}

/* With the lock. The number of a pack; most chunks come from the one before. Return: false without memory. */
static bool number_pack(struct st_table *t, const struct st_pack_id *id, uint32_t *number)
{
	for (uint32_t back = 1; back <= t->n_packs && back <= BACK; back++) {
		if (st_same_pack(&t->packs[t->n_packs - back], id)) {
			*number = t->n_packs - back;
			return true;
		}
	}
	if (t->n_packs == t->room_for_packs) {
		uint32_t room = t->room_for_packs ? t->room_for_packs * 2 : 256;
		struct st_pack_id *packs = realloc(t->packs, room * sizeof *packs);
		if (!packs)
			return false;
		t->packs = packs;
		t->room_for_packs = room;
	}
	t->packs[t->n_packs] = *id;
	*number = t->n_packs++;
	return true;
}

/* With the lock. */
static bool fill(struct st_table *t, struct slot *s, const struct st_entry *e)
{
	if (!number_pack(t, &e->pack, &s->pack))
		return false;
	memcpy(s->digest, e->digest, ST_DIGEST);
	s->offset = e->offset;
	s->length = e->length;
	s->ordinal = e->ordinal;
	s->state = SETTLED;
	return true;
}

bool st_table_add(struct st_table *t, const struct st_entry *e)
{
	pthread_mutex_lock(&t->lock);
	struct slot *s = slot_of(t, e->digest);
	bool ok = s->state != FREE || (t->used < t->limit && fill(t, s, e) && ++t->used);
	pthread_mutex_unlock(&t->lock);
	return ok;
}

enum st_lookup st_table_look_up(struct st_table *t, const uint8_t digest[ST_DIGEST], struct st_entry *e)
{
	enum st_lookup found = ST_LOOKUP_UNKNOWN;
	pthread_mutex_lock(&t->lock);
	struct slot *s = slot_of(t, digest);
	while (s->state == CLAIMED && !st_stopped(t->run))
		pthread_cond_wait(&t->settled, &t->lock);
	if (s->state == SETTLED) {
		*e = (struct st_entry){
			.pack = t->packs[s->pack], .offset = s->offset, .length = s->length, .ordinal = s->ordinal
		};
		memcpy(e->digest, digest, ST_DIGEST);
		found = ST_LOOKUP_FOUND;
	} else if (s->state == CLAIMED) {
		found = ST_LOOKUP_STOPPED;
	} else if (t->used < t->limit) {
		memcpy(s->digest, digest, ST_DIGEST);
		s->state = CLAIMED;
		t->used++;
		found = ST_LOOKUP_CLAIMED;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

void st_table_settle(struct st_table *t, const struct st_entry *e)
{
	pthread_mutex_lock(&t->lock);
	bool ok = fill(t, slot_of(t, e->digest), e);
	pthread_cond_broadcast(&t->settled);
	pthread_mutex_unlock(&t->lock);
	if (!ok)
		st_fail(t->run, ST_INTERNAL, "no memory for the table of chunks");
}

bool st_table_full(struct st_table *t)
{
	pthread_mutex_lock(&t->lock);
	bool full = t->used >= t->limit;
	pthread_mutex_unlock(&t->lock);
	return full;
}
