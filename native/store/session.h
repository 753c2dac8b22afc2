/*
 * What a command works with, and the commands themselves: each reads a job, does it, and says what came of it.
 *
 * A command returns its result, or NULL with the run failed. Damages that were found are in the session either way.
 */
#ifndef ST_SESSION_H
#define ST_SESSION_H

#include <jansson.h>

#include "backend.h"
#include "crypto.h"
#include "job.h"
#include "reader.h"
#include "run.h"

struct st_session {
	struct st_run run;
	struct st_job job;
	struct st_backend *backend;
	struct st_keys *keys;

	/* Damages: a list of {root, offset, length, what, where}; under lock. Neighbours with one cause are one. */
	pthread_mutex_t lock;
	json_t *damages;
	size_t of_root;   /* listed of the root that came last */
	uint64_t omitted; /* beyond the first ST_DAMAGES, or a root's share of them */
};

#define ST_DAMAGES 1000

/* Makes an empty session, whose job is still to be read. Return: false without memory. */
bool st_session_init(struct st_session *s);
/* Derives the keys and opens the store. Return: false with the run failed. */
bool st_session_open(struct st_session *s, enum st_open_mode mode);
void st_session_close(struct st_session *s);

/* Notes a damage of a volume. root: as the job has it. */
void st_session_damage(struct st_session *s, const char *root, uint64_t offset, uint64_t length, const struct st_damage *damage);
uint64_t st_session_damages(struct st_session *s);
/* Fails the run because of a damage, naming the place. Return: false. */
bool st_session_fail_damaged(struct st_session *s, uint64_t offset, const struct st_damage *damage);
/* Opens a root of the job. Return: false with the run failed, in words that tell a wrong key from damage. */
bool st_session_root(struct st_session *s, const char *text, struct st_root *root);

json_t *st_backup(struct st_session *s);
json_t *st_restore(struct st_session *s);
json_t *st_verify(struct st_session *s);
json_t *st_collect(struct st_session *s);
json_t *st_writers(struct st_session *s);
json_t *st_info(struct st_session *s);

#endif
