/*
 * Reading and building wire transactions; shared by the library, the dataplane, its journal and the fuzzer.
 *
 * The reader takes bytes from anybody: every length is checked against what is there before it is used, and nothing
 * is dereferenced in place: bodies are copied into structures of known size.
 */
#ifndef FH_CTL_WIRE_H
#define FH_CTL_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "freehold/wire.h"

struct fh_wire_reader {
	const uint8_t *p;
	size_t len, off;
	uint32_t records_left;
};

struct fh_wire_item {
	uint16_t op, kind;
	const uint8_t *body;
	uint32_t len; /* of the body */
};

/* Starts reading a transaction. Return: false when it is no transaction. */
bool fh_wire_read_txn(struct fh_wire_reader *r, const void *payload, size_t len, struct fh_wire_txn *txn);
/* Return: 1 with *item filled, 0 at the end, -1 when malformed. */
int fh_wire_next(struct fh_wire_reader *r, struct fh_wire_item *item);
/* Copies up to size bytes of the body into out, zero-fills the rest.
 * Return: false when the body is shorter than least. */
bool fh_wire_fixed(const struct fh_wire_item *item, void *out, size_t size, size_t least);
/* Return: the n elements of stride bytes that start at off in the body, or NULL when they do not fit. */
const uint8_t *fh_wire_array(const struct fh_wire_item *item, size_t off, size_t n, size_t stride);

/* A growing buffer. After a failed allocation, failed stays set and nothing more is written. */
struct fh_buffer {
	uint8_t *p;
	size_t len, capacity;
	bool failed;
};

/* Return: room for n bytes at the end, zeroed, or NULL. */
void *fh_buffer_add(struct fh_buffer *b, size_t n);
void fh_buffer_free(struct fh_buffer *b);

/* Builders. They append one record and count it in the fh_wire_txn that the buffer starts with. */
bool fh_wire_begin(struct fh_buffer *b);
void fh_wire_flag(struct fh_buffer *b, uint32_t flag);
void fh_wire_mark(struct fh_buffer *b, const struct fh_id *epoch, uint64_t revision);
bool fh_wire_put_plain(struct fh_buffer *b, uint16_t kind, const void *body, size_t size);
bool fh_wire_put_group(struct fh_buffer *b, const struct fh_group *group);
bool fh_wire_put_set(struct fh_buffer *b, const struct fh_set *set);
bool fh_wire_change_set(struct fh_buffer *b, const struct fh_wire_change *change, const struct fh_addr *add,
			const struct fh_addr *remove);
bool fh_wire_remove(struct fh_buffer *b, uint16_t kind, const struct fh_id *id);

#endif
