/* What is to be done with each chunk of a volume: two bits, 4 MiB a TiB. Filled from the source's block status, then only read. */
#ifndef ST_PLAN_H
#define ST_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum st_todo {
	ST_KEEP, /* the base has it */
	ST_ZERO, /* nothing but zeroes */
	ST_READ_IT,
};

struct st_plan {
	uint64_t chunks;
	uint8_t shift;
	uint64_t *data;	 /* a bit a chunk: may hold something else than zeroes */
	uint64_t *dirty; /* a bit a chunk: may differ from the base */
};

bool st_plan_init(struct st_plan *plan, uint64_t size, uint8_t shift);
void st_plan_free(struct st_plan *plan);

/* Whatever touches a chunk, also in part, counts for all of it. Ranges beyond the volume are cut. */
void st_plan_mark(struct st_plan *plan, uint64_t *bits, uint64_t offset, uint64_t len);

static inline enum st_todo st_plan_todo(const struct st_plan *plan, uint64_t chunk)
{
	if (!(plan->dirty[chunk / 64] >> chunk % 64 & 1))
		return ST_KEEP;
	return plan->data[chunk / 64] >> chunk % 64 & 1 ? ST_READ_IT : ST_ZERO;
}

/* Chunks that are to be treated so. */
uint64_t st_plan_count(const struct st_plan *plan, enum st_todo todo);
/* Whether a leaf page's chunks, from first on, are all to be kept. */
bool st_plan_keeps_leaf(const struct st_plan *plan, uint64_t first);

#endif
