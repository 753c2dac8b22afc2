/*
 * collect: removes from the store what no recovery point needs any more.
 *
 * Theory of operation
 * -------------------
 * Mark: the trees of all live roots are walked, and each record that they name is marked; a page that is marked already is not
 * entered again, so that the work is that of the distinct pages. Sweep: a pack without a marked record is removed; in a pack with
 * some, the others' bytes are given back (holes), where the back end can.
 *
 * Why this is safe beside backups that run, without locks and time stamps. The caller does, in this order:
 *   1. asks which writers have packs (the command `writers`),
 *   2. determines, at one moment, the live roots (of all points that are kept, and those pinned by commands that are under
 *      way) and the open writers (commands that may still write),
 *   3. runs `collect` with all three.
 * Only packs of writers that were there at 1 and are not open at 2 are touched. So each pack that is touched was written by a command
 * that had ended by 2: if it made a point, that point is among the live roots, or was removed. A command that begins after
 * 2 shares only with roots that are pinned for it; those are points of 2, or of commands that were open at 2 or began later, whose
 * packs are not touched. By induction no record that anybody may come to need is removed.
 *
 * A live root with a damaged page ends the collection before anything is removed: what lies below that page cannot be told from
 * garbage, and may be restored by other means.
 *
 * Manifests of points whose roots are no longer live go first: a manifest never names packs that have gone.
 *
 * Memory: 40 bytes a pack, and the marks (marks.h). When those do not fit, the packs are marked and swept in two, four, … passes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "manifest.h"
#include "marks.h"
#include "session.h"
#include "sort.h"
#include "walk.h"

#define PAGE_CACHE (8u << 20)
/* Holes are made of whole blocks. */
#define BLOCK 4096u
#define MAX_PASSES 1024u

struct pack {
	struct st_pack_id id;
	uint64_t size, stored;
};

struct collect {
	struct st_session *session;
	struct st_run *run;
	struct st_reader *reader;
	struct st_coder *coder;

	struct pack *packs; /* that may be touched */
	size_t n_packs, room;
	bool no_memory;

	struct st_marks *marks;
	struct st_root root;
	_Atomic bool full;

	uint64_t freed, kept, wasted, removed, unreadable; /* bytes, bytes, bytes, objects, objects */
};

/* --- what may be touched ----------------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct st_id));
}

static bool among(const struct st_id *ids, size_t n, const struct st_id *id)
{
	return bsearch(id, ids, n, sizeof *ids, by_id) != NULL;
}

static bool may_touch(const struct st_job *job, const struct st_id *writer)
{
	return among(job->writers, job->n_writers, writer) && !among(job->open_writers, job->n_open_writers, writer);
}

static bool note_pack(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	struct collect *c = arg;
	struct pack p = { .size = size, .stored = stored };
	/* What has another name is none of ours. */
	if (!st_pack_parse_name(name, &p.id))
		return true;
	if (!may_touch(&c->session->job, &p.id.writer)) {
		c->kept += stored;
		return true;
	}
	if (c->n_packs == c->room) {
		size_t room = c->room ? c->room * 2 : 1024;
		struct pack *packs = realloc(c->packs, room * sizeof *packs);
		if (!packs) {
			c->no_memory = true;
			return false;
		}
		c->packs = packs;
		c->room = room;
	}
	c->packs[c->n_packs++] = p;
	return !st_stopped(c->run);
}

static bool list_packs(struct collect *c)
{
	struct st_backend *be = c->session->backend;
	struct st_failure failure;
	if (!be->ops->list(be, "packs/", note_pack, c, &failure))
		return st_fail_with(c->run, &failure);
	return (!c->no_memory && !st_stopped(c->run)) || st_fail(c->run, ST_INTERNAL, "no memory for the list of packs");
}

/* --- mark -------------------------------------------------------------------------------------------------------------------- */

static bool enter(void *arg, const struct st_entry *entry, uint8_t level, uint64_t chunk, uint64_t chunks)
{
	struct collect *c = arg;
	(void)level, (void)chunk, (void)chunks;
	enum st_mark mark = st_marks_set(c->marks, entry, true);
	if (mark == ST_MARK_FULL)
		c->full = true;
	return mark == ST_MARK_NEW && !c->full;
}

static bool mark_leaf(void *arg, const struct st_unit *unit)
{
	struct collect *c = arg;
	if (unit->damage)
		return st_fail(c->run, unit->damage->other_key ? ST_WRONG_KEY : ST_DAMAGED,
			       "a recovery point that is kept has a damaged index, so nothing was removed: %s: %s; verify the points, and "
			       "remove the damaged ones",
			       unit->damage->where, unit->damage->what);
	for (unsigned i = 0; i < unit->chunks && !c->full; i++) {
		const struct st_entry *e = &unit->leaf->entries[i];
		if (st_present(e) && st_marks_set(c->marks, e, false) == ST_MARK_FULL)
			c->full = true;
	}
	return true;
}

static const struct st_walk_ops mark_ops = { .unit = mark_leaf, .enter = enter };

/* Marks what is live. Return: false with the job failed; c->full: the marks did not fit. */
static bool mark(struct collect *c, unsigned passes, unsigned pass)
{
	struct st_session *s = c->session;
	const struct st_strings *live = &s->job.live_roots;
	c->full = false;
	c->marks = st_marks_new(c->run, s->job.memory_limit / 2, passes, pass);
	struct st_walk *walk = c->marks ? st_walk_new(c->run, c->reader, s->keys, s->backend->ops->parallel_gets, &mark_ops, c) : NULL;
	bool ok = walk != NULL;
	atomic_store(&c->run->total, live->n * passes);
	for (size_t i = 0; ok && !c->full && i < live->n; i++) {
		ok = st_session_root(s, live->s[i], &c->root) && st_walk_volume(walk, &c->root);
		atomic_store(&c->run->done, live->n * pass + i + 1);
	}
	st_walk_free(walk);
	return ok;
}

/* --- sweep ------------------------------------------------------------------------------------------------------------------- */

/* The lengths of a pack's records. Return: their number, 0 when the trailer cannot be read; *lengths is the caller's to free. */
static unsigned read_trailer(struct collect *c, const struct pack *p, uint8_t **lengths)
{
	struct st_backend *be = c->session->backend;
	char name[ST_NAME];
	uint8_t footer[ST_PACK_FOOTER], trailer_name[ST_DIGEST], *record = NULL;
	uint32_t offset, length, plain = 0;
	struct st_failure ignored;
	bool ok;

	*lengths = NULL;
	st_pack_name(&p->id, name);
	if (p->size < ST_PACK_HEADER + ST_PACK_FOOTER ||
	    be->ops->get(be, name, p->size - ST_PACK_FOOTER, footer, sizeof footer, &ignored) != ST_GOT ||
	    !st_pack_check_footer(footer, p->size, &offset, &length))
		return 0;
	record = malloc(length);
	*lengths = malloc(ST_TRAILER_MAX);
	st_trailer_name(&p->id, trailer_name);
	ok = record && *lengths && be->ops->get(be, name, offset, record, length, &ignored) == ST_GOT &&
	     st_open(c->coder, &p->id.writer, ST_TRAILER, trailer_name, record, length, *lengths, ST_TRAILER_MAX, &plain) == ST_OPEN_GOOD;
	free(record);
	return ok && plain % 4 == 0 ? plain / 4 : 0;
}

/* A run of dead records. Whole blocks are given back. */
static bool punch(struct collect *c, const char *name, uint64_t from, uint64_t to)
{
	struct st_backend *be = c->session->backend;
	struct st_failure failure;
	uint64_t first = (from + BLOCK - 1) & ~(uint64_t)(BLOCK - 1), end = to & ~(uint64_t)(BLOCK - 1), freed;
	if (end <= first)
		return true;
	if (!be->ops->punch(be, name, first, end - first, &freed, &failure))
		return st_fail_with(c->run, &failure);
	c->freed += freed;
	return true;
}

static bool sweep_records(struct collect *c, const struct pack *p)
{
	char name[ST_NAME];
	uint8_t *lengths;
	unsigned n = read_trailer(c, p, &lengths);
	uint64_t at = ST_PACK_HEADER, dead_from = 0, dead = 0, freed_before = c->freed;
	bool ok = true, can_punch = c->session->backend->ops->punch && !c->session->job.dry_run;

	st_pack_name(&p->id, name);
	if (!n)
		c->unreadable++;
	for (unsigned i = 0; ok && i <= n; i++) {
		uint32_t length = i < n ? st_get32(lengths + (size_t)i * 4) : 0;
		if (i < n && !st_marks_has(c->marks, &p->id, i)) {
			if (!dead_from)
				dead_from = at;
			dead += length;
		} else if (dead_from) {
			ok = !can_punch || punch(c, name, dead_from, at);
			dead_from = 0;
		}
		at += length;
	}
	free(lengths);
	/* What has been punched, now or earlier, is not stored: of the rest, the dead part is waste. */
	uint64_t stored = p->stored - (c->freed - freed_before), live = p->size - dead;
	c->kept += stored;
	c->wasted += stored > live && dead ? stored - live : 0;
	return ok;
}

static bool remove_pack(struct collect *c, const struct pack *p)
{
	struct st_backend *be = c->session->backend;
	char name[ST_NAME];
	struct st_failure failure;
	st_pack_name(&p->id, name);
	c->removed++;
	c->freed += p->stored;
	return c->session->job.dry_run || be->ops->remove(be, name, &failure) || st_fail_with(c->run, &failure);
}

static bool sweep(struct collect *c)
{
	for (size_t i = 0; i < c->n_packs; i++) {
		const struct pack *p = &c->packs[i];
		if (!st_marks_own(c->marks, &p->id))
			continue;
		if (st_stopped(c->run) || !(st_marks_count(c->marks, &p->id) ? sweep_records(c, p) : remove_pack(c, p)))
			return false;
	}
	return true;
}

/* All passes; more and smaller ones when the marks do not fit. */
static bool mark_and_sweep(struct collect *c)
{
	unsigned passes = 1, pass = 0;
	while (pass < passes) {
		bool ok = mark(c, passes, pass) && (c->full || sweep(c));
		st_marks_free(c->marks);
		c->marks = NULL;
		if (!ok)
			return false;
		if (!c->full)
			pass++;
		else if (passes == MAX_PASSES)
			return st_fail(c->run, ST_INTERNAL, "the memory limit is too small to collect garbage");
		else
			passes *= 2, pass *= 2; /* what was swept stays swept */
	}
	return true;
}

/* --- manifests --------------------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_live(const struct st_job *job, const char *root)
{
	return job->live_roots.n && bsearch(&root, job->live_roots.s, job->live_roots.n, sizeof root, by_text) != NULL;
}

/* Whether a manifest is of a point that is no more. One that cannot be read stays, and is counted. */
static bool is_stale(struct collect *c, const struct st_manifest *m)
{
	struct st_session *s = c->session;
	struct st_failure ignored;
	bool stale = false;
	size_t i;
	json_t *volume, *manifest;
	if (!may_touch(&s->job, &m->command))
		return false;
	manifest = st_manifest_read(s->backend, s->keys, m, &ignored);
	if (!manifest)
		c->unreadable++;
	json_array_foreach(json_object_get(manifest, "volumes"), i, volume) {
		const char *root = json_string_value(json_object_get(volume, "root"));
		stale = stale || !root || !is_live(&s->job, root);
	}
	json_decref(manifest);
	return stale;
}

static bool remove_stale_manifests(struct collect *c)
{
	struct st_backend *be = c->session->backend;
	struct st_manifests manifests;
	struct st_failure failure;
	bool ok = st_manifest_list(be, &manifests, &failure) || st_fail_with(c->run, &failure);
	for (size_t i = 0; ok && i < manifests.n && !st_stopped(c->run); i++) {
		if (!is_stale(c, &manifests.list[i]))
			continue;
		c->removed++;
		ok = c->session->job.dry_run || st_manifest_remove(be, &manifests.list[i], &failure) || st_fail_with(c->run, &failure);
	}
	free(manifests.list);
	return ok && !st_stopped(c->run);
}

/* --- the command ------------------------------------------------------------------------------------------------------------- */

/* Roots that cannot be opened must not be taken for absent. */
static bool check_roots(struct collect *c)
{
	const struct st_strings *live = &c->session->job.live_roots;
	for (size_t i = 0; i < live->n; i++)
		if (!st_session_root(c->session, live->s[i], &c->root))
			return false;
	return true;
}

json_t *st_collect(struct st_session *s)
{
	struct collect c = { .session = s, .run = &s->run };
	struct st_job *job = &s->job;
	json_t *result = NULL;
	st_sort(job->writers, job->n_writers, sizeof *job->writers, by_id);
	st_sort(job->open_writers, job->n_open_writers, sizeof *job->open_writers, by_id);
	st_sort(job->live_roots.s, job->live_roots.n, sizeof *job->live_roots.s, by_text);
	c.reader = st_reader_new(&s->run, s->backend, s->keys, PAGE_CACHE);
	c.coder = st_coder_new(s->keys, 1, ST_TRAILER_MAX);
	if (!c.coder)
		st_fail(&s->run, ST_INTERNAL, "no memory to collect garbage");
	if (c.reader && c.coder && check_roots(&c) && list_packs(&c) && remove_stale_manifests(&c) && mark_and_sweep(&c))
		result = json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "bytesFreed", (json_int_t)c.freed, "bytesKept", (json_int_t)c.kept,
				   "objectsRemoved", (json_int_t)c.removed, "bytesWasted", (json_int_t)c.wasted, "objectsUnreadable",
				   (json_int_t)c.unreadable, "dryRun", job->dry_run);
	free(c.packs);
	st_coder_free(c.coder);
	st_reader_free(c.reader);
	return result;
}
