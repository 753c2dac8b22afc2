#include "session.h"

#include <inttypes.h>
#include <string.h>

bool st_session_init(struct st_session *s)
{
	*s = (struct st_session){ .damages = json_array() };
	pthread_mutex_init(&s->lock, NULL);
	st_run_init(&s->run, 60, 0);
	return s->damages != NULL;
}

bool st_session_open(struct st_session *s, enum st_open_mode mode)
{
	struct st_failure failure;
	s->run.io_timeout = s->job.io_timeout;
	s->run.bucket.rate = s->job.bytes_per_second;
	s->keys = st_keys_new(s->job.key);
	if (!s->keys)
		return st_fail(&s->run, ST_INTERNAL, "cannot derive the tenant's keys");
	s->backend = st_job_open_store(&s->job, mode, &s->run, &failure);
	return s->backend || st_fail_with(&s->run, &failure);
}

void st_session_close(struct st_session *s)
{
	if (s->backend)
		s->backend->ops->close(s->backend);
	st_keys_free(s->keys);
	json_decref(s->damages);
	st_job_free(&s->job);
	st_run_done(&s->run);
	pthread_mutex_destroy(&s->lock);
}

/* With the lock. Whether the damage goes on where the last one ended. */
static bool continues(json_t *last, const char *root, uint64_t offset, const struct st_damage *d)
{
	const char *r, *what, *where;
	json_int_t at, length;
	return last &&
	       json_unpack(last, "{s:s, s:I, s:I, s:s, s:s}", "root", &r, "offset", &at, "length", &length, "what", &what, "where",
			   &where) == 0 &&
	       (uint64_t)(at + length) == offset && strcmp(r, root) == 0 && strcmp(what, d->what) == 0;
}

/* The pack's name alone, once several of its records are concerned. */
static void widen(json_t *last, const struct st_damage *d)
{
	const char *where = json_string_value(json_object_get(last, "where"));
	size_t name = strcspn(d->where, " ");
	if (where && strcmp(where, d->where) != 0)
		json_object_set_new(last, "where", json_stringn(d->where, name));
}

static bool same_pack(json_t *last, const struct st_damage *d)
{
	const char *where = last ? json_string_value(json_object_get(last, "where")) : NULL;
	size_t name = strcspn(d->where, " ");
	return where && strncmp(where, d->where, name) == 0;
}

/* Of the list, so that one root's damages do not crowd out another's, which would count as whole. */
static size_t share_of_root(const struct st_session *s)
{
	size_t roots = s->job.roots.n;
	return roots <= 1 ? ST_DAMAGES : roots < ST_DAMAGES ? ST_DAMAGES / roots : 1;
}

void st_session_damage(struct st_session *s, const char *root, uint64_t offset, uint64_t length, const struct st_damage *d)
{
	pthread_mutex_lock(&s->lock);
	size_t n = json_array_size(s->damages);
	json_t *last = n ? json_array_get(s->damages, n - 1) : NULL;
	if (!last || strcmp(json_string_value(json_object_get(last, "root")), root) != 0)
		s->of_root = 0;
	if (continues(last, root, offset, d) && same_pack(last, d)) {
		json_int_t so_far = json_integer_value(json_object_get(last, "length"));
		json_object_set_new(last, "length", json_integer(so_far + (json_int_t)length));
		widen(last, d);
	} else if (n < ST_DAMAGES && s->of_root < share_of_root(s)) {
		s->of_root++;
		json_array_append_new(s->damages,
				      json_pack("{s:s, s:I, s:I, s:s, s:s}", "root", root, "offset", (json_int_t)offset, "length",
						(json_int_t)length, "what", d->what, "where", d->where));
	} else {
		s->omitted++;
	}
	pthread_mutex_unlock(&s->lock);
}

uint64_t st_session_damages(struct st_session *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t n = json_array_size(s->damages) + s->omitted;
	pthread_mutex_unlock(&s->lock);
	return n;
}

bool st_session_fail_damaged(struct st_session *s, uint64_t offset, const struct st_damage *d)
{
	return st_fail(&s->run, d->other_key ? ST_WRONG_KEY : ST_DAMAGED,
		       "the recovery point is damaged at byte %" PRIu64 " of the volume: %s: %s", offset, d->where, d->what);
}

bool st_session_root(struct st_session *s, const char *text, struct st_root *root)
{
	switch (st_root_open(s->keys, text, root)) {
	case ST_ROOT_GOOD:
		return true;
	case ST_ROOT_MALFORMED:
		return st_fail(&s->run, ST_BAD_JOB, "'%.40s' is no root of a recovery point", text);
	case ST_ROOT_OTHER_KEY:
		return st_fail(&s->run, ST_WRONG_KEY, "the recovery point was written with another key than the tenant's: %.40s", text);
	case ST_ROOT_FORGED:
		break;
	}
	return st_fail(&s->run, ST_DAMAGED, "the root of the recovery point has been altered: %.40s", text);
}
