/*
 * A bit for each record of the store: seen, live, damaged.
 *
 * Theory of operation
 * -------------------
 * A hash table from packs to bit arrays by ordinal, which grow with the highest ordinal that is marked: some 20 bytes a pack and
 * a bit a record, so that 10 TiB of packs take about 60 MiB. Where that is more than the limit, the work is done in passes: marks that
 * are made for pass k of n take only packs that belong to it, and say of all others that they are new. Pass k of n covers the
 * same packs as the passes 2k and 2k + 1 of 2n: one can go on with smaller passes in the middle.
 *
 * Several threads may mark at once.
 */
#ifndef ST_MARKS_H
#define ST_MARKS_H

#include "format.h"
#include "run.h"

struct st_marks;

/* passes: 1, or how many; pass: which. Return: NULL, with the job failed. */
struct st_marks *st_marks_new(struct st_run *run, size_t max_bytes, unsigned passes, unsigned pass);
void st_marks_free(struct st_marks *marks);

enum st_mark { ST_MARK_NEW, ST_MARK_KNOWN, ST_MARK_FULL };
/* always: also when the pack belongs to another pass (pages, whose marks keep a walk from going twice). */
enum st_mark st_marks_set(struct st_marks *marks, const struct st_entry *entry, bool always);
bool st_marks_has(struct st_marks *marks, const struct st_pack_id *pack, unsigned ordinal);
/* How many records of a pack are marked. */
unsigned st_marks_count(struct st_marks *marks, const struct st_pack_id *pack);
uint64_t st_marks_total(struct st_marks *marks);

/* Whether a pack belongs to the pass. */
bool st_marks_own(const struct st_marks *marks, const struct st_pack_id *pack);

#endif
