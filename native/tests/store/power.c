/*
 * Loaded before the C library: notes what is written, made and synced, in order, so that a test can tell what a power failure
 * would have left. FH_POWER_LOG names the file. One event a line: make, write, sync, remove, and a path.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The C library's own. */
#define ORIGINAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(const char *what, int fd, const char *name)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static FILE *log;
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 0 || !getenv("FH_POWER_LOG"))
		return;
	path[n] = '\0';
	pthread_mutex_lock(&lock);
	if (!log)
		log = fopen(getenv("FH_POWER_LOG"), "ae");
	if (log) {
		fprintf(log, "%s %s%s%s\n", what, path, name ? "/" : "", name ? name : "");
		fflush(log);
	}
	pthread_mutex_unlock(&lock);
}

EXPORT int openat(int at, const char *name, int flags, ...)
{
	mode_t mode = 0;
	if (flags & O_CREAT) {
		va_list args;
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	int fd = ORIGINAL(openat)(at, name, flags, mode);
	if (fd >= 0 && flags & O_CREAT)
		note("make", at, name);
	return fd;
}

EXPORT int mkdirat(int at, const char *name, mode_t mode)
{
	int result = ORIGINAL(mkdirat)(at, name, mode);
	if (result == 0)
		note("make", at, name);
	return result;
}

EXPORT ssize_t write(int fd, const void *data, size_t len)
{
	ssize_t n = ORIGINAL(write)(fd, data, len);
	if (n > 0)
		note("write", fd, NULL);
	return n;
}

EXPORT int fdatasync(int fd)
{
	int result = ORIGINAL(fdatasync)(fd);
	if (result == 0)
		note("sync", fd, NULL);
	return result;
}

EXPORT int fsync(int fd)
{
	int result = ORIGINAL(fsync)(fd);
	if (result == 0)
		note("sync", fd, NULL);
	return result;
}

EXPORT int unlinkat(int at, const char *name, int flags)
{
	int result = ORIGINAL(unlinkat)(at, name, flags);
	if (result == 0)
		note("remove", at, name);
	return result;
}
