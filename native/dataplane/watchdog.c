/*
 * Theory of operation
 * -------------------
 * A worker that no longer goes round (a loop in a library on a guest's rings, a lock that nobody gives back) takes its guests' network away
 * and, because grace periods wait for it, the control socket, too. Nothing inside the process can repair that, but a new process can: it
 * finds connections, desired state and guests again within a second. So a thread of its own looks at each worker's count of rounds and
 * the control thread's, four times a second, and ends the process when one of them stands still for too long. A sleeping worker goes round once a
 * second.
 *
 * What a hostile front end can make a worker wait for is ended much sooner: the second look at which it stands still interrupts it.
 *
 * Time in which this thread itself did not run (the machine was suspended, the process stopped) is nobody's fault and counts for nobody.
 */
#include "watchdog.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "front_end.h"
#include "log.h"
#include "runtime.h"

#define LOOK_MS 250
#define GAP_MS 2000
#define CONTROL_FACTOR 6

struct watched {
	uint64_t count, since_ms;
};

static uint64_t control_rounds;

void watchdog_control_lives(void)
{
	fh_count(&control_rounds, 1);
}

static void look(struct watched *w, const char *what, unsigned number, uint64_t count, uint64_t now, uint64_t limit_ms, bool gap)
{
	if (w->count != count || gap)
		*w = (struct watched){ count, now };
	if (now - w->since_ms < limit_ms)
		return;
	dp_log(LOG_CRIT, "%s %u has stood still for %u s; ending, so that the supervisor starts a new process", what, number, (unsigned)(limit_ms / 1000));
	_exit(WATCHDOG_STATUS);
}

static void *watch(void *arg)
{
	uint64_t limit_ms = (uint64_t)(uintptr_t)arg * 1000u, last = dp_boot_ms();
	struct watched workers[DP_MAX_WORKERS], control = { 0, last };
	for (unsigned i = 0; i < dp.n_workers; i++)
		workers[i] = (struct watched){ 0, last };
	for (;;) {
		const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
		nanosleep(&pause, NULL);
		uint64_t now = dp_boot_ms();
		bool gap = now - last > GAP_MS;
		last = now;
		for (unsigned i = 0; i < dp.n_workers; i++) {
			look(&workers[i], "worker", i, fh_load(&dp.workers[i].rounds), now, limit_ms, gap);
			if (now - workers[i].since_ms >= LOOK_MS)
				front_end_interrupt(&dp.workers[i]);
		}
		look(&control, "control thread", 0, fh_load(&control_rounds), now, limit_ms * CONTROL_FACTOR, gap);
	}
	return NULL;
}

bool watchdog_start(unsigned seconds)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, watch, (void *)(uintptr_t)seconds) != 0)
		return false;
	pthread_setname_np(thread, "fh-watchdog");
	return pthread_detach(thread) == 0;
}
