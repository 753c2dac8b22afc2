#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 16
#define QUEUE 16

struct item {
	struct st_unit unit;
	struct st_entry leaf; /* to be read; not present: none */
	struct st_damage damage;
	bool damaged;
};

struct st_walk {
	struct st_run *run;
	struct st_reader *reader;
	const struct st_keys *keys;
	const struct st_walk_ops *ops;
	void *arg;
	struct st_coder *coder; /* the caller's thread's */
	const struct st_root *root;
	uint64_t chunks;
	struct st_wake wake;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct item queue[QUEUE];
	unsigned head, queued, busy;
	bool ended;

	struct thread {
		struct st_walk *walk;
		unsigned number;
		pthread_t id;
	} threads[MAX_THREADS];
	unsigned n_threads;
};

static void wake_all(void *arg)
{
	struct st_walk *w = arg;
	pthread_mutex_lock(&w->lock);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* --- workers ----------------------------------------------------------------------------------------------------------------- */

static void do_item(struct st_walk *w, struct item *item, unsigned number, struct st_coder *coder, uint8_t *buffer)
{
	const struct st_page *page = NULL;
	if (st_stopped(w->run))
		return;
	if (st_present(&item->leaf)) {
		enum st_read got = st_reader_page(w->reader, coder, &item->leaf, 0, 1u << w->root->shift, &page, &item->damage);
		if (got == ST_READ_FAILED)
			return;
		item->damaged = got == ST_READ_DAMAGED;
	}
	item->unit.leaf = page;
	item->unit.worker = number;
	item->unit.coder = coder;
	item->unit.buffer = buffer;
	item->unit.damage = item->damaged ? &item->damage : NULL;
	w->ops->unit(w->arg, &item->unit);
	st_reader_release(w->reader, page);
}

static void *worker(void *arg)
{
	struct thread *t = arg;
	struct st_walk *w = t->walk;
	struct st_coder *coder = st_coder_new(w->keys, 1, ST_CHUNK_MAX);
	uint8_t *buffer = malloc(ST_FETCH_BUFFER + ST_CHUNK_MAX);
	bool able = coder && buffer;
	if (!able)
		st_fail(w->run, ST_INTERNAL, "no memory to read the store");
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->queued && !w->ended)
			pthread_cond_wait(&w->changed, &w->lock);
		if (!w->queued)
			break;
		struct item item = w->queue[w->head];
		w->head = (w->head + 1) % QUEUE;
		w->queued--;
		w->busy++;
		pthread_cond_broadcast(&w->changed);
		pthread_mutex_unlock(&w->lock);
		do_item(w, &item, t->number, coder, buffer);
		pthread_mutex_lock(&w->lock);
		w->busy--;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	st_coder_free(coder);
	free(buffer);
	return NULL;
}

/* --- the walk ---------------------------------------------------------------------------------------------------------------- */

/* Return: false when the job has stopped. */
static bool queue(struct st_walk *w, const struct item *item)
{
	bool ok = false;
	pthread_mutex_lock(&w->lock);
	while (w->queued == QUEUE && !st_stopped(w->run))
		pthread_cond_wait(&w->changed, &w->lock);
	if (!st_stopped(w->run)) {
		w->queue[(w->head + w->queued++) % QUEUE] = *item;
		pthread_cond_broadcast(&w->changed);
		ok = true;
	}
	pthread_mutex_unlock(&w->lock);
	return ok;
}

/* The subtree that an entry of the level above names: page index of its level. */
static bool walk_page(struct st_walk *w, const struct st_entry *entry, uint8_t level, uint64_t index)
{
	struct item item = { 0 };
	const struct st_page *page;
	unsigned shift = (level + 1u) * ST_FANOUT_SHIFT;
	bool ok = true;

	item.unit.chunk = index << shift;
	item.unit.chunks = w->chunks - item.unit.chunk < 1ull << shift ? w->chunks - item.unit.chunk : 1ull << shift;
	if (!st_present(entry))
		return !w->ops->zeroes || queue(w, &item);
	if (w->ops->enter && !w->ops->enter(w->arg, entry, level, item.unit.chunk, item.unit.chunks))
		return !st_stopped(w->run);
	if (!level) {
		item.leaf = *entry;
		return queue(w, &item);
	}
	switch (st_reader_page(w->reader, w->coder, entry, level, 1u << w->root->shift, &page, &item.damage)) {
	case ST_READ_FAILED:
		return false;
	case ST_READ_DAMAGED:
		item.damaged = true;
		return queue(w, &item);
	case ST_READ:
		break;
	}
	for (unsigned i = 0; ok && i < ST_FANOUT && (index << ST_FANOUT_SHIFT) + i <= (w->chunks - 1) >> (level * ST_FANOUT_SHIFT); i++)
		ok = walk_page(w, &page->entries[i], (uint8_t)(level - 1), (index << ST_FANOUT_SHIFT) + i);
	st_reader_release(w->reader, page);
	return ok;
}

static bool walk_root(struct st_walk *w)
{
	struct item all = { .unit.chunks = w->chunks };
	if (!w->chunks)
		return true;
	if (!w->root->levels)
		return !w->ops->zeroes || queue(w, &all);
	return walk_page(w, &w->root->top, (uint8_t)(w->root->levels - 1), 0);
}

bool st_walk_volume(struct st_walk *w, const struct st_root *root)
{
	w->root = root;
	w->chunks = st_chunks(root->size, root->shift);
	bool ok = walk_root(w);
	pthread_mutex_lock(&w->lock);
	while (w->queued || w->busy)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return ok && !st_stopped(w->run);
}

/* --- life -------------------------------------------------------------------------------------------------------------------- */

struct st_walk *st_walk_new(struct st_run *run, struct st_reader *reader, const struct st_keys *keys, unsigned threads,
			    const struct st_walk_ops *ops, void *arg)
{
	struct st_walk *w = calloc(1, sizeof *w);
	if (w)
		w->coder = st_coder_new(keys, 1, ST_CHUNK_MAX);
	if (!w || !w->coder) {
		free(w);
		st_fail(run, ST_INTERNAL, "no memory to walk a volume");
		return NULL;
	}
	w->run = run;
	w->reader = reader;
	w->keys = keys;
	w->ops = ops;
	w->arg = arg;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->wake = (struct st_wake){ wake_all, w };
	st_run_on_stop(run, &w->wake);
	for (; w->n_threads < threads && w->n_threads < MAX_THREADS; w->n_threads++) {
		struct thread *t = &w->threads[w->n_threads];
		*t = (struct thread){ .walk = w, .number = w->n_threads };
		if (pthread_create(&t->id, NULL, worker, t) != 0) {
			st_fail(run, ST_INTERNAL, "cannot start a thread to read the store");
			st_walk_free(w);
			return NULL;
		}
	}
	return w;
}

void st_walk_free(struct st_walk *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i].id, NULL);
	st_run_forget(w->run, &w->wake);
	st_coder_free(w->coder);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	free(w);
}
