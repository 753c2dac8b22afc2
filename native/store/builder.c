#include "builder.h"

#include <stdlib.h>
#include <string.h>

struct st_builder {
	/* Immutable. */
	struct st_run *run;
	struct st_packer *packer;
	struct st_reader *reader;
	struct st_coder *planner;
	uint64_t size, chunks;
	uint8_t shift, levels;
	bool has_base;
	struct st_root base;

	/* The planner's. */
	struct st_building *open[ST_LEVELS_MAX + 1]; /* by level */
	bool begun;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	pthread_cond_t sealed;
	bool finished;
	struct st_entry top;
	struct st_wake wake;
};

static void wake_all(void *arg)
{
	struct st_builder *b = arg;
	pthread_mutex_lock(&b->lock);
	pthread_cond_broadcast(&b->sealed);
	pthread_mutex_unlock(&b->lock);
}

struct st_builder *st_builder_new(struct st_run *run, struct st_packer *packer, struct st_reader *reader,
				  struct st_coder *planner, uint64_t size, uint8_t shift, const struct st_root *base)
{
	struct st_builder *b = calloc(1, sizeof *b);
	if (!b) {
		st_fail(run, ST_INTERNAL, "no memory for an index");
		return NULL;
	}
	b->run = run;
	b->packer = packer;
	b->reader = reader;
	b->planner = planner;
	b->size = size;
	b->shift = shift;
	b->chunks = st_chunks(size, shift);
	b->levels = st_levels(b->chunks);
	b->has_base = base != NULL;
	if (base)
		b->base = *base;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->sealed, NULL);
	b->wake = (struct st_wake){ wake_all, b };
	st_run_on_stop(run, &b->wake);
	return b;
}

void st_builder_free(struct st_builder *b)
{
	if (!b)
		return;
	st_run_forget(b->run, &b->wake);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->sealed);
	free(b);
}

/* --- the base ---------------------------------------------------------------------------------------------------------------- */

/* Reads a page of the base, or takes a damaged one for absent if that is allowed. Return: false with the job failed. */
static bool base_page(struct st_builder *b, const struct st_entry *entry, uint8_t level, bool must, const struct st_page **page)
{
	struct st_damage damage;
	*page = NULL;
	if (!st_present(entry))
		return true;
	switch (st_reader_page(b->reader, b->planner, entry, level, 1u << b->shift, page, &damage)) {
	case ST_READ:
		return true;
	case ST_READ_DAMAGED:
		if (!must)
			return true;
		return st_fail(b->run, damage.other_key ? ST_WRONG_KEY : ST_DAMAGED,
			       "the recovery point that this one builds on is damaged: %s: %s; back up without it", damage.where,
			       damage.what);
	case ST_READ_FAILED:
		break;
	}
	return false;
}

/* The base's entry for the topmost page of the new tree. Above the base's top it is no page of the base: see copy_base. */
static bool base_of_top(struct st_builder *b, bool must, struct st_entry *entry)
{
	*entry = b->base.top;
	for (uint8_t level = b->base.levels; level > b->levels; level--) {
		const struct st_page *page;
		if (!base_page(b, entry, (uint8_t)(level - 1), must, &page))
			return false;
		*entry = page ? page->entries[0] : (struct st_entry){ 0 };
		st_reader_release(b->reader, page);
	}
	return true;
}

/* Fills a page that is opened with what the base has there. */
static bool copy_base(struct st_builder *b, struct st_building *p, bool must)
{
	struct st_entry entry = { 0 };
	const struct st_page *page;
	uint8_t level = p->page.level;
	if (!b->has_base)
		return true;
	if (level >= b->base.levels) {
		/* Higher than the base's tree: that stands in the first slot. */
		if (p->index == 0 && level == b->base.levels)
			p->page.entries[0] = b->base.top;
		return true;
	}
	if (p->above)
		entry = p->above->page.entries[p->index % ST_FANOUT];
	else if (!base_of_top(b, must, &entry))
		return false;
	if (!base_page(b, &entry, level, must, &page))
		return false;
	if (!page)
		return true;
	memcpy(p->page.entries, page->entries, sizeof p->page.entries);
	st_reader_release(b->reader, page);

	/* What lies behind the end of a volume that has shrunk. */
	uint64_t covers = 1ull << (level * ST_FANOUT_SHIFT);
	for (unsigned slot = 0; slot < ST_FANOUT; slot++)
		if ((p->index * ST_FANOUT + slot) * covers >= b->chunks)
			p->page.entries[slot] = (struct st_entry){ 0 };
	return true;
}

/* --- sealing ----------------------------------------------------------------------------------------------------------------- */

/* Where the page above, or the root, names this one. */
static struct st_entry *place_of(struct st_builder *b, struct st_building *p)
{
	return p->above ? &p->above->page.entries[p->index % ST_FANOUT] : &b->top;
}

static bool seal(struct st_builder *b, struct st_building *p, struct st_coder *coder)
{
	uint8_t plain[ST_PAGE_MAX], digest[ST_DIGEST];
	struct st_entry *place = place_of(b, p);
	size_t len = st_page_encode(&p->page, plain);
	if (!len) {
		*place = (struct st_entry){ 0 };
		return true;
	}
	st_digest(coder, ST_PAGE, plain, len, digest);
	/* What stands there is the base's: nothing has changed after all. */
	if (st_present(place) && memcmp(place->digest, digest, ST_DIGEST) == 0)
		return true;
	return st_packer_add(b->packer, coder, ST_PAGE, digest, plain, len, place);
}

bool st_building_drop(struct st_builder *b, struct st_building *p, struct st_coder *coder)
{
	bool ok = true;
	while (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
		struct st_building *above = p->above;
		ok = ok && !st_stopped(b->run) && seal(b, p, coder);
		free(p);
		if (!above) {
			pthread_mutex_lock(&b->lock);
			b->finished = true;
			pthread_cond_broadcast(&b->sealed);
			pthread_mutex_unlock(&b->lock);
		}
		p = above;
	}
	return ok;
}

/* --- planning ---------------------------------------------------------------------------------------------------------------- */

/* Makes the open page of a level the one with that index. Return: false with the job failed. */
static bool turn_to(struct st_builder *b, uint8_t level, uint64_t index, bool must)
{
	struct st_building *p = b->open[level];
	if (p && p->index == index)
		return true;
	if (level + 1 < b->levels && !turn_to(b, (uint8_t)(level + 1), index >> ST_FANOUT_SHIFT, must))
		return false;
	/* Turning the level above has closed this one, if it had to. */
	p = b->open[level];
	if (p) {
		b->open[level] = NULL;
		if (!st_building_drop(b, p, b->planner))
			return false;
	}
	p = calloc(1, sizeof *p);
	if (!p)
		return st_fail(b->run, ST_INTERNAL, "no memory for an index");
	p->page.level = level;
	p->index = index;
	p->refs = 1;
	if (level + 1 < b->levels) {
		p->above = b->open[level + 1];
		st_building_hold(p->above);
	} else if (b->has_base && b->base.levels >= b->levels && !base_of_top(b, must, &b->top)) {
		free(p);
		return false;
	}
	b->open[level] = p;
	return copy_base(b, p, must);
}

/* The way from the new top down to a base that is less high. */
static bool begin(struct st_builder *b, bool must)
{
	b->begun = true;
	return !b->has_base || !b->base.levels || b->base.levels >= b->levels || turn_to(b, 0, 0, must);
}

struct st_building *st_builder_leaf(struct st_builder *b, uint64_t leaf, bool must_have_base)
{
	if ((!b->begun && !begin(b, must_have_base)) || !turn_to(b, 0, leaf, must_have_base))
		return NULL;
	st_building_hold(b->open[0]);
	return b->open[0];
}

static bool end(struct st_builder *b)
{
	if (st_stopped(b->run) || (!b->begun && !begin(b, true)))
		return false;
	/* A volume that has shrunk: the pages along its end lose entries. */
	return !b->has_base || b->base.size <= b->size || !b->chunks || turn_to(b, 0, (b->chunks - 1) >> ST_FANOUT_SHIFT, true);
}

bool st_builder_finish(struct st_builder *b, struct st_root *root)
{
	bool ok = end(b), opened = false;
	for (uint8_t level = 0; level <= ST_LEVELS_MAX; level++) {
		struct st_building *p = b->open[level];
		if (!p)
			continue;
		opened = true;
		b->open[level] = NULL;
		ok = st_building_drop(b, p, b->planner) && ok;
	}
	*root = (struct st_root){ .size = b->size, .shift = b->shift };
	if (!opened) {
		/* Nothing was to be changed: the base as it is, or nothing but zeroes. */
		if (b->has_base && b->chunks)
			root->top = b->base.top;
	} else {
		pthread_mutex_lock(&b->lock);
		while (!b->finished && !st_stopped(b->run))
			pthread_cond_wait(&b->sealed, &b->lock);
		root->top = b->top;
		pthread_mutex_unlock(&b->lock);
	}
	root->levels = st_present(&root->top) ? b->levels : 0;
	return ok && !st_stopped(b->run);
}
