/*
 * freehold-store: one job, read from standard input as JSON, done, and told about in JSON lines. Secrets come in the job alone.
 *
 * A process a job: a mount that hangs, a crash or a memory limit ends that job and no other.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "report.h"
#include "session.h"

struct command {
	const char *name;
	json_t *(*run)(struct st_session *s);
	unsigned needs;
	enum st_open_mode mode;
};

static const struct command commands[] = {
	{ "backup", st_backup, ST_NEEDS_COMMAND | ST_NEEDS_POINT | ST_NEEDS_SOURCES, ST_CREATE },
	{ "restore", st_restore, ST_NEEDS_TARGETS, ST_MUST_EXIST },
	{ "verify", st_verify, ST_NEEDS_ROOTS, ST_MUST_EXIST },
	{ "writers", st_writers, 0, ST_MAY_LACK },
	{ "collect", st_collect, ST_NEEDS_COLLECTION, ST_MAY_LACK },
	{ "info", st_info, 0, ST_MAY_LACK },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int usage(void)
{
	fprintf(stderr, "usage: freehold-store backup|restore|verify|writers|collect|info <job.json\n");
	return 2;
}

/* What builds on points that are there, or needs them, finds the tenant in the store, or it is the wrong one. */
static enum st_open_mode mode_of(const struct command *command, const struct st_job *job)
{
	bool builds = job->pinned.n || job->live_roots.n;
	for (size_t i = 0; i < job->n_volumes; i++)
		builds = builds || job->volumes[i].base;
	return builds ? ST_MUST_EXIST : command->mode;
}

static json_t *run(const struct command *command, struct st_session *s)
{
	struct st_failure failure;
	if (!st_job_read(&s->job, STDIN_FILENO, command->needs, &failure)) {
		st_fail_with(&s->run, &failure);
		return NULL;
	}
	s->run.io_timeout = s->job.io_timeout;
	if (!st_report_start(s)) {
		st_fail(&s->run, ST_INTERNAL, "cannot start a thread");
		return NULL;
	}
	json_t *result = st_session_open(s, mode_of(command, &s->job)) ? command->run(s) : NULL;
	st_report_stop();
	return result;
}

int main(int argc, char **argv)
{
	static struct st_session session;
	const struct command *command = argc == 2 ? find(argv[1]) : NULL;
	if (!command)
		return usage();
#ifndef __SANITIZE_ADDRESS__
	/* Keys are in memory: no core files, no other process of the user looking in (which the leak checker has to). */
	prctl(PR_SET_DUMPABLE, 0);
#endif
	mallopt(M_ARENA_MAX, 2);
	st_report_block_signals();
	if (!st_session_init(&session))
		return 1;
	int status = st_report_end(&session, run(command, &session));
	st_session_close(&session);
	return status;
}
