#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool put(struct st_backend *be, const char *name, const void *data, size_t len, struct st_failure *failure)
{
	struct memory *m = (struct memory *)be;
	pthread_mutex_lock(&m->lock);
	bool ok = ++m->puts != m->fail_put_at && !memory_find(m, name);
	if (ok) {
		struct memory_object *o = calloc(1, sizeof *o);
		strcpy(o->name, name);
		o->data = malloc(len);
		memcpy(o->data, data, len);
		o->len = len;
		o->next = m->objects;
		m->objects = o;
	}
	pthread_mutex_unlock(&m->lock);
	return ok || (failure->code = ST_UNAVAILABLE, strcpy(failure->message, "refused"), false);
}

static bool sync_all(struct st_backend *be, struct st_failure *failure)
{
	(void)be, (void)failure;
	return true;
}

static enum st_got get(struct st_backend *be, const char *name, uint64_t offset, void *out, size_t len, struct st_failure *failure)
{
	struct memory *m = (struct memory *)be;
	enum st_got got = ST_GOT;
	(void)failure;
	pthread_mutex_lock(&m->lock);
	struct memory_object *o = memory_find(m, name);
	m->gets++;
	if (!o)
		got = ST_GOT_MISSING;
	else if (offset + len > o->len)
		got = ST_GOT_SHORT;
	else
		memcpy(out, o->data + offset, len);
	pthread_mutex_unlock(&m->lock);
	return got;
}

static bool list(struct st_backend *be, const char *prefix, st_listed listed, void *arg, struct st_failure *failure)
{
	struct memory *m = (struct memory *)be;
	(void)failure;
	for (struct memory_object *o = m->objects; o; o = o->next)
		if (strncmp(o->name, prefix, strlen(prefix)) == 0 && !listed(arg, o->name, o->len, o->len))
			break;
	return true;
}

static bool remove_object(struct st_backend *be, const char *name, struct st_failure *failure)
{
	struct memory *m = (struct memory *)be;
	(void)failure;
	pthread_mutex_lock(&m->lock);
	for (struct memory_object **o = &m->objects; *o; o = &(*o)->next) {
		if (strcmp((*o)->name, name) == 0) {
			struct memory_object *gone = *o;
			*o = gone->next;
			free(gone->data);
			free(gone);
			break;
		}
	}
	pthread_mutex_unlock(&m->lock);
	return true;
}

static bool free_bytes(struct st_backend *be, uint64_t *bytes, struct st_failure *failure)
{
	(void)failure;
	*bytes = ((struct memory *)be)->free_bytes;
	return true;
}

static void do_nothing(struct st_backend *be)
{
	(void)be;
}

static const struct st_backend_ops ops = {
	.put = put, .sync = sync_all, .get = get, .list = list, .remove = remove_object, .free_bytes = free_bytes,
	.parallel_puts = 2, .parallel_gets = 2, .close = do_nothing,
};

void memory_init(struct memory *m)
{
	*m = (struct memory){ .backend.ops = &ops, .free_bytes = UINT64_MAX };
	pthread_mutex_init(&m->lock, NULL);
}

void memory_done(struct memory *m)
{
	struct st_failure ignored;
	while (m->objects)
		remove_object(&m->backend, m->objects->name, &ignored);
	pthread_mutex_destroy(&m->lock);
}

struct memory_object *memory_find(struct memory *m, const char *name)
{
	for (struct memory_object *o = m->objects; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

size_t memory_count(struct memory *m)
{
	size_t n = 0;
	for (struct memory_object *o = m->objects; o; o = o->next)
		n++;
	return n;
}
