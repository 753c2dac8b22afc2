#include "crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "bytes.h"

#define MAC 8
#define WRITERS 64
#define SALT "freehold store v1"

struct st_keys {
	uint8_t master[ST_KEY]; /* HKDF's pseudorandom key */
	uint8_t digest[ST_KEY], manifests[ST_KEY], roots[ST_KEY], id[ST_KEY];
};

struct writer_key {
	bool set;
	struct st_id writer;
	uint8_t key[ST_KEY];
};

struct st_coder {
	const struct st_keys *keys;
	EVP_MAC *hmac;
	EVP_MAC_CTX *digest;
	EVP_CIPHER *gcm;
	EVP_CIPHER_CTX *seal, *open;
	ZSTD_CCtx *zip;
	ZSTD_DCtx *unzip;
	size_t max_plain, scratch_size;
	uint8_t *scratch;
	struct writer_key writers[WRITERS]; /* by the id's first byte: a restore meets few writers at a time */
};

/* --- keys ------------------------------------------------------------------------------------------------------------------ */

static bool hkdf(int mode, const void *key, size_t key_len, const void *info, size_t info_len, uint8_t out[ST_KEY])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_len),
		mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY ?
			OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (char[]){ SALT }, sizeof SALT - 1) :
			OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_len),
		OSSL_PARAM_construct_end(),
	};
	bool ok = ctx && EVP_KDF_derive(ctx, out, ST_KEY, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

static bool derive(const struct st_keys *keys, const char *info, uint8_t out[ST_KEY])
{
	return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, keys->master, ST_KEY, info, strlen(info), out);
}

struct st_keys *st_keys_new(const uint8_t tenant_key[ST_KEY])
{
	struct st_keys *keys = calloc(1, sizeof *keys);
	if (!keys)
		return NULL;
	if (hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, tenant_key, ST_KEY, NULL, 0, keys->master) &&
	    derive(keys, "digest", keys->digest) && derive(keys, "manifests", keys->manifests) &&
	    derive(keys, "roots", keys->roots) && derive(keys, "key id", keys->id))
		return keys;
	st_keys_free(keys);
	return NULL;
}

void st_keys_free(struct st_keys *keys)
{
	if (!keys)
		return;
	st_wipe(keys, sizeof *keys);
	free(keys);
}

const uint8_t *st_keys_id(const struct st_keys *keys)
{
	return keys->id;
}

/* The key of a writer's records, NULL: of manifests. */
static const uint8_t *record_key(struct st_coder *c, const struct st_id *writer)
{
	if (!writer)
		return c->keys->manifests;
	struct writer_key *w = &c->writers[writer->b[0] % WRITERS];
	if (!w->set || !st_same_id(&w->writer, writer)) {
		uint8_t info[7 + ST_ID] = "records";
		memcpy(info + 7, writer->b, ST_ID);
		w->writer = *writer;
		w->set = hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, c->keys->master, ST_KEY, info, sizeof info, w->key);
		if (!w->set)
			return NULL;
	}
	return w->key;
}

/* --- roots --------------------------------------------------------------------------------------------------------------- */

static void root_mac(const struct st_keys *keys, const uint8_t bytes[ST_ROOT_BYTES], uint8_t mac[MAC])
{
	uint8_t full[EVP_MAX_MD_SIZE];
	HMAC(EVP_sha256(), keys->roots, ST_KEY, bytes, ST_ROOT_BYTES - MAC, full, NULL);
	memcpy(mac, full, MAC);
}

void st_root_seal(const struct st_keys *keys, struct st_root *root, char text[ST_ROOT_TEXT + 1])
{
	uint8_t bytes[ST_ROOT_BYTES];
	memcpy(root->key_id, keys->id, ST_KEY_ID);
	st_root_encode(root, bytes);
	root_mac(keys, bytes, bytes + ST_ROOT_BYTES - MAC);
	st_root_to_text(bytes, text);
}

enum st_root_fault st_root_open(const struct st_keys *keys, const char *text, struct st_root *root)
{
	uint8_t bytes[ST_ROOT_BYTES], mac[MAC];
	if (!st_root_from_text(text, bytes) || !st_root_decode(bytes, root))
		return ST_ROOT_MALFORMED;
	if (memcmp(root->key_id, keys->id, ST_KEY_ID) != 0)
		return ST_ROOT_OTHER_KEY;
	root_mac(keys, bytes, mac);
	return CRYPTO_memcmp(mac, bytes + ST_ROOT_BYTES - MAC, MAC) == 0 ? ST_ROOT_GOOD : ST_ROOT_FORGED;
}

/* --- the coder -------------------------------------------------------------------------------------------------------------- */

static bool prepare_digest(struct st_coder *c)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_end(),
	};
	c->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	c->digest = c->hmac ? EVP_MAC_CTX_new(c->hmac) : NULL;
	return c->digest && EVP_MAC_init(c->digest, c->keys->digest, ST_KEY, params) == 1;
}

static bool prepare_cipher(struct st_coder *c)
{
	c->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	c->seal = EVP_CIPHER_CTX_new();
	c->open = EVP_CIPHER_CTX_new();
	return c->gcm && c->seal && c->open && EVP_EncryptInit_ex2(c->seal, c->gcm, NULL, NULL, NULL) == 1 &&
	       EVP_DecryptInit_ex2(c->open, c->gcm, NULL, NULL, NULL) == 1;
}

static bool prepare_zstd(struct st_coder *c, int level)
{
	c->zip = ZSTD_createCCtx();
	c->unzip = ZSTD_createDCtx();
	/* The record carries the length and has its own tag: zstd's frame needs neither content size nor checksum. */
	return c->zip && c->unzip && !ZSTD_isError(ZSTD_CCtx_setParameter(c->zip, ZSTD_c_compressionLevel, level)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(c->zip, ZSTD_c_contentSizeFlag, 0));
}

struct st_coder *st_coder_new(const struct st_keys *keys, int level, size_t max_plain)
{
	struct st_coder *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->keys = keys;
	c->max_plain = max_plain;
	c->scratch_size = ZSTD_compressBound(max_plain);
	c->scratch = malloc(c->scratch_size);
	if (c->scratch && prepare_digest(c) && prepare_cipher(c) && prepare_zstd(c, level))
		return c;
	st_coder_free(c);
	return NULL;
}

void st_coder_free(struct st_coder *c)
{
	if (!c)
		return;
	EVP_MAC_CTX_free(c->digest);
	EVP_MAC_free(c->hmac);
	EVP_CIPHER_CTX_free(c->seal);
	EVP_CIPHER_CTX_free(c->open);
	EVP_CIPHER_free(c->gcm);
	ZSTD_freeCCtx(c->zip);
	ZSTD_freeDCtx(c->unzip);
	free(c->scratch);
	st_wipe(c->writers, sizeof c->writers);
	free(c);
}

/* A digest that could not be computed must not look like one: there is no way on from here. */
static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "freehold-store: OpenSSL failed: %s\n", what);
	abort();
}

void st_digest(struct st_coder *c, enum st_kind kind, const void *data, size_t len, uint8_t out[ST_DIGEST])
{
	uint8_t k = (uint8_t)kind;
	size_t n;
	/* Without a key the context starts again with the one it has. */
	must(EVP_MAC_init(c->digest, NULL, 0, NULL) == 1 && EVP_MAC_update(c->digest, &k, 1) == 1 &&
		     EVP_MAC_update(c->digest, data, len) == 1 && EVP_MAC_final(c->digest, out, &n, ST_DIGEST) == 1,
	     "HMAC-SHA256");
}

void st_compress(struct st_coder *c, enum st_kind kind, const void *data, size_t len, struct st_body *body)
{
	size_t limit = len - len / 16, n = ZSTD_compress2(c->zip, c->scratch, c->scratch_size, data, len);
	body->record = (struct st_record){ .kind = kind, .plain = (uint32_t)len, .sealed = (uint32_t)len };
	body->bytes = data;
	if (!ZSTD_isError(n) && n < limit) {
		body->record.method = ST_ZSTD;
		body->record.sealed = (uint32_t)n;
		body->bytes = c->scratch;
	}
}

bool st_seal(struct st_coder *c, const struct st_id *writer, const uint8_t name[ST_DIGEST], const struct st_body *body,
	     uint8_t *out)
{
	const uint8_t *key = record_key(c, writer);
	uint8_t *nonce = out + ST_RECORD_HEADER, *sealed = nonce + ST_NONCE;
	int n, sealed_len = (int)body->record.sealed;

	st_record_encode(&body->record, out);
	return key && RAND_bytes(nonce, ST_NONCE) == 1 && EVP_EncryptInit_ex2(c->seal, NULL, key, nonce, NULL) == 1 &&
	       EVP_EncryptUpdate(c->seal, NULL, &n, out, ST_RECORD_HEADER) == 1 &&
	       EVP_EncryptUpdate(c->seal, NULL, &n, name, ST_DIGEST) == 1 &&
	       EVP_EncryptUpdate(c->seal, sealed, &n, body->bytes, sealed_len) == 1 && n == sealed_len &&
	       EVP_EncryptFinal_ex(c->seal, sealed + n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c->seal, EVP_CTRL_AEAD_GET_TAG, ST_TAG, sealed + sealed_len) == 1;
}

static bool decrypt(struct st_coder *c, const uint8_t *key, const uint8_t name[ST_DIGEST], const uint8_t *record,
		    int sealed_len, uint8_t *out)
{
	const uint8_t *nonce = record + ST_RECORD_HEADER, *sealed = nonce + ST_NONCE;
	int n;
	return EVP_DecryptInit_ex2(c->open, NULL, key, nonce, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c->open, EVP_CTRL_AEAD_SET_TAG, ST_TAG, (void *)(uintptr_t)(sealed + sealed_len)) == 1 &&
	       EVP_DecryptUpdate(c->open, NULL, &n, record, ST_RECORD_HEADER) == 1 &&
	       EVP_DecryptUpdate(c->open, NULL, &n, name, ST_DIGEST) == 1 &&
	       EVP_DecryptUpdate(c->open, out, &n, sealed, sealed_len) == 1 && EVP_DecryptFinal_ex(c->open, out + n, &n) == 1;
}

enum st_open_fault st_open(struct st_coder *c, const struct st_id *writer, enum st_kind kind, const uint8_t name[ST_DIGEST],
			   const uint8_t *record, size_t len, uint8_t *out, uint32_t max, uint32_t *plain)
{
	struct st_record r;
	uint8_t digest[ST_DIGEST];
	const uint8_t *key = record_key(c, writer);

	if (!st_record_decode(record, len, kind, max, &r) || r.sealed > c->scratch_size)
		return ST_OPEN_MALFORMED;
	uint8_t *sealed_to = r.method == ST_PLAIN ? out : c->scratch;
	if (!key || !decrypt(c, key, name, record, (int)r.sealed, sealed_to))
		return ST_OPEN_ALTERED;
	if (r.method == ST_ZSTD && ZSTD_decompressDCtx(c->unzip, out, r.plain, c->scratch, r.sealed) != r.plain)
		return ST_OPEN_WRONG;
	if (kind == ST_CHUNK || kind == ST_PAGE) {
		st_digest(c, kind, out, r.plain, digest);
		if (memcmp(digest, name, ST_DIGEST) != 0)
			return ST_OPEN_WRONG;
	}
	*plain = r.plain;
	return ST_OPEN_GOOD;
}

const char *st_open_fault_text(enum st_open_fault fault)
{
	switch (fault) {
	case ST_OPEN_GOOD:
		return "good";
	case ST_OPEN_MALFORMED:
		return "overwritten: there is no such record";
	case ST_OPEN_ALTERED:
		return "altered: the authentication tag does not match";
	case ST_OPEN_WRONG:
		return "wrong since it was written: authentic, but the digest does not match";
	}
	return "";
}

void st_trailer_name(const struct st_pack_id *pack, uint8_t name[ST_DIGEST])
{
	memset(name, 0, ST_DIGEST);
	memcpy(name, pack->writer.b, ST_ID);
	st_put32(name + ST_ID, pack->number);
}

void st_manifest_name(const struct st_id *point, uint8_t name[ST_DIGEST])
{
	memset(name, 0, ST_DIGEST);
	memcpy(name, point->b, ST_ID);
}

bool st_is_zero(const void *data, size_t len)
{
	const uint8_t *p = data;
	/* Most chunks that are not zero show it at once; the rest is compared with itself, as fast as memory allows. */
	for (size_t i = 0; i < 16 && i < len; i++)
		if (p[i])
			return false;
	return len <= 16 || memcmp(p, p + 16, len - 16) == 0;
}

void st_wipe(void *data, size_t len)
{
	OPENSSL_cleanse(data, len);
}
