/*
 * Walking a volume's tree, with the leaves handed to a few threads.
 *
 * Theory of operation
 * -------------------
 * The caller's thread reads the inner pages and queues an item for each leaf, for each range that is all zero, and for each
 * range whose page is damaged. Worker threads take items in order, read the leaf, and call back, each with a coder and a buffer
 * of its own. The queue is short, so that a walk holds few pages. A unit that returns false ends the walk; the job has failed
 * then.
 */
#ifndef ST_WALK_H
#define ST_WALK_H

#include "reader.h"

struct st_unit {
	uint64_t chunk, chunks;		 /* of the volume, from chunk on */
	const struct st_page *leaf;	 /* NULL: all zero, or damaged */
	const struct st_damage *damage;	 /* the page cannot be read */
	unsigned worker;		 /* 0 … threads - 1 */
	struct st_coder *coder;
	uint8_t *buffer; /* for st_fetch() */
};

struct st_walk_ops {
	bool (*unit)(void *arg, const struct st_unit *unit);
	/* Whether to go into the page, which covers so many chunks from chunk on; on the caller's thread. NULL: always. */
	bool (*enter)(void *arg, const struct st_entry *entry, uint8_t level, uint64_t chunk, uint64_t chunks);
	bool zeroes; /* whether ranges that are all zero are wanted */
};

struct st_walk;
/* Return: NULL, with the job failed. */
struct st_walk *st_walk_new(struct st_run *run, struct st_reader *reader, const struct st_keys *keys, unsigned threads,
			    const struct st_walk_ops *ops, void *arg);
/* Walks one volume; returns when all units are done. Return: false with the job failed. */
bool st_walk_volume(struct st_walk *walk, const struct st_root *root);
void st_walk_free(struct st_walk *walk);

#endif
