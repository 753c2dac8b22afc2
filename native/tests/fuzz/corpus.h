/*
 * A corpus to begin with, for targets that random bytes seldom lead into. It lives in memory and is gone when the target ends, with what
 * libFuzzer added to it; an abort leaves it.
 */
#ifndef FH_FUZZ_CORPUS_H
#define FH_FUZZ_CORPUS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char corpus[64];

static inline void corpus_remove_folder(const char *path)
{
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

static inline void corpus_remove(void)
{
	corpus_remove_folder(corpus);
}

/* Makes the folder, and adds it to the arguments of LLVMFuzzerInitialize(). */
static inline void corpus_begin(const char *target, int *argc, char ***argv)
{
	static char *more[64];
	snprintf(corpus, sizeof corpus, "/dev/shm/%s-XXXXXX", target);
	if (*argc > 62 || !mkdtemp(corpus))
		abort();
	atexit(corpus_remove);
	memcpy(more, *argv, (size_t)*argc * sizeof more[0]);
	more[(*argc)++] = corpus;
	*argv = more;
}

static inline void corpus_add(const char *name, void (*write)(FILE *f))
{
	char path[96];
	snprintf(path, sizeof path, "%s/%s", corpus, name);
	FILE *f = fopen(path, "w");
	if (!f)
		abort();
	write(f);
	if (fclose(f) != 0)
		abort();
}

#endif
