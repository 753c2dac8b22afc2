/*
 * The object: "FHPOINT1" | key id 8 | record of kind MANIFEST, whose name is the point's id.
 * Its plaintext is JSON, because it is there for a day when nothing but the store is left.
 */
#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADER 16
static const char magic[8] = "FHPOINT1";

static void name_of(const struct st_manifest *m, char name[ST_NAME])
{
	char point[37], command[37];
	st_id_text(&m->point, point);
	st_id_text(&m->command, command);
	snprintf(name, ST_NAME, "points/%s/%s", point, command);
}

static bool parse_name(const char *name, struct st_manifest *m)
{
	char point[37];
	if (strlen(name) != ST_NAME - 1 || strncmp(name, "points/", 7) != 0 || name[43] != '/')
		return false;
	memcpy(point, name + 7, 36);
	point[36] = '\0';
	return st_id_parse(point, &m->point) && st_id_parse(name + 44, &m->command);
}

bool st_manifest_seal(const struct st_keys *keys, const struct st_id *point, const char *plain, size_t len, uint8_t **object,
		      size_t *object_len)
{
	struct st_body body;
	uint8_t name[ST_DIGEST];
	bool ok = false;
	struct st_coder *coder = len <= ST_MANIFEST_MAX ? st_coder_new(keys, 3, ST_MANIFEST_MAX) : NULL;
	*object = NULL;
	if (!coder)
		return false;
	st_compress(coder, ST_MANIFEST, plain, len, &body);
	*object_len = HEADER + st_body_stored(&body);
	*object = malloc(*object_len);
	if (*object) {
		memcpy(*object, magic, sizeof magic);
		memcpy(*object + 8, st_keys_id(keys), ST_KEY_ID);
		st_manifest_name(point, name);
		ok = st_seal(coder, NULL, name, &body, *object + HEADER);
	}
	st_coder_free(coder);
	return ok;
}

bool st_manifest_write(struct st_backend *backend, const struct st_keys *keys, const struct st_manifest *m, json_t *volumes,
		       struct st_failure *failure)
{
	char name[ST_NAME], point[37], command[37], at[32];
	time_t now = time(NULL);
	struct tm utc;
	uint8_t *object = NULL;
	size_t len = 0;

	name_of(m, name);
	st_id_text(&m->point, point);
	st_id_text(&m->command, command);
	strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	json_t *j = json_pack("{s:s, s:s, s:s, s:O}", "point", point, "command", command, "writtenAt", at, "volumes", volumes);
	char *plain = j ? json_dumps(j, JSON_COMPACT) : NULL;
	bool ok = (plain && st_manifest_seal(keys, &m->point, plain, strlen(plain), &object, &len)) ||
		  st_failed(failure, ST_INTERNAL, "cannot seal the manifest of the recovery point %s", point);
	ok = ok && backend->ops->remove(backend, name, failure) && backend->ops->put(backend, name, object, len, failure) &&
	     backend->ops->sync(backend, failure);
	free(object);
	free(plain);
	json_decref(j);
	return ok;
}

bool st_manifest_remove(struct st_backend *backend, const struct st_manifest *m, struct st_failure *failure)
{
	char name[ST_NAME];
	name_of(m, name);
	return backend->ops->remove(backend, name, failure);
}

static bool note(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	struct st_manifests *m = arg;
	struct st_manifest one = { .size = size };
	(void)stored;
	if (!parse_name(name, &one))
		return true;
	struct st_manifest *list = realloc(m->list, (m->n + 1) * sizeof *list);
	m->failed = !list;
	if (!list)
		return false;
	m->list = list;
	m->list[m->n++] = one;
	return true;
}

bool st_manifest_list(struct st_backend *backend, struct st_manifests *manifests, struct st_failure *failure)
{
	*manifests = (struct st_manifests){ 0 };
	return backend->ops->list(backend, "points/", note, manifests, failure) &&
	       (!manifests->failed || st_failed(failure, ST_INTERNAL, "no memory for the list of points"));
}

enum st_open_fault st_manifest_open(const struct st_keys *keys, const struct st_id *point, const uint8_t *object, size_t len,
				    uint8_t *out, uint32_t *plain)
{
	uint8_t name[ST_DIGEST];
	if (len < HEADER || memcmp(object, magic, sizeof magic) != 0)
		return ST_OPEN_MALFORMED;
	struct st_coder *coder = st_coder_new(keys, 3, ST_MANIFEST_MAX);
	if (!coder)
		return ST_OPEN_MALFORMED;
	st_manifest_name(point, name);
	enum st_open_fault fault = st_open(coder, NULL, ST_MANIFEST, name, object + HEADER, len - HEADER, out, ST_MANIFEST_MAX, plain);
	st_coder_free(coder);
	return fault;
}

/* What the object's bytes say. Return: NULL with the failure filled. */
static json_t *read_object(const struct st_keys *keys, const struct st_manifest *m, const char *name, const uint8_t *object,
			   uint8_t *out, struct st_failure *failure)
{
	uint32_t plain = 0;
	enum st_open_fault fault = st_manifest_open(keys, &m->point, object, m->size, out, &plain);
	json_t *j = fault == ST_OPEN_GOOD ? json_loadb((const char *)out, plain, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (j)
		return j;
	if (m->size > HEADER && memcmp(object + 8, st_keys_id(keys), ST_KEY_ID) != 0)
		st_failed(failure, ST_WRONG_KEY, "%s was written with another key", name);
	else
		st_failed(failure, ST_DAMAGED, "%s is %s", name, st_open_fault_text(fault == ST_OPEN_GOOD ? ST_OPEN_WRONG : fault));
	return NULL;
}

json_t *st_manifest_read(struct st_backend *backend, const struct st_keys *keys, const struct st_manifest *m,
			 struct st_failure *failure)
{
	char name[ST_NAME];
	json_t *j = NULL;
	name_of(m, name);
	if (m->size > ST_MANIFEST_MAX + HEADER + ST_RECORD_OVERHEAD) {
		st_failed(failure, ST_DAMAGED, "%s is too large for a manifest", name);
		return NULL;
	}
	uint8_t *object = malloc(m->size + 1), *out = malloc(ST_MANIFEST_MAX);
	enum st_got got = object && out ? backend->ops->get(backend, name, 0, object, m->size, failure) : ST_GOT_FAILED;
	if (!object || !out)
		st_failed(failure, ST_INTERNAL, "no memory for a manifest");
	else if (got == ST_GOT)
		j = read_object(keys, m, name, object, out, failure);
	else if (got != ST_GOT_FAILED)
		st_failed(failure, ST_DAMAGED, "%s is truncated, missing or unreadable", name);
	free(object);
	free(out);
	return j;
}
