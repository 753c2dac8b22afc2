/*
 * The reader: pages and chunks out of packs, checked.
 *
 * Theory of operation
 * -------------------
 * Pages are kept decoded in a bounded cache (least recently used goes first) and shared by reference count, so that walking many
 * roots with common subtrees reads each page once. Chunks are not cached here: st_fetch() takes the chunks that a caller
 * wants of a page, sorts them by where they lie, reads neighbours with one request, opens each, and hands it out.
 *
 * What cannot be opened is a *damage*: it says what is wrong, and where. Whether that ends the job is the caller's to say.
 * A back end that does not answer is no damage: it fails the job.
 *
 * A reader may be used by several threads; each brings a coder and a buffer of its own.
 */
#ifndef ST_READER_H
#define ST_READER_H

#include "backend.h"
#include "crypto.h"
#include "format.h"

struct st_reader;

struct st_damage {
	bool other_key;	 /* the pack was written with another key than the job's */
	char what[128];	 /* e.g. "altered: the authentication tag does not match" */
	char where[128]; /* e.g. "packs/…/00000003 at 65536, 1234 bytes" */
};

enum st_read {
	ST_READ,
	ST_READ_DAMAGED, /* see the damage */
	ST_READ_FAILED,	 /* the job has failed */
};

/* Return: NULL, with the job failed. */
struct st_reader *st_reader_new(struct st_run *run, struct st_backend *backend, const struct st_keys *keys, size_t cache_bytes);
void st_reader_free(struct st_reader *reader);

/* The page that an entry (or a root) names. *page is released by st_reader_release(). */
enum st_read st_reader_page(struct st_reader *reader, struct st_coder *coder, const struct st_entry *entry, uint8_t level,
			    uint32_t chunk_size, const struct st_page **page, struct st_damage *damage);
void st_reader_release(struct st_reader *reader, const struct st_page *page);

/* Bytes that were read from the back end so far. */
uint64_t st_reader_bytes(const struct st_reader *reader);

#define ST_FETCH_BUFFER (2u << 20)
struct st_want {
	uint64_t chunk; /* the caller's number for it */
	const struct st_entry *entry;
};
/* data: a chunk, valid during the call; NULL: damaged. Return: false to stop; the job has failed then. */
typedef bool (*st_fetched)(void *arg, const struct st_want *want, const uint8_t *data, const struct st_damage *damage);

/* Hands out every chunk that is wanted, in the order of the packs; sorts wants. buffer: ST_FETCH_BUFFER + ST_CHUNK_MAX bytes.
 * Return: false, with the job failed. */
bool st_fetch(struct st_reader *reader, struct st_coder *coder, uint8_t *buffer, uint32_t chunk_size, struct st_want *wants,
	      unsigned n, st_fetched fetched, void *arg);

/* A whole record, for those who look for damage. */
void st_damage_of_record(struct st_reader *reader, const struct st_entry *entry, enum st_got got, enum st_open_fault fault,
			 struct st_damage *damage);

#endif
