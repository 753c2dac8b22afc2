/*
 * The job document: one JSON object, read from a descriptor. docs: README's code map and BACKUP; every field is checked here, so
 * that what follows may rely on it.
 */
#ifndef ST_JOB_H
#define ST_JOB_H

#include "backend.h"
#include "format.h"
#include "run.h"

enum st_store_kind { ST_STORE_DIRECTORY, ST_STORE_S3 };

struct st_store {
	enum st_store_kind kind;
	const char *path; /* DIRECTORY */
	struct st_s3 s3;
};

struct st_job_volume {
	const char *name; /* what the result calls it: the volume's id, or an export's name */
	const char *source, *target, *bitmap, *base, *root;
	uint64_t size; /* bytes, 0: as the source or root says */
};

struct st_strings {
	const char **s;
	size_t n;
};

struct st_job {
	struct json_t *json; /* owns all strings */
	struct st_store store;
	struct st_id tenant, command, point;
	uint8_t key[ST_KEY];
	uint64_t bytes_per_second, memory_limit, keep_free;
	unsigned io_timeout; /* seconds */
	int level;	     /* zstd's */
	uint8_t chunk_shift;
	bool keep_going, dry_run;
	struct st_job_volume *volumes;
	size_t n_volumes;
	struct st_strings pinned, roots, live_roots;
	struct st_id *open_writers, *writers;
	size_t n_open_writers, n_writers;
};

/* What a command needs of its job. */
enum st_needs {
	ST_NEEDS_COMMAND = 1,
	ST_NEEDS_POINT = 2,
	ST_NEEDS_SOURCES = 4,
	ST_NEEDS_TARGETS = 8,
	ST_NEEDS_ROOTS = 16,
	ST_NEEDS_COLLECTION = 32, /* liveRoots, openWriters and writers */
	ST_NEEDS_EXPORTS = 64,
};

#define ST_JOB_MAX (64u << 20)

/* Return: false with the failure filled. The job is freed in any case. */
bool st_job_parse(struct st_job *job, const char *text, size_t len, unsigned needs, struct st_failure *failure);
/* Reads to the end of a descriptor, at most ST_JOB_MAX bytes. */
bool st_job_read(struct st_job *job, int fd, unsigned needs, struct st_failure *failure);
void st_job_free(struct st_job *job);

/* Opens the job's store. Return: NULL with the failure filled. */
struct st_backend *st_job_open_store(const struct st_job *job, enum st_open_mode mode, struct st_run *run,
				     struct st_failure *failure);

#endif
