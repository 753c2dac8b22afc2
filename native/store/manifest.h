/* A recovery point's manifest: what it consists of, sealed, in the store itself (points/<point>/<command>). */
#ifndef ST_MANIFEST_H
#define ST_MANIFEST_H

#include <jansson.h>

#include "backend.h"
#include "crypto.h"

#define ST_MANIFEST_MAX (1u << 20)

struct st_manifest {
	struct st_id point, command;
	uint64_t size; /* of the object */
};

/* Writes it and makes it durable. volumes: [{id, root, sizeBytes}]. Replaces one of the same command. */
bool st_manifest_write(struct st_backend *backend, const struct st_keys *keys, const struct st_manifest *manifest, json_t *volumes,
		       struct st_failure *failure);
bool st_manifest_remove(struct st_backend *backend, const struct st_manifest *manifest, struct st_failure *failure);

/* All that are in the store; the list is the caller's to free. */
struct st_manifests {
	struct st_manifest *list;
	size_t n;
	bool failed;
};
bool st_manifest_list(struct st_backend *backend, struct st_manifests *manifests, struct st_failure *failure);

/* The object's bytes from a plaintext and back; the latter into out, ST_MANIFEST_MAX bytes. */
bool st_manifest_seal(const struct st_keys *keys, const struct st_id *point, const char *plain, size_t len, uint8_t **object,
		      size_t *object_len);
enum st_open_fault st_manifest_open(const struct st_keys *keys, const struct st_id *point, const uint8_t *object, size_t len,
				    uint8_t *out, uint32_t *plain);

/* Reads one: {"point", "command", "writtenAt", "volumes": [...]}.
 * Return: NULL with the failure filled (DAMAGED, WRONG_KEY, UNAVAILABLE). */
json_t *st_manifest_read(struct st_backend *backend, const struct st_keys *keys, const struct st_manifest *manifest,
			 struct st_failure *failure);

#endif
