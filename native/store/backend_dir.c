/*
 * The directory back end: a local filesystem or a mounted one.
 *
 * Durability. A pack is written, its write-back started at once, and synced (fdatasync) when two more have been written: the
 * disk is kept busy and the dirty pages few. sync() waits for the rest and then for the folders, from the pack's up to the store's.
 * What was written, or read in large pieces, is dropped from the page cache: it would push out what the host's guests need.
 */
#include "backend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SLICE (1u << 20)
#define UNSYNCED 2
#define FOLDERS 8
/* Reads of this size are of data that comes by once. */
#define PASSING (256u << 10)
#define PAGE 4096
/* Other objects that are asked whether the store is there. */
#define PROBES 32

struct directory {
	struct st_backend backend;
	/* Immutable. */
	char path[PATH_MAX]; /* for messages */
	int store, tenant;   /* folders; tenant -1: the store has nothing of his */

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	int unsynced[UNSYNCED]; /* files, oldest first */
	unsigned n_unsynced;
	char folders[FOLDERS][ST_NAME]; /* that got new files since the last sync */
	unsigned n_folders;
};

bool st_failed(struct st_failure *failure, enum st_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(failure->message, sizeof failure->message, format, args);
	va_end(args);
	failure->code = code;
	return false;
}

static bool refused(const struct directory *d, const char *doing, const char *name, struct st_failure *failure)
{
	int e = errno;
	if (e == ENOSPC || e == EDQUOT || e == EFBIG)
		return st_failed(failure, ST_FULL, "cannot %s %s in the store %s: %s; free some space, or prune recovery points", doing,
				 name, d->path, strerror(e));
	return st_failed(failure, ST_UNAVAILABLE, "cannot %s %s in the store %s: %s", doing, name, d->path, strerror(e));
}

/* --- writing ----------------------------------------------------------------------------------------------------------------- */

/* Ends a file that was written. Return: false with errno set when it may not be on the disk. */
static bool settle(int fd)
{
	bool ok = fdatasync(fd) == 0;
	int e = errno;
	if (ok)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	errno = e;
	return ok;
}

static void folder_of(const char *name, char folder[ST_NAME])
{
	const char *slash = strrchr(name, '/');
	snprintf(folder, ST_NAME, "%.*s", slash ? (int)(slash - name) : 0, name);
}

/* Makes the folders on the way to name. */
static bool make_folders(int at, const char *name)
{
	char part[ST_NAME];
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
		if (mkdirat(at, part, 0700) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static int create_file(struct directory *d, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(d->tenant, name, flags, 0600);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	/* Once more than twice: the collector removes a folder that it finds empty. */
	for (int i = 0; fd < 0 && errno == ENOENT && i < 10; i++) {
		if (!make_folders(d->tenant, name))
			return -1;
		fd = openat(d->tenant, name, flags, 0600);
	}
	return fd;
}

static bool write_slices(int fd, const uint8_t *p, size_t len, struct st_watch *watch)
{
	while (len) {
		ssize_t n = write(fd, p, len < SLICE ? len : SLICE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
		st_watch_touch(watch);
	}
	return true;
}

/* Remembers a file and its folder for sync(). Return: the file that has to be settled instead, -1: none. */
static int remember(struct directory *d, int fd, const char *name)
{
	char folder[ST_NAME];
	int oldest = -1;
	folder_of(name, folder);
	pthread_mutex_lock(&d->lock);
	unsigned i = 0;
	while (i < d->n_folders && strcmp(d->folders[i], folder) != 0)
		i++;
	if (i == d->n_folders && i < FOLDERS)
		memcpy(d->folders[d->n_folders++], folder, sizeof folder);
	if (d->n_unsynced == UNSYNCED) {
		oldest = d->unsynced[0];
		memmove(d->unsynced, d->unsynced + 1, (UNSYNCED - 1) * sizeof *d->unsynced);
		d->n_unsynced--;
	}
	d->unsynced[d->n_unsynced++] = fd;
	pthread_mutex_unlock(&d->lock);
	return oldest;
}

static bool directory_put(struct st_backend *be, const char *name, const void *data, size_t len, struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "writing %s to %s", name, d->path);
	bool ok = false;
	int fd = create_file(d, name);
	if (fd < 0) {
		refused(d, "create", name, failure);
		goto end;
	}
	if (!write_slices(fd, data, len, watch)) {
		refused(d, "write", name, failure);
		close(fd);
		goto end;
	}
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	int oldest = remember(d, fd, name);
	st_watch_touch(watch);
	ok = oldest < 0 || settle(oldest) || refused(d, "sync a pack before", name, failure);
end:
	st_watch_end(watch);
	return ok;
}

static bool sync_folder(struct directory *d, const char *name)
{
	int fd = name[0] ? openat(d->tenant, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : dup(d->tenant);
	bool ok = fd >= 0 && fsync(fd) == 0;
	int e = errno;
	if (fd >= 0)
		close(fd);
	errno = e;
	return ok;
}

/* The folder and those above it, up to the tenant's. */
static bool sync_upwards(struct directory *d, const char *name)
{
	char folder[ST_NAME], above[ST_NAME];
	snprintf(folder, sizeof folder, "%s", name);
	while (sync_folder(d, folder)) {
		if (!folder[0])
			return true;
		folder_of(folder, above);
		memcpy(folder, above, sizeof folder);
	}
	return false;
}

static bool directory_sync(struct st_backend *be, struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "syncing %s", d->path);
	bool ok = true;
	pthread_mutex_lock(&d->lock);
	for (unsigned i = 0; i < d->n_unsynced; i++) {
		ok = settle(d->unsynced[i]) && ok;
		st_watch_touch(watch);
	}
	d->n_unsynced = 0;
	for (unsigned i = 0; i < d->n_folders; i++)
		ok = sync_upwards(d, d->folders[i]) && ok;
	d->n_folders = 0;
	ok = fsync(d->store) == 0 && ok;
	pthread_mutex_unlock(&d->lock);
	st_watch_end(watch);
	return ok || refused(d, "sync", "what was written", failure);
}

/* --- reading ----------------------------------------------------------------------------------------------------------------- */

static enum st_got not_got(struct directory *d, const char *name, struct st_failure *failure)
{
	if (d->tenant < 0)
		return ST_GOT_MISSING;
	if (errno == ENOENT || errno == ENOTDIR)
		return ST_GOT_MISSING;
	refused(d, "read", name, failure);
	return ST_GOT_FAILED;
}

struct listing {
	struct directory *d;
	st_listed listed;
	void *arg;
	bool stopped;
	struct st_watch *watch;
};

/* One folder and what is below; a folder that vanishes meanwhile was empty. */
static bool list_folder(struct listing *l, const char *folder, int depth)
{
	int fd = openat(l->d->tenant, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		int e = errno;
		if (fd >= 0)
			close(fd);
		errno = e;
		return e == ENOENT || e == ENOTDIR;
	}
	bool ok = true;
	struct dirent *entry;
	while (ok && !l->stopped && (errno = 0, entry = readdir(dir))) {
		char name[ST_NAME];
		struct stat st;
		st_watch_touch(l->watch);
		/* A name that is too long is none of ours. */
		if (entry->d_name[0] == '.' ||
		    snprintf(name, sizeof name, "%s/%s", folder, entry->d_name) >= (int)sizeof name)
			continue;
		if (fstatat(l->d->tenant, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			ok = errno == ENOENT;
		else if (S_ISDIR(st.st_mode) && depth)
			ok = list_folder(l, name, depth - 1);
		else if (S_ISREG(st.st_mode))
			l->stopped = !l->listed(l->arg, name, (uint64_t)st.st_size, (uint64_t)st.st_blocks * 512);
	}
	if (ok && !l->stopped && errno)
		ok = false;
	int e = errno;
	closedir(dir);
	errno = e;
	return ok;
}

/* From the disk, not from memory, which forgets whole pages only. */
static bool reads_at(int fd, off_t at)
{
	uint8_t byte;
	posix_fadvise(fd, at - at % PAGE, PAGE, POSIX_FADV_DONTNEED);
	return pread(fd, &byte, 1, at) == 1;
}

struct probing {
	struct directory *d;
	unsigned left;
	bool reads;
};

static bool probe(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	struct probing *p = arg;
	(void)size, (void)stored;
	int fd = openat(p->d->tenant, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		p->reads = reads_at(fd, 0);
		close(fd);
	}
	return !p->reads && --p->left;
}

static bool another_reads(struct directory *d, struct st_watch *watch)
{
	struct probing p = { .d = d, .left = PROBES };
	struct listing l = { .d = d, .listed = probe, .arg = &p, .watch = watch };
	list_folder(&l, "packs", 1);
	return p.reads;
}

/* Whether what cannot be read is some sectors, or all of the disk or of the server behind it. Keeps errno. */
static bool store_reads(struct directory *d, int fd, struct st_watch *watch)
{
	struct stat st;
	int e = errno;
	bool reads = (fstat(fd, &st) == 0 && st.st_size && (reads_at(fd, 0) || reads_at(fd, st.st_size - 1))) || another_reads(d, watch);
	errno = e;
	return reads;
}

/* EBADMSG, EUCLEAN: a filesystem with checksums of its own. */
static bool is_lost(int e)
{
	return e == EIO || e == EBADMSG || e == EUCLEAN;
}

static enum st_got directory_get(struct st_backend *be, const char *name, uint64_t offset, void *out, size_t len,
				 struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "reading %s from %s", name, d->path);
	enum st_got got = ST_GOT;
	int fd = openat(d->tenant, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		got = not_got(d, name, failure);
	uint64_t from = offset;
	for (uint8_t *p = out; got == ST_GOT && len;) {
		ssize_t n = pread(fd, p, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			got = is_lost(errno) && store_reads(d, fd, watch) ? ST_GOT_UNREADABLE : not_got(d, name, failure);
		else if (n == 0)
			got = ST_GOT_SHORT;
		else
			p += n, len -= (size_t)n, offset += (uint64_t)n;
	}
	if (offset - from >= PASSING)
		posix_fadvise(fd, (off_t)from, (off_t)(offset - from), POSIX_FADV_DONTNEED);
	if (fd >= 0)
		close(fd);
	st_watch_end(watch);
	return got;
}

static bool directory_list(struct st_backend *be, const char *prefix, st_listed listed, void *arg, struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	struct listing l = { .d = d, .listed = listed, .arg = arg };
	char folder[ST_NAME];
	l.watch = st_watch_begin(ST_UNAVAILABLE, "listing %s in %s", prefix, d->path);
	snprintf(folder, sizeof folder, "%.*s", (int)(strlen(prefix) - 1), prefix);
	bool ok = d->tenant < 0 || list_folder(&l, folder, 1) || refused(d, "list", prefix, failure);
	st_watch_end(l.watch);
	return ok;
}

/* --- removing ---------------------------------------------------------------------------------------------------------------- */

static bool directory_remove(struct st_backend *be, const char *name, struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	char folder[ST_NAME];
	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "removing %s from %s", name, d->path);
	bool ok = d->tenant < 0 || unlinkat(d->tenant, name, 0) == 0 || errno == ENOENT || refused(d, "remove", name, failure);
	folder_of(name, folder);
	/* The writer's folder goes with its last pack. */
	if (ok && strchr(folder, '/'))
		unlinkat(d->tenant, folder, AT_REMOVEDIR);
	st_watch_end(watch);
	return ok;
}

static bool directory_punch(struct st_backend *be, const char *name, uint64_t offset, uint64_t len, uint64_t *freed,
			    struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	struct stat before, after;
	bool ok = true;
	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "punching holes into %s in %s", name, d->path);
	int fd = openat(d->tenant, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	*freed = 0;
	if (fd < 0) {
		ok = errno == ENOENT || refused(d, "open", name, failure);
	} else if (fstat(fd, &before) != 0 ||
		   fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len) != 0 ||
		   fstat(fd, &after) != 0) {
		/* Not every filesystem can; the space is then waste, which is counted. */
		ok = errno == EOPNOTSUPP || errno == ENOSYS || refused(d, "punch holes into", name, failure);
	} else if (after.st_blocks < before.st_blocks) {
		*freed = (uint64_t)(before.st_blocks - after.st_blocks) * 512;
	}
	if (fd >= 0)
		close(fd);
	st_watch_end(watch);
	return ok;
}

static bool directory_free(struct st_backend *be, uint64_t *bytes, struct st_failure *failure)
{
	struct directory *d = (struct directory *)be;
	struct statvfs st;
	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "asking for the free space of %s", d->path);
	bool ok = fstatvfs(d->store, &st) == 0 || refused(d, "ask for the free space", "", failure);
	st_watch_end(watch);
	if (ok)
		*bytes = (uint64_t)st.f_bavail * st.f_frsize;
	return ok;
}

/* --- opening ----------------------------------------------------------------------------------------------------------------- */

static void directory_close(struct st_backend *be)
{
	struct directory *d = (struct directory *)be;
	for (unsigned i = 0; i < d->n_unsynced; i++)
		close(d->unsynced[i]);
	if (d->tenant >= 0)
		close(d->tenant);
	if (d->store >= 0)
		close(d->store);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static const struct st_backend_ops directory_ops = {
	.put = directory_put,
	.sync = directory_sync,
	.get = directory_get,
	.list = directory_list,
	.remove = directory_remove,
	.punch = directory_punch,
	.free_bytes = directory_free,
	.parallel_puts = 1,
	.parallel_gets = 2,
	.get_cost = 4096,
	.close = directory_close,
};

static bool nothing_there(const struct directory *d, const char *tenant, struct st_failure *failure)
{
	return st_failed(failure, ST_UNAVAILABLE, "the store %s holds nothing of the tenant %s: %s; is the right file system mounted there?",
			 d->path, tenant, strerror(errno));
}

struct st_backend *st_directory_open(const char *path, const struct st_id *tenant, enum st_open_mode mode,
				     struct st_failure *failure)
{
	char name[37];
	bool empty = false;
	size_t len = strlen(path);
	struct directory *d = len < sizeof d->path ? calloc(1, sizeof *d) : NULL;
	if (!d) {
		st_failed(failure, ST_INTERNAL, "no memory for the store %s, or its path is too long", path);
		return NULL;
	}
	d->backend.ops = &directory_ops;
	d->tenant = -1;
	pthread_mutex_init(&d->lock, NULL);
	memcpy(d->path, path, len + 1);
	st_id_text(tenant, name);

	struct st_watch *watch = st_watch_begin(ST_UNAVAILABLE, "opening %s", d->path);
	d->store = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->store < 0)
		st_failed(failure, ST_UNAVAILABLE, "cannot open the store's folder %s: %s; is it mounted?", path, strerror(errno));
	else if (mode == ST_CREATE && mkdirat(d->store, name, 0700) != 0 && errno != EEXIST)
		refused(d, "make the folder", name, failure);
	else if ((d->tenant = openat(d->store, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		empty = (mode == ST_MAY_LACK && errno == ENOENT) || nothing_there(d, name, failure);
	st_watch_end(watch);
	if (d->tenant >= 0 || empty)
		return &d->backend;
	directory_close(&d->backend);
	return NULL;
}
