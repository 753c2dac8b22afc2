/*
 * The packer: where records go when they are written.
 *
 * Theory of operation
 * -------------------
 * Two packs are open at a time, one for data and one for pages. A worker reserves room at the end of one, which fixes where its record
 * lies, fills it without a lock, and commits. A pack that is full is closed: when its last record has been committed, a
 * writer thread adds the trailer, puts it into the back end and gives the buffer back. Buffers are few, so a reserve waits for
 * the back end when it is the slower one: that bounds the memory and is the only brake there is.
 *
 * A worker has at most one reservation at a time, and commits it without waiting for anything: hence no deadlock.
 *
 * Before each pack is put, the free space is looked at: the job fails with STORE_FULL before the store has less than
 * keep_free bytes left. A job that fails removes what it wrote (st_packer_discard); what a killed one leaves, the
 * collector finds.
 *
 * Numbers start behind those that the writer has in the store already: a command that is repeated after a crash overwrites
 * nothing.
 */
#ifndef ST_PACKER_H
#define ST_PACKER_H

#include "backend.h"
#include "crypto.h"
#include "format.h"
#include "run.h"

struct st_packer;

struct st_packer_options {
	struct st_id writer;
	uint64_t keep_free;   /* bytes, 0: do not look */
	unsigned buffers;     /* for data packs, at least 2; page packs have 2 */
	unsigned threads;     /* that put packs, at least 1 */
	uint32_t data_pack, page_pack; /* bytes; 0: as the format allows. Tests use small ones */
};

/* Return: NULL, with the job failed. */
struct st_packer *st_packer_new(struct st_run *run, struct st_backend *backend, const struct st_keys *keys,
				const struct st_packer_options *options);
/* After finish or discard. */
void st_packer_free(struct st_packer *packer);

struct st_spot {
	void *pack;
	uint8_t *at;	   /* length bytes to fill */
	struct st_entry entry; /* all but the digest */
};
/* Return: false when the job stops. */
bool st_packer_reserve(struct st_packer *packer, enum st_pack_kind kind, uint32_t length, struct st_spot *spot);
void st_packer_commit(struct st_packer *packer, const struct st_spot *spot);

/* Compresses, seals and stores; *entry names the record then. Return: false when the job stops. */
bool st_packer_add(struct st_packer *packer, struct st_coder *coder, enum st_kind kind, const uint8_t digest[ST_DIGEST],
		   const void *data, size_t len, struct st_entry *entry);

/* All reservations are committed. Return: true when all packs are in the store and durable. */
bool st_packer_finish(struct st_packer *packer);
/* Removes what was written, as far as that goes. */
void st_packer_discard(struct st_packer *packer);

#endif
