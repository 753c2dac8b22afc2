#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libnbd.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CONNECTIONS 8 /* the agent's qemu-nbd accepts as many: MOST_CONNECTIONS in NbdServers.java */
#define ZERO_AT_ONCE (64u << 20) /* under one watch: a slow disk, too, writes as much within the limit */
#define ZEROES (1u << 20)
/* What was written is made durable every so many bytes: else the flush at the end waits for all of memory. */
#define FLUSH_EACH (256ull << 20)

struct st_target {
	struct st_run *run;
	int fd;
	bool fresh, block;
	struct nbd_handle *nbd[MAX_CONNECTIONS]; /* each is locked by libnbd */
	unsigned connections;
	bool can_zero, can_flush;
	_Atomic uint64_t written;
};

static bool failed(struct st_target *t, const char *doing, const char *why)
{
	return st_fail(t->run, ST_TARGET_FAILED, "cannot %s the target: %s", doing, why ? why : "unknown reason");
}

static struct st_watch *watched(void)
{
	return st_watch_begin(ST_TARGET_FAILED, "writing to the target");
}

/* --- files ------------------------------------------------------------------------------------------------------------------- */

static bool open_file(struct st_target *t, const char *path, uint64_t size)
{
	struct stat st;
	uint64_t device = 0;
	t->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (t->fd < 0 || fstat(t->fd, &st) != 0)
		return failed(t, "open", strerror(errno));
	t->block = S_ISBLK(st.st_mode);
	if (t->block) {
		if (ioctl(t->fd, BLKGETSIZE64, &device) != 0)
			return failed(t, "ask for the size of", strerror(errno));
		return device >= size ||
		       st_fail(t->run, ST_TARGET_FAILED, "the target has %" PRIu64 " bytes, the volume %" PRIu64, device, size);
	}
	if (!S_ISREG(st.st_mode))
		return failed(t, "use", "it is neither a file nor a block device");
	t->fresh = true;
	if (ftruncate(t->fd, 0) != 0 || ftruncate(t->fd, (off_t)size) != 0)
		return failed(t, "set the size of", strerror(errno));
	return true;
}

static bool write_file(struct st_target *t, const uint8_t *p, uint64_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(t->fd, p, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed(t, "write to", n ? strerror(errno) : "it took nothing");
		p += n;
		len -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

/* --- NBD --------------------------------------------------------------------------------------------------------------------- */

static struct nbd_handle *connect_to(struct st_target *t, const char *uri)
{
	struct nbd_handle *h = nbd_create();
	if (!h || nbd_connect_uri(h, uri) != 0) {
		failed(t, "connect to", nbd_get_error());
		nbd_close(h);
		return NULL;
	}
	return h;
}

static bool open_nbd(struct st_target *t, const char *uri, uint64_t size, unsigned threads)
{
	unsigned wanted = 1;
	for (; t->connections < wanted; t->connections++) {
		t->nbd[t->connections] = connect_to(t, uri);
		if (!t->nbd[t->connections])
			return false;
		if (nbd_can_multi_conn(t->nbd[0]) == 1)
			wanted = threads < MAX_CONNECTIONS ? threads : MAX_CONNECTIONS;
	}
	int64_t there = nbd_get_size(t->nbd[0]);
	if (there < 0 || (uint64_t)there < size)
		return st_fail(t->run, ST_TARGET_FAILED, "the target has %" PRIi64 " bytes, the volume %" PRIu64, there, size);
	if (nbd_is_read_only(t->nbd[0]) == 1)
		return failed(t, "write to", "it is read-only");
	t->can_zero = nbd_can_zero(t->nbd[0]) == 1;
	t->can_flush = nbd_can_flush(t->nbd[0]) == 1;
	return true;
}

/* --- both -------------------------------------------------------------------------------------------------------------------- */

struct st_target *st_target_open(struct st_run *run, const char *where, uint64_t size, unsigned threads)
{
	struct st_target *t = calloc(1, sizeof *t);
	if (!t) {
		st_fail(run, ST_INTERNAL, "no memory for the target");
		return NULL;
	}
	t->run = run;
	t->fd = -1;
	struct st_watch *watch = st_watch_begin(ST_TARGET_FAILED, "opening the target");
	bool ok = where[0] == '/' ? open_file(t, where, size) : open_nbd(t, where, size, threads);
	st_watch_end(watch);
	if (ok)
		return t;
	st_target_close(t);
	return NULL;
}

/* One of the connections flushes for all: NBD demands that where several are allowed. */
static bool flush(struct st_target *t, unsigned thread)
{
	if (t->fd >= 0)
		return fsync(t->fd) == 0 || failed(t, "sync", strerror(errno));
	return !t->can_flush || nbd_flush(t->nbd[thread % t->connections], 0) == 0 || failed(t, "sync", nbd_get_error());
}

bool st_target_write(struct st_target *t, unsigned thread, const void *data, uint32_t len, uint64_t offset)
{
	struct st_watch *watch = watched();
	bool ok = t->fd >= 0 ? write_file(t, data, len, offset) :
			       nbd_pwrite(t->nbd[thread % t->connections], data, len, offset, 0) == 0 ||
				       failed(t, "write to", nbd_get_error());
	uint64_t before = atomic_fetch_add(&t->written, len);
	if (ok && before / FLUSH_EACH != (before + len) / FLUSH_EACH) {
		st_watch_touch(watch);
		ok = flush(t, thread);
	}
	st_watch_end(watch);
	return ok;
}

bool st_target_needs_zeroes(const struct st_target *t)
{
	return !t->fresh;
}

static bool zero_some(struct st_target *t, unsigned thread, uint64_t offset, uint64_t len)
{
	static const uint8_t zeroes[ZEROES];
	uint64_t range[2] = { offset, len };
	if (t->block && offset % 4096 == 0 && len % 4096 == 0 && ioctl(t->fd, BLKZEROOUT, range) == 0)
		return true;
	if (t->fd < 0 && t->can_zero)
		return nbd_zero(t->nbd[thread % t->connections], len, offset, 0) == 0 || failed(t, "write to", nbd_get_error());
	for (uint64_t at = 0, n; at < len; at += n) {
		n = len - at < ZEROES ? len - at : ZEROES;
		if (!st_target_write(t, thread, zeroes, (uint32_t)n, offset + at))
			return false;
	}
	return true;
}

bool st_target_zero(struct st_target *t, unsigned thread, uint64_t offset, uint64_t len)
{
	bool ok = true;
	for (uint64_t at = 0, n; ok && at < len && !st_stopped(t->run); at += n) {
		n = len - at < ZERO_AT_ONCE ? len - at : ZERO_AT_ONCE;
		struct st_watch *watch = watched();
		ok = zero_some(t, thread, offset + at, n);
		st_watch_end(watch);
	}
	return ok;
}

bool st_target_flush(struct st_target *t)
{
	struct st_watch *watch = watched();
	bool ok = flush(t, 0);
	st_watch_end(watch);
	return ok;
}

void st_target_close(struct st_target *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->connections; i++)
		nbd_close(t->nbd[i]);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}
