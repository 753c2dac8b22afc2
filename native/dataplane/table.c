/* Tables of objects by id: open addressing over slots that do not move. */
#include <stdlib.h>

#include "table.h"

static uint64_t hash_id(const struct fh_id *id)
{
	uint64_t a, b;
	memcpy(&a, id->b, 8);
	memcpy(&b, id->b + 8, 8);
	a = (a ^ dp.seed) * 0x9e3779b97f4a7c15u;
	b = (b ^ (a >> 32)) * 0xd6e8feb86659fd93u;
	return b ^ (b >> 32);
}

static bool same(const struct fh_id *a, const struct fh_id *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

struct object *table_find(const struct table *t, const struct fh_id *id)
{
	if (!t->index)
		return NULL;
	for (uint64_t i = hash_id(id);; i++) {
		uint32_t at = t->index[i & t->mask];
		if (at == 0)
			return NULL;
		if (same(&t->slots[at - 1]->id, id))
			return t->slots[at - 1];
	}
}

static void insert_index(struct table *t, uint32_t slot)
{
	uint64_t i = hash_id(&t->slots[slot]->id);
	while (t->index[i & t->mask])
		i++;
	t->index[i & t->mask] = slot + 1;
}

bool table_reserve(struct table *t, uint32_t more)
{
	uint64_t want = (uint64_t)t->n_slots + more;
	uint32_t size = 64;
	struct object **slots = realloc(t->slots, want * sizeof slots[0] + sizeof slots[0]);
	if (!slots)
		return false;
	t->slots = slots;
	while (size < 2 * want + 1)
		size *= 2;
	if (t->index && size <= t->mask + 1)
		return true;
	uint32_t *index = calloc(size, sizeof index[0]);
	if (!index)
		return false;
	free(t->index);
	t->index = index;
	t->mask = size - 1;
	for (uint32_t s = 0; s < t->n_slots; s++)
		if (t->slots[s])
			insert_index(t, s);
	return true;
}

void table_put(struct table *t, struct object *o)
{
	uint32_t slot = 0;
	while (slot < t->n_slots && t->slots[slot])
		slot++;
	if (slot == t->n_slots)
		t->n_slots++;
	t->slots[slot] = o;
	o->slot = slot;
	t->n++;
	insert_index(t, slot);
}

void table_replace(struct table *t, struct object *old, struct object *o)
{
	o->slot = old->slot;
	t->slots[o->slot] = o;
}

void table_remove(struct table *t, struct object *o)
{
	uint64_t i = hash_id(&o->id);
	while (t->index[i & t->mask] != o->slot + 1)
		i++;
	t->index[i & t->mask] = 0;
	t->slots[o->slot] = NULL;
	t->n--;
	/* Entries behind the gap move up, so that look-ups still reach them. */
	for (i++; t->index[i & t->mask]; i++) {
		uint32_t slot = t->index[i & t->mask] - 1;
		t->index[i & t->mask] = 0;
		insert_index(t, slot);
	}
}
