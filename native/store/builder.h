/*
 * The builder: the tree of pages of one volume, while its chunks arrive in any order.
 *
 * Theory of operation
 * -------------------
 * The *planner*, one thread, goes through the volume from its beginning to its end and opens the leaf pages in which something may
 * change. An open page starts as a copy of the base's page at that place (or empty). Whoever still has something to put into
 * a page holds a reference: the planner, each read that is under way, each open page below. The one who drops the last
 * reference *seals* the page: encodes it, stores it unless the base has the very same, enters it into the page above,
 * and drops that one's reference. Pages that were never opened stay what they were in the base, unread.
 *
 * At any time one page a level is open for the planner, and those leaves that wait for chunks: bounded by the reads under way.
 *
 * Different slots of a page may be written by different threads at once; the last reference orders them before the sealing.
 *
 * A base of another size: pages above the base's top are taken as if they had the base in slot 0, and entries behind the end
 * of the new volume are dropped. The builder opens what that needs by itself; the caller has to put in the last chunk of the
 * smaller of the two volumes anew unless both end at a whole chunk.
 */
#ifndef ST_BUILDER_H
#define ST_BUILDER_H

#include "packer.h"
#include "reader.h"

struct st_builder;

/* A page being built. Entries of level 0 are written by whoever holds a reference, each slot once. */
struct st_building {
	struct st_page page;
	struct st_building *above;
	uint64_t index; /* among the pages of its level */
	_Atomic unsigned refs;
};

/* base: NULL, or a root with the same chunk size; reader is used for it alone. coder: the planner's.
 * Return: NULL, with the job failed. */
struct st_builder *st_builder_new(struct st_run *run, struct st_packer *packer, struct st_reader *reader,
				  struct st_coder *planner, uint64_t size, uint8_t shift, const struct st_root *base);
/* After finish. */
void st_builder_free(struct st_builder *builder);

/* Opens the leaf with that number, which is greater than that of the call before; closes what lies before it.
 * must_have_base: a damaged base fails the job; else it counts as absent.
 * Return: the leaf, with a reference for the caller; NULL with the job failed. */
struct st_building *st_builder_leaf(struct st_builder *builder, uint64_t leaf, bool must_have_base);
static inline void st_building_hold(struct st_building *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
}
/* coder: the calling thread's. Return: false with the job failed. */
bool st_building_drop(struct st_builder *builder, struct st_building *b, struct st_coder *coder);

/* All leaves were opened; waits until the last page is sealed. Called in any case, also when the job has failed and no
 * reference is held any more: it gives the open pages back. Return: false with the job failed. */
bool st_builder_finish(struct st_builder *builder, struct st_root *root);

#endif
