#include "job.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"

#define DEFAULT_MEMORY (256ull << 20)
#define LEAST_MEMORY (64ull << 20)
#define DEFAULT_LEVEL 1
#define MAX_VOLUMES 256
#define LEAST_NODE (1u << 20)

static bool bad(struct st_failure *failure, const char *field, const char *should)
{
	return st_failed(failure, ST_BAD_JOB, "the job's field '%s' should be %s", field, should);
}

/* --- fields ------------------------------------------------------------------------------------------------------------------ */

/* Absent and null are the same. Return: false when it is there, but no text. */
static bool text(const json_t *object, const char *field, const char **out, struct st_failure *failure)
{
	const json_t *v = json_object_get(object, field);
	*out = NULL;
	if (!v || json_is_null(v))
		return true;
	*out = json_string_value(v);
	/* A text with a zero inside would mean something else to C. */
	if (!*out || strlen(*out) != json_string_length(v))
		return bad(failure, field, "a text");
	return true;
}

static bool needed_text(const json_t *object, const char *field, const char **out, struct st_failure *failure)
{
	return text(object, field, out, failure) && ((*out && **out) || bad(failure, field, "a text"));
}

static bool number(const json_t *object, const char *field, uint64_t least, uint64_t most, uint64_t fallback, uint64_t *out,
		   struct st_failure *failure)
{
	const json_t *v = json_object_get(object, field);
	*out = fallback;
	if (!v || json_is_null(v))
		return true;
	json_int_t n = json_integer_value(v);
	if (!json_is_integer(v) || n < 0 || (uint64_t)n < least || (uint64_t)n > most)
		return st_failed(failure, ST_BAD_JOB, "the job's field '%s' should be a whole number from %llu to %llu", field,
				 (unsigned long long)least, (unsigned long long)most);
	*out = (uint64_t)n;
	return true;
}

static bool flag(const json_t *object, const char *field, bool *out, struct st_failure *failure)
{
	const json_t *v = json_object_get(object, field);
	*out = json_is_true(v);
	return !v || json_is_boolean(v) || json_is_null(v) || bad(failure, field, "true or false");
}

static bool id(const json_t *object, const char *field, bool needed, struct st_id *out, struct st_failure *failure)
{
	const char *s;
	if (!text(object, field, &s, failure))
		return false;
	if (!s && !needed)
		return true;
	return (s && st_id_parse(s, out)) || bad(failure, field, "a UUID in lower case");
}

static bool strings(const json_t *object, const char *field, bool needed, struct st_strings *out, struct st_failure *failure)
{
	const json_t *v = json_object_get(object, field);
	if ((!v || json_is_null(v)) && !needed)
		return true;
	if (!json_is_array(v))
		return bad(failure, field, "a list of texts");
	out->s = calloc(json_array_size(v) + 1, sizeof *out->s);
	if (!out->s)
		return st_failed(failure, ST_INTERNAL, "no memory for the job");
	for (; out->n < json_array_size(v); out->n++) {
		out->s[out->n] = json_string_value(json_array_get(v, out->n));
		if (!out->s[out->n])
			return bad(failure, field, "a list of texts");
	}
	return true;
}

static bool ids(const json_t *object, const char *field, bool needed, struct st_id **out, size_t *n, struct st_failure *failure)
{
	struct st_strings texts = { 0 };
	bool ok = strings(object, field, needed, &texts, failure);
	*out = ok ? calloc(texts.n + 1, sizeof **out) : NULL;
	if (ok && !*out)
		ok = st_failed(failure, ST_INTERNAL, "no memory for the job");
	for (*n = 0; ok && *n < texts.n; ++*n)
		ok = st_id_parse(texts.s[*n], &(*out)[*n]) || bad(failure, field, "a list of UUIDs in lower case");
	free(texts.s);
	return ok;
}

static bool key(const json_t *object, uint8_t out[ST_KEY], struct st_failure *failure)
{
	const char *s;
	static const char digits[] = "0123456789abcdef", should[] = "32 bytes in lower-case hexadecimal";
	if (!needed_text(object, "key", &s, failure))
		return false;
	if (strlen(s) != ST_KEY * 2)
		return bad(failure, "key", should);
	for (int i = 0; i < ST_KEY; i++) {
		const char *hi = strchr(digits, s[i * 2]), *lo = strchr(digits, s[i * 2 + 1]);
		if (!hi || !lo)
			return bad(failure, "key", should);
		out[i] = (uint8_t)((hi - digits) << 4 | (lo - digits));
	}
	return true;
}

/* --- parts ------------------------------------------------------------------------------------------------------------------- */

static bool store(const json_t *object, struct st_store *out, struct st_failure *failure)
{
	const json_t *v = json_object_get(object, "store");
	const char *kind;
	if (!json_is_object(v))
		return bad(failure, "store", "an object");
	if (!needed_text(v, "kind", &kind, failure))
		return false;
	if (strcmp(kind, "DIRECTORY") == 0) {
		out->kind = ST_STORE_DIRECTORY;
		return needed_text(v, "path", &out->path, failure) && (out->path[0] == '/' || bad(failure, "path", "absolute"));
	}
	if (strcmp(kind, "S3") != 0)
		return bad(failure, "kind", "DIRECTORY or S3");
	out->kind = ST_STORE_S3;
	struct st_s3 *s3 = &out->s3;
	return needed_text(v, "endpoint", &s3->endpoint, failure) && needed_text(v, "bucket", &s3->bucket, failure) &&
	       text(v, "prefix", &s3->prefix, failure) && text(v, "region", &s3->region, failure) &&
	       needed_text(v, "accessKey", &s3->access_key, failure) && needed_text(v, "secretKey", &s3->secret_key, failure);
}

static bool volume(const json_t *v, unsigned needs, struct st_job_volume *out, struct st_failure *failure)
{
	if (!json_is_object(v))
		return bad(failure, "volumes", "a list of objects");
	bool ok = text(v, needs & ST_NEEDS_EXPORTS ? "name" : "id", &out->name, failure) && text(v, "bitmap", &out->bitmap, failure) &&
		  text(v, "base", &out->base, failure) && number(v, "sizeBytes", 0, ST_VOLUME_MAX, 0, &out->size, failure);
	if (ok && needs & ST_NEEDS_SOURCES)
		ok = needed_text(v, "source", &out->source, failure) && (out->name || bad(failure, "id", "a text")) &&
		     (!out->bitmap || out->base || bad(failure, "base", "given with a bitmap")) &&
		     (!out->bitmap || strlen(out->bitmap) < 256 || bad(failure, "bitmap", "shorter than 256 bytes"));
	if (ok && needs & ST_NEEDS_TARGETS)
		ok = needed_text(v, "target", &out->target, failure);
	if (ok && needs & (ST_NEEDS_TARGETS | ST_NEEDS_EXPORTS))
		ok = needed_text(v, "root", &out->root, failure);
	if (ok && !out->name)
		out->name = "";
	return ok;
}

static bool volumes(const json_t *object, unsigned needs, struct st_job *job, struct st_failure *failure)
{
	const json_t *v = json_object_get(object, "volumes");
	if (!(needs & (ST_NEEDS_SOURCES | ST_NEEDS_TARGETS | ST_NEEDS_EXPORTS)))
		return true;
	if (!json_is_array(v) || !json_array_size(v) || json_array_size(v) > MAX_VOLUMES)
		return bad(failure, "volumes", "a list of 1 to 256 objects");
	job->volumes = calloc(json_array_size(v), sizeof *job->volumes);
	if (!job->volumes)
		return st_failed(failure, ST_INTERNAL, "no memory for the job");
	for (; job->n_volumes < json_array_size(v); job->n_volumes++)
		if (!volume(json_array_get(v, job->n_volumes), needs, &job->volumes[job->n_volumes], failure))
			return false;
	return true;
}

static bool options(const json_t *object, struct st_job *job, struct st_failure *failure)
{
	uint64_t timeout, chunk, level;
	if (!number(object, "bytesPerSecond", 0, 1ull << 50, 0, &job->bytes_per_second, failure) ||
	    !number(object, "memoryLimit", LEAST_MEMORY, 1ull << 40, DEFAULT_MEMORY, &job->memory_limit, failure) ||
	    !number(object, "keepFreeBytes", 0, 1ull << 60, 0, &job->keep_free, failure) ||
	    !number(object, "ioTimeoutSeconds", 1, 3600, 60, &timeout, failure) ||
	    !number(object, "chunkBytes", 1u << ST_CHUNK_SHIFT_MIN, ST_CHUNK_MAX, 1u << ST_CHUNK_SHIFT, &chunk, failure) ||
	    !number(object, "compression", 1, 19, DEFAULT_LEVEL, &level, failure) ||
	    !flag(object, "keepGoing", &job->keep_going, failure) || !flag(object, "dryRun", &job->dry_run, failure))
		return false;
	if (chunk & (chunk - 1))
		return bad(failure, "chunkBytes", "a power of two");
	job->io_timeout = (unsigned)timeout;
	job->level = (int)level;
	job->chunk_shift = (uint8_t)__builtin_ctzll(chunk);
	return true;
}

static bool everything(const json_t *j, unsigned needs, struct st_job *job, struct st_failure *failure)
{
	bool collects = needs & ST_NEEDS_COLLECTION;
	if (!json_is_object(j))
		return st_failed(failure, ST_BAD_JOB, "the job is no JSON object");
	return store(j, &job->store, failure) && id(j, "tenant", true, &job->tenant, failure) && key(j, job->key, failure) &&
	       id(j, "command", needs & ST_NEEDS_COMMAND, &job->command, failure) &&
	       id(j, "point", needs & ST_NEEDS_POINT, &job->point, failure) && options(j, job, failure) &&
	       volumes(j, needs, job, failure) && strings(j, "pinned", false, &job->pinned, failure) &&
	       strings(j, "roots", needs & ST_NEEDS_ROOTS, &job->roots, failure) &&
	       strings(j, "liveRoots", collects, &job->live_roots, failure) &&
	       ids(j, "openWriters", collects, &job->open_writers, &job->n_open_writers, failure) &&
	       ids(j, "writers", collects, &job->writers, &job->n_writers, failure);
}

/* --- the document ------------------------------------------------------------------------------------------------------------ */

bool st_job_parse(struct st_job *job, const char *document, size_t len, unsigned needs, struct st_failure *failure)
{
	json_error_t error;
	*job = (struct st_job){ 0 };
	job->json = json_loadb(document, len, JSON_REJECT_DUPLICATES, &error);
	if (!job->json)
		/* jansson's own text would quote the document, which holds keys. */
		return st_failed(failure, ST_BAD_JOB, "the job is no JSON document: see line %d, column %d", error.line, error.column);
	if (everything(job->json, needs, job, failure))
		return true;
	st_job_free(job);
	return false;
}

bool st_job_read(struct st_job *job, int fd, unsigned needs, struct st_failure *failure)
{
	size_t len = 0, room = 0;
	char *document = NULL;
	bool ok = false;
	for (;;) {
		if (len == room) {
			size_t more = room ? room * 2 : LEAST_NODE;
			char *larger = more <= ST_JOB_MAX ? realloc(document, more) : NULL;
			if (!larger) {
				st_failed(failure, ST_BAD_JOB, "the job is larger than %u bytes", ST_JOB_MAX);
				break;
			}
			document = larger;
			room = more;
		}
		ssize_t n = read(fd, document + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			st_failed(failure, ST_BAD_JOB, "cannot read the job: %s", strerror(errno));
			break;
		}
		if (n == 0) {
			ok = st_job_parse(job, document, len, needs, failure);
			break;
		}
		len += (size_t)n;
	}
	if (document)
		st_wipe(document, room);
	free(document);
	return ok;
}

void st_job_free(struct st_job *job)
{
	json_decref(job->json);
	free(job->volumes);
	free(job->pinned.s);
	free(job->roots.s);
	free(job->live_roots.s);
	free(job->open_writers);
	free(job->writers);
	st_wipe(job, sizeof *job);
}

struct st_backend *st_job_open_store(const struct st_job *job, enum st_open_mode mode, struct st_run *run,
				     struct st_failure *failure)
{
	switch (job->store.kind) {
	case ST_STORE_DIRECTORY:
		return st_directory_open(job->store.path, &job->tenant, mode, failure);
	case ST_STORE_S3:
		break;
	}
	return st_s3_open(&job->store.s3, &job->tenant, run, failure);
}
