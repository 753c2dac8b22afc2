#include "packer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bytes.h"

#define MAX_THREADS 8

struct pack {
	enum st_pack_kind kind;
	uint32_t number;
	uint8_t *buffer;
	size_t buffer_size;
	uint32_t used, records, pending; /* under the packer's lock */
	bool closed;			 /* under the packer's lock */
	uint8_t *lengths;		 /* u32 each: the trailer's plaintext */
	struct pack *next;
};

struct kind {
	uint32_t limit; /* bytes before the trailer */
	struct pack *open, *free;
	unsigned may_allocate;
};

struct st_packer {
	/* Immutable. */
	struct st_run *run;
	struct st_backend *backend;
	const struct st_keys *keys;
	struct st_packer_options options;
	uint32_t first;
	struct st_wake wake;

	/* Mutable, under lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct kind kinds[ST_PACK_KINDS + 1]; /* by st_pack_kind */
	struct pack *full;		      /* closed and committed, for the writer threads */
	unsigned busy;			      /* packs being put */
	uint32_t next;
	bool ended;

	pthread_t threads[MAX_THREADS];
	unsigned n_threads;
};

/* --- buffers ----------------------------------------------------------------------------------------------------------------- */

static struct pack *pack_new(enum st_pack_kind kind, uint32_t limit)
{
	struct pack *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->kind = kind;
	p->buffer_size = (size_t)limit + ST_TRAILER_MAX + ST_RECORD_OVERHEAD + ST_PACK_FOOTER;
	p->buffer = mmap(NULL, p->buffer_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p->lengths = malloc(ST_TRAILER_MAX);
	if (p->buffer != MAP_FAILED && p->lengths)
		return p;
	if (p->buffer != MAP_FAILED)
		munmap(p->buffer, p->buffer_size);
	free(p->lengths);
	free(p);
	return NULL;
}

static void pack_free(struct pack *p)
{
	while (p) {
		struct pack *next = p->next;
		munmap(p->buffer, p->buffer_size);
		free(p->lengths);
		free(p);
		p = next;
	}
}

static struct st_pack_id pack_id(const struct st_packer *pk, const struct pack *p)
{
	return (struct st_pack_id){ .writer = pk->options.writer, .number = p->number };
}

/* --- putting packs ----------------------------------------------------------------------------------------------------------- */

static bool enough_space(struct st_packer *pk, size_t len)
{
	uint64_t left;
	struct st_failure failure;
	if (!pk->options.keep_free || !pk->backend->ops->free_bytes)
		return true;
	if (!pk->backend->ops->free_bytes(pk->backend, &left, &failure))
		return st_fail_with(pk->run, &failure);
	if (left >= len && left - len >= pk->options.keep_free)
		return true;
	return st_fail(pk->run, ST_FULL, "the store has %" PRIu64 " MiB left, and %" PRIu64 " MiB are to be kept free; free some space, "
					 "or prune recovery points", left >> 20, pk->options.keep_free >> 20);
}

/* Return: the pack's final length, 0 when OpenSSL failed. */
static size_t add_trailer(struct st_packer *pk, struct st_coder *coder, struct pack *p)
{
	struct st_body body;
	struct st_pack_id id = pack_id(pk, p);
	uint8_t name[ST_DIGEST];
	st_trailer_name(&id, name);
	st_compress(coder, ST_TRAILER, p->lengths, (size_t)p->records * 4, &body);
	if (!st_seal(coder, &pk->options.writer, name, &body, p->buffer + p->used))
		return 0;
	uint32_t end = p->used + st_body_stored(&body);
	st_pack_footer(p->used, st_body_stored(&body), p->buffer + end);
	return end + ST_PACK_FOOTER;
}

static void put_pack(struct st_packer *pk, struct st_coder *coder, struct pack *p)
{
	char name[ST_NAME];
	struct st_failure failure;
	struct st_pack_id id = pack_id(pk, p);
	size_t len = add_trailer(pk, coder, p);
	st_pack_name(&id, name);
	if (!len)
		st_fail(pk->run, ST_INTERNAL, "OpenSSL could not seal the trailer of %s", name);
	else if (enough_space(pk, len) && !pk->backend->ops->put(pk->backend, name, p->buffer, len, &failure))
		st_fail_with(pk->run, &failure);
	else
		atomic_fetch_add(&pk->run->added, len);
}

static void *writer_thread(void *arg)
{
	struct st_packer *pk = arg;
	struct st_coder *coder = st_coder_new(pk->keys, 1, ST_TRAILER_MAX);
	if (!coder)
		st_fail(pk->run, ST_INTERNAL, "no memory to write packs");
	pthread_mutex_lock(&pk->lock);
	for (;;) {
		while (!pk->full && !pk->ended)
			pthread_cond_wait(&pk->changed, &pk->lock);
		struct pack *p = pk->full;
		if (!p)
			break;
		pk->full = p->next;
		pk->busy++;
		pthread_mutex_unlock(&pk->lock);
		if (!st_stopped(pk->run))
			put_pack(pk, coder, p);
		pthread_mutex_lock(&pk->lock);
		pk->busy--;
		p->next = pk->kinds[p->kind].free;
		pk->kinds[p->kind].free = p;
		pthread_cond_broadcast(&pk->changed);
	}
	pthread_mutex_unlock(&pk->lock);
	st_coder_free(coder);
	return NULL;
}

/* With the lock. A closed pack without pending records goes to the writers. */
static void hand_over(struct st_packer *pk, struct pack *p)
{
	struct pack **end = &pk->full;
	if (!p->closed || p->pending)
		return;
	while (*end)
		end = &(*end)->next;
	p->next = NULL;
	*end = p;
	pthread_cond_broadcast(&pk->changed);
}

static void close_pack(struct st_packer *pk, struct kind *k)
{
	struct pack *p = k->open;
	if (!p)
		return;
	k->open = NULL;
	p->closed = true;
	hand_over(pk, p);
}

/* --- reserving --------------------------------------------------------------------------------------------------------------- */

/* With the lock. Return: false when the job stops. */
static bool open_pack(struct st_packer *pk, enum st_pack_kind kind)
{
	struct kind *k = &pk->kinds[kind];
	while (!k->free && !k->may_allocate && !k->open && !st_stopped(pk->run))
		pthread_cond_wait(&pk->changed, &pk->lock);
	if (st_stopped(pk->run))
		return false;
	if (k->open) /* somebody else was quicker */
		return true;
	struct pack *p = k->free;
	if (p) {
		k->free = p->next;
	} else {
		p = pack_new(kind, k->limit);
		if (!p)
			return false;
		k->may_allocate--;
	}
	p->number = pk->next++;
	p->used = ST_PACK_HEADER;
	p->records = p->pending = 0;
	p->closed = false;
	p->next = NULL;
	struct st_pack_id id = pack_id(pk, p);
	st_pack_header(&id, kind, st_keys_id(pk->keys), p->buffer);
	k->open = p;
	return true;
}

bool st_packer_reserve(struct st_packer *pk, enum st_pack_kind kind, uint32_t length, struct st_spot *spot)
{
	struct kind *k = &pk->kinds[kind];
	pthread_mutex_lock(&pk->lock);
	while (!k->open || length > k->limit - k->open->used || k->open->records == ST_PACK_RECORDS) {
		close_pack(pk, k);
		if (!open_pack(pk, kind)) {
			pthread_mutex_unlock(&pk->lock);
			return st_fail(pk->run, ST_INTERNAL, "no memory for a pack");
		}
	}
	struct pack *p = k->open;
	spot->pack = p;
	spot->at = p->buffer + p->used;
	spot->entry = (struct st_entry){
		.pack = pack_id(pk, p), .offset = p->used, .length = length, .ordinal = (uint16_t)p->records
	};
	st_put32(p->lengths + (size_t)p->records * 4, length);
	p->records++;
	p->pending++;
	p->used += length;
	pthread_mutex_unlock(&pk->lock);
	return true;
}

void st_packer_commit(struct st_packer *pk, const struct st_spot *spot)
{
	struct pack *p = spot->pack;
	pthread_mutex_lock(&pk->lock);
	p->pending--;
	hand_over(pk, p);
	pthread_mutex_unlock(&pk->lock);
}

bool st_packer_add(struct st_packer *pk, struct st_coder *coder, enum st_kind kind, const uint8_t digest[ST_DIGEST],
		   const void *data, size_t len, struct st_entry *entry)
{
	struct st_body body;
	struct st_spot spot;
	st_compress(coder, kind, data, len, &body);
	if (!st_packer_reserve(pk, kind == ST_PAGE ? ST_PACK_PAGES : ST_PACK_DATA, st_body_stored(&body), &spot))
		return false;
	bool sealed = st_seal(coder, &pk->options.writer, digest, &body, spot.at);
	st_packer_commit(pk, &spot);
	if (!sealed)
		return st_fail(pk->run, ST_INTERNAL, "OpenSSL could not seal a record");
	*entry = spot.entry;
	memcpy(entry->digest, digest, ST_DIGEST);
	return true;
}

/* --- life -------------------------------------------------------------------------------------------------------------------- */

static bool see_number(void *arg, const char *name, uint64_t size, uint64_t stored)
{
	uint32_t *next = arg;
	struct st_pack_id id;
	(void)size, (void)stored;
	if (st_pack_parse_name(name, &id) && id.number >= *next)
		*next = id.number + 1;
	return true;
}

static void writer_prefix(const struct st_packer *pk, char prefix[ST_NAME])
{
	struct st_pack_id id = { .writer = pk->options.writer };
	st_pack_name(&id, prefix);
	strrchr(prefix, '/')[1] = '\0';
}

static void wake_all(void *arg)
{
	struct st_packer *pk = arg;
	pthread_mutex_lock(&pk->lock);
	pthread_cond_broadcast(&pk->changed);
	pthread_mutex_unlock(&pk->lock);
}

static void end_threads(struct st_packer *pk)
{
	pthread_mutex_lock(&pk->lock);
	pk->ended = true;
	pthread_cond_broadcast(&pk->changed);
	pthread_mutex_unlock(&pk->lock);
	while (pk->n_threads)
		pthread_join(pk->threads[--pk->n_threads], NULL);
}

struct st_packer *st_packer_new(struct st_run *run, struct st_backend *backend, const struct st_keys *keys,
				const struct st_packer_options *options)
{
	char prefix[ST_NAME];
	struct st_failure failure;
	struct st_packer *pk = calloc(1, sizeof *pk);
	if (!pk) {
		st_fail(run, ST_INTERNAL, "no memory to write packs");
		return NULL;
	}
	*pk = (struct st_packer){ .run = run, .backend = backend, .keys = keys, .options = *options, .wake = { wake_all, pk } };
	pk->kinds[ST_PACK_DATA] = (struct kind){
		.limit = options->data_pack ? options->data_pack : ST_DATA_PACK, .may_allocate = options->buffers
	};
	pk->kinds[ST_PACK_PAGES] = (struct kind){
		.limit = options->page_pack ? options->page_pack : ST_PAGE_PACK, .may_allocate = 2
	};
	pthread_mutex_init(&pk->lock, NULL);
	pthread_cond_init(&pk->changed, NULL);
	writer_prefix(pk, prefix);
	if (!backend->ops->list(backend, prefix, see_number, &pk->next, &failure)) {
		st_fail_with(run, &failure);
		goto failed;
	}
	pk->first = pk->next;
	if (!enough_space(pk, 0))
		goto failed;
	st_run_on_stop(run, &pk->wake);
	for (unsigned i = 0; i < options->threads && i < MAX_THREADS; i++) {
		if (pthread_create(&pk->threads[i], NULL, writer_thread, pk) != 0) {
			st_fail(run, ST_INTERNAL, "cannot start a thread to write packs");
			break;
		}
		pk->n_threads++;
	}
	return pk;
failed:
	st_packer_free(pk);
	return NULL;
}

bool st_packer_finish(struct st_packer *pk)
{
	struct st_failure failure;
	pthread_mutex_lock(&pk->lock);
	for (int kind = 1; kind <= ST_PACK_KINDS; kind++)
		close_pack(pk, &pk->kinds[kind]);
	while ((pk->full || pk->busy) && !st_stopped(pk->run))
		pthread_cond_wait(&pk->changed, &pk->lock);
	pthread_mutex_unlock(&pk->lock);
	end_threads(pk);
	if (st_stopped(pk->run))
		return false;
	return pk->backend->ops->sync(pk->backend, &failure) || st_fail_with(pk->run, &failure);
}

void st_packer_discard(struct st_packer *pk)
{
	end_threads(pk);
	for (uint32_t number = pk->first; number < pk->next; number++) {
		char name[ST_NAME];
		struct st_failure ignored;
		st_pack_name(&(struct st_pack_id){ .writer = pk->options.writer, .number = number }, name);
		if (!pk->backend->ops->remove(pk->backend, name, &ignored))
			return;
	}
}

void st_packer_free(struct st_packer *pk)
{
	if (!pk)
		return;
	end_threads(pk);
	st_run_forget(pk->run, &pk->wake);
	for (int kind = 1; kind <= ST_PACK_KINDS; kind++) {
		pack_free(pk->kinds[kind].open);
		pack_free(pk->kinds[kind].free);
	}
	pack_free(pk->full);
	pthread_mutex_destroy(&pk->lock);
	pthread_cond_destroy(&pk->changed);
	free(pk);
}
