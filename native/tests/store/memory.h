/* A back end in memory, with faults on demand. */
#ifndef FH_TESTS_STORE_MEMORY_H
#define FH_TESTS_STORE_MEMORY_H

#include "backend.h"

struct memory_object {
	char name[ST_NAME];
	uint8_t *data;
	size_t len;
	struct memory_object *next;
};

struct memory {
	struct st_backend backend;
	pthread_mutex_t lock;
	struct memory_object *objects;
	unsigned puts, gets;
	unsigned fail_put_at; /* the put with this number (from 1) fails; 0: none */
	uint64_t free_bytes;
};

void memory_init(struct memory *m);
void memory_done(struct memory *m);
struct memory_object *memory_find(struct memory *m, const char *name);
size_t memory_count(struct memory *m);

#endif
