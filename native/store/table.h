/*
 * The table of chunks that a backup may share: those of pinned points, and those that it wrote itself.
 *
 * Theory of operation
 * -------------------
 * Open addressing over a bounded array, 48 bytes an entry, keyed by the whole digest; packs are numbered, so that an
 * entry does not repeat their ids. Nothing is ever removed. A table that is full takes no more: chunks are then stored although
 * they might have been shared, which costs space, not correctness.
 *
 * Two workers may meet the same new chunk at once. The first to look it up *claims* it and then has to say where it went
 * (st_table_settle), or the job stops; the second waits for that. A claimer does not wait for another's claim, so this ends.
 */
#ifndef ST_TABLE_H
#define ST_TABLE_H

#include "format.h"
#include "run.h"

struct st_table;

/* expected: chunks that may come; max_bytes: what it may take. Return: NULL, with the job failed. */
struct st_table *st_table_new(struct st_run *run, uint64_t expected, size_t max_bytes);
void st_table_free(struct st_table *table);

/* Notes a chunk that is in the store. Return: false when the table is full. */
bool st_table_add(struct st_table *table, const struct st_entry *entry);

enum st_lookup {
	ST_LOOKUP_FOUND,   /* *entry is filled */
	ST_LOOKUP_CLAIMED, /* the caller stores it and settles it */
	ST_LOOKUP_UNKNOWN, /* the table is full: the caller stores it, and that is all */
	ST_LOOKUP_STOPPED, /* the job has stopped */
};
enum st_lookup st_table_look_up(struct st_table *table, const uint8_t digest[ST_DIGEST], struct st_entry *entry);
void st_table_settle(struct st_table *table, const struct st_entry *entry);

/* Whether it takes more. */
bool st_table_full(struct st_table *table);

#endif
