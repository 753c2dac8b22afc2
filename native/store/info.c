/*
 * info: what a store holds of a tenant, read from the store alone. writers: which commands have packs there.
 *
 * collect needs the writers from before its other input was determined: collect.c says why.
 */
#include <stdlib.h>

#include "manifest.h"
#include "session.h"
#include "sort.h"

static int by_id(const void *a, const void *b)
{
	return __builtin_memcmp(a, b, sizeof(struct st_id));
}

/* --- writers ----------------------------------------------------------------------------------------------------------------- */

struct writers {
	struct st_id *ids;
	size_t n, room;
	uint64_t packs, bytes;
	bool no_memory;
};

static bool add(struct writers *w, const struct st_id *id)
{
	/* Packs of one writer mostly come together; what comes twice is sorted out later. */
	if (w->n && st_same_id(&w->ids[w->n - 1], id))
		return true;
	if (w->n == w->room) {
		size_t room = w->room ? w->room * 2 : 256;
		struct st_id *ids = realloc(w->ids, room * sizeof *ids);
		w->no_memory = !ids;
		if (!ids)
			return false;
		w->ids = ids;
		w->room = room;
	}
	w->ids[w->n++] = *id;
	return true;
}

static bool note_pack(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	struct writers *w = arg;
	struct st_pack_id id;
	(void)size;
	if (!st_pack_parse_name(name, &id))
		return true;
	w->packs++;
	w->bytes += stored;
	return add(w, &id.writer);
}

static json_t *texts(struct writers *w)
{
	json_t *list = json_array();
	st_sort(w->ids, w->n, sizeof *w->ids, by_id);
	for (size_t i = 0; i < w->n; i++) {
		char text[37];
		if (i && st_same_id(&w->ids[i], &w->ids[i - 1]))
			continue;
		st_id_text(&w->ids[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* Those of packs, and of points whose volumes are all zero and have no packs. Return: NULL with the job failed. */
static json_t *list_writers(struct st_session *s, const struct st_manifests *manifests, struct writers *w)
{
	struct st_failure failure;
	json_t *list = NULL;
	bool ok = s->backend->ops->list(s->backend, "packs/", note_pack, w, &failure) || st_fail_with(&s->run, &failure);
	for (size_t i = 0; ok && i < manifests->n; i++)
		add(w, &manifests->list[i].command);
	if (w->no_memory)
		ok = st_fail(&s->run, ST_INTERNAL, "no memory for the list of writers");
	if (ok)
		list = texts(w);
	free(w->ids);
	return list;
}

json_t *st_writers(struct st_session *s)
{
	struct writers w = { 0 };
	struct st_manifests manifests;
	struct st_failure failure;
	json_t *list = st_manifest_list(s->backend, &manifests, &failure) ? list_writers(s, &manifests, &w) :
									   (st_fail_with(&s->run, &failure), NULL);
	free(manifests.list);
	return list ? json_pack("{s:o}", "writers", list) : NULL;
}

/* --- info -------------------------------------------------------------------------------------------------------------------- */

static void add_point(struct st_session *s, const struct st_manifest *m, json_t *points, json_t *unreadable)
{
	struct st_failure failure;
	char text[37];
	json_t *manifest = st_manifest_read(s->backend, s->keys, m, &failure);
	st_id_text(&m->point, text);
	if (manifest)
		json_array_append_new(points, manifest);
	else
		json_array_append_new(unreadable, json_pack("{s:s, s:s, s:s}", "point", text, "code", st_code_text(failure.code), "message",
							    failure.message));
}

json_t *st_info(struct st_session *s)
{
	struct st_manifests manifests;
	struct writers w = { 0 };
	struct st_failure failure;
	uint64_t left = 0;
	json_t *points = json_array(), *unreadable = json_array(), *result = NULL;
	bool limited = s->backend->ops->free_bytes != NULL;
	bool ok = st_manifest_list(s->backend, &manifests, &failure) || st_fail_with(&s->run, &failure);
	for (size_t i = 0; ok && i < manifests.n && !st_stopped(&s->run); i++)
		add_point(s, &manifests.list[i], points, unreadable);
	json_t *writers = ok ? list_writers(s, &manifests, &w) : NULL;
	if (writers && limited && !s->backend->ops->free_bytes(s->backend, &left, &failure))
		st_fail_with(&s->run, &failure);
	if (writers && !st_stopped(&s->run))
		result = json_pack("{s:O, s:O, s:O, s:I, s:I, s:o}", "points", points, "unreadable", unreadable, "writers", writers,
				   "packs", (json_int_t)w.packs, "bytesStored", (json_int_t)w.bytes, "freeBytes",
				   limited ? json_integer((json_int_t)left) : json_null());
	free(manifests.list);
	json_decref(points);
	json_decref(unreadable);
	json_decref(writers);
	return result;
}
