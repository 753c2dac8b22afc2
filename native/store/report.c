#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_NS 250000000l
#define TICKS_A_SECOND 4

static struct {
	pthread_t thread;
	struct st_session *session;
	_Atomic bool stop, ended;
} ticker;

static sigset_t our_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

void st_report_block_signals(void)
{
	sigset_t set = our_signals();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Lines are written whole. Return: false when nobody can read them any more. */
static bool print(json_t *object)
{
	char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
	bool ok = true;
	if (line) {
		flockfile(stdout);
		ok = fputs(line, stdout) >= 0 && putc('\n', stdout) != EOF && fflush(stdout) == 0;
		funlockfile(stdout);
	}
	free(line);
	json_decref(object);
	return ok;
}

static bool first_to_end(void)
{
	return !atomic_exchange(&ticker.ended, true);
}

/* Whoever wanted the job done reads its lines: when he is gone, it is not wanted any more. */
static void print_progress(struct st_run *run)
{
	if (atomic_load(&ticker.ended))
		return;
	if (!print(json_pack("{s:{s:I, s:I, s:I}}", "progress", "done", (json_int_t)atomic_load(&run->done), "total",
			     (json_int_t)atomic_load(&run->total), "added", (json_int_t)atomic_load(&run->added))))
		st_fail(run, ST_CANCELLED, "nobody listens any more");
}

/* The thread that hangs sits in the kernel and will not come back: the process has to go. */
static void end_if_hanging(struct st_run *run)
{
	char what[160], message[256];
	enum st_code code = st_watch_oldest(run->io_timeout * 1000000000ull, what, sizeof what);
	if (code == ST_OK || !first_to_end())
		return;
	snprintf(message, sizeof message, "no answer for %u s while %s", run->io_timeout, what);
	print(json_pack("{s:{s:s, s:s, s:[]}}", "failure", "code", st_code_text(code), "message", message, "damages"));
	_exit(1);
}

static void *tick(void *arg)
{
	sigset_t set = our_signals();
	struct st_run *run = arg;
	for (unsigned n = 0; !atomic_load(&ticker.stop); n++) {
		struct timespec t = { .tv_nsec = TICK_NS };
		if (sigtimedwait(&set, NULL, &t) > 0 && !atomic_load(&ticker.stop))
			st_fail(run, ST_CANCELLED, "cancelled");
		end_if_hanging(run);
		if (n % TICKS_A_SECOND == TICKS_A_SECOND - 1)
			print_progress(run);
	}
	return NULL;
}

bool st_report_start(struct st_session *session)
{
	ticker.session = session;
	return pthread_create(&ticker.thread, NULL, tick, &session->run) == 0;
}

void st_report_stop(void)
{
	atomic_store(&ticker.stop, true);
	pthread_kill(ticker.thread, SIGTERM); /* ends its wait */
	pthread_join(ticker.thread, NULL);
}

int st_report_end(struct st_session *s, json_t *result)
{
	if (!first_to_end())
		return 1;
	if (result) {
		print(json_pack("{s:o}", "result", result));
		return 0;
	}
	print(json_pack("{s:{s:s, s:s, s:O, s:I}}", "failure", "code", st_code_text(s->run.failure.code), "message",
			s->run.failure.message, "damages", s->damages, "damagesOmitted", (json_int_t)s->omitted));
	return 1;
}
