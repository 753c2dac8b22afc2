#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WATCHES 128
#define NS 1000000000ull
/* How far a burst may run ahead of the limit, in time. */
#define BURST_NS (NS / 20)

struct st_watch {
	_Atomic bool taken;
	_Atomic uint64_t since; /* ns, 0: being filled */
	enum st_code code;
	char what[160];
};
static struct st_watch watches[WATCHES];

static const char *const code_texts[] = {
	[ST_OK] = "OK",
	[ST_FULL] = "STORE_FULL",
	[ST_UNAVAILABLE] = "STORE_UNAVAILABLE",
	[ST_DAMAGED] = "STORE_DAMAGED",
	[ST_WRONG_KEY] = "WRONG_KEY",
	[ST_CANCELLED] = "CANCELLED",
	[ST_SOURCE_FAILED] = "SOURCE_FAILED",
	[ST_TARGET_FAILED] = "TARGET_FAILED",
	[ST_BAD_JOB] = "BAD_JOB",
	[ST_INTERNAL] = "INTERNAL",
};

const char *st_code_text(enum st_code code)
{
	return code_texts[code];
}

uint64_t st_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

void st_run_init(struct st_run *run, unsigned io_timeout, uint64_t bytes_per_second)
{
	*run = (struct st_run){ .io_timeout = io_timeout, .bucket.rate = bytes_per_second };
	pthread_mutex_init(&run->lock, NULL);
	pthread_mutex_init(&run->bucket.lock, NULL);
}

void st_run_done(struct st_run *run)
{
	pthread_mutex_destroy(&run->lock);
	pthread_mutex_destroy(&run->bucket.lock);
}

void st_run_on_stop(struct st_run *run, struct st_wake *wake)
{
	pthread_mutex_lock(&run->lock);
	wake->next = run->wakes;
	run->wakes = wake;
	pthread_mutex_unlock(&run->lock);
}

void st_run_forget(struct st_run *run, struct st_wake *wake)
{
	pthread_mutex_lock(&run->lock);
	for (struct st_wake **w = &run->wakes; *w; w = &(*w)->next) {
		if (*w == wake) {
			*w = wake->next;
			break;
		}
	}
	pthread_mutex_unlock(&run->lock);
}

bool st_fail(struct st_run *run, enum st_code code, const char *format, ...)
{
	pthread_mutex_lock(&run->lock);
	if (run->failure.code == ST_OK) {
		va_list args;
		va_start(args, format);
		vsnprintf(run->failure.message, sizeof run->failure.message, format, args);
		va_end(args);
		run->failure.code = code;
		atomic_store_explicit(&run->stop, true, memory_order_release);
		for (struct st_wake *w = run->wakes; w; w = w->next)
			w->wake(w->arg);
	}
	pthread_mutex_unlock(&run->lock);
	return false;
}

bool st_run_take_failure(struct st_run *run, struct st_failure *failure)
{
	pthread_mutex_lock(&run->lock);
	bool any = run->failure.code != ST_OK;
	if (any) {
		*failure = run->failure;
		run->failure.code = ST_OK;
		atomic_store_explicit(&run->stop, false, memory_order_release);
	}
	pthread_mutex_unlock(&run->lock);
	return any;
}

bool st_take(struct st_run *run, uint64_t bytes)
{
	struct st_bucket *b = &run->bucket;
	if (!b->rate)
		return !st_stopped(run);

	pthread_mutex_lock(&b->lock);
	uint64_t now = st_now_ns();
	if (b->free_at + BURST_NS < now)
		b->free_at = now - BURST_NS;
	uint64_t wait_until = b->free_at;
	b->free_at += (uint64_t)((double)bytes * (double)NS / (double)b->rate);
	pthread_mutex_unlock(&b->lock);

	while (!st_stopped(run)) {
		now = st_now_ns();
		if (now >= wait_until)
			return true;
		uint64_t left = wait_until - now;
		struct timespec t = { .tv_nsec = (long)(left < NS / 10 ? left : NS / 10) };
		nanosleep(&t, NULL);
	}
	return false;
}

struct st_watch *st_watch_begin(enum st_code code, const char *format, ...)
{
	/* There are more watches than threads: one is free. */
	for (unsigned i = 0;; i = (i + 1) % WATCHES) {
		struct st_watch *w = &watches[i];
		bool expected = false;
		if (!atomic_compare_exchange_strong(&w->taken, &expected, true))
			continue;
		va_list args;
		va_start(args, format);
		vsnprintf(w->what, sizeof w->what, format, args);
		va_end(args);
		w->code = code;
		atomic_store(&w->since, st_now_ns());
		return w;
	}
}

void st_watch_touch(struct st_watch *w)
{
	atomic_store(&w->since, st_now_ns());
}

void st_watch_end(struct st_watch *w)
{
	atomic_store(&w->since, 0);
	atomic_store(&w->taken, false);
}

enum st_code st_watch_oldest(uint64_t limit_ns, char *what, size_t len)
{
	uint64_t now = st_now_ns(), oldest = now;
	enum st_code code = ST_OK;
	for (unsigned i = 0; i < WATCHES; i++) {
		uint64_t since = atomic_load(&watches[i].since);
		if (since && since < oldest) {
			oldest = since;
			/* An operation that hangs does not change what it is; one that ends meanwhile is too young to matter. */
			code = watches[i].code;
			snprintf(what, len, "%s", watches[i].what);
		}
	}
	return now - oldest > limit_ns ? code : ST_OK;
}
