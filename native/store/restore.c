/*
 * restore: writes volumes back.
 *
 * Every chunk is opened and digested again before a byte of it is written. The first that cannot be ends the job and is
 * named; with keepGoing the place is left as zeroes, everything else is written, and the result lists the damages. Zeroes
 * are not written to a new file, so it is as sparse as the volume was.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "session.h"
#include "target.h"
#include "walk.h"

#define PAGE_CACHE (16u << 20)

struct restore {
	struct st_session *session;
	struct st_reader *reader;
	struct st_target *target;
	const struct st_job_volume *volume;
	struct st_root root;
	_Atomic uint64_t written;
};

/* What a worker is doing. */
struct unit {
	struct restore *restore;
	const struct st_unit *unit;
};

static uint64_t in_volume(const struct restore *r, uint64_t chunk, uint64_t chunks)
{
	uint64_t offset = chunk << r->root.shift, len = chunks << r->root.shift;
	return len < r->root.size - offset ? len : r->root.size - offset;
}

static bool zero(struct restore *r, unsigned worker, uint64_t chunk, uint64_t chunks)
{
	return !st_target_needs_zeroes(r->target) ||
	       st_target_zero(r->target, worker, chunk << r->root.shift, in_volume(r, chunk, chunks));
}

static bool damaged(struct restore *r, unsigned worker, uint64_t chunk, uint64_t chunks, const struct st_damage *damage)
{
	uint64_t offset = chunk << r->root.shift;
	st_session_damage(r->session, r->volume->root, offset, in_volume(r, chunk, chunks), damage);
	if (!r->session->job.keep_going || damage->other_key)
		return st_session_fail_damaged(r->session, offset, damage);
	return zero(r, worker, chunk, chunks);
}

static bool chunk_fetched(void *arg, const struct st_want *want, const uint8_t *data, const struct st_damage *damage)
{
	struct unit *u = arg;
	struct restore *r = u->restore;
	if (!data)
		return damaged(r, u->unit->worker, want->chunk, 1, damage);
	uint32_t len = (uint32_t)in_volume(r, want->chunk, 1);
	if (!st_take(&r->session->run, len) ||
	    !st_target_write(r->target, u->unit->worker, data, len, want->chunk << r->root.shift))
		return false;
	atomic_fetch_add_explicit(&r->written, len, memory_order_relaxed);
	atomic_fetch_add_explicit(&r->session->run.done, len, memory_order_relaxed);
	return true;
}

/* Zeroes the gaps of a leaf, and fetches the rest. */
static bool restore_leaf(struct restore *r, const struct st_unit *unit)
{
	struct st_want wants[ST_FANOUT];
	struct unit u = { r, unit };
	unsigned n = 0, gap = 0;
	for (unsigned i = 0; i <= unit->chunks; i++) {
		bool present = i < unit->chunks && st_present(&unit->leaf->entries[i]);
		if (!present && i < unit->chunks)
			continue;
		if (i > gap) {
			if (!zero(r, unit->worker, unit->chunk + gap, i - gap))
				return false;
			atomic_fetch_add_explicit(&r->session->run.done, in_volume(r, unit->chunk + gap, i - gap), memory_order_relaxed);
		}
		gap = i + 1;
		if (present)
			wants[n++] = (struct st_want){ unit->chunk + i, &unit->leaf->entries[i] };
	}
	return st_fetch(r->reader, unit->coder, unit->buffer, 1u << r->root.shift, wants, n, chunk_fetched, &u);
}

static bool restore_unit(void *arg, const struct st_unit *unit)
{
	struct restore *r = arg;
	if (unit->leaf)
		return restore_leaf(r, unit);
	atomic_fetch_add_explicit(&r->session->run.done, in_volume(r, unit->chunk, unit->chunks), memory_order_relaxed);
	if (unit->damage)
		return damaged(r, unit->worker, unit->chunk, unit->chunks, unit->damage);
	return zero(r, unit->worker, unit->chunk, unit->chunks);
}

static const struct st_walk_ops restore_ops = { .unit = restore_unit, .zeroes = true };

static bool restore_volume(struct restore *r, unsigned threads)
{
	struct st_session *s = r->session;
	uint64_t size = r->volume->size ? r->volume->size : r->root.size;
	if (size < r->root.size)
		return st_fail(&s->run, ST_BAD_JOB, "the volume has %" PRIu64 " bytes, the target is to have only %" PRIu64, r->root.size,
			       size);
	struct st_walk *walk = st_walk_new(&s->run, r->reader, s->keys, threads, &restore_ops, r);
	r->target = walk ? st_target_open(&s->run, r->volume->target, size, threads) : NULL;
	bool ok = r->target && st_walk_volume(walk, &r->root);
	if (ok && size > r->root.size && st_target_needs_zeroes(r->target))
		ok = st_target_zero(r->target, 0, r->root.size, size - r->root.size);
	ok = ok && st_target_flush(r->target);
	st_walk_free(walk);
	st_target_close(r->target);
	return ok;
}

static bool restore_all(struct restore *r, json_t *volumes)
{
	struct st_session *s = r->session;
	unsigned threads = s->backend->ops->parallel_gets;
	for (size_t i = 0; i < s->job.n_volumes; i++) {
		if (!st_session_root(s, s->job.volumes[i].root, &r->root))
			return false;
		atomic_fetch_add(&s->run.total, r->root.size);
	}
	for (size_t i = 0; i < s->job.n_volumes; i++) {
		r->volume = &s->job.volumes[i];
		atomic_store(&r->written, 0);
		if (!st_session_root(s, r->volume->root, &r->root) || !restore_volume(r, threads))
			return false;
		json_array_append_new(volumes, json_pack("{s:s, s:I, s:I}", "root", r->volume->root, "sizeBytes", (json_int_t)r->root.size,
							 "writtenBytes", (json_int_t)atomic_load(&r->written)));
	}
	return true;
}

json_t *st_restore(struct st_session *s)
{
	struct restore r = { .session = s };
	json_t *volumes = json_array(), *result = NULL;
	r.reader = st_reader_new(&s->run, s->backend, s->keys, PAGE_CACHE);
	if (r.reader && volumes && restore_all(&r, volumes))
		result = json_pack("{s:O, s:O, s:I}", "volumes", volumes, "damages", s->damages, "damagesOmitted", (json_int_t)s->omitted);
	st_reader_free(r.reader);
	json_decref(volumes);
	return result;
}
