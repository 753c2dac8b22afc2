/*
 * Views: volumes of the store, read at any place and in any size.
 *
 * Theory of operation
 * -------------------
 * A read finds the leaf pages that it touches (cached by the reader), takes the chunks that it can from a cache of opened chunks
 * (least recently used goes first), and fetches the others together. A guest that reads 4 KiB at a time thus opens each chunk
 * once. Chunks are cached under the place of their record, so that volumes which share them share the cache.
 *
 * Several threads may read at once, each with a desk (coder and buffer) from a small pool. A failure of the store is told to the
 * caller of that read; the next read tries again.
 */
#ifndef ST_VIEW_H
#define ST_VIEW_H

#include "reader.h"
#include "session.h"

struct st_views;

struct st_view {
	struct st_root root;
	uint64_t size; /* bytes; behind the root's own there are zeroes */
};

/* session: with keys and back end. Return: NULL with the run failed. */
struct st_views *st_views_new(struct st_session *session);
void st_views_free(struct st_views *views);

/* offset + len is within the view. Return: false with the failure filled. */
bool st_view_read(struct st_views *views, const struct st_view *view, void *out, uint32_t len, uint64_t offset,
		  struct st_failure *failure);

/* What lies at offset: *zero, and for how many bytes at least, not beyond the view. Return: false with the failure filled. */
bool st_view_extent(struct st_views *views, const struct st_view *view, uint64_t offset, uint64_t *len, bool *zero,
		    struct st_failure *failure);

#endif
