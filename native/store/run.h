/*
 * A job while it runs: its one failure, its counters, its deadline for I/O, its speed limit.
 *
 * Theory of operation
 * -------------------
 * All threads of a job share one st_run. The first st_fail() decides how the job ends; everybody else sees st_stopped() and
 * returns. Nothing waits without looking at it: condition variables are woken through st_run_on_stop().
 *
 * An operation that may hang (NFS, a disk, a server) is bracketed by st_watch_begin() and st_watch_end(). A ticker thread looks
 * at them every 250 ms; when one made no progress for the limit, the job cannot be ended in an orderly way, because the thread
 * sits in the kernel: the ticker prints the failure and ends the process. The same thread prints the progress each second.
 *
 * Lock order: run->lock, then a module's own (the wakes take it). So st_fail() is never called with a module's lock held.
 */
#ifndef ST_RUN_H
#define ST_RUN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum st_code {
	ST_OK,
	ST_FULL,	 /* no space left in the store, or less than is to be kept free */
	ST_UNAVAILABLE,	 /* the store does not answer, or refuses */
	ST_DAMAGED,	 /* what is in it is not what was written */
	ST_WRONG_KEY,	 /* it was written with another key */
	ST_CANCELLED,
	ST_SOURCE_FAILED, /* the disk that is backed up */
	ST_TARGET_FAILED, /* the disk that is restored to */
	ST_BAD_JOB,
	ST_INTERNAL,
};
/* As it stands in a failure line. */
const char *st_code_text(enum st_code code);

struct st_failure {
	enum st_code code;
	char message[768];
};

struct st_run {
	/* Immutable once the threads run. */
	unsigned io_timeout; /* seconds */

	/* Mutable. */
	_Atomic bool stop;
	_Atomic uint64_t done, total, added; /* bytes */
	pthread_mutex_t lock;
	struct st_failure failure; /* the first one; under lock until the threads have ended */
	struct st_wake *wakes;	   /* under lock */
	struct st_bucket {
		uint64_t rate;		/* bytes a second, 0: no limit */
		pthread_mutex_t lock;
		uint64_t free_at;	/* ns, when the bytes taken so far are paid for; under lock */
	} bucket;
};

void st_run_init(struct st_run *run, unsigned io_timeout, uint64_t bytes_per_second);
void st_run_done(struct st_run *run);

/* Ends the job with a reason; later ones are ignored. Return: false, so that callers can return it. */
bool st_fail(struct st_run *run, enum st_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* For those who outlive a failure: takes it, and the job goes on. Return: false when there is none (any more). */
bool st_run_take_failure(struct st_run *run, struct st_failure *failure);
static inline bool st_stopped(struct st_run *run)
{
	return atomic_load_explicit(&run->stop, memory_order_acquire);
}

/* Called once when the job stops, from whichever thread. */
struct st_wake {
	void (*wake)(void *arg);
	void *arg;
	struct st_wake *next;
};
void st_run_on_stop(struct st_run *run, struct st_wake *wake);
/* One that was never registered is no harm. */
void st_run_forget(struct st_run *run, struct st_wake *wake);

/* Takes so many bytes of the speed limit; sleeps as long as that needs. Return: false when the job stops meanwhile. */
bool st_take(struct st_run *run, uint64_t bytes);

/* Brackets an operation that may hang: how the job fails then, and what it was doing. */
struct st_watch;
struct st_watch *st_watch_begin(enum st_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* It goes on: the time counts from here. */
void st_watch_touch(struct st_watch *watch);
void st_watch_end(struct st_watch *watch);
/* The operation that has made no progress for the longest time. Return: its code, ST_OK when none is older than limit_ns. */
enum st_code st_watch_oldest(uint64_t limit_ns, char *what, size_t len);

uint64_t st_now_ns(void);

#endif
