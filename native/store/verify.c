/*
 * verify: reads all that some roots need, and digests it again.
 *
 * Theory of operation
 * -------------------
 * The first walk reads every page and every chunk once, however many volumes share them (marks.h), and marks the chunks that are
 * damaged. Only if there are any, or a page is, a second walk goes through every volume whole and lists each place that
 * is lost: its root, offset, length, what is wrong, and where in the store. Neighbouring places with one cause are one.
 *
 * Where memory for the marks is short, records that are shared may be read more than once; nothing is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "marks.h"
#include "session.h"
#include "walk.h"

#define PAGE_CACHE (16u << 20)

struct verify {
	struct st_session *session;
	struct st_reader *reader;
	struct st_marks *seen, *bad;
	const char *text; /* the root that is walked */
	struct st_root root;
	_Atomic uint64_t chunks, pages;
	_Atomic bool damaged;
	_Atomic bool bad_full; /* not all damaged chunks could be marked: the second walk reads everything */

	/* Of the leaf that is listed; the second walk has one thread. */
	bool is_lost[ST_FANOUT];
	struct st_damage lost[ST_FANOUT];
};

static uint64_t in_volume(const struct verify *v, uint64_t chunk, uint64_t chunks)
{
	uint64_t offset = chunk << v->root.shift, len = chunks << v->root.shift;
	return len < v->root.size - offset ? len : v->root.size - offset;
}

/* --- the first walk ---------------------------------------------------------------------------------------------------------- */

static bool enter(void *arg, const struct st_entry *entry, uint8_t level, uint64_t chunk, uint64_t chunks)
{
	struct verify *v = arg;
	(void)level;
	if (st_marks_set(v->seen, entry, true) == ST_MARK_KNOWN) {
		atomic_fetch_add_explicit(&v->session->run.done, in_volume(v, chunk, chunks), memory_order_relaxed);
		return false;
	}
	atomic_fetch_add_explicit(&v->pages, 1, memory_order_relaxed);
	return true;
}

static bool checked(void *arg, const struct st_want *want, const uint8_t *data, const struct st_damage *damage)
{
	struct verify *v = arg;
	(void)damage;
	atomic_fetch_add_explicit(&v->chunks, 1, memory_order_relaxed);
	if (data)
		return st_take(&v->session->run, want->entry->length);
	v->damaged = true;
	if (st_marks_set(v->bad, want->entry, true) == ST_MARK_FULL)
		v->bad_full = true;
	return !st_stopped(&v->session->run);
}

static bool check_unit(void *arg, const struct st_unit *unit)
{
	struct verify *v = arg;
	struct st_want wants[ST_FANOUT];
	unsigned n = 0;
	bool ok = true;
	if (unit->damage)
		v->damaged = true;
	for (unsigned i = 0; unit->leaf && i < unit->chunks; i++) {
		const struct st_entry *e = &unit->leaf->entries[i];
		if (st_present(e) && st_marks_set(v->seen, e, true) != ST_MARK_KNOWN)
			wants[n++] = (struct st_want){ unit->chunk + i, e };
	}
	if (n)
		ok = st_fetch(v->reader, unit->coder, unit->buffer, 1u << v->root.shift, wants, n, checked, v);
	atomic_fetch_add_explicit(&v->session->run.done, in_volume(v, unit->chunk, unit->chunks), memory_order_relaxed);
	return ok;
}

/* --- the second walk --------------------------------------------------------------------------------------------------------- */

/* Reads the damaged ones again, for what is wrong with them. */
static bool look_again(void *arg, const struct st_want *want, const uint8_t *data, const struct st_damage *damage)
{
	struct verify *v = arg;
	unsigned slot = want->chunk % ST_FANOUT;
	v->is_lost[slot] = !data;
	if (!data)
		v->lost[slot] = *damage;
	return !st_stopped(&v->session->run);
}

static bool list_unit(void *arg, const struct st_unit *unit)
{
	struct verify *v = arg;
	struct st_want wants[ST_FANOUT];
	unsigned n = 0;
	memset(v->is_lost, 0, sizeof v->is_lost);
	if (unit->damage)
		st_session_damage(v->session, v->text, unit->chunk << v->root.shift, in_volume(v, unit->chunk, unit->chunks), unit->damage);
	for (unsigned i = 0; unit->leaf && i < unit->chunks; i++) {
		const struct st_entry *e = &unit->leaf->entries[i];
		if (st_present(e) && (v->bad_full || st_marks_has(v->bad, &e->pack, e->ordinal)))
			wants[n++] = (struct st_want){ unit->chunk + i, e };
	}
	if (n && !st_fetch(v->reader, unit->coder, unit->buffer, 1u << v->root.shift, wants, n, look_again, v))
		return false;
	/* In the order of the volume, so that neighbours join. */
	for (unsigned i = 0; i < ST_FANOUT; i++)
		if (v->is_lost[i])
			st_session_damage(v->session, v->text, (unit->chunk + i) << v->root.shift, in_volume(v, unit->chunk + i, 1),
					  &v->lost[i]);
	return true;
}

/* --- both -------------------------------------------------------------------------------------------------------------------- */

static const struct st_walk_ops check_ops = { .unit = check_unit, .enter = enter, .zeroes = true };
static const struct st_walk_ops list_ops = { .unit = list_unit };

static bool walk_all(struct verify *v, const struct st_walk_ops *ops, unsigned threads)
{
	struct st_session *s = v->session;
	struct st_walk *walk = st_walk_new(&s->run, v->reader, s->keys, threads, ops, v);
	bool ok = walk != NULL;
	for (size_t i = 0; ok && i < s->job.roots.n; i++) {
		v->text = s->job.roots.s[i];
		ok = st_session_root(s, v->text, &v->root) && st_walk_volume(walk, &v->root);
	}
	st_walk_free(walk);
	return ok;
}

static bool verify_all(struct verify *v)
{
	struct st_session *s = v->session;
	unsigned threads = s->backend->ops->parallel_gets;
	for (size_t i = 0; i < s->job.roots.n; i++) {
		if (!st_session_root(s, s->job.roots.s[i], &v->root))
			return false;
		atomic_fetch_add(&s->run.total, v->root.size);
	}
	if (!walk_all(v, &check_ops, threads))
		return false;
	/* One thread: the list is in the order of the volume, and neighbours join. */
	return !v->damaged || walk_all(v, &list_ops, 1);
}

json_t *st_verify(struct st_session *s)
{
	struct verify *v = calloc(1, sizeof *v);
	json_t *result = NULL;
	if (!v) {
		st_fail(&s->run, ST_INTERNAL, "no memory to verify");
		return NULL;
	}
	v->session = s;
	v->reader = st_reader_new(&s->run, s->backend, s->keys, PAGE_CACHE);
	v->seen = st_marks_new(&s->run, s->job.memory_limit / 2, 1, 0);
	v->bad = st_marks_new(&s->run, s->job.memory_limit / 8, 1, 0);
	if (v->reader && v->seen && v->bad && verify_all(v))
		result = json_pack("{s:I, s:I, s:I, s:O, s:I}", "bytesRead", (json_int_t)st_reader_bytes(v->reader), "chunks",
				   (json_int_t)v->chunks, "pages", (json_int_t)v->pages, "damages", s->damages, "damagesOmitted",
				   (json_int_t)s->omitted);
	st_marks_free(v->seen);
	st_marks_free(v->bad);
	st_reader_free(v->reader);
	free(v);
	return result;
}
