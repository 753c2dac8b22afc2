#include "plan.h"

#include <stdlib.h>

#include "format.h"

bool st_plan_init(struct st_plan *plan, uint64_t size, uint8_t shift)
{
	*plan = (struct st_plan){ .chunks = st_chunks(size, shift), .shift = shift };
	/* Whole leaf pages, so that they can be looked at by the word. */
	uint64_t words = (plan->chunks + ST_FANOUT - 1) / ST_FANOUT * (ST_FANOUT / 64) + 1;
	plan->data = calloc(words, sizeof *plan->data);
	plan->dirty = calloc(words, sizeof *plan->dirty);
	if (plan->data && plan->dirty)
		return true;
	st_plan_free(plan);
	return false;
}

void st_plan_free(struct st_plan *plan)
{
	free(plan->data);
	free(plan->dirty);
	plan->data = plan->dirty = NULL;
}

void st_plan_mark(struct st_plan *plan, uint64_t *bits, uint64_t offset, uint64_t len)
{
	uint64_t first = offset >> plan->shift;
	if (!len || first >= plan->chunks)
		return;
	uint64_t last = (len - 1 > UINT64_MAX - offset ? UINT64_MAX : offset + len - 1) >> plan->shift;
	if (last >= plan->chunks)
		last = plan->chunks - 1;
	while (first <= last) {
		uint64_t count = last - first + 1, in_word = 64 - first % 64;
		if (count > in_word)
			count = in_word;
		bits[first / 64] |= (count == 64 ? ~0ull : (1ull << count) - 1) << first % 64;
		first += count;
	}
}

uint64_t st_plan_count(const struct st_plan *plan, enum st_todo todo)
{
	uint64_t dirty = 0, read = 0;
	for (uint64_t i = 0; i < (plan->chunks + 63) / 64; i++) {
		dirty += (uint64_t)__builtin_popcountll(plan->dirty[i]);
		read += (uint64_t)__builtin_popcountll(plan->dirty[i] & plan->data[i]);
	}
	switch (todo) {
	case ST_KEEP:
		return plan->chunks - dirty;
	case ST_ZERO:
		return dirty - read;
	case ST_READ_IT:
		break;
	}
	return read;
}

bool st_plan_keeps_leaf(const struct st_plan *plan, uint64_t first)
{
	for (unsigned i = 0; i < ST_FANOUT / 64; i++)
		if (plan->dirty[first / 64 + i])
			return false;
	return true;
}
