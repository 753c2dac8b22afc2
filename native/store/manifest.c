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

static void name_of(const struct st_id *point, char name[ST_PACK_NAME])
{
	char id[37];
	st_id_text(point, id);
	snprintf(name, ST_PACK_NAME, "points/%s", id);
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

bool st_manifest_write(struct st_backend *backend, const struct st_keys *keys, const struct st_id *point,
		       const struct st_id *command, json_t *volumes, struct st_failure *failure)
{
	char object_name[ST_PACK_NAME], point_text[37], command_text[37], at[32];
	time_t now = time(NULL);
	struct tm utc;
	uint8_t *object = NULL;
	size_t len = 0;

	name_of(point, object_name);
	st_id_text(point, point_text);
	st_id_text(command, command_text);
	strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	json_t *j = json_pack("{s:s, s:s, s:s, s:O}", "point", point_text, "command", command_text, "writtenAt", at, "volumes", volumes);
	char *plain = j ? json_dumps(j, JSON_COMPACT) : NULL;
	bool ok = (plain && st_manifest_seal(keys, point, plain, strlen(plain), &object, &len)) ||
		  st_failed(failure, ST_INTERNAL, "cannot seal the manifest of the recovery point %s", point_text);
	ok = ok && backend->ops->remove(backend, object_name, failure) &&
	     backend->ops->put(backend, object_name, object, len, failure) && backend->ops->sync(backend, failure);
	free(object);
	free(plain);
	json_decref(j);
	return ok;
}

bool st_manifest_remove(struct st_backend *backend, const struct st_id *point, struct st_failure *failure)
{
	char name[ST_PACK_NAME];
	name_of(point, name);
	return backend->ops->remove(backend, name, failure);
}

static bool note_point(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	struct st_ids *points = arg;
	struct st_id id;
	(void)size, (void)stored;
	if (strncmp(name, "points/", 7) != 0 || !st_id_parse(name + 7, &id))
		return true;
	struct st_id *ids = realloc(points->ids, (points->n + 1) * sizeof *ids);
	points->failed = !ids;
	if (!ids)
		return false;
	points->ids = ids;
	points->ids[points->n++] = id;
	return true;
}

bool st_manifest_list(struct st_backend *backend, struct st_ids *points, struct st_failure *failure)
{
	*points = (struct st_ids){ 0 };
	return backend->ops->list(backend, "points/", note_point, points, failure) &&
	       (!points->failed || st_failed(failure, ST_INTERNAL, "no memory for the list of points"));
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

json_t *st_manifest_read(struct st_backend *backend, const struct st_keys *keys, const struct st_id *point,
			 struct st_failure *failure)
{
	char name[ST_PACK_NAME];
	uint64_t size = 0;
	uint32_t plain = 0;
	json_t *j = NULL;
	name_of(point, name);
	enum st_got got = backend->ops->size(backend, name, &size, failure);
	if (got == ST_GOT_FAILED)
		return NULL;
	if (got != ST_GOT || size > ST_MANIFEST_MAX + HEADER + ST_RECORD_OVERHEAD) {
		st_failed(failure, ST_DAMAGED, "%s is %s", name, got == ST_GOT ? "too large for a manifest" : "missing");
		return NULL;
	}
	uint8_t *object = malloc(size + 1), *out = malloc(ST_MANIFEST_MAX);
	if (!object || !out)
		st_failed(failure, ST_INTERNAL, "no memory for a manifest");
	else if ((got = backend->ops->get(backend, name, 0, object, size, failure)) == ST_GOT) {
		enum st_open_fault fault = st_manifest_open(keys, point, object, size, out, &plain);
		if (fault == ST_OPEN_GOOD)
			j = json_loadb((const char *)out, plain, JSON_REJECT_DUPLICATES, NULL);
		if (!j && size > HEADER && memcmp(object + 8, st_keys_id(keys), ST_KEY_ID) != 0)
			st_failed(failure, ST_WRONG_KEY, "%s was written with another key", name);
		else if (!j)
			st_failed(failure, ST_DAMAGED, "%s is %s", name,
				  st_open_fault_text(fault == ST_OPEN_GOOD ? ST_OPEN_WRONG : fault));
	} else if (got != ST_GOT_FAILED) {
		st_failed(failure, ST_DAMAGED, "%s is truncated or missing", name);
	}
	free(object);
	free(out);
	return j;
}
