#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <libnbd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ALLOCATION "base:allocation"
#define DIRTY "qemu:dirty-bitmap:"
#define ASK (1ull << 30)
#define TICK_MS 250

struct st_source {
	struct st_run *run;
	struct nbd_handle *nbd;
	st_read_done done;
	void *arg;
	uint64_t size;
	char dirty[300]; /* the context's name, empty: none */
	bool knows_allocation;
	int event;
	unsigned under_way;
	uint64_t last_answer; /* ns */
	struct st_wake wake;
};

static bool failed(struct st_source *s, const char *doing)
{
	const char *why = nbd_get_error();
	return st_fail(s->run, ST_SOURCE_FAILED, "cannot %s the disk: %s", doing, why ? why : "unknown reason");
}

static void wake(void *arg)
{
	st_source_wake(arg);
}

void st_source_wake(struct st_source *s)
{
	uint64_t one = 1;
	/* It fails only when the counter is full, and then the loop wakes anyway. */
	if (write(s->event, &one, sizeof one) < 0)
		return;
}

static bool connect_to(struct st_source *s, const char *uri, const char *bitmap)
{
	s->nbd = nbd_create();
	if (!s->nbd)
		return failed(s, "prepare reading");
	if (bitmap)
		snprintf(s->dirty, sizeof s->dirty, DIRTY "%s", bitmap);
	if (nbd_add_meta_context(s->nbd, ALLOCATION) != 0 || (bitmap && nbd_add_meta_context(s->nbd, s->dirty) != 0) ||
	    nbd_set_pread_initialize(s->nbd, false) != 0)
		return failed(s, "prepare reading");
	struct st_watch *watch = st_watch_begin(ST_SOURCE_FAILED, "connecting to the disk's NBD server");
	bool ok = nbd_connect_uri(s->nbd, uri) == 0;
	st_watch_end(watch);
	if (!ok)
		return failed(s, "connect to");
	int64_t size = nbd_get_size(s->nbd);
	if (size < 0)
		return failed(s, "ask for the size of");
	s->size = (uint64_t)size;
	s->knows_allocation = nbd_can_meta_context(s->nbd, ALLOCATION) == 1;
	if (bitmap && nbd_can_meta_context(s->nbd, s->dirty) != 1)
		return st_fail(s->run, ST_SOURCE_FAILED, "the disk has no dirty bitmap '%s'; back up without one", bitmap);
	return true;
}

struct st_source *st_source_open(struct st_run *run, const char *uri, const char *bitmap, st_read_done done, void *arg)
{
	struct st_source *s = calloc(1, sizeof *s);
	if (!s) {
		st_fail(run, ST_INTERNAL, "no memory to read a disk");
		return NULL;
	}
	s->run = run;
	s->done = done;
	s->arg = arg;
	s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->last_answer = st_now_ns();
	s->wake = (struct st_wake){ wake, s };
	st_run_on_stop(run, &s->wake);
	if (s->event >= 0 && connect_to(s, uri, bitmap))
		return s;
	st_fail(run, ST_INTERNAL, "cannot make an event descriptor");
	st_source_close(s);
	return NULL;
}

void st_source_close(struct st_source *s)
{
	if (!s)
		return;
	/* Ends the callbacks of what is still under way. */
	nbd_close(s->nbd);
	st_run_forget(s->run, &s->wake);
	if (s->event >= 0)
		close(s->event);
	free(s);
}

uint64_t st_source_size(const struct st_source *s)
{
	return s->size;
}

/* --- the loop ---------------------------------------------------------------------------------------------------------------- */

bool st_source_turn(struct st_source *s)
{
	unsigned direction = nbd_aio_get_direction(s->nbd);
	struct pollfd fds[2] = {
		{ .fd = nbd_aio_get_fd(s->nbd), .events = (direction & LIBNBD_AIO_DIRECTION_READ ? POLLIN : 0) |
							  (direction & LIBNBD_AIO_DIRECTION_WRITE ? POLLOUT : 0) },
		{ .fd = s->event, .events = POLLIN },
	};
	int n = poll(fds, 2, TICK_MS);
	if (n < 0 && errno != EINTR)
		return st_fail(s->run, ST_INTERNAL, "poll: %s", strerror(errno));
	if (n > 0 && fds[1].revents) {
		uint64_t count;
		if (read(s->event, &count, sizeof count) < 0 && errno != EAGAIN)
			return st_fail(s->run, ST_INTERNAL, "eventfd: %s", strerror(errno));
	}
	if (n > 0 && fds[0].revents) {
		int result = 0;
		s->last_answer = st_now_ns();
		if (fds[0].revents & POLLIN && direction & LIBNBD_AIO_DIRECTION_READ)
			result = nbd_aio_notify_read(s->nbd);
		else if (fds[0].revents & POLLOUT && direction & LIBNBD_AIO_DIRECTION_WRITE)
			result = nbd_aio_notify_write(s->nbd);
		else if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL))
			return st_fail(s->run, ST_SOURCE_FAILED, "the disk's NBD server has hung up");
		if (result < 0 || nbd_aio_is_dead(s->nbd) || nbd_aio_is_closed(s->nbd))
			return failed(s, "read from");
	}
	if (s->under_way && st_now_ns() - s->last_answer > s->run->io_timeout * 1000000000ull)
		return st_fail(s->run, ST_SOURCE_FAILED, "the disk's NBD server has not answered for %u s", s->run->io_timeout);
	return !st_stopped(s->run);
}

static int read_ended(void *user, int *error)
{
	struct st_reading *r = user;
	struct st_source *s = r->source;
	s->under_way--;
	if (*error)
		st_fail(s->run, ST_SOURCE_FAILED, "cannot read the disk at %" PRIu64 ": %s", r->offset, strerror(*error));
	s->done(s->arg, r, *error == 0);
	return 1;
}

bool st_source_start(struct st_source *s, struct st_reading *r)
{
	r->source = s;
	if (!s->under_way++)
		s->last_answer = st_now_ns();
	if (nbd_aio_pread(s->nbd, r->buffer, r->len, r->offset,
			  (nbd_completion_callback){ .callback = read_ended, .user_data = r }, 0) >= 0)
		return true;
	/* libnbd calls back only for what it has taken on. */
	s->under_way--;
	failed(s, "read from");
	s->done(s->arg, r, false);
	return false;
}

unsigned st_source_under_way(const struct st_source *s)
{
	return s->under_way;
}

/* --- block status ------------------------------------------------------------------------------------------------------------ */

struct scan {
	struct st_source *source;
	struct st_plan *plan;
	uint64_t covered[2]; /* up to where each context has answered */
	bool failed;
};

static int extents(void *user, const char *context, uint64_t offset, uint32_t *entries, size_t n, int *error)
{
	struct scan *scan = user;
	bool dirty = strcmp(context, ALLOCATION) != 0;
	if (*error)
		scan->failed = true;
	for (size_t i = 0; i + 1 < n; i += 2) {
		bool counts = dirty ? entries[i + 1] & 1 : !(entries[i + 1] & LIBNBD_STATE_ZERO);
		if (counts)
			st_plan_mark(scan->plan, dirty ? scan->plan->dirty : scan->plan->data, offset, entries[i]);
		offset += entries[i];
	}
	scan->covered[dirty] = offset;
	return 0;
}

static bool ask(struct st_source *s, struct scan *scan, uint64_t offset, uint64_t len)
{
	int64_t cookie = nbd_aio_block_status(s->nbd, len, offset, (nbd_extent_callback){ .callback = extents, .user_data = scan },
					      NBD_NULL_COMPLETION, 0);
	if (cookie < 0)
		return failed(s, "ask for the block status of");
	s->under_way++;
	s->last_answer = st_now_ns();
	int done;
	while ((done = nbd_aio_command_completed(s->nbd, (uint64_t)cookie)) == 0)
		if (!st_source_turn(s))
			return false;
	s->under_way--;
	return (done > 0 && !scan->failed) || failed(s, "ask for the block status of");
}

bool st_source_scan(struct st_source *s, struct st_plan *plan)
{
	if (!s->knows_allocation)
		st_plan_mark(plan, plan->data, 0, s->size);
	if (!s->knows_allocation && !s->dirty[0])
		return true;
	for (uint64_t at = 0; at < s->size;) {
		struct scan scan = { .source = s, .plan = plan };
		uint64_t len = s->size - at < ASK ? s->size - at : ASK;
		if (!ask(s, &scan, at, len))
			return false;
		uint64_t next = s->knows_allocation ? scan.covered[0] : scan.covered[1];
		if (s->dirty[0] && scan.covered[1] < next)
			next = scan.covered[1];
		if (next <= at)
			return st_fail(s->run, ST_SOURCE_FAILED, "the disk's NBD server says nothing of its block status at %" PRIu64, at);
		at = next;
	}
	return true;
}
