/*
 * libFuzzer targets of store/: everything that is read from a store or a job. FH_FUZZ chooses one: record, page, root, pack, manifest,
 * job. Where a format is authenticated, the fuzzer also gets past that: it seals its own bytes.
 */
#include "crypto.h"
#include "job.h"
#include "manifest.h"
#include "must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct st_keys *keys;
static struct st_coder *coder;
static const struct st_id id = { { 7 } };

/* A record of anybody: never opens, unless it is the empty change of one that does. */
static void fuzz_record(const uint8_t *data, size_t size)
{
	static uint8_t out[ST_CHUNK_MAX];
	uint8_t name[ST_DIGEST] = { 0 };
	uint32_t plain;
	for (unsigned kind = ST_CHUNK; kind <= ST_MANIFEST; kind++)
		MUST(st_open(coder, &id, kind, name, data, size, out, sizeof out, &plain) != ST_OPEN_GOOD);
	/* What is authentic, but was written by a broken program: the sealed bytes are not what zstd would have made. */
	struct st_body body = { .record = { .kind = ST_TRAILER, .method = ST_ZSTD, .plain = 4096 }, .bytes = data };
	if (!size || size >= 4096)
		return;
	body.record.sealed = (uint32_t)size;
	static uint8_t record[4096 + ST_RECORD_OVERHEAD];
	MUST(st_seal(coder, &id, name, &body, record));
	if (st_open(coder, &id, ST_TRAILER, name, record, st_body_stored(&body), out, 4096, &plain) == ST_OPEN_GOOD)
		MUST(plain == 4096);
}

/* What decodes, encodes to something that decodes to the same. */
static void fuzz_page(const uint8_t *data, size_t size)
{
	static struct st_page page, again;
	static uint8_t plain[ST_PAGE_MAX];
	if (size < 1)
		return;
	uint8_t level = data[0] % 6;
	if (!st_page_decode(data + 1, size - 1, level, 1 << 16, &page))
		return;
	size_t len = st_page_encode(&page, plain);
	MUST(len && len <= ST_PAGE_MAX);
	MUST(st_page_decode(plain, len, level, 1 << 16, &again));
	for (unsigned i = 0; i < ST_FANOUT; i++) {
		const struct st_entry *a = &page.entries[i], *b = &again.entries[i];
		MUST(a->length == b->length && a->offset == b->offset && a->ordinal == b->ordinal && st_same_pack(&a->pack, &b->pack) &&
		     memcmp(a->digest, b->digest, ST_DIGEST) == 0);
		MUST(!st_present(a) || (uint64_t)a->offset + a->length <= ST_PACK_MAX);
	}
}

static void fuzz_root(const uint8_t *data, size_t size)
{
	char text[256];
	uint8_t bytes[ST_ROOT_BYTES];
	struct st_root root;
	if (size >= sizeof text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	MUST(st_root_open(keys, text, &root) != ST_ROOT_GOOD);
	/* The bytes as if they had been signed. */
	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
	if (st_root_decode(bytes, &root)) {
		char sealed[ST_ROOT_TEXT + 1];
		struct st_root back;
		st_root_seal(keys, &root, sealed);
		MUST(st_root_open(keys, sealed, &back) == ST_ROOT_GOOD);
		MUST(back.size == root.size && back.levels == root.levels && back.levels <= ST_LEVELS_MAX);
	}
}

static void fuzz_pack(const uint8_t *data, size_t size)
{
	struct st_pack_id pack = { .writer = id };
	uint32_t offset, length;
	char name[64];
	if (size >= ST_PACK_HEADER)
		st_pack_check_header(data, &pack, st_keys_id(keys));
	if (size >= ST_PACK_FOOTER && st_pack_check_footer(data + size - ST_PACK_FOOTER, size, &offset, &length))
		MUST((uint64_t)offset + length + ST_PACK_FOOTER == size);
	if (size < sizeof name) {
		memcpy(name, data, size);
		name[size] = '\0';
		if (st_pack_parse_name(name, &pack)) {
			char again[ST_NAME];
			st_pack_name(&pack, again);
			MUST(strcmp(name, again) == 0);
		}
	}
}

/* A back end with one object, the fuzzer's. */
struct one {
	struct st_backend backend;
	const uint8_t *data;
	size_t size;
};

static enum st_got one_get(struct st_backend *be, const char *name, uint64_t offset, void *out, size_t len, struct st_failure *failure)
{
	struct one *o = (struct one *)be;
	(void)name, (void)failure;
	if (offset + len > o->size)
		return ST_GOT_SHORT;
	memcpy(out, o->data + offset, len);
	return ST_GOT;
}

static void fuzz_manifest(const uint8_t *data, size_t size)
{
	static const struct st_backend_ops ops = { .get = one_get };
	struct one raw = { { &ops }, data, size };
	struct st_manifest manifest = { .point = id, .command = id, .size = size };
	struct st_failure failure;
	MUST(!st_manifest_read(&raw.backend, keys, &manifest, &failure));
	MUST(failure.code == ST_DAMAGED || failure.code == ST_WRONG_KEY);
	/* Sealed by us: any text may come out. */
	uint8_t *object = NULL;
	size_t len;
	if (size && st_manifest_seal(keys, &id, (const char *)data, size, &object, &len)) {
		struct one sealed = { { &ops }, object, len };
		manifest.size = len;
		json_decref(st_manifest_read(&sealed.backend, keys, &manifest, &failure));
	}
	free(object);
}

static void fuzz_job(const uint8_t *data, size_t size)
{
	struct st_job job;
	struct st_failure failure;
	if (!size)
		return;
	if (st_job_parse(&job, (const char *)data + 1, size - 1, data[0], &failure)) {
		MUST(job.memory_limit && job.io_timeout && job.n_volumes <= 256);
		for (size_t i = 0; i < job.n_volumes; i++)
			MUST(job.volumes[i].name && job.volumes[i].size <= ST_VOLUME_MAX);
		st_job_free(&job);
	} else {
		MUST(failure.code == ST_BAD_JOB);
	}
}

static const struct {
	const char *name;
	void (*run)(const uint8_t *data, size_t size);
} targets[] = {
	{ "record", fuzz_record }, { "page", fuzz_page }, { "root", fuzz_root },
	{ "pack", fuzz_pack },	   { "manifest", fuzz_manifest }, { "job", fuzz_job },
};
static void (*target)(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t key[ST_KEY] = { 3 };
	const char *name = getenv("FH_FUZZ");
	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
		if (name && strcmp(name, targets[i].name) == 0)
			target = targets[i].run;
	keys = st_keys_new(key);
	coder = st_coder_new(keys, 1, ST_CHUNK_MAX);
	MUST(target && keys && coder);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target(data, size);
	return 0;
}
