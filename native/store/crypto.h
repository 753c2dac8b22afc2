/*
 * Keys, digests, and the way a record goes: compress, encrypt; decrypt, decompress, digest again.
 *
 * Theory of operation
 * -------------------
 * st_keys holds what is derived from the tenant's key; immutable, shared by all threads. A st_coder belongs to one thread: OpenSSL
 * and zstd contexts that are made once and reused, and scratch memory, so that a record costs no allocation. format.h
 * has the derivations and layouts.
 *
 * Opening checks in this order: the header against the lengths that the index names; the tag, over header, name and
 * ciphertext; the plaintext's length; its digest. The digest is computed again although the tag has vouched for the
 * record, because it also covers the writer's memory between hashing and sealing. Nothing is handed out before all of it holds.
 */
#ifndef ST_CRYPTO_H
#define ST_CRYPTO_H

#include "format.h"

struct st_keys;
struct st_coder;

/* Return: NULL without memory. The key is copied; the caller wipes his. */
struct st_keys *st_keys_new(const uint8_t tenant_key[ST_KEY]);
/* Wipes what was derived. */
void st_keys_free(struct st_keys *keys);
const uint8_t *st_keys_id(const struct st_keys *keys);

/* Completes the root with the key's id and the MAC. text: ST_ROOT_TEXT + 1 bytes. */
void st_root_seal(const struct st_keys *keys, struct st_root *root, char text[ST_ROOT_TEXT + 1]);
enum st_root_fault { ST_ROOT_GOOD, ST_ROOT_MALFORMED, ST_ROOT_OTHER_KEY, ST_ROOT_FORGED };
enum st_root_fault st_root_open(const struct st_keys *keys, const char *text, struct st_root *root);

/* level: zstd's, negative ones are faster. max_plain: the largest record that passes through.
 * Return: NULL without memory. keys must outlive it. */
struct st_coder *st_coder_new(const struct st_keys *keys, int level, size_t max_plain);
void st_coder_free(struct st_coder *coder);

void st_digest(struct st_coder *coder, enum st_kind kind, const void *data, size_t len, uint8_t out[ST_DIGEST]);

/* What a record will hold: either data itself or the coder's scratch, valid until its next call. */
struct st_body {
	struct st_record record;
	const uint8_t *bytes;
};
/* Compresses if that makes it smaller by at least a sixteenth. */
void st_compress(struct st_coder *coder, enum st_kind kind, const void *data, size_t len, struct st_body *body);
static inline uint32_t st_body_stored(const struct st_body *body)
{
	return body->record.sealed + ST_RECORD_OVERHEAD;
}
/* Writes st_body_stored() bytes. writer is NULL for manifests. Return: false when OpenSSL fails, which nothing should cause. */
bool st_seal(struct st_coder *coder, const struct st_id *writer, const uint8_t name[ST_DIGEST], const struct st_body *body,
	     uint8_t *out);

enum st_open_fault {
	ST_OPEN_GOOD,
	ST_OPEN_MALFORMED, /* its header is not that of such a record */
	ST_OPEN_ALTERED,   /* the tag does not match */
	ST_OPEN_WRONG,     /* authentic, but not what its name says: written by a broken program or machine */
};
/* Opens a record of len bytes into out, at most max bytes. Chunks and pages are compared with their digest, the name. */
enum st_open_fault st_open(struct st_coder *coder, const struct st_id *writer, enum st_kind kind,
			   const uint8_t name[ST_DIGEST], const uint8_t *record, size_t len, uint8_t *out, uint32_t max,
			   uint32_t *plain);
const char *st_open_fault_text(enum st_open_fault fault);

/* Names of records that have no digest. */
void st_trailer_name(const struct st_pack_id *pack, uint8_t name[ST_DIGEST]);
void st_manifest_name(const struct st_id *point, uint8_t name[ST_DIGEST]);

bool st_is_zero(const void *data, size_t len);
void st_wipe(void *data, size_t len);

#endif
