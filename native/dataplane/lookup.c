#include "lookup.h"

#include <stdlib.h>

struct fh_lookup *fh_lookup_new(uint32_t n, uint64_t seed)
{
	uint32_t size = 16;
	while (size < 2 * n + 1)
		size *= 2;
	struct fh_lookup *t = calloc(1, sizeof *t + size * sizeof t->entries[0]);
	if (t) {
		t->seed = seed;
		t->mask = size - 1;
	}
	return t;
}

bool fh_lookup_add(struct fh_lookup *t, struct fh_lookup_key k, uint32_t slot)
{
	uint64_t i = fh_lookup_hash(t->seed, k);
	while (t->entries[i & t->mask].kind != FH_LOOKUP_NONE) {
		const struct fh_lookup_entry *e = &t->entries[i & t->mask];
		if (e->kind == k.kind && e->a == k.a && e->b == k.b)
			return false;
		i++;
	}
	t->entries[i & t->mask] = (struct fh_lookup_entry){ k.a, k.b, k.kind, slot };
	return true;
}
