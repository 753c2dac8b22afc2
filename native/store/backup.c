/*
 * backup: reads disks and stores what is new.
 *
 * Theory of operation
 * -------------------
 *   planner (this thread) -> reads under way -> ready queue -> workers -> packer -> back end
 *          ^------------------ free buffers <-----------------'
 *
 * Volumes are done one after the other. The planner scans a volume's block status into a plan, opens leaf pages in order and starts
 * reads of up to READ bytes within a leaf, as long as there are free buffers. A worker takes a read, and for each chunk of it:
 * zero? the same as the base has there? known to the table? else compress, encrypt, append. Then it drops the read's
 * reference to the leaf and gives the buffer back. Everything that grows is bounded: buffers, packs, the table, cached pages.
 *
 * The table is filled from the bases and the other pinned roots. Their pages have to be read for that, so it is limited to a
 * part of what the backup itself has to read: a small increment does not pay for a large index.
 *
 * The point exists once its manifest is durable, and that is written after all packs are. Whatever ends the job before removes
 * what was written.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "builder.h"
#include "manifest.h"
#include "marks.h"
#include "packer.h"
#include "plan.h"
#include "session.h"
#include "source.h"
#include "table.h"
#include "walk.h"

#define READ (512u << 10)
#define BUFFERS 32
#define PAGE_CACHE (16u << 20)
#define MAX_WORKERS 4
/* What may be spent on reading pages to fill the table, in bytes: a sixteenth of those to back up, at least this. */
#define TABLE_SHARE 16
#define TABLE_LEAST (4u << 20)

struct volume {
	const struct st_job_volume *job;
	struct st_source *source;
	struct st_plan plan;
	bool has_base;
	struct st_root base;
	uint64_t size;
	struct st_builder *builder;
	_Atomic uint64_t added, shared, zero; /* bytes */
	uint64_t read;
	char root[ST_ROOT_TEXT + 1];
};

struct reading {
	struct st_reading r;
	struct volume *volume;
};

struct backup {
	struct st_session *session;
	struct st_run *run;
	uint8_t shift;
	struct st_packer *packer;
	struct st_reader *reader;
	struct st_table *table;
	struct st_coder *coder; /* the planner's */
	struct volume *volumes;
	size_t n_volumes;
	bool has_bases;

	struct reading readings[BUFFERS];
	uint8_t *buffers;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	pthread_cond_t ready_changed;
	struct st_reading *ready, **ready_end, *free;
	unsigned busy; /* readings with workers or in the queue */
	bool ended;

	pthread_t workers[MAX_WORKERS];
	unsigned n_workers;
};

/* --- workers ----------------------------------------------------------------------------------------------------------------- */

static bool store_chunk(struct backup *b, struct volume *v, struct st_coder *coder, const uint8_t *data, struct st_entry *entry)
{
	uint32_t size = 1u << b->shift;
	uint8_t digest[ST_DIGEST];
	struct st_entry known;

	if (st_is_zero(data, size)) {
		*entry = (struct st_entry){ 0 };
		atomic_fetch_add_explicit(&v->zero, size, memory_order_relaxed);
		return true;
	}
	st_digest(coder, ST_CHUNK, data, size, digest);
	/* What stands in the slot is the base's. */
	if (st_present(entry) && memcmp(entry->digest, digest, ST_DIGEST) == 0) {
		atomic_fetch_add_explicit(&v->shared, size, memory_order_relaxed);
		return true;
	}
	enum st_lookup found = st_table_look_up(b->table, digest, &known);
	switch (found) {
	case ST_LOOKUP_FOUND:
		*entry = known;
		atomic_fetch_add_explicit(&v->shared, size, memory_order_relaxed);
		return true;
	case ST_LOOKUP_STOPPED:
		return false;
	case ST_LOOKUP_CLAIMED:
	case ST_LOOKUP_UNKNOWN:
		break;
	}
	if (!st_packer_add(b->packer, coder, ST_CHUNK, digest, data, size, entry))
		return false;
	if (found == ST_LOOKUP_CLAIMED)
		st_table_settle(b->table, entry);
	atomic_fetch_add_explicit(&v->added, entry->length, memory_order_relaxed);
	return true;
}

static void work_on(struct backup *b, struct reading *reading, struct st_coder *coder)
{
	struct st_reading *r = &reading->r;
	struct st_building *leaf = r->leaf;
	size_t whole = (size_t)r->count << b->shift;
	bool ok = !st_stopped(b->run);

	/* The volume's last chunk is padded. */
	if (r->len < whole)
		memset(r->buffer + r->len, 0, whole - r->len);
	for (unsigned i = 0; ok && i < r->count; i++)
		ok = store_chunk(b, reading->volume, coder, r->buffer + ((size_t)i << b->shift), &leaf->page.entries[r->first + i]);
	r->leaf = NULL;
	st_building_drop(reading->volume->builder, leaf, coder);
	if (ok)
		atomic_fetch_add_explicit(&b->run->done, r->len, memory_order_relaxed);
}

/* With the lock. */
static void give_back(struct backup *b, struct st_reading *r)
{
	r->next = b->free;
	b->free = r;
	b->busy--;
}

static void *worker(void *arg)
{
	struct backup *b = arg;
	struct st_coder *coder = st_coder_new(b->session->keys, b->session->job.level, ST_CHUNK_MAX);
	if (!coder)
		st_fail(b->run, ST_INTERNAL, "no memory for a worker");
	pthread_mutex_lock(&b->lock);
	while (coder) {
		while (!b->ready && !b->ended)
			pthread_cond_wait(&b->ready_changed, &b->lock);
		struct st_reading *r = b->ready;
		if (!r)
			break;
		b->ready = r->next;
		if (!b->ready)
			b->ready_end = &b->ready;
		pthread_mutex_unlock(&b->lock);
		struct st_source *source = r->source;
		work_on(b, (struct reading *)r, coder);
		pthread_mutex_lock(&b->lock);
		bool starved = !b->free;
		give_back(b, r);
		if (starved || !b->busy)
			st_source_wake(source);
	}
	pthread_mutex_unlock(&b->lock);
	st_coder_free(coder);
	return NULL;
}

static void end_workers(struct backup *b)
{
	pthread_mutex_lock(&b->lock);
	b->ended = true;
	pthread_cond_broadcast(&b->ready_changed);
	pthread_mutex_unlock(&b->lock);
	while (b->n_workers)
		pthread_join(b->workers[--b->n_workers], NULL);
}

static bool start_workers(struct backup *b)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = cpus < 1 ? 1 : cpus > MAX_WORKERS ? MAX_WORKERS : (unsigned)cpus;
	for (; b->n_workers < n; b->n_workers++)
		if (pthread_create(&b->workers[b->n_workers], NULL, worker, b) != 0)
			return st_fail(b->run, ST_INTERNAL, "cannot start a worker thread");
	return true;
}

/* --- the table --------------------------------------------------------------------------------------------------------------- */

struct filling {
	struct backup *b;
	struct st_marks *seen;
	_Atomic int64_t budget; /* what may still be spent on reading pages */
	_Atomic bool full;
};

static bool may_read(void *arg, const struct st_entry *entry, uint8_t level, uint64_t chunk, uint64_t chunks)
{
	struct filling *f = arg;
	(void)level, (void)chunk, (void)chunks;
	if (f->full || f->budget <= 0 || st_marks_set(f->seen, entry, true) != ST_MARK_NEW)
		return false;
	f->budget -= (int64_t)entry->length + f->b->session->backend->ops->get_cost;
	return true;
}

/* A damaged page is nothing to share with; a verification will tell of it. */
static bool add_leaf(void *arg, const struct st_unit *unit)
{
	struct filling *f = arg;
	for (unsigned i = 0; unit->leaf && i < unit->chunks && !f->full; i++)
		if (st_present(&unit->leaf->entries[i]) && !st_table_add(f->b->table, &unit->leaf->entries[i]))
			f->full = true;
	return true;
}

static const struct st_walk_ops fill_ops = { .unit = add_leaf, .enter = may_read };

static bool fill_from(struct filling *f, struct st_walk *walk, const struct st_root *root)
{
	return f->full || f->budget <= 0 || root->shift != f->b->shift || st_walk_volume(walk, root);
}

/* Return: false with the job failed. */
static bool fill_table(struct backup *b, uint64_t to_read)
{
	struct st_session *s = b->session;
	const struct st_strings *pinned = &s->job.pinned;
	struct filling f = { .b = b, .budget = (int64_t)(to_read / TABLE_SHARE) };
	struct st_root root;
	if (!pinned->n && !b->has_bases)
		return true;
	if (f.budget < TABLE_LEAST)
		f.budget = TABLE_LEAST;
	f.seen = st_marks_new(b->run, s->job.memory_limit / 32, 1, 0);
	struct st_walk *walk = f.seen ? st_walk_new(b->run, b->reader, s->keys, s->backend->ops->parallel_gets, &fill_ops, &f) : NULL;
	bool ok = walk != NULL;
	for (size_t i = 0; ok && i < b->n_volumes; i++)
		ok = !b->volumes[i].has_base || fill_from(&f, walk, &b->volumes[i].base);
	for (size_t i = 0; ok && i < pinned->n; i++)
		ok = st_session_root(s, pinned->s[i], &root) && fill_from(&f, walk, &root);
	st_walk_free(walk);
	st_marks_free(f.seen);
	return ok;
}

/* What buffers, packs and pages leave of the memory limit. */
static size_t table_bytes(const struct backup *b, unsigned pack_buffers)
{
	uint64_t fixed = (uint64_t)READ * BUFFERS + (uint64_t)pack_buffers * (ST_DATA_PACK + ST_TRAILER_MAX) + 2 * ST_PAGE_PACK +
			 PAGE_CACHE + (24u << 20);
	uint64_t limit = b->session->job.memory_limit;
	for (size_t i = 0; i < b->n_volumes; i++)
		fixed += b->volumes[i].plan.chunks / 4;
	return limit > fixed + (1u << 20) ? limit - fixed : 1u << 20;
}

/* --- planning ---------------------------------------------------------------------------------------------------------------- */

static void read_done(void *arg, struct st_reading *r, bool ok)
{
	struct backup *b = arg;
	pthread_mutex_lock(&b->lock);
	if (ok) {
		r->next = NULL;
		*b->ready_end = r;
		b->ready_end = &r->next;
		pthread_cond_signal(&b->ready_changed);
	} else {
		give_back(b, r); /* with its leaf: see release_leaves() */
	}
	pthread_mutex_unlock(&b->lock);
}

/* Waits for a free buffer. Return: NULL when the job stops. */
static struct st_reading *free_reading(struct backup *b, struct st_source *source)
{
	while (!st_stopped(b->run)) {
		pthread_mutex_lock(&b->lock);
		struct st_reading *r = b->free;
		if (r) {
			b->free = r->next;
			b->busy++;
		}
		pthread_mutex_unlock(&b->lock);
		if (r)
			return r;
		if (!st_source_turn(source))
			break;
	}
	return NULL;
}

/* Starts reading count chunks of a leaf, from slot first on. */
static bool start_reading(struct backup *b, struct volume *v, struct st_building *leaf, unsigned first, unsigned count)
{
	struct st_reading *r = free_reading(b, v->source);
	if (!r)
		return false;
	uint64_t left = v->size - (r->offset = ((leaf->index << ST_FANOUT_SHIFT) + first) << b->shift);
	r->len = (uint32_t)(left < (uint64_t)count << b->shift ? left : (uint64_t)count << b->shift);
	r->first = first;
	r->count = count;
	((struct reading *)r)->volume = v;
	st_building_hold(leaf);
	r->leaf = leaf;
	v->read += r->len;
	if (!st_take(b->run, r->len)) {
		read_done(b, r, false);
		return false;
	}
	return st_source_start(v->source, r);
}

static bool plan_leaf(struct backup *b, struct volume *v, uint64_t index)
{
	uint64_t at = index << ST_FANOUT_SHIFT;
	unsigned n = v->plan.chunks - at < ST_FANOUT ? (unsigned)(v->plan.chunks - at) : ST_FANOUT, most = READ >> b->shift;
	struct st_building *leaf = st_builder_leaf(v->builder, index, v->job->bitmap != NULL);
	bool ok = leaf != NULL;
	for (unsigned i = 0, count = 1; ok && i < n; i += count, count = 1) {
		enum st_todo todo = st_plan_todo(&v->plan, at + i);
		if (todo == ST_KEEP)
			continue;
		if (todo == ST_ZERO) {
			leaf->page.entries[i] = (struct st_entry){ 0 };
			continue;
		}
		while (count < most && i + count < n && st_plan_todo(&v->plan, at + i + count) == ST_READ_IT)
			count++;
		ok = start_reading(b, v, leaf, i, count);
	}
	if (leaf)
		st_building_drop(v->builder, leaf, b->coder);
	return ok;
}

/* Whether a leaf of an empty base, or none, is to stay empty. */
static bool stays_empty(const struct volume *v, uint64_t index)
{
	uint64_t at = index << ST_FANOUT_SHIFT;
	for (unsigned i = 0; i < ST_FANOUT / 64; i++)
		if (v->plan.data[at / 64 + i])
			return false;
	return !v->has_base;
}

/* Waits until no read is under way and no worker has one. */
static bool drain(struct backup *b, struct volume *v)
{
	for (;;) {
		pthread_mutex_lock(&b->lock);
		bool idle = !b->busy;
		pthread_mutex_unlock(&b->lock);
		if (idle)
			return !st_stopped(b->run);
		if (!st_source_turn(v->source))
			return false;
	}
}

static bool back_up_volume(struct backup *b, struct volume *v)
{
	struct st_root root;
	bool ok = true;
	v->builder = st_builder_new(b->run, b->packer, b->reader, b->coder, v->size, b->shift, v->has_base ? &v->base : NULL);
	if (!v->builder)
		return false;
	for (uint64_t leaf = 0; ok && leaf << ST_FANOUT_SHIFT < v->plan.chunks; leaf++)
		if (!st_plan_keeps_leaf(&v->plan, leaf << ST_FANOUT_SHIFT) && !stays_empty(v, leaf))
			ok = plan_leaf(b, v, leaf);
	if (!ok || !drain(b, v) || !st_builder_finish(v->builder, &root))
		return false;
	st_root_seal(b->session->keys, &root, v->root);
	return true;
}

/* --- preparing --------------------------------------------------------------------------------------------------------------- */

static bool scan_volume(struct backup *b, struct volume *v)
{
	uint64_t mask = (1u << b->shift) - 1;
	if (!st_plan_init(&v->plan, v->size, b->shift))
		return st_fail(b->run, ST_INTERNAL, "no memory for the plan of a volume of %" PRIu64 " bytes", v->size);
	if (!st_source_scan(v->source, &v->plan))
		return false;
	if (!v->job->bitmap)
		st_plan_mark(&v->plan, v->plan.dirty, 0, v->size);
	else if (v->size > v->base.size)
		/* The base's last chunk is padded with zeroes that are now part of the volume. */
		st_plan_mark(&v->plan, v->plan.dirty, v->base.size & ~mask, v->size);
	else if (v->size < v->base.size && v->size & mask)
		st_plan_mark(&v->plan, v->plan.dirty, v->size & ~mask, 1);
	return true;
}

static bool prepare_volume(struct backup *b, struct volume *v)
{
	const struct st_job_volume *job = v->job;
	if (job->base && !st_session_root(b->session, job->base, &v->base))
		return false;
	/* Chunks of another size have nothing in common. */
	v->has_base = job->base && v->base.shift == b->shift;
	b->has_bases = b->has_bases || v->has_base;
	if (job->bitmap && !v->has_base)
		return st_fail(b->run, ST_BAD_JOB, "the base of volume %s has chunks of another size; back up without a bitmap", job->name);
	v->source = st_source_open(b->run, job->source, job->bitmap, read_done, b);
	if (!v->source)
		return false;
	v->size = job->size ? job->size : st_source_size(v->source);
	if (v->size > ST_VOLUME_MAX)
		return st_fail(b->run, ST_BAD_JOB, "volume %s is larger than 64 TiB", job->name);
	/* An image whose length is no whole number of sectors is exported a little longer. */
	if (st_source_size(v->source) < v->size || st_source_size(v->source) - v->size > UINT16_MAX)
		return st_fail(b->run, ST_SOURCE_FAILED, "the disk of volume %s has %" PRIu64 " bytes, not %" PRIu64, job->name,
			       st_source_size(v->source), v->size);
	return scan_volume(b, v);
}

/* The padding of the last chunk, if that is read. */
static uint64_t beyond_the_end(const struct volume *v)
{
	bool read = v->plan.chunks && st_plan_todo(&v->plan, v->plan.chunks - 1) == ST_READ_IT;
	return read ? (v->plan.chunks << v->plan.shift) - v->size : 0;
}

static void count_kept(struct volume *v)
{
	v->shared += st_plan_count(&v->plan, ST_KEEP) << v->plan.shift;
	v->zero += st_plan_count(&v->plan, ST_ZERO) << v->plan.shift;
}

/* Plans all volumes first: how much there is to read decides on the table and makes the progress honest. */
static bool prepare(struct backup *b, unsigned pack_buffers)
{
	uint64_t to_read = 0, expected = 0;
	for (size_t i = 0; i < b->n_volumes; i++) {
		struct volume *v = &b->volumes[i];
		v->job = &b->session->job.volumes[i];
		if (!prepare_volume(b, v))
			return false;
		count_kept(v);
		uint64_t chunks = st_plan_count(&v->plan, ST_READ_IT);
		to_read += (chunks << b->shift) - beyond_the_end(v);
		expected += chunks;
	}
	/* An entry of a page takes some 40 bytes in the store: that bounds what the budget for filling can bring. */
	expected += (to_read / TABLE_SHARE + TABLE_LEAST) / 40;
	atomic_store(&b->run->total, to_read);
	b->table = st_table_new(b->run, expected, table_bytes(b, pack_buffers));
	return b->table && fill_table(b, to_read);
}

static bool prepare_buffers(struct backup *b)
{
	b->buffers = mmap(NULL, (size_t)READ * BUFFERS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->buffers == MAP_FAILED)
		return st_fail(b->run, ST_INTERNAL, "no memory for buffers");
	for (unsigned i = 0; i < BUFFERS; i++) {
		b->readings[i].r.buffer = b->buffers + (size_t)i * READ;
		b->readings[i].r.next = b->free;
		b->free = &b->readings[i].r;
	}
	return true;
}

static bool run_backup(struct backup *b)
{
	struct st_session *s = b->session;
	unsigned puts = s->backend->ops->parallel_puts;
	struct st_packer_options options = {
		.writer = s->job.command, .keep_free = s->job.keep_free, .threads = puts, .buffers = puts + 1,
	};
	b->reader = st_reader_new(b->run, s->backend, s->keys, PAGE_CACHE);
	b->coder = st_coder_new(s->keys, s->job.level, ST_CHUNK_MAX);
	if (!b->reader || !b->coder)
		return st_fail(b->run, ST_INTERNAL, "no memory to read the store");
	b->packer = st_packer_new(b->run, s->backend, s->keys, &options);
	if (!b->packer || !prepare_buffers(b) || !prepare(b, options.buffers) || !start_workers(b))
		return false;
	for (size_t i = 0; i < b->n_volumes; i++)
		if (!back_up_volume(b, &b->volumes[i]))
			return false;
	return st_packer_finish(b->packer);
}

/* --- ending ------------------------------------------------------------------------------------------------------------------ */

/* After a failure: reads that never came to a worker still hold their leaf. No thread runs any more. */
static void release_leaves(struct backup *b)
{
	for (unsigned i = 0; i < BUFFERS; i++) {
		struct reading *r = &b->readings[i];
		if (r->r.leaf)
			st_building_drop(r->volume->builder, r->r.leaf, b->coder);
		r->r.leaf = NULL;
	}
}

/* Whole chunks are counted: not more than the volume has. */
static json_int_t within(uint64_t bytes, const struct volume *v)
{
	return (json_int_t)(bytes < v->size ? bytes : v->size);
}

static json_t *result_of(struct backup *b, json_t *manifest_volumes)
{
	json_t *volumes = json_array();
	for (size_t i = 0; i < b->n_volumes; i++) {
		struct volume *v = &b->volumes[i];
		json_array_append_new(volumes, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "id", v->job->name, "root", v->root,
							 "sizeBytes", (json_int_t)v->size, "readBytes", (json_int_t)v->read, "addedBytes",
							 (json_int_t)v->added, "sharedBytes", within(v->shared, v), "zeroBytes",
							 within(v->zero, v)));
		json_array_append_new(manifest_volumes, json_pack("{s:s, s:s, s:I}", "id", v->job->name, "root", v->root, "sizeBytes",
								  (json_int_t)v->size));
	}
	return json_pack("{s:o, s:I}", "volumes", volumes, "storedBytes", (json_int_t)atomic_load(&b->run->added));
}

static json_t *complete(struct backup *b)
{
	struct st_session *s = b->session;
	struct st_failure failure;
	struct st_manifest manifest = { .point = s->job.point, .command = s->job.command };
	json_t *volumes = json_array(), *result = result_of(b, volumes);
	if (!result || !st_manifest_write(s->backend, s->keys, &manifest, volumes, &failure)) {
		if (result)
			st_fail_with(b->run, &failure);
		else
			st_fail(b->run, ST_INTERNAL, "no memory for the result");
		st_manifest_remove(s->backend, &manifest, &failure);
		json_decref(result);
		result = NULL;
	}
	json_decref(volumes);
	return result;
}

json_t *st_backup(struct st_session *s)
{
	struct backup *b = calloc(1, sizeof *b);
	json_t *result = NULL;
	if (b)
		b->volumes = calloc(s->job.n_volumes, sizeof *b->volumes);
	if (!b || !b->volumes) {
		free(b);
		st_fail(&s->run, ST_INTERNAL, "no memory for the backup");
		return NULL;
	}
	b->session = s;
	b->run = &s->run;
	b->shift = s->job.chunk_shift;
	b->n_volumes = s->job.n_volumes;
	b->ready_end = &b->ready;
	b->buffers = MAP_FAILED;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->ready_changed, NULL);

	bool ok = run_backup(b);
	end_workers(b);
	for (size_t i = 0; i < b->n_volumes; i++)
		st_source_close(b->volumes[i].source);
	release_leaves(b);
	if (ok)
		result = complete(b);
	if (!result && b->packer)
		st_packer_discard(b->packer);

	for (size_t i = 0; i < b->n_volumes; i++) {
		struct st_root ignored;
		if (b->volumes[i].builder && !ok)
			st_builder_finish(b->volumes[i].builder, &ignored);
		st_builder_free(b->volumes[i].builder);
		st_plan_free(&b->volumes[i].plan);
	}
	st_packer_free(b->packer);
	st_table_free(b->table);
	st_reader_free(b->reader);
	st_coder_free(b->coder);
	if (b->buffers != MAP_FAILED)
		munmap(b->buffers, (size_t)READ * BUFFERS);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->ready_changed);
	free(b->volumes);
	free(b);
	return result;
}
