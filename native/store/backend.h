/*
 * Where objects are: a directory or an S3 bucket, behind one table of functions.
 *
 * Theory of operation
 * -------------------
 * A back end is opened for one tenant; names are relative to him ("packs/…", "points/…"). An object is put whole, once. All
 * functions may be called by several threads at once. A name that is put is durable after sync(), not before.
 *
 * Every function says what went wrong in a st_failure of its caller and does not touch the job: a missing pack ends a restore,
 * but is a finding of a verification. Operations that may hang are watched (run.h); S3 has deadlines of its own.
 */
#ifndef ST_BACKEND_H
#define ST_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "run.h"

struct st_backend;

enum st_got {
	ST_GOT,
	ST_GOT_MISSING, /* no such object */
	ST_GOT_SHORT,	/* it ends before offset + len */
	ST_GOT_UNREADABLE, /* the disk has lost a part of it; the store is there */
	ST_GOT_FAILED,	/* see the failure */
};

/* size: of the object; stored: what it occupies. Return: false to stop the listing, which then succeeds. */
typedef bool (*st_listed)(void *arg, const char *name, uint64_t size, uint64_t stored);

struct st_backend_ops {
	/* Return: false with the failure filled: FULL, UNAVAILABLE. The object must not exist. */
	bool (*put)(struct st_backend *be, const char *name, const void *data, size_t len, struct st_failure *failure);
	/* What was put under the folder of name is durable when it returns true. */
	bool (*sync)(struct st_backend *be, struct st_failure *failure);
	/* Exactly len bytes. */
	enum st_got (*get)(struct st_backend *be, const char *name, uint64_t offset, void *out, size_t len,
			   struct st_failure *failure);
	/* All objects whose name begins with prefix, which ends at a '/', in no order. A prefix without objects is no failure. */
	bool (*list)(struct st_backend *be, const char *prefix, st_listed listed, void *arg, struct st_failure *failure);
	/* One that is not there is no failure. */
	bool (*remove)(struct st_backend *be, const char *name, struct st_failure *failure);
	/* Gives the space of these bytes back, keeping all offsets. *freed: bytes gained. NULL: cannot. */
	bool (*punch)(struct st_backend *be, const char *name, uint64_t offset, uint64_t len, uint64_t *freed,
		      struct st_failure *failure);
	/* Bytes that can still be written. NULL: without limit. */
	bool (*free_bytes)(struct st_backend *be, uint64_t *bytes, struct st_failure *failure);
	/* Requests that are worth having under way at once. */
	unsigned parallel_puts, parallel_gets;
	/* What a get costs beside its bytes, in bytes that could be moved instead. */
	unsigned get_cost;
	void (*close)(struct st_backend *be);
};

/* Embedded at the start of each back end. */
struct st_backend {
	const struct st_backend_ops *ops;
};

enum st_open_mode {
	ST_CREATE,     /* the tenant's first object may be put */
	ST_MUST_EXIST, /* a store without the tenant is the wrong one, or not mounted */
	ST_MAY_LACK,   /* a store without the tenant is empty */
};

/* path: absolute, exists; the tenant's folder is below. Return: NULL with the failure filled. */
struct st_backend *st_directory_open(const char *path, const struct st_id *tenant, enum st_open_mode mode,
				     struct st_failure *failure);

struct st_s3 {
	const char *endpoint, *bucket, *prefix, *region, *access_key, *secret_key; /* prefix and region may be NULL */
};
/* run: its I/O limit holds for each request with all its repetitions, and a job that stops ends what it is waiting for.
 * Return: NULL with the failure filled. Nothing is sent yet. */
struct st_backend *st_s3_open(const struct st_s3 *s3, const struct st_id *tenant, struct st_run *run, struct st_failure *failure);

/* Fills a failure. Return: false. */
bool st_failed(struct st_failure *failure, enum st_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
static inline bool st_fail_with(struct st_run *run, const struct st_failure *failure)
{
	return st_fail(run, failure->code, "%s", failure->message);
}

#endif
